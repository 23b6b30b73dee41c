/* Set signers: what they may sign in the place of the authority, and what they may not decide. */
#include "document_authority.h"

#include "base/error.h"

#include <criterion/criterion.h>

static struct authority n;
static struct hf_document
    *root; /* the second: keys 0 to 2 as before, set signers 3 to 5, of whom 2 */
static struct hf_validator v[4], older[4];
static struct hf_survivors survivors;
static struct hf_account_ref left[3];

static struct hf_root with_signers(void)
{
    struct hf_root r = authority_root(&n);
    r.number = 2;
    r.has_previous = true;
    r.previous = n.root->body_hash;
    r.set_threshold = 2;
    r.set_signers = &n.keys[3];
    r.set_signers_count = 3;
    return r;
}

static void set_up(void)
{
    authority_init(&n);
    struct hf_root r = with_signers();
    root = authority_document(&n, HF_DOCUMENT_ROOT, &r, "01");
    cr_assert_eq(hf_document_verify(root, &n.network, n.root), 0);
}

static void tear_down(void)
{
    hf_document_unref(root);
    authority_done(&n);
}

TestSuite(set_signers, .init = set_up, .fini = tear_down);

static int verify(enum hf_document_kind kind, const void *message, const char *signers)
{
    struct hf_document *d = authority_document(&n, kind, message, signers);
    int r = hf_document_verify(d, &n.network, root);
    hf_document_unref(d);
    return r;
}

static int read_root(const struct hf_root *r)
{
    struct hf_document *d = NULL;
    int error = hf_document_read(n.pool, authority_sign(&n, HF_DOCUMENT_ROOT, r, ""), &d);
    hf_document_unref(d);
    return error;
}

Test(set_signers, as_many_as_the_root_asks_for_sign_a_set)
{
    struct hf_validator_set set = authority_set(2, v, 4);
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), 0);
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "345"), 0);
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "01"), 0);
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "3"), HF_EDOCUMENT_SIGNATURE);
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "03"), HF_EDOCUMENT_SIGNATURE, "one of each");
    struct hf_document *d = authority_document(&n, HF_DOCUMENT_SET, &set, "34");
    cr_assert_eq(hf_document_verify(d, &n.network, n.root), HF_EDOCUMENT_SIGNATURE,
                 "a root that names none");
    hf_document_unref(d);
}

Test(set_signers, sign_no_other_kind_of_document)
{
    struct hf_policy policy = authority_policy(&n, 2, 2, 3);
    struct hf_share_set shares = authority_shares(&n, 1);
    struct hf_root next = with_signers();
    next.number = 3;
    next.previous = root->body_hash;
    cr_assert_eq(verify(HF_DOCUMENT_POLICY, &policy, "345"), HF_EDOCUMENT_SIGNATURE);
    cr_assert_eq(verify(HF_DOCUMENT_POLICY, &policy, "01"), 0);
    cr_assert_eq(verify(HF_DOCUMENT_SHARES, &shares, "345"), HF_EDOCUMENT_SIGNATURE);
    cr_assert_eq(verify(HF_DOCUMENT_ROOT, &next, "345"), HF_EDOCUMENT_SIGNATURE);
    cr_assert_eq(verify(HF_DOCUMENT_ROOT, &next, "01"), 0);
}

Test(set_signers, are_no_keys_of_the_authority_and_fit_their_threshold)
{
    struct hf_root r = with_signers();
    struct hf_authority_key twice[2] = {n.keys[4], n.keys[4]};
    cr_assert_eq(read_root(&r), 0);
    r.set_threshold = 4;
    cr_assert_eq(read_root(&r), HF_EDOCUMENT);
    r.set_threshold = 0;
    cr_assert_eq(read_root(&r), HF_EDOCUMENT);
    r.set_threshold = 2;
    r.set_signers_count = 0;
    cr_assert_eq(read_root(&r), HF_EDOCUMENT);
    r.set_signers = &n.keys[2];
    r.set_signers_count = 3;
    cr_assert_eq(read_root(&r), HF_EDOCUMENT, "one is a key of the authority");
    r.set_signers = twice;
    r.set_signers_count = 2;
    cr_assert_eq(read_root(&r), HF_EDOCUMENT);
}

Test(set_signers, may_ask_in_the_authoritys_name)
{
    cr_assert(hf_root_names(&root->u.root, n.public_keys[0]));
    cr_assert(hf_root_names(&root->u.root, n.public_keys[5]));
    cr_assert(!hf_root_names(&n.root->u.root, n.public_keys[5]));
}

/* ---- floors */

static struct hf_floor decided(uint64_t claim)
{
    memset(survivors.generation, 0x31, sizeof survivors.generation);
    for (size_t i = 0; i < 3; i++)
        authority_account(i, &left[i].account);
    survivors.quorum = 2;
    survivors.holders = left;
    survivors.holders_count = 3;
    return (struct hf_floor){.claim = claim, .survivors = &survivors, .survivors_count = 1};
}

/* A set of epoch 1 with a floor of its second validator, signed by these. */
static struct hf_bytes base(uint64_t claim, const char *signers)
{
    struct hf_validator_set set = authority_set(1, older, 4);
    older[1].has_floor = claim > 0;
    older[1].floor = decided(claim);
    return authority_sign(&n, HF_DOCUMENT_SET, &set, signers);
}

static int follow(struct hf_bytes on, uint64_t claim)
{
    struct hf_validator_set set = authority_set(2, v, 4);
    set.base = on;
    v[1].has_floor = claim > 0;
    v[1].floor = decided(claim);
    return verify(HF_DOCUMENT_SET, &set, "34");
}

Test(set_signers, keep_the_floors_that_the_authority_signed)
{
    cr_assert_eq(follow(base(9, "01"), 9), 0);
    cr_assert_eq(follow((struct hf_bytes){0}, 0), 0);
    /* Who has left the set takes its floor along. */
    struct hf_validator_set set = authority_set(2, v, 4);
    struct hf_departed_floor departed = {.account = v[1].account, .floor = decided(9)};
    set.base = base(9, "01");
    v[1] = v[2];
    v[2] = v[3];
    set.validators_count = 3;
    set.departed = &departed;
    set.departed_count = 1;
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), 0);
    /* Nor is it lost with a base that it has left too. */
    set.base = authority_sign(&n, HF_DOCUMENT_SET, &set, "01");
    set.epoch++;
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), 0);
    departed.floor.claim = 8;
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), HF_EDOCUMENT_SIGNATURE, "lowered");
    set.departed_count = 0;
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), HF_EDOCUMENT_SIGNATURE, "lost");
}

Test(set_signers, decide_no_floor_themselves)
{
    cr_assert_eq(follow((struct hf_bytes){0}, 9), HF_EDOCUMENT_SIGNATURE, "without a base");
    cr_assert_eq(follow(base(0, "01"), 9), HF_EDOCUMENT_SIGNATURE, "none there");
    cr_assert_eq(follow(base(9, "01"), 10), HF_EDOCUMENT_SIGNATURE, "raised");
    cr_assert_eq(follow(base(9, "01"), 8), HF_EDOCUMENT_SIGNATURE, "lowered");
    cr_assert_eq(follow(base(9, "34"), 9), HF_EDOCUMENT_SIGNATURE, "a base of their own");
    cr_assert_eq(follow(base(9, "0"), 9), HF_EDOCUMENT_SIGNATURE, "too few of the authority");
    struct hf_bytes whole = base(9, "01");
    cr_assert_eq(follow(hf_bytes_of(whole.data, whole.len - 1), 9), HF_EDOCUMENT_SIGNATURE);
    struct hf_policy policy = authority_policy(&n, 1, 2, 3);
    cr_assert_eq(follow(authority_sign(&n, HF_DOCUMENT_POLICY, &policy, "01"), 9),
                 HF_EDOCUMENT_SIGNATURE, "no set");
    /* The authority itself needs none. */
    struct hf_validator_set set = authority_set(2, v, 4);
    v[1].has_floor = true;
    v[1].floor = decided(9);
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "01"), 0);
}

Test(set_signers, let_no_validator_go_on_with_an_old_vault_by_themselves)
{
    const struct hf_sequence_floor f = {.seen = {.claim = 7, .number = 9},
                                        .vault = {.claim = 6, .number = 2}};
    struct hf_validator_set set = authority_set(2, v, 4), before = authority_set(1, older, 4);
    v[2].has_sequence_floor = true;
    v[2].sequence_floor = f;
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "01"), 0, "the authority does");
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), HF_EDOCUMENT_SIGNATURE, "without a base");
    set.base = authority_sign(&n, HF_DOCUMENT_SET, &before, "01");
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), HF_EDOCUMENT_SIGNATURE, "none there");
    older[2].has_sequence_floor = true;
    older[2].sequence_floor = f;
    set.base = authority_sign(&n, HF_DOCUMENT_SET, &before, "01");
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), 0);
    v[2].sequence_floor.seen.number++;
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), HF_EDOCUMENT_SIGNATURE, "more is lost");
    v[2].sequence_floor = f;
    v[2].sequence_floor.vault.number--;
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), HF_EDOCUMENT_SIGNATURE, "an older one");
}

Test(set_signers, take_no_decision_of_a_floor_away_nor_give_it_to_another)
{
    struct hf_validator_set set = authority_set(2, v, 4);
    set.base = base(9, "01");
    v[1].has_floor = true;
    v[1].floor = decided(9);
    v[1].floor.survivors_count = 0;
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), HF_EDOCUMENT_SIGNATURE);
    v[1].has_floor = false;
    v[2].has_floor = true;
    v[2].floor = decided(9);
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), HF_EDOCUMENT_SIGNATURE);
    v[1].has_floor = true;
    v[1].floor = decided(9);
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), HF_EDOCUMENT_SIGNATURE, "one more");
    v[2].has_floor = false;
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), 0);
    /* Two floors of which one is dropped: the other stands, so the base is looked at. */
    struct hf_validator_set first = authority_set(1, older, 4);
    older[1].has_floor = older[2].has_floor = true;
    older[1].floor = older[2].floor = decided(9);
    set.base = authority_sign(&n, HF_DOCUMENT_SET, &first, "01");
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), HF_EDOCUMENT_SIGNATURE, "one less");
}

Test(set_signers, stand_on_a_set_before_theirs)
{
    struct hf_validator_set first = authority_set(2, older, 4), set = authority_set(2, v, 4);
    older[1].has_floor = v[1].has_floor = true;
    older[1].floor = v[1].floor = decided(9);
    set.base = authority_sign(&n, HF_DOCUMENT_SET, &first, "01");
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), HF_EDOCUMENT_SIGNATURE, "the same epoch");
    first.epoch = 1;
    first.issued_s = set.issued_s + 1;
    set.base = authority_sign(&n, HF_DOCUMENT_SET, &first, "01");
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), HF_EDOCUMENT_SIGNATURE, "issued later");
    first.issued_s = set.issued_s;
    set.base = authority_sign(&n, HF_DOCUMENT_SET, &first, "01");
    cr_assert_eq(verify(HF_DOCUMENT_SET, &set, "34"), 0);
}

/* ---- floors of accounts that are no members now */

static int read_set(const struct hf_validator_set *s)
{
    struct hf_document *d = NULL;
    int error = hf_document_read(n.pool, authority_sign(&n, HF_DOCUMENT_SET, s, ""), &d);
    hf_document_unref(d);
    return error;
}

Test(set_signers, read_floors_of_others_than_members)
{
    struct hf_validator_set s = authority_set(3, v, 4);
    struct hf_departed_floor gone[2] = {
        {.account = v[1].account, .floor = {.claim = 9, .favoured = {3}}},
        {.account = v[3].account, .floor = {.claim = 7, .favoured = {3}}}};
    v[1] = v[2];
    s.validators_count = 2;
    s.departed = gone;
    s.departed_count = 2;
    struct hf_document *d = authority_document(&n, HF_DOCUMENT_SET, &s, "");
    cr_assert_eq(hf_set_floors(d), 2);
    cr_assert_eq(hf_set_floor(d, &gone[0].account)->claim, 9);
    cr_assert_eq(hf_set_floor(d, &gone[1].account)->claim, 7);
    cr_assert_null(hf_set_floor(d, &v[0].account));
    hf_document_unref(d);
    gone[0].account = v[1].account;
    cr_assert_eq(read_set(&s), HF_EDOCUMENT, "a member");
    gone[0].account = gone[1].account;
    cr_assert_eq(read_set(&s), HF_EDOCUMENT, "one twice");
    memset(&gone[0].account, 0xff, sizeof gone[0].account);
    cr_assert_eq(read_set(&s), HF_EDOCUMENT, "not in order");
    struct hf_generation_ref off = {.id = {1}};
    gone[0] = gone[1];
    gone[0].floor.favoured[0] = 1;
    gone[0].floor.written_off = &off;
    gone[0].floor.written_off_count = s.departed_count = 1;
    cr_assert_eq(read_set(&s), HF_EDOCUMENT, "what is gone on from, written off");
}
