/*
 * Verification of quotes whose bytes were changed: any bit, numbers at the corners of P-256, chains
 * of other certificates. Each test begins with a world in which everything is good and names the
 * code that must come.
 */
#include "base/error.h"
#include "dev_world.h"

#include <criterion/criterion.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>

static struct dev_world w;

static struct hf_verdict verdict;
static struct hf_verify_report report;
static bool no_collateral;

static int verify(void)
{
    struct hf_collateral *kept = w.collateral;
    if (no_collateral)
        w.collateral = NULL;
    verdict = dev_world_verify(&w, NULL, &report);
    w.collateral = kept;
    return verdict.error;
}

/* Where things stand in the signature data of a quote. */
enum { KEY = 64, CERTIFICATION = 128, QE = 134, AUTH = QE + 384 + 64 };

static size_t le_get(const uint8_t *p, size_t len)
{
    size_t v = 0;
    for (size_t i = 0; i < len; i++)
        v |= (size_t)p[i] << (8 * i);
    return v;
}

static void le_put(uint8_t *p, size_t v)
{
    for (size_t i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static size_t signed_len(const struct dev_world *world)
{
    static const size_t len[] = {48 + 584, 48 + 6 + 584, 48 + 6 + 648};
    return len[world->format];
}

/* Where the type of the inner certification data stands. */
static size_t inner_at(const struct dev_world *world)
{
    size_t s = signed_len(world) + 4;
    return s + AUTH + 2 + le_get(world->quote.data + s + AUTH, 2);
}

/* The PCK chain in a quote, borrowed. */
static struct hf_bytes chain_of(const struct dev_world *world)
{
    const uint8_t *inner = world->quote.data + inner_at(world);
    return hf_bytes_of(inner + 6, le_get(inner + 2, 4));
}

/* Puts another PCK chain into the quote, with the lengths around it. */
static void put_chain(struct hf_bytes chain)
{
    size_t inner = inner_at(&w), s = signed_len(&w) + 4;
    struct hf_buf changed;
    hf_buf_init(&changed, HF_QUOTE_MAX);
    hf_buf_append(&changed, w.quote.data, inner + 6);
    hf_buf_append(&changed, chain.data, chain.len);
    cr_assert_eq(changed.error, 0);
    le_put(changed.data + s - 4, changed.len - s);
    le_put(changed.data + s + CERTIFICATION + 2, changed.len - s - QE);
    le_put(changed.data + inner + 2, chain.len);
    hf_buf_done(&w.quote);
    w.quote = changed;
}

/* The i-th certificate of a PEM chain, from its first line to its last; borrowed. */
static struct hf_bytes cert_of(struct hf_bytes chain, size_t i)
{
    static const char end[] = "-----END CERTIFICATE-----\n";
    const uint8_t *from = chain.data, *limit = chain.data + chain.len;
    for (;; i--) {
        const uint8_t *to = memmem(from, (size_t)(limit - from), end, sizeof end - 1);
        cr_assert_not_null(to);
        to += sizeof end - 1;
        if (i == 0)
            return hf_bytes_of(from, (size_t)(to - from));
        from = to;
    }
}

static void set_up(void)
{
    dev_world_init(&w);
}

static void tear_down(void)
{
    dev_world_done(&w);
}

TestSuite(hf_quote_verify_changed, .init = set_up, .fini = tear_down);
TestSuite(hf_quote_verify_signature, .init = set_up, .fini = tear_down);
TestSuite(hf_quote_verify_chain, .init = set_up, .fini = tear_down);

Test(hf_quote_verify_changed, debug_is_told_and_left_to_policy)
{
    w.td.td_attributes |= HF_DEV_TD_DEBUG;
    dev_world_make(&w);
    cr_assert_eq(verify(), 0);
    cr_assert(verdict.debug);
    cr_assert_eq(verdict.tcb_status, HF_TCB_UP_TO_DATE);
}

Test(hf_quote_verify_changed, other_tees_and_versions_are_told_apart)
{
    static const struct {
        size_t at;
        uint8_t value;
        int expected;
    } cases[] = {
        {4, 0, HF_ENOTTDX},    /* SGX */
        {4, 0x80, HF_ENOTTDX}, /* no TEE that is known */
        {0, 6, HF_EQUOTE},     /* version */
        {2, 3, HF_EQUOTE},     /* attestation key type: P-384 */
        {12, 0, HF_EQUOTESIG}, /* the vendor stands in what is signed */
    };
    dev_world_make(&w);
    for (size_t i = 0; i < HF_ARRAY_LEN(cases); i++) {
        uint8_t before = w.quote.data[cases[i].at];
        w.quote.data[cases[i].at] = cases[i].value;
        int error = verify();
        cr_assert_eq(error, cases[i].expected, "case %zu: %s", i, hf_error_name(error));
        w.quote.data[cases[i].at] = before;
    }
    cr_assert_eq(verify(), 0);
}

/* The code that a flipped bit must bring, by where it stands; 0 where several are right. */
static int expected_of(size_t at, size_t body_end)
{
    size_t s = body_end + 4;
    if (at < 8 || (at >= body_end && at < s))
        return 0; /* version, key type, TEE type, lengths */
    if (at < s + 128)
        return at >= 48 && body_end > 48 + 584 && at < 54 ? 0 : HF_EQUOTESIG;
    if (at < s + 134)
        return 0;
    if (at < s + 134 + 320)
        return HF_EQESIG;
    if (at < s + 134 + 352)
        return HF_EKEYBINDING;
    if (at < s + 134 + 448)
        return HF_EQESIG;
    if (at < s + 134 + 450)
        return 0;
    return at < s + 134 + 450 + 32 ? HF_EKEYBINDING : 0;
}

Test(hf_quote_verify_changed, any_flipped_bit_before_the_chain_is_refused_with_the_right_code,
     .timeout = 120)
{
    w.format = HF_DEV_QUOTE_V5_TDX15;
    dev_world_make(&w);
    no_collateral = true; /* which is looked at only after all these */
    size_t body_end = signed_len(&w), end = body_end + 4 + AUTH + 2 + 32;
    for (size_t at = 0; at < end; at++) {
        uint8_t bit = (uint8_t)(1 << at % 8);
        w.quote.data[at] ^= bit;
        int error = verify(), expected = expected_of(at, body_end);
        cr_assert_lt(error, 0);
        cr_assert_neq(error, HF_ECOLLMISSING, "byte %zu passed", at);
        cr_assert(expected == 0 || error == expected, "byte %zu: %s", at, hf_error_name(error));
        w.quote.data[at] ^= bit;
    }
    no_collateral = false;
    cr_assert_eq(verify(), 0);
}

/* --- P-256 at its corners --- */

static const char order_hex[] = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";

static BIGNUM *order(void)
{
    BIGNUM *n = NULL;
    cr_assert_gt(BN_hex2bn(&n, order_hex), 0);
    return n;
}

static uint8_t *signature_of(void)
{
    return w.quote.data + signed_len(&w) + 4;
}

Test(hf_quote_verify_signature, numbers_out_of_range_are_refused)
{
    dev_world_make(&w);
    uint8_t good[64], n[32];
    BIGNUM *order_bn = order();
    BN_bn2binpad(order_bn, n, sizeof n);
    BN_free(order_bn);
    memcpy(good, signature_of(), sizeof good);
    for (int half = 0; half < 2; half++) {
        uint8_t *number = signature_of() + 32 * half;
        memset(number, 0, 32);
        cr_assert_eq(verify(), HF_EQUOTESIG, "zero");
        memset(number, 0xff, 32);
        cr_assert_eq(verify(), HF_EQUOTESIG, "2^256 - 1");
        memcpy(number, n, 32);
        cr_assert_eq(verify(), HF_EQUOTESIG, "the order");
        memcpy(signature_of(), good, sizeof good);
    }
    memset(signature_of(), 0, 64);
    cr_assert_eq(verify(), HF_EQUOTESIG, "all zero");
    memcpy(signature_of(), good, sizeof good);
    cr_assert_eq(verify(), 0);
}

Test(hf_quote_verify_signature, both_halves_of_the_range_of_s_are_accepted)
{
    dev_world_make(&w);
    BIGNUM *n = order(), *s = BN_bin2bn(signature_of() + 32, 32, NULL);
    cr_assert_eq(BN_sub(s, n, s), 1);
    BN_bn2binpad(s, signature_of() + 32, 32);
    cr_assert_eq(verify(), 0, "ECDSA signatures are malleable, as Intel's are");
    BN_free(s);
    BN_free(n);
}

/*
 * A key under which the world's quote has the signature (r of the point k times the generator, s):
 * from s = (z + r d) / k follows d = (s k - z) / r.
 */
static void craft_key(unsigned k_word, unsigned s_word, uint8_t ret_secret[static 32],
                      uint8_t ret_r[static 32])
{
    uint8_t digest[32];
    SHA256(w.quote.data, signed_len(&w), digest);
    BN_CTX *ctx = BN_CTX_new();
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = EC_POINT_new(group);
    BIGNUM *n = order(), *k = BN_new(), *r = BN_new(), *d = BN_new(), *inverse = NULL;
    BIGNUM *z = BN_bin2bn(digest, sizeof digest, NULL);
    BN_set_word(k, k_word);
    cr_assert_eq(EC_POINT_mul(group, point, k, NULL, NULL, ctx), 1);
    cr_assert_eq(EC_POINT_get_affine_coordinates(group, point, r, NULL, ctx), 1);
    BN_nnmod(r, r, n, ctx);
    inverse = BN_mod_inverse(NULL, r, n, ctx);
    BN_set_word(d, s_word);
    BN_mod_mul(d, d, k, n, ctx);
    BN_mod_sub(d, d, z, n, ctx);
    BN_mod_mul(d, d, inverse, n, ctx);
    BN_bn2binpad(d, ret_secret, 32);
    BN_bn2binpad(r, ret_r, 32);
    BN_free(n);
    BN_free(k);
    BN_free(r);
    BN_free(d);
    BN_free(z);
    BN_free(inverse);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    BN_CTX_free(ctx);
}

Test(hf_quote_verify_signature, short_s_is_accepted_and_its_unreduced_twin_is_not)
{
    uint8_t secret[32], r[32];
    dev_world_make(&w);
    craft_key(7, 5, secret, r);
    dev_world_done(&w);
    dev_world_init(&w);
    w.machine_spec.attestation_secret = secret;
    dev_world_make(&w);
    memcpy(signature_of(), r, sizeof r);
    memset(signature_of() + 32, 0, 32);
    signature_of()[63] = 5;
    cr_assert_eq(verify(), 0, "s = 5: %s", hf_error_name(verdict.error));

    BIGNUM *n = order();
    BN_add_word(n, 5);
    BN_bn2binpad(n, signature_of() + 32, 32);
    BN_free(n);
    cr_assert_eq(verify(), HF_EQUOTESIG, "s = n + 5");
}

Test(hf_quote_verify_signature, attestation_key_off_the_curve_is_refused)
{
    dev_world_make(&w);
    uint8_t *key = signature_of() + 64;
    memset(key, 0, 64);
    cr_assert_eq(verify(), HF_EQUOTESIG, "zero");
    memset(key, 0xff, 64);
    cr_assert_eq(verify(), HF_EQUOTESIG, "beyond the field");
}

/* --- the QE report and the chain --- */

Test(hf_quote_verify_chain, processor_ca_is_as_good_as_platform_ca)
{
    w.machine_spec.ca = HF_DEV_CA_PROCESSOR;
    w.collateral_spec.ca = HF_DEV_CA_PROCESSOR;
    dev_world_make(&w);
    cr_assert_eq(verify(), 0, "%s", hf_error_name(verdict.error));
}

Test(hf_quote_verify_chain, other_certification_data_is_unsupported)
{
    dev_world_make(&w);
    struct hf_bytes chain = chain_of(&w);
    size_t type_at = (size_t)(chain.data - w.quote.data) - 6;
    for (uint8_t type = 1; type < 9; type++) {
        w.quote.data[type_at] = type;
        int error = verify();
        if (type == 5)
            cr_assert_eq(error, 0);
        else
            cr_assert_lt(error, 0, "type %u", type);
        if (type < 5)
            cr_assert_eq(error, HF_ECERTDATA, "type %u: %s", type, hf_error_name(error));
    }
}

/* Puts a chain of these parts into the quote. */
static void put_parts(const struct hf_bytes *parts, size_t count)
{
    struct hf_buf chain;
    hf_buf_init(&chain, 65536);
    for (size_t i = 0; i < count; i++)
        hf_buf_append(&chain, parts[i].data, parts[i].len);
    put_chain(hf_buf_bytes(&chain));
    hf_buf_done(&chain);
}

Test(hf_quote_verify_chain, chain_that_is_not_three_certificates_is_malformed)
{
    dev_world_make(&w);
    struct hf_buf good;
    hf_buf_init(&good, 65536);
    struct hf_bytes chain = chain_of(&w);
    hf_buf_append(&good, chain.data, chain.len);
    const struct hf_bytes leaf = cert_of(hf_buf_bytes(&good), 0),
                          ca = cert_of(hf_buf_bytes(&good), 1),
                          root = cert_of(hf_buf_bytes(&good), 2);
    const struct hf_bytes nul = hf_bytes_of("", 1), junk = hf_bytes_of("junk", 4);
    const struct {
        struct hf_bytes part[5];
        size_t count;
        int expected;
    } cases[] = {
        {{leaf, ca, root}, 3, 0},
        {{leaf, ca, root, nul}, 4, 0},
        {{leaf, ca}, 2, HF_EPCKCHAIN},
        {{leaf}, 1, HF_EPCKCHAIN},
        {{{NULL, 0}}, 0, HF_EPCKCHAIN},
        {{leaf, root, ca}, 3, 0}, /* in any order, as Intel's library reads them */
        {{ca, leaf, root}, 3, 0},
        {{leaf, ca, root, root}, 4, HF_EPCKCHAIN},
        {{leaf, leaf, root}, 3, HF_EPCKCHAIN},
        {{junk, leaf, ca, root}, 4, HF_EPCKCHAIN},
        {{leaf, ca, ca}, 3, HF_EPCKCHAIN},
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(cases); i++) {
        put_parts(cases[i].part, cases[i].count);
        int error = verify();
        cr_expect_eq(error, cases[i].expected, "case %zu: %s, %s", i, hf_error_name(error),
                     report.checks[report.check_count > 5 ? 5 : 0].reason);
    }
    hf_buf_done(&good);
}

Test(hf_quote_verify_chain, bytes_of_the_chain_cannot_be_changed)
{
    dev_world_make(&w);
    struct hf_bytes chain = chain_of(&w);
    uint8_t *p = w.quote.data + (chain.data - w.quote.data);
    for (size_t i = 0; i < chain.len; i += 13) {
        uint8_t before = p[i];
        p[i] = p[i] == 'A' ? 'B' : 'A';
        int error = verify();
        cr_assert(error == HF_EPCKCHAIN || error == HF_EPCKSIG || error == HF_EQESIG ||
                      error == HF_EDEVQUOTE || error == HF_EUNTRUSTED,
                  "byte %zu: %s", i, hf_error_name(error));
        p[i] = before;
    }
}

Test(hf_quote_verify_chain, certificates_of_another_authority_do_not_fit)
{
    dev_world_make(&w);
    struct dev_world other;
    dev_world_init(&other);
    other.authority_spec.seed = NULL;
    dev_world_make(&other);
    struct hf_buf good;
    hf_buf_init(&good, 65536);
    struct hf_bytes chain = chain_of(&w);
    hf_buf_append(&good, chain.data, chain.len);
    chain = hf_buf_bytes(&good);
    const struct hf_bytes alien = chain_of(&other);
    struct hf_bytes parts[3] = {cert_of(chain, 0), cert_of(chain, 1), cert_of(alien, 2)};
    put_parts(parts, 3);
    cr_assert_eq(verify(), HF_EDEVQUOTE, "%s", hf_error_name(verdict.error));
    put_parts((struct hf_bytes[]){alien}, 1);
    cr_assert_eq(verify(), HF_EDEVQUOTE, "%s", hf_error_name(verdict.error));
    parts[2] = cert_of(chain, 2);
    parts[1] = cert_of(alien, 1);
    put_parts(parts, 3);
    cr_assert_eq(verify(), HF_EPCKSIG, "%s", hf_error_name(verdict.error));
    parts[1] = cert_of(chain, 1);
    parts[0] = cert_of(alien, 0);
    put_parts(parts, 3);
    cr_assert_eq(verify(), HF_EQESIG, "%s", hf_error_name(verdict.error));
    hf_buf_done(&good);
    dev_world_done(&other);
}
