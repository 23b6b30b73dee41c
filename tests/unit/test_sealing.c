/* Sealing keys through time (proto/ROTATION.md, 4). */
#include "engine_harness.h"

#include "base/error.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "provider/provider.h"

#include <criterion/criterion.h>

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };

static struct harness l;
static const struct hf_bytes no_key = {0};

static void set_up(void)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
}

static void tear_down(void)
{
    harness_done(&l);
}

TestSuite(hf__sealing, .init = set_up, .fini = tear_down);

static bool stepped(uint64_t id, enum hf__key_verb verb)
{
    for (size_t i = 0; i < l.u.traces_count; i++)
        if (l.u.traces[i].type == HF_TRACE_SEALING_KEY && l.u.traces[i].a == id &&
            l.u.traces[i].b == (uint64_t)verb)
            return true;
    return false;
}

static void days(uint32_t count)
{
    harness_tick(&l, (uint64_t)count * DAY_MS);
}

/* The one that is under way, and the one that takes its place when it is out of date by then. */
static void quotes_made(void)
{
    for (size_t i = 0; i < 2 && l.e->trust->identity_work != 0; i++)
        harness_quote_made(&l, l.e->trust->identity_work, 0, hf_bytes_of("a later quote", 13));
    cr_assert_eq(l.e->trust->identity_work, 0);
}

/* Whether what is sealed to a key opens here. to: the key that its sender names, or NULL. */
static int opened(const uint8_t key[static HF_KEY_LEN], const uint8_t *to)
{
    static const char info[] = "holdfast/v1/share";
    struct hf_bytes label = hf_bytes_of(info, strlen(info));
    uint8_t sealed[HF_SCALAR_LEN + HF_SEAL_OVERHEAD], share[HF_SCALAR_LEN] = "a share";
    struct hf_rng rng;
    hf_rng_init(&rng, (const uint8_t *)"a sender's own seed of 32 bytes.");
    cr_assert_eq(
        l.n.suite->seal(&rng, key, label, no_key, hf_bytes_of(share, sizeof share), sealed), 0);
    uint8_t *ret = hf_secret_alloc(sizeof share);
    cr_assert_not_null(ret);
    int r = hf__sealing_open(l.e, to, label, no_key, hf_bytes_of(sealed, sizeof sealed), ret);
    if (r == 0)
        cr_assert_arr_eq(ret, share, sizeof share);
    hf_secret_free(ret);
    return r;
}

/* The sealing key that the own identity names. */
static void check_named(const uint8_t key[static HF_KEY_LEN])
{
    struct hf_arena arena;
    struct hf_identity id;
    struct hf_identity_statement s;
    struct hf_bytes own;
    hf_arena_init(&arena, 1 << 16);
    cr_assert_eq(hf_engine_identity(l.e, &own), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_identity, own, &arena, &id, NULL), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_identity_statement, id.statement, &arena, &s, NULL), 0);
    cr_assert_arr_eq(s.sealing_key, key, sizeof s.sealing_key);
    hf_arena_done(&arena);
}

Test(hf__sealing, of_a_new_vault_is_one_key_that_names_it)
{
    cr_assert_arr_eq(l.e->vault_name, l.e->sealing_key, HF_KEY_LEN);
    check_named(l.e->sealing_key);
    cr_assert_eq(opened(l.e->sealing_key, l.e->sealing_key), 0);
    cr_assert_eq(opened(l.e->sealing_key, NULL), 0);
}

Test(hf__sealing, of_another_opens_nothing)
{
    uint8_t other[HF_KEY_LEN], secret[HF_KEY_LEN];
    struct hf_rng rng;
    hf_rng_init(&rng, (const uint8_t *)"another node's own random seed..");
    l.n.suite->seal_keypair(&rng, other, secret);
    cr_assert_not(hf__sealing_has(l.e, other));
    cr_assert_eq(opened(other, other), HF_ECRYPTO);
    cr_assert_eq(opened(other, NULL), HF_ECRYPTO);
    cr_assert_eq(opened(other, l.e->sealing_key), HF_ECRYPTO, "another than its transcript says");
}

Test(hf__sealing, gives_way_to_a_key_that_was_there_for_an_hour)
{
    uint8_t first[HF_KEY_LEN], second[HF_KEY_LEN];
    memcpy(first, l.e->sealing_key, sizeof first);
    days(83);
    cr_assert_not(stepped(2, HF__KEY_MAKE));
    days(1);
    cr_assert(stepped(2, HF__KEY_MAKE));
    cr_assert_arr_eq(l.e->sealing_key, first, sizeof first);
    quotes_made();
    harness_tick(&l, HOUR_MS - 1000);
    cr_assert_not(stepped(2, HF__KEY_ACTIVATE));
    harness_tick(&l, 1000);
    cr_assert(stepped(2, HF__KEY_ACTIVATE) && stepped(1, HF__KEY_EXPIRE));
    memcpy(second, l.e->sealing_key, sizeof second);
    cr_assert_arr_neq(second, first, sizeof first);
    /* Until a quote names it, others go on with the one before. */
    check_named(first);
    cr_assert_eq(opened(first, first) | opened(second, second), 0);
    cr_assert_neq(l.e->trust->identity_work, 0);
    quotes_made();
    check_named(second);
    /* A week later the one before is gone. */
    days(6);
    cr_assert_eq(opened(first, NULL), 0);
    days(1);
    cr_assert(stepped(1, HF__KEY_DELETE));
    cr_assert_not(hf__sealing_has(l.e, first));
    cr_assert_eq(opened(first, first), HF_ECRYPTO);
    cr_assert_eq(opened(second, second), 0);
    /* The vault is called what it was called. */
    cr_assert_arr_eq(l.e->vault_name, first, sizeof first);
}

/* A policy of these suites, in the place of the one before. */
static void new_policy(uint32_t version, uint64_t suites)
{
    struct hf_policy p = authority_policy(&l.n, version, 2, 3);
    p.sealing_suites = suites;
    struct hf_bytes envelope = authority_sign(&l.n, HF_DOCUMENT_POLICY, &p, "01");
    harness_documents(&l, &envelope, 1);
    cr_assert_eq(harness_status(&l).policy, version);
}

static int opened_gcm(const uint8_t key[static HF_KEY_LEN])
{
    uint8_t sealed[HF_SCALAR_LEN + HF_SEAL_OVERHEAD];
    uint8_t *share = hf_secret_alloc(HF_SCALAR_LEN);
    struct hf_rng rng;
    hf_rng_init(&rng, (const uint8_t *)"a sender's own seed of 32 bytes.");
    cr_assert_not_null(share);
    cr_assert_eq(
        l.n.suite->seal_gcm(&rng, key, no_key, no_key, hf_bytes_of(share, HF_SCALAR_LEN), sealed),
        0);
    int r = hf__sealing_open(l.e, key, no_key, no_key, hf_bytes_of(sealed, sizeof sealed), share);
    hf_secret_free(share);
    return r;
}

Test(hf__sealing, of_a_second_suite_comes_and_goes_with_the_policy)
{
    uint8_t first[HF_KEY_LEN], second[HF_KEY_LEN];
    if (!hf_aead_available(HF_AEAD_AES256GCM))
        return;
    memcpy(first, l.e->sealing_key, sizeof first);
    new_policy(2, 1u << HF_SEALING_CHACHA | 1u << HF_SEALING_GCM);
    cr_assert_not(stepped(2, HF__KEY_MAKE), "this machine lacks the instructions");
    l.e->gcm = true;
    new_policy(3, 1u << HF_SEALING_CHACHA | 1u << HF_SEALING_GCM);
    cr_assert(stepped(2, HF__KEY_MAKE));
    harness_tick(&l, 1000);
    cr_assert(stepped(2, HF__KEY_ACTIVATE), "none of its suite is active: it need not wait");
    memcpy(second, l.e->sealing_gcm, sizeof second);
    quotes_made();
    check_named(first);
    cr_assert_arr_eq(l.e->trust->identity_gcm, second, sizeof second);
    cr_assert_eq(opened(first, first) | opened_gcm(second), 0);
    cr_assert_eq(opened_gcm(first), HF_ECRYPTO, "each key is of one suite");
    cr_assert_eq(opened(second, second), HF_ECRYPTO);
    new_policy(4, 0);
    cr_assert(stepped(2, HF__KEY_EXPIRE));
    quotes_made();
    cr_assert_arr_eq(l.e->trust->identity_gcm, (uint8_t[HF_KEY_LEN]){0}, HF_KEY_LEN);
    cr_assert_eq(opened_gcm(second), 0, "what is under way still opens");
    days(7);
    cr_assert(stepped(2, HF__KEY_DELETE));
    cr_assert_eq(opened_gcm(second), HF_ECRYPTO);
    cr_assert_eq(opened(first, first), 0);
}

Test(hf__sealing, is_shown_with_its_next_step)
{
    struct hf_status s = harness_status(&l);
    uint64_t made_s = s.sealing_keys[0].since_s;
    cr_assert_eq(s.sealing_keys_count, 1);
    cr_assert_eq(s.sealing_keys[0].id, 1);
    cr_assert_eq(s.sealing_keys[0].suite, HF_SEALING_CHACHA);
    cr_assert_eq(s.sealing_keys[0].state, HF__KEY_ACTIVE);
    cr_assert_eq(s.sealing_keys[0].next_s, made_s + 84 * 86400);
    days(84);
    s = harness_status(&l);
    cr_assert_eq(s.sealing_keys_count, 2);
    cr_assert_eq(s.sealing_keys[0].next_s, 0, "it waits for the other");
    cr_assert_eq(s.sealing_keys[1].state, HF__KEY_PENDING);
    cr_assert_eq(s.sealing_keys[1].next_s, s.now_s + 3600);
}

Test(hf__sealing, waits_while_the_disk_takes_nothing)
{
    harness_store(&l, HF_EIO);
    days(90);
    cr_assert_not(stepped(2, HF__KEY_MAKE));
    harness_store(&l, 0);
    days(1);
    cr_assert(stepped(2, HF__KEY_MAKE));
}

/* So much later by the clock that does not jump, with the host's clock at a day of its choice. */
static void on_day(uint32_t day, uint64_t later_ms)
{
    l.now_ms += later_ms;
    struct hf_event event = {.type = HF_EVENT_TICK,
                             .now_ms = l.now_ms,
                             .wall_ms = (uint64_t)AUTHORITY_NOW_S * 1000 + (uint64_t)day * DAY_MS +
                                        later_ms};
    hf_engine_step(l.e, &event, &l.u);
}

Test(hf__sealing, counts_anew_when_the_clock_is_set_back)
{
    days(84);
    cr_assert(stepped(2, HF__KEY_MAKE));
    on_day(10, 0);
    cr_assert(stepped(2, HF__KEY_REDATE), "it was made on a day that is still to come");
    on_day(10, HOUR_MS - 1000);
    cr_assert_not(stepped(2, HF__KEY_ACTIVATE));
    on_day(10, HOUR_MS);
    cr_assert(stepped(2, HF__KEY_ACTIVATE));
}

/* The rows of the vault are read again, as they are now, with this one in the place of the keys,
 * or without. secret: the first byte of what the account row has for one, the others being 0. */
static int read_again(struct hf_blob *keys, uint8_t secret)
{
    uint8_t plain[HF_KEY_LEN] = {secret};
    hf__update_begin(l.e);
    l.e->open = false;
    if (keys != NULL)
        hf_blob_unref(hf__rows_put(&l.e->rows, HF_ROW_KEYS, no_key, keys));
    else
        hf_blob_unref(hf__rows_del(&l.e->rows, HF_ROW_KEYS, no_key));
    int r = hf__sealing_load(l.e, plain);
    l.e->open = true;
    hf_blob_unref(keys);
    return r;
}

Test(hf__sealing_load, of_a_vault_from_before_keeps_its_key, .init = set_up, .fini = tear_down)
{
    uint8_t public_key[HF_KEY_LEN];
    memcpy(public_key, l.e->vault_name, sizeof public_key);
    cr_assert_eq(read_again(NULL, 7), 0);
    cr_assert_arr_eq(l.e->sealing_key, public_key, sizeof public_key);
    cr_assert(hf__sealing_has(l.e, public_key));
    cr_assert_not_null(hf__rows_get(&l.e->rows, HF_ROW_KEYS, no_key), "and writes it down");
}

static struct hf_blob *row_of(const struct hf_keys_row *m)
{
    hf__update_begin(l.e);
    return hf_blob_new(hf__encode(l.e, &hf_wire_keys_row, m));
}

Test(hf__sealing_load, refuses_a_row_that_is_none, .init = set_up, .fini = tear_down)
{
    struct hf_rotated_key keys[3] = {{.id = 1, .suite = 1, .state = HF__KEY_ACTIVE},
                                     {.id = 2, .suite = 2, .state = HF__KEY_EXPIRED},
                                     {.id = 3, .suite = 1, .state = HF__KEY_EXPIRED}};
    const struct hf_keys_row good = {.id_next = 4, .keys = keys, .keys_count = 3};
    struct hf_keys_row m = good;
    cr_assert_eq(read_again(row_of(&m), 0), 0);
    m.id_next = 3;
    cr_assert_eq(read_again(row_of(&m), 0), HF_EMALFORMED, "an id that is still to be given");
    m = good;
    keys[2].suite = 3;
    cr_assert_eq(read_again(row_of(&m), 0), HF_EMALFORMED, "of a suite that is none");
    keys[2].suite = 1;
    keys[2].id = 2;
    cr_assert_eq(read_again(row_of(&m), 0), HF_EMALFORMED, "two of one id");
    keys[2].id = 3;
    keys[0].suite = 2;
    cr_assert_eq(read_again(row_of(&m), 0), HF_EMALFORMED,
                 "none that every member can use is active");
    cr_assert_eq(read_again(hf_blob_new(hf_bytes_of("\x80", 1)), 0), HF_EMALFORMED,
                 "no row at all");
    cr_assert_eq(read_again(NULL, 0), HF_EMALFORMED, "and none, in a vault that had one");
}
