/* The small parts of the transport by themselves. */
#include "address.h"
#include "base/error.h"
#include "deadline.h"
#include "extension.h"
#include "flood.h"
#include "json.h"
#include "source.h"
#include "tls.h"

#include <criterion/criterion.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

static struct hf__extension some_extension(void)
{
    struct hf__extension e;
    for (size_t i = 0; i < sizeof(e.account); i++)
        e.account.bytes[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof(e.signature); i++)
        e.signature[i] = (uint8_t)(100 + i);
    return e;
}

/* Who repeats the account and the signature that a peer has shown must not pass for it. */
Test(hf__proven_has, what_was_proved_counts_for_its_very_bytes)
{
    struct hf__proven *p = hf__proven_new();
    struct hf__extension e = some_extension();
    uint8_t key[91] = {1}, longest[129] = {2};
    struct hf_bytes spki = hf_bytes_of(key, sizeof key);
    cr_assert_not(hf__proven_has(p, &e, spki));
    hf__proven_keep(p, &e, spki);
    cr_assert(hf__proven_has(p, &e, spki));
    cr_assert_not(hf__proven_has(p, &e, hf_bytes_of(key, sizeof key - 1)));
    uint8_t *each[] = {&key[90], &e.signature[63], &e.account.bytes[31], &e.account.bytes[0]};
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        *each[i] ^= 0x40; /* the place of an account goes by what this leaves as it is */
        cr_assert_not(hf__proven_has(p, &e, spki));
        *each[i] ^= 0x40;
    }
    hf__proven_keep(p, &e, hf_bytes_of(longest, sizeof longest));
    cr_assert_not(hf__proven_has(p, &e, hf_bytes_of(longest, sizeof longest)));
    cr_assert(hf__proven_has(p, &e, spki));
    free(p);
}

/* What a peer might name in a certificate, and what TLS needs here. */
Test(hf__tls_library, has_what_is_used_and_no_more)
{
    OSSL_LIB_CTX *library = hf__tls_library();
    static const char *const used[] = {"EC", "X25519", "ED25519"};
    static const char *const others[] = {"RSA", "RSA-PSS", "DSA", "DH", "X448", "ED448", "SM2"};
    for (size_t i = 0; i < sizeof used / sizeof used[0]; i++) {
        EVP_KEYMGMT *found = EVP_KEYMGMT_fetch(library, used[i], NULL);
        cr_assert_not_null(found, "%s", used[i]);
        EVP_KEYMGMT_free(found);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        cr_assert_null(EVP_KEYMGMT_fetch(library, others[i], NULL), "%s", others[i]);
    cr_assert_null(EVP_MD_fetch(library, "MD5", NULL));
    cr_assert_null(EVP_CIPHER_fetch(library, "DES-EDE3-CBC", NULL));
}

Test(hf__extension_decode, takes_the_one_form_and_no_other)
{
    struct hf__extension e = some_extension(), back;
    uint8_t der[HF__EXTENSION_LEN + 1] = {0};
    hf__extension_encode(&e, der);
    cr_assert_eq(HF__EXTENSION_LEN, 211);
    cr_assert_arr_eq(der + 6, "holdfast:v1:000102", 18);
    cr_assert_eq(hf__extension_decode(hf_bytes_of(der, HF__EXTENSION_LEN), &back), 0);
    cr_assert_arr_eq(&back, &e, sizeof(e));
    for (size_t len = 15; len < HF__EXTENSION_LEN; len++)
        cr_assert_eq(hf__extension_decode(hf_bytes_of(der, len), &back), HF_EMALFORMED);
    cr_assert_eq(hf__extension_decode(hf_bytes_of(der, sizeof(der)), &back), HF_EMALFORMED);
    /* Bit 7 makes of a letter, digit or colon what none of them is; bit 5 makes capitals. */
    for (size_t i = 0; i < HF__EXTENSION_LEN; i++) {
        int wrong = i >= 6 && i < 15 ? HF_ENOTFOUND : HF_EMALFORMED;
        der[i] ^= 0x80;
        cr_assert_eq(hf__extension_decode(hf_bytes_of(der, HF__EXTENSION_LEN), &back), wrong);
        der[i] ^= 0x80;
    }
    cr_assert_eq(der[18 + 20], '0');
    cr_assert_eq(der[18 + 21], 'a');
    der[18 + 21] = 'A';
    cr_assert_eq(hf__extension_decode(hf_bytes_of(der, HF__EXTENSION_LEN), &back), HF_EMALFORMED);
}

Test(hf__extension_decode, leaves_names_that_are_not_ours_alone)
{
    static const uint8_t others[] = {0x30, 0x0b, 0x82, 0x09, 'l', 'o', 'c',
                                     'a',  'l',  'h',  'o',  's', 't'};
    struct hf__extension e;
    cr_assert_eq(hf__extension_decode(hf_bytes_of(others, sizeof(others)), &e), HF_ENOTFOUND);
    cr_assert_eq(hf__extension_decode(hf_bytes_of(others, 0), &e), HF_ENOTFOUND);
}

/* Readers that take numbers of 31 bits, or names of registered kinds, are to read it. */
Test(hf__extension_encode, makes_a_subject_alternative_name_that_openssl_reads)
{
    struct hf__extension e = some_extension();
    uint8_t der[HF__EXTENSION_LEN];
    hf__extension_encode(&e, der);
    const uint8_t *at = der;
    GENERAL_NAMES *names = d2i_GENERAL_NAMES(NULL, &at, HF__EXTENSION_LEN);
    cr_assert_not_null(names);
    cr_assert_eq(sk_GENERAL_NAME_num(names), 1);
    int type;
    const ASN1_IA5STRING *uri = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, 0), &type);
    cr_assert_eq(type, GEN_URI);
    cr_assert_eq(ASN1_STRING_length(uri), HF__EXTENSION_URI_LEN);
    GENERAL_NAMES_free(names);
}

Test(hf__address_split, takes_vsock_between_a_machine_and_its_host)
{
    static const char *const right[] = {"vsock:2:7710", "vsock:any:0", "vsock:4294967294:65535"};
    static const char *const wrong[] = {"vsock::7710",  "vsock:2:",      "vsock:02:7710",
                                        "vsock:x:7710", "vsock:2:65536", "vsock:4294967295:1",
                                        "vsock:2:3:4"};
    struct hf__host h;
    struct sockaddr_storage a;
    uint8_t one[HF_NET_IP_LEN], other[HF_NET_IP_LEN];
    char text[64];
    for (size_t i = 0; i < HF_ARRAY_LEN(right); i++) {
        cr_assert_eq(hf__address_split(right[i], &h), 0, "%s", right[i]);
        cr_assert_eq(hf__address_numeric(&h, &a), 0);
        hf__address_format(&a, text, sizeof(text));
        cr_assert_str_eq(text, right[i]);
    }
    for (size_t i = 0; i < HF_ARRAY_LEN(wrong); i++)
        cr_assert_eq(hf__address_split(wrong[i], &h), HF_EINVAL, "%s", wrong[i]);
    /* A name is still one, and each machine is a source of its own, by the /48 too. */
    cr_assert_eq(hf__address_split("vsock:7710", &h), 0);
    cr_assert_str_eq(h.host, "vsock");
    cr_assert_eq(hf_net_address_ip("vsock:2:7710", one), 0);
    cr_assert_eq(hf_net_address_ip("vsock:3:7710", other), 0);
    cr_assert_neq(memcmp(one, other, 6), 0);
}

Test(hf__address_split, takes_addresses_and_names_with_a_port)
{
    static const struct {
        const char *text, *host, *port;
    } good[] = {
        {"127.0.0.1:1", "127.0.0.1", "1"},
        {"[::1]:65535", "::1", "65535"},
        {"a-b.example_x:08", "a-b.example_x", "08"},
        {"[fe80::1%br-lan_2.5]:7701", "fe80::1%br-lan_2.5", "7701"},
    };
    static const char *const bad[] = {
        "",     ":1",    "a",      "a:",     "a:x",   "a:-1",  "a:65536", "a:100000", "::1",
        "[]:1", "[::1]", "[::1:1", "[::1]1", "a b:1", "a/b:1", "a:1:2",   "[a-b]:1",
    };
    struct hf__host h;
    for (size_t i = 0; i < HF_ARRAY_LEN(good); i++) {
        cr_assert_eq(hf__address_split(good[i].text, &h), 0);
        cr_assert_str_eq(h.host, good[i].host);
        cr_assert_str_eq(h.port, good[i].port);
    }
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++)
        cr_assert_eq(hf__address_split(bad[i], &h), HF_EINVAL, "%s", bad[i]);
    char longest[HF_NET_ADDRESS_MAX + 8];
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    cr_assert_eq(hf__address_split(longest, &h), HF_EINVAL);
}

Test(hf_net_address_ip, is_the_ip_alone_whatever_its_form)
{
    uint8_t a[HF_NET_IP_LEN], b[HF_NET_IP_LEN];
    cr_assert_eq(hf_net_address_ip("10.0.0.1:1", a), 0);
    cr_assert_eq(hf_net_address_ip("[::ffff:10.0.0.1]:2", b), 0);
    cr_assert_arr_eq(a, b, sizeof(a));
    cr_assert_eq(hf_net_address_ip("[2001:db8::1]:1", a), 0);
    cr_assert_eq(hf_net_address_ip("[2001:0DB8:0:0::1]:1", b), 0);
    cr_assert_arr_eq(a, b, sizeof(a));
    cr_assert_eq(hf_net_address_ip("a.example:1", a), HF_EINVAL);
    cr_assert_eq(hf_net_address_ip("", a), HF_EINVAL);
}

static struct hf__who who_of(struct hf__sources *s, const char *address, uint64_t now_ms)
{
    uint8_t ip[HF_NET_IP_LEN];
    struct hf__who who;
    struct hf_net_standing standing = {.kind = HF_NET_STRANGER};
    cr_assert_eq(hf_net_address_ip(address, ip), 0);
    cr_assert_eq(hf__who_init(s, &hf_net_limits_default.share[HF_NET_STRANGER], standing, ip, NULL,
                              now_ms, &who),
                 0);
    return who;
}

Test(hf__who_init, strangers_are_an_ipv4_address_or_three_parts_of_an_ipv6_one)
{
    static const struct {
        const char *a, *b;
        unsigned count, shared; /* sources of a, and from where on they are those of b, too */
    } cases[] = {
        {"10.0.0.1:1", "10.0.0.1:2", 1, 0},
        {"10.0.0.1:1", "10.0.0.2:1", 1, 1},
        {"[2001:db8::1]:1", "[2001:db8::ffff:2]:1", 3, 0},
        {"[2001:db8::1]:1", "[2001:db8:0:1::1]:1", 3, 1},
        {"[2001:db8::1]:1", "[2001:db8:0:100::1]:1", 3, 2},
        {"[2001:db8::1]:1", "[2001:db8:1::1]:1", 3, 3},
    };
    struct hf__sources s;
    hf__sources_init(&s, 7);
    for (size_t i = 0; i < HF_ARRAY_LEN(cases); i++) {
        struct hf__who a = who_of(&s, cases[i].a, 0), b = who_of(&s, cases[i].b, 0);
        cr_assert_eq(a.count, cases[i].count);
        for (unsigned at = 0; at < a.count; at++) {
            cr_assert_eq(a.at[at] == b.at[at], at >= cases[i].shared, "%s %s", cases[i].a,
                         cases[i].b);
            cr_assert_eq(a.at[at]->places, 1u << at);
        }
        hf__who_done(&a, 0);
        hf__who_done(&b, 0);
    }
    hf__sources_done(&s);
}

Test(hf__who_may_connect, coming_back_gives_no_fresh_tokens_and_a_pause_does)
{
    struct hf__sources s;
    hf__sources_init(&s, 7);
    const struct hf_net_share *share = &hf_net_limits_default.share[HF_NET_STRANGER];
    struct hf__who w = who_of(&s, "10.0.0.1:1", 0);
    for (unsigned i = 0; i < share->accepts_burst; i++)
        cr_assert(hf__who_may_connect(&w, 0));
    hf__who_done(&w, 0);
    w = who_of(&s, "10.0.0.1:2", 0);
    cr_assert_not(hf__who_may_connect(&w, 0));
    hf__who_done(&w, 0);
    struct hf__who other = who_of(&s, "10.0.0.2:1", 0);
    cr_assert(hf__who_may_connect(&other, 0));
    hf__who_done(&other, 0);
    w = who_of(&s, "10.0.0.1:3", 120000);
    cr_assert(hf__who_may_connect(&w, 120000));
    hf__who_done(&w, 120000);
    /* The next that is new makes forgotten who has not come for so long. */
    w = who_of(&s, "10.0.0.3:1", 120000);
    hf__who_done(&w, 120000);
    cr_assert_eq(s.count, 2);
    hf__sources_done(&s);
}

Test(hf__who_init, no_more_sources_are_remembered_than_their_bound)
{
    struct hf__sources s;
    char address[32];
    hf__sources_init(&s, 7);
    struct hf__who held = who_of(&s, "10.1.0.0:1", 0);
    for (unsigned i = 0; i < HF_NET_SOURCES_MAX + 100u; i++) {
        snprintf(address, sizeof(address), "10.0.%u.%u:1", i / 256, i % 256);
        struct hf__who w = who_of(&s, address, 1);
        hf__who_done(&w, 1);
    }
    cr_assert_eq(s.count, HF_NET_SOURCES_MAX);
    struct hf__who again = who_of(&s, "10.1.0.0:2", 1);
    cr_assert_eq(again.at[0], held.at[0]);
    hf__who_done(&again, 1);
    hf__who_done(&held, 1);
    hf__sources_done(&s);
}

static unsigned fired;
static uint64_t fired_at[256];

static void on_due(struct hf__deadline *d)
{
    /* The owner's time is kept in its index's place: the item is 'never' by now. */
    fired_at[fired++] = d->at_ms;
}

/* A linear congruential generator (Knuth's MMIX): the same order in every run. */
static uint64_t next_of(uint64_t *drawn)
{
    *drawn = *drawn * 6364136223846793005u + 1442695040888963407u;
    return *drawn >> 33;
}

Test(hf__deadlines, come_due_in_order_however_they_are_moved)
{
    struct hf__deadlines h = {0};
    static struct hf__deadline d[200];
    uint64_t drawn = 7;
    for (size_t i = 0; i < HF_ARRAY_LEN(d); i++)
        cr_assert_eq(hf__deadlines_add(&h, &d[i], on_due), 0);
    cr_assert_eq(hf__deadlines_next(&h), HF__NEVER);
    for (int round = 0; round < 5; round++)
        for (size_t i = 0; i < HF_ARRAY_LEN(d); i++)
            hf__deadlines_set(&h, &d[i], next_of(&drawn) % 1000);
    for (size_t i = 0; i < HF_ARRAY_LEN(d); i += 2)
        hf__deadlines_remove(&h, &d[i]);
    uint64_t last = 0;
    for (unsigned left = 100; left > 0; left--) {
        uint64_t next = hf__deadlines_next(&h);
        cr_assert_geq(next, last);
        cr_assert_not(next > 0 && hf__deadlines_run_one(&h, next - 1));
        cr_assert(hf__deadlines_run_one(&h, next));
        last = next;
    }
    cr_assert_eq(fired, 100);
    cr_assert_eq(fired_at[0], HF__NEVER);
    cr_assert_not(hf__deadlines_run_one(&h, UINT64_MAX));
    for (size_t i = 1; i < HF_ARRAY_LEN(d); i += 2)
        hf__deadlines_remove(&h, &d[i]);
    hf__deadlines_done(&h);
}

Test(hf__bucket, gives_its_burst_at_once_and_its_rate_for_ever)
{
    struct hf__bucket b;
    hf__bucket_init(&b, 10, 4, 1000);
    for (int i = 0; i < 10; i++)
        cr_assert(hf__bucket_take(&b, 1000));
    cr_assert_not(hf__bucket_take(&b, 1000));
    cr_assert_not(hf__bucket_take(&b, 1249));
    cr_assert(hf__bucket_take(&b, 1250));
    cr_assert_not(hf__bucket_take(&b, 1250));
    unsigned taken = 0;
    for (uint64_t now = 1251; now <= 11250; now++)
        taken += hf__bucket_take(&b, now) ? 1 : 0;
    cr_assert_eq(taken, 40);
    for (int i = 0; i < 10; i++)
        cr_assert(hf__bucket_take(&b, UINT64_MAX / 2));
    cr_assert_not(hf__bucket_take(&b, UINT64_MAX / 2));
}

Test(hf__error_json, escapes_and_cuts_its_message)
{
    char text[HF__ERROR_JSON_MAX + 1], message[2000];
    size_t len = hf__error_json(HF_EBUSY, NULL, text);
    text[len] = '\0';
    cr_assert_str_eq(text, "{\"code\":\"busy\",\"message\":\"busy: a bound is reached for now\","
                           "\"retryable\":true}");
    memset(message, '"', sizeof(message));
    message[sizeof(message) - 1] = '\0';
    len = hf__error_json(HF_EBUSY, message, text);
    cr_assert_lt(len, HF__ERROR_JSON_MAX);
    text[len] = '\0';
    cr_assert_str_eq(strstr(text, "\\\"\","), "\\\"\",\"retryable\":true}");
}
