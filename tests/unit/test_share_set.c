/* Share sets: relations that decoding cannot see (proto/QUORUM.md, 3). */
#include "document_authority.h"

#include "base/error.h"
#include "base/hex.h"
#include "document/reshard.h"

#include <criterion/criterion.h>

static int read_error(struct authority *n, enum hf_document_kind kind, const void *message)
{
    struct hf_document *d = NULL;
    int r = hf_document_read(n->pool, authority_sign(n, kind, message, ""), &d);
    hf_document_unref(d);
    return r;
}

Test(hf_document_read, of_a_share_set_whose_threshold_does_not_fit_its_holders)
{
    struct authority n;
    authority_init(&n);
    for (uint8_t holders = 0; holders <= 5; holders++)
        for (uint8_t m = 0; m <= 6; m++) {
            struct hf_share_set s = authority_shares(&n, 1);
            struct hf_document *d = NULL;
            uint8_t secret[32], shares[6 * 32], commitments[6 * 32];
            bool fits = m >= 1 && m <= holders && (m >= 2 || holders == 1);
            if (m == 0)
                continue; /* cannot be encoded, and a decoder refuses it: see test_messages */
            n.suite->scalar_random(&n.rng, secret);
            cr_assert_eq(n.suite->deal(&n.rng, secret, (struct hf_sharing){.k = m, .n = 6}, shares,
                                       commitments),
                         0);
            s.threshold = m;
            s.holders_count = n.quorum_key.shares_count = holders;
            n.quorum_key.commitments = hf_bytes_of(commitments, m * 32u);
            int r = hf_document_read(n.pool, authority_sign(&n, HF_DOCUMENT_SHARES, &s, ""), &d);
            cr_assert_eq(r, fits ? 0 : HF_EDOCUMENT, "%u of %u", m, holders);
            hf_document_unref(d);
        }
    authority_done(&n);
}

Test(hf_document_read, of_a_share_set_with_a_double_key_alias_or_name)
{
    struct authority n;
    authority_init(&n);
    struct hf_share_set s = authority_shares(&n, 1);
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), 0);
    n.holders[4].alias = n.holders[1].alias;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), HF_EDOCUMENT);
    s = authority_shares(&n, 1);
    memcpy(n.holder_keys[4], n.holder_keys[1], 32);
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), HF_EDOCUMENT);
    n.holder_keys[4][31] |= 0x80;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), HF_EDOCUMENT, "its other encoding");
    s = authority_shares(&n, 1);
    struct hf_quorum_key two[2] = {n.quorum_key, n.quorum_key};
    s.keys = two;
    s.keys_count = 2;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), HF_EDOCUMENT, "one name for both");
    two[1].name = hf_bytes_of("other", 5);
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), HF_EDOCUMENT, "one key under two names");
    s.keys_count = 0;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), HF_EDOCUMENT);
    authority_done(&n);
}

Test(hf_reshard, is_of_the_very_keys_of_the_share_set_that_it_names)
{
    struct authority n;
    struct hf_document *old, *proposal;
    authority_init(&n);
    struct hf_share_set s = authority_shares(&n, 1), p = s, made = s;
    struct hf_quorum_key bare = {.name = n.quorum_key.name}, other = n.quorum_key;
    cr_assert_eq(hf_document_read(n.pool, authority_sign(&n, HF_DOCUMENT_SHARES, &s, ""), &old), 0);
    p.has_proposal = p.has_quote = false;
    p.keys = &bare;
    for (int named = 0; named < 4; named++) {
        p.has_reshards = named > 0;
        p.reshards = old->body_hash;
        p.reshards.bytes[0] ^= named == 1;
        bare.name = named == 2 ? hf_bytes_of("other", 5) : n.quorum_key.name;
        cr_assert_eq(
            hf_document_read(n.pool, authority_sign(&n, HF_DOCUMENT_PROPOSAL, &p, ""), &proposal),
            0);
        cr_assert_eq(hf_reshard_fits(proposal, old), named == 3 ? 0 : HF_EDOCUMENT, "%d", named);
        hf_document_unref(proposal);
    }
    /* What a ceremony makes has the points that were. */
    uint8_t commitments[96];
    memcpy(commitments, n.commitments, sizeof commitments);
    other.commitments = hf_bytes_of(commitments, sizeof commitments);
    made.keys = &other;
    cr_assert_eq(hf_reshard_same(&made, &s), 0);
    commitments[40] ^= 1; /* another sharing of the same key */
    cr_assert_eq(hf_reshard_same(&made, &s), 0);
    commitments[3] ^= 1;
    cr_assert_eq(hf_reshard_same(&made, &s), HF_EDOCUMENT, "another key");
    commitments[3] ^= 1;
    other.name = hf_bytes_of("other", 5);
    cr_assert_eq(hf_reshard_same(&made, &s), HF_EDOCUMENT, "under another name");
    hf_document_unref(old);
    authority_done(&n);
}

/* The generator of P-256 (FIPS 186-4, D.1.2.3), and its negative's last bytes. */
static const char generator[] = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                                "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
static const char negative_y[] = "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a";

Test(hf_document_read, of_a_share_set_with_the_key_of_a_token)
{
    struct authority n;
    uint8_t points[2][65], sealed[2][113] = {{0}};
    authority_init(&n);
    struct hf_share_set s = authority_shares(&n, 1);
    cr_assert_eq(hf_hex_decode(generator, points[0], 65), 0);
    memcpy(points[1], points[0], 65);
    cr_assert_eq(hf_hex_decode(negative_y, points[1] + 33, 32), 0);
    n.holders[4].kind = HF_HOLDER_P256;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), HF_EDOCUMENT, "a key of another kind");
    n.holders[4].key = hf_bytes_of(points[0], 65);
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), HF_EDOCUMENT, "a share for another kind");
    n.sealed[4].sealed = hf_bytes_of(sealed[0], 113);
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), 0);
    n.holders[4].kind = HF_HOLDER_X25519;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), HF_EDOCUMENT);
    n.holders[4].kind = HF_HOLDER_P256;
    for (size_t at = 0; at < 65; at += 16) {
        points[0][at] ^= 1;
        cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), HF_EDOCUMENT, "no point: %zu", at);
        points[0][at] ^= 1;
    }
    /* The negative of a point is a key of the same person. */
    n.holders[3] = (struct hf_share_holder){
        .alias = n.holders[3].alias, .kind = HF_HOLDER_P256, .key = hf_bytes_of(points[1], 65)};
    n.sealed[3].sealed = hf_bytes_of(sealed[1], 113);
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), HF_EDOCUMENT);
    n.holders[4].key = hf_bytes_of(n.holder_keys[4], 32);
    n.holders[4].kind = HF_HOLDER_X25519;
    n.sealed[4].sealed = hf_bytes_of(n.sealed_bytes[4], 80);
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), 0, "alone it is as good");
    authority_done(&n);
}

Test(hf_document_read, of_a_share_set_whose_commitments_nobody_can_work_with)
{
    struct authority n;
    authority_init(&n);
    for (size_t at = 0; at < 3; at++) {
        struct hf_share_set s = authority_shares(&n, 1);
        memset(n.commitments + at * 32, 0, 32);
        cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), HF_EDOCUMENT, "the identity");
        memset(n.commitments + at * 32, 0xff, 32);
        cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), HF_EDOCUMENT, "no point");
    }
    struct hf_share_set s = authority_shares(&n, 1);
    n.quorum_key.commitments.len -= 32;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), HF_EDOCUMENT, "too few of them");
    s = authority_shares(&n, 1);
    n.quorum_key.shares_count = 4;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), HF_EDOCUMENT, "a holder without a share");
    authority_done(&n);
}

Test(hf_document_read, of_a_proposal_that_holds_what_only_a_ceremony_makes)
{
    struct authority n;
    authority_init(&n);
    struct hf_share_set s = authority_shares(&n, 1);
    cr_assert_eq(read_error(&n, HF_DOCUMENT_PROPOSAL, &s), HF_EDOCUMENT);
    s.has_proposal = s.has_quote = false;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_PROPOSAL, &s), HF_EDOCUMENT);
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), HF_EDOCUMENT, "no ceremony is named");
    n.quorum_key = (struct hf_quorum_key){.name = n.quorum_key.name};
    cr_assert_eq(read_error(&n, HF_DOCUMENT_PROPOSAL, &s), 0);
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SHARES, &s), HF_EDOCUMENT);
    authority_done(&n);
}

Test(hf_share_set_proposal, is_what_was_proposed)
{
    struct authority n;
    struct hf_buf proposal, again;
    authority_init(&n);
    struct hf_share_set s = authority_shares(&n, 1), p = s;
    struct hf_quorum_key bare = {.name = n.quorum_key.name};
    p.has_proposal = p.has_quote = false;
    p.keys = &bare;
    hf_buf_init(&proposal, 4096);
    hf_buf_init(&again, 4096);
    cr_assert_eq(hf_wire_encode(&hf_wire_share_set, &p, &proposal), 0);
    cr_assert_eq(hf_share_set_proposal(&s, &again), 0);
    cr_assert(hf_bytes_equal(hf_buf_bytes(&proposal), hf_buf_bytes(&again)));
    cr_assert_eq(hf_share_set_key(&s, hf_bytes_of("black-start", 11)), &n.quorum_key);
    cr_assert_null(hf_share_set_key(&s, hf_bytes_of("black-star", 10)));
    hf_buf_done(&proposal);
    hf_buf_done(&again);
    authority_done(&n);
}

Test(hf_policy_judge, accepts_a_measurement_for_its_own_role_alone)
{
    struct authority n;
    struct hf_judge_measurement m[2];
    struct hf_judge_policy judge;
    authority_init(&n);
    struct hf_policy p = authority_policy(&n, 1, 2, 3);
    struct hf_measurement two[2] = {n.measurement, n.measurement};
    two[1].name = hf_bytes_of("ceremony", 8);
    two[1].role = HF_ROLE_CEREMONY;
    p.measurements = two;
    p.measurements_count = 2;
    hf_policy_judge(&p, HF_ROLE_DAEMON, m, NULL, &judge);
    cr_assert(!m[0].withdrawn && m[1].withdrawn);
    hf_policy_judge(&p, HF_ROLE_CEREMONY, m, NULL, &judge);
    cr_assert(m[0].withdrawn && !m[1].withdrawn);
    authority_done(&n);
}
