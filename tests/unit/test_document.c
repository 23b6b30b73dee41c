/* Documents: relations that decoding cannot see, and who may sign what (proto/PROTOCOL.md, 4). */
#include "document_authority.h"

#include "attest/verdict.h"
#include "base/error.h"

#include <criterion/criterion.h>

static int read_error(struct authority *n, enum hf_document_kind kind, const void *message)
{
    struct hf_document *d = NULL;
    int r = hf_document_read(n->pool, authority_sign(n, kind, message, ""), &d);
    hf_document_unref(d);
    return r;
}

/* What hf_document_verify says of a message signed by these keys, under root (NULL: none yet). */
static int verify_error(struct authority *n, enum hf_document_kind kind, const void *message,
                        const char *signers, const struct hf_document *root)
{
    struct hf_document *d = authority_document(n, kind, message, signers);
    int r = hf_document_verify(d, &n->network, root);
    hf_document_unref(d);
    return r;
}

/* ---- relations */

Test(hf_document_read, of_a_policy_whose_threshold_does_not_fit_its_shares)
{
    static const struct {
        uint8_t k, n;
        int error;
    } cases[] = {{1, 1, 0},  {2, 2, 0},  {2, 3, 0},   {3, 5, 0}, {9, 16, 0}, {16, 16, 0},
                 {2, 1, -1}, {1, 2, -1}, {16, 8, -1}, {2, 4, 0}, {8, 16, 0}, {1, 3, -1}};
    struct authority n;
    authority_init(&n);
    for (size_t i = 0; i < HF_ARRAY_LEN(cases); i++) {
        struct hf_policy p = authority_policy(&n, 1, cases[i].k, cases[i].n);
        cr_assert_eq(read_error(&n, HF_DOCUMENT_POLICY, &p), cases[i].error == 0 ? 0 : HF_EDOCUMENT,
                     "%u of %u", cases[i].k, cases[i].n);
    }
    authority_done(&n);
}

Test(hf_document_read, of_a_policy_whose_quorums_do_not_fit_its_shares)
{
    static const struct {
        uint8_t k, q, p, n;
        int error;
    } cases[] = {{3, 5, 0, 7, 0},  {3, 4, 0, 7, 0},  {3, 3, 0, 7, -1}, {5, 4, 0, 7, -1},
                 {3, 8, 0, 7, -1}, {3, 5, 4, 7, -1}, {3, 5, 8, 7, -1}, {3, 5, 5, 7, 0},
                 {2, 2, 0, 4, -1}, {2, 3, 0, 4, 0},  {1, 1, 1, 1, 0}};
    struct authority n;
    authority_init(&n);
    for (size_t i = 0; i < HF_ARRAY_LEN(cases); i++) {
        struct hf_policy p = authority_policy(&n, 1, cases[i].k, cases[i].n);
        p.claim_quorum = cases[i].q;
        p.claim_provisional = cases[i].p;
        cr_assert_eq(read_error(&n, HF_DOCUMENT_POLICY, &p), cases[i].error == 0 ? 0 : HF_EDOCUMENT,
                     "k %u, q %u, p %u of %u", cases[i].k, cases[i].q, cases[i].p, cases[i].n);
    }
    authority_done(&n);
}

Test(hf_document_read, of_a_policy_that_expires_when_or_before_it_is_issued)
{
    struct authority n;
    authority_init(&n);
    struct hf_policy p = authority_policy(&n, 1, 2, 3);
    p.expires_s = p.issued_s;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_POLICY, &p), HF_EDOCUMENT);
    p.expires_s = p.issued_s + 1;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_POLICY, &p), 0);
    authority_done(&n);
}

Test(hf_document_read, of_a_policy_whose_development_root_and_trust_disagree)
{
    struct authority n;
    authority_init(&n);
    struct hf_policy p = authority_policy(&n, 1, 2, 3);
    p.trust = HF_TRUST_INTEL;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_POLICY, &p), HF_EDOCUMENT);
    p.dev_root.len = 0;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_POLICY, &p), 0);
    p.trust = HF_TRUST_DEV;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_POLICY, &p), HF_EDOCUMENT);
    authority_done(&n);
}

Test(hf_document_read, of_a_policy_that_accepts_revoked_platforms_or_no_status)
{
    struct authority n;
    authority_init(&n);
    struct hf_policy p = authority_policy(&n, 1, 2, 3);
    for (unsigned status = 0; status <= HF_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED; status++) {
        bool refused = status == HF_TCB_NONE || status == HF_TCB_REVOKED;
        p.tcb_accepted = 1u << status;
        cr_assert_eq(read_error(&n, HF_DOCUMENT_POLICY, &p), refused ? HF_EDOCUMENT : 0);
    }
    authority_done(&n);
}

Test(hf_document_read, of_a_policy_with_two_measurements_of_one_name)
{
    struct authority n;
    authority_init(&n);
    struct hf_policy p = authority_policy(&n, 1, 2, 3);
    struct hf_measurement two[2] = {n.measurement, n.measurement};
    two[1].digest[0] ^= 1;
    p.measurements = two;
    p.measurements_count = 2;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_POLICY, &p), HF_EDOCUMENT);
    two[1].name = hf_bytes_of("other", 5);
    cr_assert_eq(read_error(&n, HF_DOCUMENT_POLICY, &p), 0);
    authority_done(&n);
}

Test(hf_document_read, of_a_set_with_unsorted_or_double_validators)
{
    struct authority n;
    struct hf_validator v[3], swap;
    authority_init(&n);
    struct hf_validator_set s = authority_set(1, v, 3);
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SET, &s), 0);
    swap = v[1];
    v[1] = v[2];
    v[2] = swap;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SET, &s), HF_EDOCUMENT);
    v[2] = v[1];
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SET, &s), HF_EDOCUMENT);
    authority_done(&n);
}

Test(hf_document_read, of_a_set_that_expires_early_or_registers_somebody_in_the_future)
{
    struct authority n;
    struct hf_validator v[2];
    authority_init(&n);
    struct hf_validator_set s = authority_set(3, v, 2);
    v[1].registered_epoch = 3;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SET, &s), 0);
    v[1].registered_epoch = 4;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SET, &s), HF_EDOCUMENT);
    v[1].registered_epoch = 1;
    s.expires_s = s.issued_s;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SET, &s), HF_EDOCUMENT);
    authority_done(&n);
}

Test(hf_document_read, of_a_set_whose_floor_decides_nothing_or_too_much)
{
    struct authority n;
    struct hf_validator v[2];
    struct hf_account_ref left[3] = {{.account = {{1}}}, {.account = {{2}}}, {.account = {{3}}}};
    struct hf_survivors two[2] = {
        {.generation = {1}, .quorum = 2, .holders = left, .holders_count = 3},
        {.generation = {2}, .quorum = 2, .holders = left, .holders_count = 2}};
    struct hf_generation_ref off[2] = {{{3}}, {{4}}};
    authority_init(&n);
    struct hf_validator_set s = authority_set(3, v, 2);
    v[1].has_floor = true;
    v[1].floor = (struct hf_floor){.claim = 9,
                                   .favoured = {1},
                                   .survivors = two,
                                   .survivors_count = 2,
                                   .written_off = off,
                                   .written_off_count = 2};
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SET, &s), 0);
    two[0].quorum = 1; /* no majority of three */
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SET, &s), HF_EDOCUMENT);
    two[0].quorum = 4;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SET, &s), HF_EDOCUMENT);
    two[0].quorum = 2;
    left[1].account.bytes[0] = 1; /* one holder twice */
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SET, &s), HF_EDOCUMENT);
    left[1].account.bytes[0] = 2;
    two[1].generation[0] = 1; /* one generation twice */
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SET, &s), HF_EDOCUMENT);
    two[1].generation[0] = 3; /* in both ways */
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SET, &s), HF_EDOCUMENT);
    two[1].generation[0] = 2;
    off[1].id[0] = 3;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SET, &s), HF_EDOCUMENT);
    off[1].id[0] = 5;
    v[1].floor.favoured[0] = 5; /* the one that is gone on from is written off */
    cr_assert_eq(read_error(&n, HF_DOCUMENT_SET, &s), HF_EDOCUMENT);
    authority_done(&n);
}

Test(hf_document_read, of_a_root_whose_threshold_or_keys_do_not_fit)
{
    struct authority n;
    authority_init(&n);
    struct hf_root r = authority_root(&n);
    r.threshold = 4;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_ROOT, &r), HF_EDOCUMENT);
    r.threshold = 3;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_ROOT, &r), 0);
    r.keys_count = 0;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_ROOT, &r), HF_EDOCUMENT);
    struct hf_authority_key twice[2] = {n.keys[0], n.keys[0]};
    r.keys = twice;
    r.keys_count = r.threshold = 2;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_ROOT, &r), HF_EDOCUMENT);
    authority_done(&n);
}

Test(hf_document_read, of_a_root_with_or_without_the_one_before_it)
{
    struct authority n;
    authority_init(&n);
    struct hf_root r = authority_root(&n);
    r.has_previous = true;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_ROOT, &r), HF_EDOCUMENT);
    r = authority_next_root(&n);
    r.has_previous = false;
    cr_assert_eq(read_error(&n, HF_DOCUMENT_ROOT, &r), HF_EDOCUMENT);
    authority_done(&n);
}

Test(hf_document_read, of_bytes_that_are_no_document)
{
    struct authority n;
    struct hf_document *d = NULL;
    authority_init(&n);
    cr_assert_lt(hf_document_read(n.pool, hf_bytes_of("\xff", 1), &d), 0);
    cr_assert_lt(hf_document_read(n.pool, (struct hf_bytes){0}, &d), 0);
    cr_assert_null(d);
    authority_done(&n);
}

Test(hf_document_read, of_the_same_bytes_twice_gives_the_same_document)
{
    struct authority n;
    struct hf_document *again = NULL;
    authority_init(&n);
    cr_assert_eq(hf_document_read(n.pool, hf_blob_bytes(n.root->envelope), &again), 0);
    cr_assert_eq(again, n.root);
    hf_document_unref(again);
    struct hf_buf copy;
    hf_buf_init(&copy, 4096);
    hf_buf_append(&copy, n.root->envelope->data, n.root->envelope->len);
    cr_assert_eq(hf_document_read(n.pool, hf_buf_bytes(&copy), &again), 0);
    cr_assert_eq(again, n.root);
    hf_document_unref(again);
    hf_buf_done(&copy);
    authority_done(&n);
}

/* ---- signatures */

Test(hf_document_verify, of_the_first_root)
{
    struct authority n;
    authority_init(&n);
    struct hf_network_id other = {{1}};
    cr_assert_eq(hf_document_verify(n.root, &n.network, NULL), 0);
    cr_assert_eq(hf_document_verify(n.root, &other, NULL), HF_EDOCUMENT_NETWORK);
    /* Nothing else can come first. */
    struct hf_policy p = authority_policy(&n, 1, 2, 3);
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_POLICY, &p, "01", NULL), HF_ENODOCUMENTS);
    struct hf_root next = authority_next_root(&n);
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_ROOT, &next, "0134", NULL), HF_ENODOCUMENTS);
    authority_done(&n);
}

Test(hf_document_verify, of_a_first_root_that_too_few_have_signed)
{
    struct authority n;
    authority_init(&n);
    /* The network id is of the body alone: the same root with other signatures has it too. */
    struct hf_document *first = n.root;
    struct hf_root r = authority_root(&n);
    n.root = NULL; /* its signatures are made without a network id */
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_ROOT, &r, "0", NULL), HF_EDOCUMENT_SIGNATURE);
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_ROOT, &r, "034", NULL), HF_EDOCUMENT_SIGNATURE);
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_ROOT, &r, "02", NULL), 0);
    n.root = first;
    authority_done(&n);
}

Test(hf_document_verify, of_a_policy_needs_m_distinct_keys_of_the_root)
{
    struct authority n;
    authority_init(&n);
    struct hf_policy p = authority_policy(&n, 1, 2, 3);
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_POLICY, &p, "01", n.root), 0);
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_POLICY, &p, "012", n.root), 0);
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_POLICY, &p, "0", n.root), HF_EDOCUMENT_SIGNATURE);
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_POLICY, &p, "", n.root), HF_EDOCUMENT_SIGNATURE);
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_POLICY, &p, "345", n.root), HF_EDOCUMENT_SIGNATURE);
    authority_done(&n);
}

Test(hf_document_read, of_an_envelope_with_two_signatures_of_one_key)
{
    struct authority n;
    struct hf_arena arena;
    struct hf_envelope e;
    struct hf_buf twice;
    struct hf_document *d = NULL;
    authority_init(&n);
    struct hf_policy p = authority_policy(&n, 1, 2, 3);
    hf_arena_init(&arena, 65536);
    hf_buf_init(&twice, 65536);
    cr_assert_eq(hf_wire_decode(&hf_wire_envelope,
                                authority_sign(&n, HF_DOCUMENT_POLICY, &p, "012"), &arena, &e,
                                NULL),
                 0);
    struct hf_signature doubled[4] = {e.signatures[0], e.signatures[1], e.signatures[2],
                                      e.signatures[0]};
    doubled[3].signature[0] ^= 1; /* refused before any signature is computed */
    e.signatures = doubled;
    e.signatures_count = 4;
    cr_assert_eq(hf_wire_encode(&hf_wire_envelope, &e, &twice), 0);
    cr_assert_eq(hf_document_read(n.pool, hf_buf_bytes(&twice), &d), HF_EDOCUMENT);
    cr_assert_null(d);
    hf_buf_done(&twice);
    hf_arena_done(&arena);
    authority_done(&n);
}

static size_t verified;

static int counted_verify(const uint8_t public_key[static HF_KEY_LEN], const char *label,
                          struct hf_bytes data, const uint8_t signature[static HF_SIGNATURE_LEN])
{
    verified++;
    return hf_suite_real.verify(public_key, label, data, signature);
}

Test(hf_document_verify, of_wrong_signatures_gives_up_when_too_few_are_left)
{
    struct authority n;
    authority_init(&n);
    struct hf_policy p = authority_policy(&n, 1, 2, 3);
    struct hf_network_id network = {{1}}; /* they are good for another one */
    struct hf_suite counting = *n.suite;
    struct hf_pool *pool = NULL;
    struct hf_document *d = NULL;
    counting.verify = counted_verify;
    cr_assert_eq(hf_pool_new(&counting, &pool), 0);
    cr_assert_eq(hf_document_read(pool, authority_sign(&n, HF_DOCUMENT_POLICY, &p, "012"), &d), 0);
    cr_assert_eq(hf_document_verify(d, &network, n.root), HF_EDOCUMENT_SIGNATURE);
    cr_assert_eq(verified, 2, "of three, two had to be good");
    hf_document_unref(d);
    hf_pool_free(pool);
    authority_done(&n);
}

Test(hf_document_verify, of_a_document_made_for_another_network)
{
    struct authority n;
    struct hf_network_id other;
    authority_init(&n);
    struct hf_policy p = authority_policy(&n, 1, 2, 3);
    other = n.network;
    n.network.bytes[0] ^= 1; /* what is signed now is for a network that differs in one bit */
    struct hf_document *d = authority_document(&n, HF_DOCUMENT_POLICY, &p, "01");
    cr_assert_eq(hf_document_verify(d, &other, n.root), HF_EDOCUMENT_SIGNATURE);
    hf_document_unref(d);
    authority_done(&n);
}

Test(hf_document_verify, of_a_body_that_was_signed_as_another_kind)
{
    struct authority n;
    struct hf_arena arena;
    struct hf_envelope e;
    struct hf_buf b;
    struct hf_document *d = NULL;
    struct hf_validator v[2];
    authority_init(&n);
    struct hf_validator_set s = authority_set(1, v, 2);
    hf_arena_init(&arena, 65536);
    hf_buf_init(&b, 65536);
    cr_assert_eq(hf_wire_decode(&hf_wire_envelope, authority_sign(&n, HF_DOCUMENT_SET, &s, "01"),
                                &arena, &e, NULL),
                 0);
    e.kind = HF_DOCUMENT_POLICY;
    cr_assert_eq(hf_wire_encode(&hf_wire_envelope, &e, &b), 0);
    cr_assert_lt(hf_document_read(n.pool, hf_buf_bytes(&b), &d), 0);
    hf_buf_done(&b);
    hf_arena_done(&arena);
    authority_done(&n);
}

Test(hf_document_verify, of_a_further_root_needs_m_of_the_old_and_m_of_its_own)
{
    struct authority n;
    authority_init(&n);
    struct hf_root r = authority_next_root(&n);
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_ROOT, &r, "0134", n.root), 0);
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_ROOT, &r, "012", n.root), HF_EDOCUMENT_SIGNATURE);
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_ROOT, &r, "345", n.root), HF_EDOCUMENT_SIGNATURE);
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_ROOT, &r, "0345", n.root), HF_EDOCUMENT_SIGNATURE);
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_ROOT, &r, "0123", n.root), HF_EDOCUMENT_SIGNATURE);
    authority_done(&n);
}

Test(hf_document_verify, of_a_root_that_does_not_follow)
{
    struct authority n;
    authority_init(&n);
    struct hf_root r = authority_next_root(&n);
    r.number = 3;
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_ROOT, &r, "0134", n.root), HF_EDOCUMENT_ROOT);
    r = authority_next_root(&n);
    r.previous.bytes[0] ^= 1;
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_ROOT, &r, "0134", n.root), HF_EDOCUMENT_ROOT);
    r = authority_next_root(&n);
    r.issued_s = n.root->u.root.issued_s - 1;
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_ROOT, &r, "0134", n.root), HF_EDOCUMENT_ROOT);
    authority_done(&n);
}

Test(hf_document_verify, of_a_policy_after_a_root_change)
{
    struct authority n;
    authority_init(&n);
    struct hf_root r = authority_next_root(&n);
    struct hf_document *next = authority_document(&n, HF_DOCUMENT_ROOT, &r, "0134");
    struct hf_policy p = authority_policy(&n, 1, 2, 3);
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_POLICY, &p, "01", next), HF_EDOCUMENT_SIGNATURE);
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_POLICY, &p, "03", next), HF_EDOCUMENT_SIGNATURE);
    cr_assert_eq(verify_error(&n, HF_DOCUMENT_POLICY, &p, "35", next), 0);
    hf_document_unref(next);
    authority_done(&n);
}

/* ---- signing */

Test(hf_document_sign, again_with_the_same_key_replaces_its_signature)
{
    struct authority n;
    authority_init(&n);
    struct hf_policy p = authority_policy(&n, 1, 2, 3);
    struct hf_document *once = authority_document(&n, HF_DOCUMENT_POLICY, &p, "01");
    struct hf_document *again = authority_document(&n, HF_DOCUMENT_POLICY, &p, "0101");
    cr_assert_eq(again->signatures.signatures_count, 2);
    cr_assert_eq(once->signatures.signatures_count, 2);
    cr_assert_eq(hf_document_verify(again, &n.network, n.root), 0);
    hf_document_unref(once);
    hf_document_unref(again);
    authority_done(&n);
}

Test(hf_document_sign, of_bytes_that_are_no_envelope)
{
    struct authority n;
    struct hf_buf b;
    authority_init(&n);
    hf_buf_init(&b, 4096);
    cr_assert_lt(hf_document_sign(n.suite, hf_bytes_of("?", 1), &n.network, n.secret_keys[0],
                                  n.public_keys[0], &b),
                 0);
    hf_buf_done(&b);
    authority_done(&n);
}

Test(hf_network_id, is_of_a_first_root_only)
{
    struct authority n;
    struct hf_network_id id;
    authority_init(&n);
    struct hf_root r = authority_next_root(&n);
    struct hf_document *next = authority_document(&n, HF_DOCUMENT_ROOT, &r, "0134");
    cr_assert_eq(hf_network_id(next, &id), HF_EINVAL);
    hf_document_unref(next);
    struct hf_root salted = authority_root(&n);
    salted.has_salt = true;
    struct hf_document *other = authority_document(&n, HF_DOCUMENT_ROOT, &salted, "01");
    cr_assert_eq(hf_network_id(other, &id), 0);
    cr_assert_arr_neq(id.bytes, n.network.bytes, 32);
    hf_document_unref(other);
    authority_done(&n);
}

Test(hf_set_find, finds_members_and_nobody_else)
{
    struct authority n;
    struct hf_validator v[9];
    struct hf_account account;
    authority_init(&n);
    struct hf_validator_set s = authority_set(1, v, 9);
    struct hf_document *d = authority_document(&n, HF_DOCUMENT_SET, &s, "01");
    for (size_t i = 0; i < 9; i++) {
        authority_account(i, &account);
        cr_assert_eq(hf_set_find(d, &account), (long)i);
        account.bytes[31] ^= 2;
        cr_assert_eq(hf_set_find(d, &account), -1);
    }
    hf_document_unref(d);
    authority_done(&n);
}
