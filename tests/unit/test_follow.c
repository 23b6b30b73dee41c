/* What a set signer signs by itself: each change is one that the chain has made, and no other. */
#include "follow_rules.h"

#include "base/error.h"
#include "document_authority.h"

#include <criterion/criterion.h>

enum { MEMBERS = 6, NOW_S = AUTHORITY_NOW_S + 5000, VALIDITY_S = 1000400 };

static struct authority n;
static struct hf_validator v[MEMBERS + 2];
static struct hf__chain_validator list[MEMBERS + 2];
static struct hf__chain_view view;
static struct hf__chain_block seen;
static struct hf__follow_account accounts[MEMBERS + 2];
static struct hf__following f;
static struct hf__follow_choice choice;
static struct hf_hash chain = {"a chain"};

static struct hf__chain_validator as_member(size_t i)
{
    return (struct hf__chain_validator){.account = v[i].account,
                                        .address = v[i].address,
                                        .operator_name = v[i].operator_name,
                                        .zone = v[i].zone};
}

/* A set in force of six, a chain that says the same, and all attested a minute ago. */
static void set_up(void)
{
    authority_init(&n);
    struct hf_policy policy = authority_policy(&n, 1, 2, 4);
    policy.claim_quorum = 3;
    policy.holder_grace_s = 600;
    struct hf_validator_set set = authority_set(3, v, MEMBERS);
    f = (struct hf__following){.now_s = NOW_S, .view = &view, .accounts = accounts};
    f.policy = authority_document(&n, HF_DOCUMENT_POLICY, &policy, "01");
    f.set = f.base = authority_document(&n, HF_DOCUMENT_SET, &set, "01");
    for (size_t i = 0; i < MEMBERS; i++) {
        list[i] = as_member(i);
        accounts[i] = (struct hf__follow_account){.account = v[i].account, .passed_s = NOW_S - 60};
    }
    f.accounts_count = MEMBERS;
    view = (struct hf__chain_view){.chain = chain,
                                   .block = {100, {"block 100"}},
                                   .time_s = NOW_S - 12,
                                   .list = list,
                                   .count = MEMBERS};
    seen = (struct hf__chain_block){0};
    choice = (struct hf__follow_choice){.epoch = 4, .issued_s = NOW_S, .beacon = "a beacon"};
}

static void tear_down(void)
{
    hf_document_unref((struct hf_document *)f.set);
    hf_document_unref((struct hf_document *)f.policy);
    authority_done(&n);
}

TestSuite(hf__chain_check, .init = set_up, .fini = tear_down);
TestSuite(hf__follow_body, .init = set_up, .fini = tear_down);
TestSuite(hf__follow_accepts, .init = set_up, .fini = tear_down);

/* ---- the view */

static int check(void)
{
    return hf__chain_check(&view, &chain, &seen, NOW_S);
}

/* As it is after block 90 was gone by. */
static void seen_90(void)
{
    seen = view.since = (struct hf__chain_block){90, {"block 90"}};
}

Test(hf__chain_check, of_a_chain_that_goes_on)
{
    cr_assert_eq(check(), 0, "the first view");
    seen_90();
    cr_assert_eq(check(), 0);
    seen = view.since = view.block;
    cr_assert_eq(check(), 0, "the same block again");
}

Test(hf__chain_check, of_another_chain)
{
    view.chain.bytes[0] ^= 1;
    cr_assert_eq(check(), HF_EOTHERCHAIN);
}

Test(hf__chain_check, of_a_block_that_was_final_and_is_another_now)
{
    seen_90();
    view.since.hash.bytes[0] ^= 1;
    cr_assert_eq(check(), HF_ECHAINFORK);
    view.since = (struct hf__chain_block){0};
    cr_assert_eq(check(), HF_ECHAINFORK, "the node does not show it");
    view.since = (struct hf__chain_block){89, seen.hash};
    cr_assert_eq(check(), HF_ECHAINFORK, "it shows another");
    seen = view.since = (struct hf__chain_block){100, {"another block 100"}};
    cr_assert_eq(check(), HF_ECHAINFORK);
}

Test(hf__chain_check, of_a_node_that_lags_or_a_chain_that_stands_still)
{
    seen = view.since = (struct hf__chain_block){101, {"block 101"}};
    cr_assert_eq(check(), HF_ECHAINLAGS);
    seen = (struct hf__chain_block){0};
    view.time_s = NOW_S - HF__CHAIN_LAG_S;
    cr_assert_eq(check(), 0);
    view.time_s--;
    cr_assert_eq(check(), HF_ECHAINLAGS);
}

Test(hf__chain_check, of_what_is_no_set_of_validators)
{
    view.time_s = NOW_S + HF__CHAIN_AHEAD_S + 1;
    cr_assert_eq(check(), HF_ECHAINVIEW);
    view.time_s = NOW_S;
    view.count = 0;
    cr_assert_eq(check(), HF_ECHAINVIEW);
    view.count = MEMBERS;
    list[4] = list[1];
    cr_assert_eq(check(), HF_ECHAINVIEW, "one twice");
    list[4] = as_member(4);
    list[2].address = (struct hf_bytes){0};
    cr_assert_eq(check(), HF_ECHAINVIEW);
    list[2] = as_member(2);
    list[2].operator_name = (struct hf_bytes){0};
    cr_assert_eq(check(), HF_ECHAINVIEW);
}

/* ---- the set */

/* The set that may be signed now, read; ret_changes: whether it is worth it. */
static struct hf_document *body(bool *ret_changes)
{
    struct hf_buf b, envelope;
    struct hf_document *d = NULL;
    hf_buf_init(&b, HF_WIRE_DOCUMENT_MAX);
    hf_buf_init(&envelope, HF_WIRE_DOCUMENT_MAX);
    cr_assert_eq(hf__follow_body(&f, &choice, &b, ret_changes), 0);
    cr_assert_eq(hf_document_wrap(HF_DOCUMENT_SET, hf_buf_bytes(&b), &envelope), 0);
    cr_assert_eq(hf_document_read(n.pool, hf_buf_bytes(&envelope), &d), 0);
    hf_buf_done(&b);
    hf_buf_done(&envelope);
    return d;
}

static bool changes(void)
{
    bool is = false;
    hf_document_unref(body(&is));
    return is;
}

/* Whether an account is in the set that may be signed. */
static bool has(const struct hf_account *account)
{
    bool ignored;
    struct hf_document *d = body(&ignored);
    bool found = hf_set_find(d, account) >= 0;
    hf_document_unref(d);
    return found;
}

static struct hf_account newcomer(void)
{
    struct hf_account account = {"an account that is new"};
    list[MEMBERS] = (struct hf__chain_validator){.account = account,
                                                 .address = hf_bytes_of("new:1", 5),
                                                 .operator_name = hf_bytes_of("new", 3)};
    view.count = MEMBERS + 1;
    accounts[MEMBERS] = (struct hf__follow_account){.account = account};
    f.accounts_count = MEMBERS + 1;
    return account;
}

/* The chain has not got this member. */
static void drop(size_t at)
{
    memmove(&list[at], &list[at + 1], (view.count - at - 1) * sizeof list[0]);
    view.count--;
}

Test(hf__follow_body, of_a_chain_that_says_the_same_changes_nothing)
{
    cr_assert(!changes());
}

Test(hf__follow_body, takes_a_new_account_once_it_is_attested)
{
    struct hf_account account = newcomer();
    cr_assert(!has(&account) && !changes(), "never asked");
    accounts[MEMBERS].passed_s = NOW_S - HF__FOLLOW_FRESH_S - 1;
    cr_assert(!has(&account), "too long ago");
    accounts[MEMBERS].passed_s++;
    cr_assert(has(&account) && changes());
    accounts[MEMBERS].failed_since_s = NOW_S;
    cr_assert(!has(&account), "it fails now");
    accounts[MEMBERS].failed_since_s = 0;
    bool ignored;
    struct hf_document *d = body(&ignored);
    const struct hf_validator *is = &d->u.set.validators[hf_set_find(d, &account)];
    cr_assert_eq(is->registered_epoch, 4);
    cr_assert(hf_bytes_equal(is->address, hf_bytes_of("new:1", 5)));
    cr_assert_eq(d->u.set.expires_s - d->u.set.issued_s, VALIDITY_S);
    cr_assert_eq(d->u.set.validators_count, MEMBERS + 1);
    hf_document_unref(d);
}

Test(hf__follow_body, leaves_out_whom_the_chain_has_not_but_few_at_a_time)
{
    drop(5);
    drop(3);
    cr_assert(changes());
    cr_assert_eq(has(&v[3].account) + has(&v[5].account), 1, "n - q is one");
    cr_assert(!has(&v[3].account) == (hf_account_compare(&v[3].account, &v[5].account) < 0));
    for (size_t i = 0; i < 3; i++)
        cr_assert(has(&v[i].account));
    /* Until those that stay have had a grace to deal anew, none goes. */
    f.now_s = f.set->u.set.issued_s + 599;
    cr_assert(has(&v[3].account) && has(&v[5].account) && !changes());
}

Test(hf__follow_body, leaves_out_who_fails_after_the_grace_and_nobody_for_silence)
{
    accounts[2].failed_since_s = NOW_S - 599;
    accounts[4].passed_s = 0; /* it has never answered */
    cr_assert(has(&v[2].account) && !changes());
    accounts[2].failed_since_s--;
    cr_assert(!has(&v[2].account) && changes());
    cr_assert(has(&v[4].account));
}

Test(hf__follow_body, moves_who_has_moved_and_leaves_the_rest_as_it_was)
{
    list[1].address = hf_bytes_of("moved:7", 7);
    cr_assert(changes());
    bool ignored;
    struct hf_document *d = body(&ignored);
    const struct hf_validator *is = &d->u.set.validators[hf_set_find(d, &v[1].account)];
    cr_assert(hf_bytes_equal(is->address, hf_bytes_of("moved:7", 7)));
    cr_assert_eq(is->registered_epoch, 1);
    hf_document_unref(d);
}

Test(hf__follow_body, is_renewed_in_the_last_quarter_of_its_time)
{
    f.now_s = f.set->u.set.expires_s - VALIDITY_S / 4;
    cr_assert(!changes());
    f.now_s++;
    cr_assert(changes());
}

Test(hf__follow_body, under_which_a_validator_could_not_place_its_shares_is_refused)
{
    struct hf_buf b;
    bool is;
    hf_buf_init(&b, HF_WIRE_DOCUMENT_MAX);
    for (size_t i = 0; i < MEMBERS; i++)
        list[i].operator_name = hf_bytes_of("one", 3);
    cr_assert_eq(hf__follow_body(&f, &choice, &b, &is), HF_ESELECTION);
    hf_buf_done(&b);
}

/* ---- floors */

/* In force is a set in which member 1 has a floor that the authority decided. */
static void with_floor(void)
{
    struct hf_validator_set set = authority_set(3, v, MEMBERS);
    v[1].has_floor = true;
    v[1].floor = (struct hf_floor){.claim = 9};
    hf_document_unref((struct hf_document *)f.set);
    f.set = f.base = authority_document(&n, HF_DOCUMENT_SET, &set, "01");
}

Test(hf__follow_body, keeps_floors_with_the_set_that_the_authority_signed)
{
    bool ignored;
    with_floor();
    list[0].address = hf_bytes_of("moved:7", 7);
    struct hf_document *d = body(&ignored);
    const struct hf_validator *is = &d->u.set.validators[hf_set_find(d, &v[1].account)];
    cr_assert(is->has_floor && is->floor.claim == 9);
    cr_assert(hf_bytes_equal(d->u.set.base, hf_blob_bytes(f.set->envelope)));
    hf_document_unref(d);
    /* The one that leaves is left out with its floor, which comes back with it. */
    drop(1);
    struct hf_document *without = body(&ignored), *base = (struct hf_document *)f.base;
    cr_assert_eq(without->floors_count, 0);
    cr_assert(hf_bytes_equal(without->u.set.base, hf_blob_bytes(base->envelope)));
    f.set = without;
    f.now_s += 601;
    list[view.count++] = as_member(1);
    for (size_t i = 0; i < MEMBERS; i++)
        accounts[i].passed_s = f.now_s;
    choice.epoch = 5;
    d = body(&ignored);
    is = &d->u.set.validators[hf_set_find(d, &v[1].account)];
    cr_assert(is->has_floor && is->floor.claim == 9 && is->registered_epoch == 5);
    hf_document_unref(d);
    hf_document_unref(without);
    f.set = base;
}

/* ---- proposals of others */

static int accepts(struct hf_validator_set *set, uint32_t signed_epoch)
{
    struct hf_document *d = authority_document(&n, HF_DOCUMENT_SET, set, "3");
    int r = hf__follow_accepts(&f, d, signed_epoch);
    hf_document_unref(d);
    return r;
}

/* What another signer proposes when member 1 has moved; valid until d is given back. */
static struct hf_validator_set proposal(struct hf_document **ret)
{
    bool ignored;
    list[1].address = hf_bytes_of("moved:7", 7);
    *ret = body(&ignored);
    return (*ret)->u.set;
}

Test(hf__follow_accepts, what_it_would_make_itself)
{
    struct hf_document *d;
    struct hf_validator_set set = proposal(&d);
    cr_assert_eq(accepts(&set, 0), 0);
    cr_assert_eq(accepts(&set, 3), 0);
    cr_assert_eq(accepts(&set, 4), HF_EDOCUMENT, "it has signed one of this epoch");
    f.now_s += 100; /* the other's choice of date and beacon is its own */
    set.beacon[0] ^= 1;
    cr_assert_eq(accepts(&set, 0), 0);
    hf_document_unref(d);
}

Test(hf__follow_accepts, nothing_that_the_chain_has_not_said)
{
    struct hf_document *d;
    struct hf_platform platform = {{7}};
    struct hf_validator_set set = proposal(&d), bent = set;
    struct hf_validator w[MEMBERS];
    memcpy(w, set.validators, sizeof w);
    bent.validators = w;
    cr_assert_eq(accepts(&bent, 0), 0);
    w[0].has_operator_key = true;
    cr_assert_eq(accepts(&bent, 0), HF_EDOCUMENT, "an operator's key");
    w[0] = set.validators[0];
    w[0].platforms = &platform;
    w[0].platforms_count = 1;
    cr_assert_eq(accepts(&bent, 0), HF_EDOCUMENT, "a platform");
    w[0] = set.validators[0];
    w[0].has_floor = true;
    w[0].floor = (struct hf_floor){.claim = 9};
    cr_assert_eq(accepts(&bent, 0), HF_EDOCUMENT, "a floor");
    w[0] = set.validators[0];
    w[0].leaving = true;
    cr_assert_eq(accepts(&bent, 0), HF_EDOCUMENT, "a leave");
    w[0] = set.validators[0];
    w[0].zone = hf_bytes_of("elsewhere", 9);
    cr_assert_eq(accepts(&bent, 0), HF_EDOCUMENT, "a zone");
    w[0] = set.validators[0];
    bent.validators_count--;
    cr_assert_eq(accepts(&bent, 0), HF_EDOCUMENT, "one less");
    bent.validators_count++;
    bent.expires_s++;
    cr_assert_eq(accepts(&bent, 0), HF_EDOCUMENT, "for longer");
    hf_document_unref(d);
}

Test(hf__follow_accepts, no_epoch_date_or_beacon_that_may_not_be)
{
    struct hf_document *d;
    struct hf_validator_set set = proposal(&d), bent = set;
    uint64_t validity_s = set.expires_s - set.issued_s;
    bent.epoch = 3;
    cr_assert_eq(accepts(&bent, 0), HF_EDOCUMENT, "that of the one in force");
    bent.epoch = 3 + HF__FOLLOW_EPOCHS_MAX + 1;
    cr_assert_eq(accepts(&bent, 0), HF_EDOCUMENT);
    bent.epoch--;
    cr_assert_eq(accepts(&bent, 0), 0);
    bent = set;
    memcpy(bent.beacon, f.set->u.set.beacon, sizeof bent.beacon);
    cr_assert_eq(accepts(&bent, 0), HF_EDOCUMENT,
                 "the beacon was known before the list was closed");
    const uint64_t good[] = {NOW_S + HF__CHAIN_AHEAD_S, NOW_S - HF__FOLLOW_PROPOSED_S};
    const uint64_t bad[] = {good[0] + 1, good[1] - 1};
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++) {
        bent = set;
        bent.issued_s = good[i];
        bent.expires_s = good[i] + validity_s;
        cr_assert_eq(accepts(&bent, 0), 0, "%zu", i);
        bent.issued_s = bad[i];
        bent.expires_s = bad[i] + validity_s;
        cr_assert_eq(accepts(&bent, 0), HF_EDOCUMENT, "%zu", i);
    }
    f.now_s = f.set->u.set.issued_s + 60;
    for (size_t i = 0; i < MEMBERS; i++)
        accounts[i].passed_s = f.now_s;
    bent.issued_s = f.set->u.set.issued_s;
    bent.expires_s = bent.issued_s + validity_s;
    cr_assert_eq(accepts(&bent, 0), 0);
    bent.issued_s--;
    bent.expires_s--;
    cr_assert_eq(accepts(&bent, 0), HF_EDOCUMENT, "before the set in force");
    f.now_s = NOW_S;
    list[1] = as_member(1); /* the chain says what the set in force says */
    cr_assert_eq(accepts(&set, 0), HF_EDOCUMENT);
    hf_document_unref(d);
}

Test(hf__follow_accepts, no_set_that_changes_nothing)
{
    bool ignored;
    struct hf_document *same = body(&ignored);
    cr_assert_eq(hf__follow_accepts(&f, same, 0), HF_EDOCUMENT);
    hf_document_unref(same);
}
