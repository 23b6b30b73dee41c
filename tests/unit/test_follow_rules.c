/* What a set signer signs by itself: each change is one in which enough signers agree. */
#include "follow_rules.h"

#include "base/duration.h"
#include "base/error.h"
#include "document_authority.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { MEMBERS = 6, NOW_S = AUTHORITY_NOW_S + 5000, VALIDITY_S = 1000400, CHANGES = 8 };

static struct authority n;
static struct hf_validator v[MEMBERS + 2];
static struct hf_chain_change changes_of[CHANGES];
static const struct hf_chain_change *agreed[CHANGES];
static struct hf__backed backed;
static struct hf__following f;
static struct hf__follow_choice choice;

/* A set in force of six, and nothing in which signers agree. */
static void set_up(void)
{
    authority_init(&n);
    struct hf_policy policy = authority_policy(&n, 1, 2, 4);
    policy.claim_quorum = 3;
    policy.holder_grace_s = 600;
    struct hf_validator_set set = authority_set(3, v, MEMBERS);
    backed = (struct hf__backed){.list = agreed, .enough = true};
    f = (struct hf__following){.now_s = NOW_S, .left_s = NOW_S - 600, .backed = &backed};
    f.policy = authority_document(&n, HF_DOCUMENT_POLICY, &policy, "01");
    f.set = f.base = authority_document(&n, HF_DOCUMENT_SET, &set, "01");
    choice = (struct hf__follow_choice){.epoch = 4, .issued_s = NOW_S, .beacon = "a beacon"};
}

static void tear_down(void)
{
    hf_document_unref((struct hf_document *)f.set);
    hf_document_unref((struct hf_document *)f.policy);
    authority_done(&n);
}

TestSuite(hf__follow_body, .init = set_up, .fini = tear_down);
TestSuite(hf__follow_accepts, .init = set_up, .fini = tear_down);

/* One more change in which signers agree, in the order of accounts. */
static struct hf_chain_change *agree(struct hf_account account, enum hf__change kind,
                                     const char *address)
{
    size_t at = backed.count;
    cr_assert_lt(at, CHANGES);
    changes_of[at] =
        (struct hf_chain_change){.account = account,
                                 .kind = kind,
                                 .address = hf_bytes_of(address, strlen(address)),
                                 .operator_name = hf_bytes_of(address, strlen(address))};
    for (; at > 0 && hf_account_compare(&agreed[at - 1]->account, &account) > 0; at--)
        agreed[at] = agreed[at - 1];
    agreed[at] = &changes_of[backed.count];
    return &changes_of[backed.count++];
}

static struct hf_chain_change *moves(size_t member, const char *address)
{
    struct hf_chain_change *c = agree(v[member].account, HF__MOVED, address);
    c->operator_name = v[member].operator_name;
    return c;
}

static void leaves(size_t member)
{
    agree(v[member].account, HF__LEAVES, "");
}

static struct hf_account newcomer(const char *name)
{
    struct hf_account account = {{0}};
    snprintf((char *)account.bytes, sizeof account.bytes, "%s", name);
    agree(account, HF__ENTERS, "new:1");
    return account;
}

/* ---- the set */

/* The set that may be signed now, read; ret_changes: whether it is worth it. */
static struct hf_document *body(bool *ret_changes)
{
    struct hf_buf b, envelope;
    struct hf_document *d = NULL;
    hf_buf_init(&b, HF_WIRE_DOCUMENT_MAX);
    hf_buf_init(&envelope, HF_WIRE_DOCUMENT_MAX);
    cr_assert_eq(hf__follow_body(&f, &choice, NULL, &b, ret_changes), 0);
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

Test(hf__follow_body, where_nobody_agrees_in_anything_changes_nothing)
{
    cr_assert(!changes());
}

Test(hf__follow_body, takes_who_enters)
{
    bool ignored;
    struct hf_account account = newcomer("an account");
    cr_assert(has(&account) && changes());
    struct hf_document *d = body(&ignored);
    const struct hf_validator *is = &d->u.set.validators[hf_set_find(d, &account)];
    cr_assert_eq(is->registered_epoch, 4);
    cr_assert(hf_bytes_equal(is->address, hf_bytes_of("new:1", 5)));
    cr_assert_eq(d->u.set.expires_s - d->u.set.issued_s, VALIDITY_S);
    cr_assert_eq(d->u.set.validators_count, MEMBERS + 1);
    hf_document_unref(d);
}

Test(hf__follow_body, takes_nobody_twice_and_no_member_anew)
{
    bool is;
    struct hf_account account = newcomer("an account");
    newcomer("an account");
    agree(v[2].account, HF__ENTERS, "new:2");
    agree(account, HF__LEAVES, "");
    struct hf_document *d = body(&is);
    cr_assert_eq(d->u.set.validators_count, MEMBERS + 1);
    hf_document_unref(d);
}

Test(hf__follow_body, leaves_out_few_at_a_time)
{
    leaves(3);
    leaves(5);
    cr_assert(changes());
    cr_assert_eq(has(&v[3].account) + has(&v[5].account), 1, "n - q is one");
    cr_assert(!has(&v[3].account) == (hf_account_compare(&v[3].account, &v[5].account) < 0));
    for (size_t i = 0; i < 3; i++)
        cr_assert(has(&v[i].account));
}

/* A proposer chooses dates. By none of them does a member go before this signer's own clock has
 * counted the grace since it saw the last one go. */
Test(hf__follow_body, leaves_out_nobody_within_the_grace_of_the_last_by_the_signers_own_clock)
{
    leaves(3);
    f.left_s = NOW_S - 599;
    for (choice.issued_s = NOW_S - 3600; choice.issued_s <= NOW_S + 300; choice.issued_s += 300)
        cr_assert(has(&v[3].account) && !changes(), "dated %llu",
                  (unsigned long long)choice.issued_s);
    f.left_s--;
    choice.issued_s = NOW_S;
    cr_assert(!has(&v[3].account) && changes());
    f.left_s = 0;
    cr_assert(!has(&v[3].account), "none has gone");
}

Test(hf__follow_body, moves_who_has_moved_and_leaves_the_rest_as_it_was)
{
    bool ignored;
    moves(1, "moved:7");
    cr_assert(changes());
    struct hf_document *d = body(&ignored);
    const struct hf_validator *is = &d->u.set.validators[hf_set_find(d, &v[1].account)];
    cr_assert(hf_bytes_equal(is->address, hf_bytes_of("moved:7", 7)));
    cr_assert_eq(is->registered_epoch, 1);
    hf_document_unref(d);
}

Test(hf__follow_body, is_renewed_in_the_last_quarter_of_its_time_when_enough_are_in_touch)
{
    f.now_s = f.set->u.set.expires_s - VALIDITY_S / 4;
    cr_assert(!changes());
    f.now_s++;
    cr_assert(changes());
    backed.enough = false;
    cr_assert(!changes());
}

Test(hf__follow_body, under_which_a_validator_could_not_place_its_shares_takes_who_enters_alone)
{
    bool is;
    for (size_t i = 0; i < MEMBERS; i++)
        moves(i, "moved:7")->operator_name = hf_bytes_of("one", 3);
    cr_assert(!changes(), "all would be one operator's");
    struct hf_account account = newcomer("an account");
    struct hf_document *d = body(&is);
    cr_assert(is && hf_set_find(d, &account) >= 0);
    cr_assert(hf_bytes_equal(d->u.set.validators[0].address, v[0].address));
    hf_document_unref(d);
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
    moves(0, "moved:7");
    struct hf_document *d = body(&ignored);
    const struct hf_validator *is = &d->u.set.validators[hf_set_find(d, &v[1].account)];
    cr_assert(is->has_floor && is->floor.claim == 9);
    cr_assert(hf_bytes_equal(d->u.set.base, hf_blob_bytes(f.set->envelope)));
    hf_document_unref(d);
    /* The one that leaves is left out with its floor, which comes back with it. */
    backed.count = 0;
    leaves(1);
    struct hf_document *without = body(&ignored), *base = (struct hf_document *)f.base;
    cr_assert_lt(hf_set_find(without, &v[1].account), 0);
    cr_assert_eq(hf_set_floor(without, &v[1].account)->claim, 9);
    cr_assert(hf_bytes_equal(without->u.set.base, hf_blob_bytes(base->envelope)));
    f.set = without;
    backed.count = 0;
    agree(v[1].account, HF__ENTERS, "new:1");
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
    moves(1, "moved:7");
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
    bent.epoch = 3 + HF__FOLLOW_EPOCHS_MAX;
    cr_assert_eq(accepts(&bent, 0), 0);
    bent.epoch = NOW_S / 60 + 1;
    cr_assert_eq(accepts(&bent, 0), HF_EDOCUMENT, "the numbers would be used up");
    bent.epoch--;
    cr_assert_eq(accepts(&bent, 0), 0, "signers that were apart for however long");
    cr_assert_eq(accepts(&bent, NOW_S / 60), HF_EDOCUMENT);
    bent = set;
    memcpy(bent.beacon, f.set->u.set.beacon, sizeof bent.beacon);
    cr_assert_eq(accepts(&bent, 0), HF_EDOCUMENT,
                 "the beacon was known before the list was closed");
    const uint64_t good[] = {NOW_S + HF_CLOCK_AHEAD_S, NOW_S - HF__FOLLOW_PROPOSED_S};
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
    bent.issued_s = f.set->u.set.issued_s;
    bent.expires_s = bent.issued_s + validity_s;
    cr_assert_eq(accepts(&bent, 0), 0);
    bent.issued_s--;
    bent.expires_s--;
    cr_assert_eq(accepts(&bent, 0), HF_EDOCUMENT, "before the set in force");
    f.now_s = NOW_S;
    backed.count = 0; /* the chain says what the set in force says */
    cr_assert_eq(accepts(&set, 0), HF_EDOCUMENT);
    hf_document_unref(d);
}

/* One that answers some signers only is in the words of too few, and keeps out itself alone. */
Test(hf__follow_accepts, less_than_enough_agree_in_and_nothing_more)
{
    bool ignored;
    struct hf_account first = newcomer("the first"), second = newcomer("the second");
    moves(1, "moved:7");
    leaves(2);
    struct hf_document *all = body(&ignored);
    cr_assert_eq(hf__follow_accepts(&f, all, 0), 0);
    cr_assert(hf_set_find(all, &first) >= 0 && hf_set_find(all, &second) >= 0);
    cr_assert_lt(hf_set_find(all, &v[2].account), 0);
    const struct hf_chain_change *whole[CHANGES];
    size_t count = backed.count;
    memcpy(whole, agreed, sizeof whole);
    for (size_t without = 0; without < count; without++) {
        memcpy(agreed, whole, sizeof agreed);
        memmove(&agreed[without], &agreed[without + 1], (count - without - 1) * sizeof *agreed);
        backed.count = count - 1;
        cr_assert_eq(hf__follow_accepts(&f, all, 0), HF_EDOCUMENT, "%zu", without);
        struct hf_document *less = body(&ignored);
        memcpy(agreed, whole, sizeof agreed);
        backed.count = count;
        cr_assert_eq(hf__follow_accepts(&f, less, 0), 0, "%zu", without);
        hf_document_unref(less);
    }
    f.left_s = NOW_S;
    cr_assert_eq(hf__follow_accepts(&f, all, 0), HF_EDOCUMENT, "somebody has just left");
    hf_document_unref(all);
}

Test(hf__follow_accepts, no_set_that_changes_nothing)
{
    bool ignored;
    struct hf_document *same = body(&ignored);
    cr_assert_eq(hf__follow_accepts(&f, same, 0), HF_EDOCUMENT);
    hf_document_unref(same);
}

/* ---- turns */

Test(hf__follow_is_turn, goes_round_by_epochs_and_backs_off)
{
    enum { T = 1000000 };
    static const struct {
        uint32_t in_force, signed_epoch;
        uint64_t signed_s, waits_since_s;
        size_t own;
        uint64_t now_s; /* of the first moment at which it is due */
        uint32_t epoch;
    } rows[] = {
        /* Of three, the one at (epoch modulo three) is first. */
        {3, 3, 0, T, 1, T, 4},
        {3, 3, 0, T, 2, T + 60, 4},
        {3, 3, 0, T, 0, T + 120, 4},
        {4, 1, 0, T, 2, T, 5},
        /* An epoch that was signed gets five turns, ten, twenty, and at last an hour. */
        {3, 4, T, T, 2, T + 300, 5},
        {3, 5, T, T, 0, T + 600, 6},
        {3, 6, T, T, 1, T + 1200, 7},
        {3, 7, T, T, 2, T + 2400, 8},
        {3, 8, T, T, 0, T + 4800, 9},
        {3, 9, T, T, 1, T + 4800, 10},
        {3, 2000, T, T, 0, T + 4800, 2001},
        {3, 2000, T, T, 1, T + 4860, 2001},
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        uint32_t epoch;
        struct hf__follow_turn t = {.in_force = rows[i].in_force,
                                    .signed_epoch = rows[i].signed_epoch,
                                    .signed_s = rows[i].signed_s,
                                    .waits_since_s = rows[i].waits_since_s,
                                    .turn_s = 60,
                                    .signers = 3,
                                    .own = rows[i].own,
                                    .now_s = rows[i].now_s};
        cr_assert(hf__follow_is_turn(&t, &epoch), "row %zu", i);
        cr_assert_eq(epoch, rows[i].epoch, "row %zu", i);
        t.now_s--;
        cr_assert(!hf__follow_is_turn(&t, &epoch), "row %zu", i);
    }
}

Test(hf__follow_is_turn, proposes_no_epoch_that_others_would_not_sign)
{
    uint32_t epoch;
    struct hf__follow_turn t = {.in_force = 3, .turn_s = 1, .signers = 1, .now_s = 6000000};
    t.signed_epoch = 99999;
    cr_assert(hf__follow_is_turn(&t, &epoch));
    t.signed_epoch = 100000;
    cr_assert(!hf__follow_is_turn(&t, &epoch));
    t.in_force = 99990;
    cr_assert(hf__follow_is_turn(&t, &epoch));
    t.signed_epoch = t.in_force = UINT32_MAX;
    cr_assert(!hf__follow_is_turn(&t, &epoch));
}

/* ---- what replaces what */

Test(hf__follow_replaces, a_later_epoch_or_the_authoritys_of_the_same)
{
    struct hf_validator one[4];
    struct hf_document *d[3];
    authority_init(&n);
    for (uint32_t i = 0; i < 3; i++) {
        struct hf_validator_set set = authority_set(4 + i, one, 4);
        d[i] = authority_document(&n, HF_DOCUMENT_SET, &set, "01");
    }
    for (int k = 0; k < 4; k++) {
        bool by = (k & 1) != 0, in_force_by = (k & 2) != 0;
        cr_assert(!hf__follow_replaces(d[0], by, d[1], in_force_by));
        cr_assert(hf__follow_replaces(d[2], by, d[1], in_force_by));
        cr_assert_eq(hf__follow_replaces(d[1], by, d[1], in_force_by), by && !in_force_by);
    }
    for (size_t i = 0; i < 3; i++)
        hf_document_unref(d[i]);
    authority_done(&n);
}
