/* Who backs up whom: the order that all compute alike (proto/PROTOCOL.md, 5). */
#include "document_authority.h"

#include "base/error.h"
#include "document/limits.h"
#include "document/selection.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { SMALL = 60, LARGE = 1000, ORDER = HF_RANK_FACTOR * HF_SHARES_MAX };

static struct hf_validator validators[4096];
static struct authority n;
static struct hf_document *set;

/* A set of count validators in so many operators and zones; 0: each has its own, or none. */
static void up(size_t count, size_t operators, size_t zones, size_t leaving)
{
    static char names[4096][8];
    authority_init(&n);
    struct hf_validator_set s = authority_set(1, validators, count);
    for (size_t i = 0; i < count; i++) {
        if (operators > 0)
            validators[i].operator_name = validators[i % operators].operator_name;
        if (zones > 0) {
            int len = snprintf(names[i], sizeof names[i], "z%zu", i % zones);
            validators[i].zone = hf_bytes_of(names[i], (size_t)len);
        }
        validators[i].leaving = i < leaving;
    }
    set = authority_document(&n, HF_DOCUMENT_SET, &s, "01");
}

static void down(void)
{
    hf_document_unref(set);
    authority_done(&n);
}

static size_t select_of(size_t owner, uint8_t rule, uint8_t shares, uint32_t ret[static ORDER])
{
    struct hf_account account;
    authority_account(owner, &account);
    return hf_select(set, &account, 1, rule, shares, HF_RANK_FACTOR * (size_t)shares, ret);
}

/* ---- the order, computed once more from the words of the specification */

struct weighted {
    uint64_t distance, weight;
    uint32_t index;
};

static uint64_t first8(const char *label, struct hf_bytes bytes)
{
    struct hf_hash hash;
    uint64_t v = 0;
    n.suite->hash(label, bytes, &hash);
    for (size_t i = 0; i < 8; i++)
        v = v * 256 + hash.bytes[i];
    return v;
}

static uint64_t mixed(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* The first bits of x, as many as name the groups of a set of count validators. */
static uint64_t group_of(uint64_t x, size_t count)
{
    uint64_t group = 0;
    for (unsigned bit = 63; count >= 2048; count /= 2)
        group = group * 2 + (x >> bit-- & 1);
    return group;
}

static int nearer_or_heavier(const void *pa, const void *pb)
{
    const struct weighted *a = pa, *b = pb;
    if (a->distance != b->distance)
        return a->distance < b->distance ? -1 : 1;
    if (a->weight != b->weight)
        return a->weight > b->weight ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

static size_t weigh(size_t owner, uint32_t version, struct weighted *ret)
{
    uint8_t bytes[68];
    struct hf_account account;
    size_t count = 0;
    const struct hf_validator_set *s = &set->u.set;
    memcpy(bytes, s->beacon, 32);
    authority_account(owner, &account);
    memcpy(bytes + 32, account.bytes, 32);
    for (size_t i = 0; i < 4; i++)
        bytes[64 + i] = (uint8_t)(version >> (24 - 8 * i));
    uint64_t o = first8("holdfast/v1/owner", hf_bytes_of(bytes, 68));
    for (size_t i = 0; i < s->validators_count; i++) {
        if (i == owner || s->validators[i].leaving)
            continue;
        memcpy(bytes + 32, s->validators[i].account.bytes, 32);
        uint64_t c = first8("holdfast/v1/candidate", hf_bytes_of(bytes, 64));
        ret[count++] =
            (struct weighted){group_of(o ^ c, s->validators_count), mixed(o ^ c), (uint32_t)i};
    }
    qsort(ret, count, sizeof *ret, nearer_or_heavier);
    return count;
}

static size_t first_of_operators(const struct weighted *all, size_t count, size_t max,
                                 uint32_t *ret)
{
    size_t kept = 0;
    for (size_t i = 0; i < count && kept < max; i++) {
        bool seen = false;
        for (size_t j = 0; j < kept; j++)
            seen = seen || hf_bytes_equal(set->u.set.validators[ret[j]].operator_name,
                                          set->u.set.validators[all[i].index].operator_name);
        if (!seen)
            ret[kept++] = all[i].index;
    }
    return kept;
}

/* Rule 1, with the window that step 4 describes. */
static size_t operators_only(const struct weighted *all, size_t count, size_t shares, uint32_t *ret)
{
    size_t total = set->u.set.validators_count, kept = 0;
    for (size_t window = 12 * shares + 64;; window *= 4) {
        size_t seen = window < count ? window : count;
        kept = first_of_operators(all, seen, 6 * shares, ret);
        if (kept >= 3 * shares || window >= total)
            return kept;
    }
}

static void check_order(size_t owner, uint8_t rule, uint8_t shares)
{
    static struct weighted all[4096];
    uint32_t order[ORDER], expected[2 * ORDER];
    size_t count = weigh(owner, 1, all), want = (size_t)HF_RANK_FACTOR * shares;
    if (rule == 2) {
        for (size_t i = 0; i < count && i < want; i++)
            expected[i] = all[i].index;
    } else {
        count = operators_only(all, count, shares, expected);
    }
    size_t len = select_of(owner, rule, shares, order);
    cr_assert_eq(len, count < want ? count : want);
    for (size_t i = 0; i < len; i++)
        cr_assert_eq(order[i], expected[i], "owner %zu, place %zu", owner, i);
}

Test(hf_select, gives_the_order_of_the_specification)
{
    up(SMALL, 0, 0, 3);
    for (size_t owner = 0; owner < SMALL; owner++)
        for (uint8_t shares = 1; shares <= 16; shares = (uint8_t)(shares * 2)) {
            check_order(owner, 1, shares);
            check_order(owner, 2, shares);
        }
    down();
}

Test(hf_select, gives_the_order_of_the_specification_in_large_sets_of_few_operators)
{
    up(LARGE, 21, 0, 0);
    for (size_t owner = 0; owner < LARGE; owner += 37) {
        check_order(owner, 1, 5);
        check_order(owner, 1, 16); /* more places than operators: the window grows to the whole */
        check_order(owner, 2, 16);
    }
    down();
}

/* Where there are groups: an order begins in the owner's, and goes on in others when it must. */
Test(hf_select, gives_the_order_of_the_specification_in_sets_of_several_groups)
{
    static const size_t counts[] = {2047, 2048, 4095, 4096};
    for (size_t i = 0; i < HF_ARRAY_LEN(counts); i++) {
        up(counts[i], 0, 0, 20);
        for (size_t owner = 0; owner < counts[i]; owner += 171) {
            check_order(owner, 1, 5);
            check_order(owner, 2, 16);
        }
        down();
    }
    /* Two operators are too few: the window takes in one group after another. */
    up(4096, 2, 0, 4000);
    for (size_t owner = 0; owner < 4096; owner += 1023) {
        check_order(owner, 1, 3);
        check_order(owner, 2, 16);
    }
    down();
}

Test(hf_select, gives_the_same_whether_an_order_is_remembered_or_not)
{
    static uint32_t first[LARGE][ORDER];
    static size_t lens[LARGE];
    up(LARGE, 100, 7, 10);
    for (size_t owner = 0; owner < LARGE; owner++)
        lens[owner] = select_of(owner, 0, 5, first[owner]);
    /* Other versions, rules and n share the same memory, and so do
     * owners whose accounts collide. */
    for (size_t owner = LARGE; owner-- > 0;) {
        uint32_t order[ORDER];
        struct hf_account account;
        authority_account(owner, &account);
        if (owner % 3 == 0)
            (void)hf_select(set, &account, 2, 0, 5, 15, order);
        if (owner % 5 == 0)
            (void)hf_select(set, &account, 1, 2, 3, 9, order);
        cr_assert_eq(select_of(owner, 0, 5, order), lens[owner]);
        cr_assert_arr_eq(order, first[owner], lens[owner] * sizeof order[0]);
        cr_assert_eq(select_of(owner, 0, 5, order), lens[owner]);
        cr_assert_arr_eq(order, first[owner], lens[owner] * sizeof order[0]);
    }
    down();
}

Test(hf_select, gives_the_same_to_everybody_and_whatever_else_is_known)
{
    uint32_t mine[ORDER], theirs[ORDER];
    struct authority other;
    struct hf_account account;
    struct hf_validator_set s;
    up(SMALL, 0, 3, 0);
    authority_account(4, &account);
    size_t len = select_of(4, 0, 5, mine);
    /* Another process, which has another policy and whose envelope has another signature. */
    authority_init(&other);
    s = set->u.set;
    struct hf_document *same = authority_document(&other, HF_DOCUMENT_SET, &s, "12");
    struct hf_policy p = authority_policy(&other, 9, 3, 5);
    struct hf_document *policy = authority_document(&other, HF_DOCUMENT_POLICY, &p, "01");
    cr_assert_eq(hf_select(same, &account, 1, 0, 5, 15, theirs), len);
    cr_assert_arr_eq(mine, theirs, len * sizeof mine[0]);
    hf_document_unref(policy);
    hf_document_unref(same);
    authority_done(&other);
    down();
}

Test(hf_select, gives_another_order_for_another_beacon_and_version)
{
    uint32_t a[ORDER], b[ORDER];
    struct hf_account account;
    up(SMALL, 0, 0, 0);
    authority_account(7, &account);
    cr_assert_eq(hf_select(set, &account, 1, 2, 5, 15, a), 15);
    cr_assert_eq(hf_select(set, &account, 2, 2, 5, 15, b), 15);
    cr_assert_arr_neq(a, b, sizeof a[0] * 15);
    struct hf_validator_set s = set->u.set;
    s.beacon[0] ^= 1;
    struct hf_document *next = authority_document(&n, HF_DOCUMENT_SET, &s, "01");
    cr_assert_eq(hf_select(next, &account, 1, 2, 5, 15, b), 15);
    cr_assert_arr_neq(a, b, sizeof a[0] * 15);
    hf_document_unref(next);
    down();
}

Test(hf_select, never_gives_the_owner_or_one_that_leaves)
{
    uint32_t order[ORDER];
    up(40, 0, 0, 8);
    for (uint8_t rule = 0; rule <= 2; rule++)
        for (size_t owner = 0; owner < 40; owner++) {
            size_t len = select_of(owner, rule, 16, order);
            cr_assert_eq(len, owner < 8 ? 32 : 31);
            for (size_t i = 0; i < len; i++) {
                cr_assert_neq(order[i], owner);
                cr_assert_geq(order[i], 8);
                for (size_t j = 0; j < i; j++)
                    cr_assert_neq(order[i], order[j]);
            }
        }
    down();
}

Test(hf_select, gives_no_more_than_is_asked_and_the_same_beginning)
{
    uint32_t all[ORDER], few[ORDER];
    struct hf_account account;
    up(SMALL, 0, 3, 0);
    authority_account(3, &account);
    size_t len = select_of(3, 0, 5, all);
    for (size_t max = 0; max <= len; max++) {
        cr_assert_eq(hf_select(set, &account, 1, 0, 5, max, few), max);
        cr_assert(max == 0 || memcmp(all, few, max * sizeof all[0]) == 0);
    }
    down();
}

Test(hf_select, of_an_owner_outside_the_set_gives_an_order_too)
{
    uint32_t order[ORDER];
    up(20, 0, 0, 0);
    cr_assert_eq(select_of(4000, 0, 5, order), 15);
    down();
}

Test(hf_select, gives_one_of_each_operator)
{
    uint32_t order[ORDER];
    up(SMALL, 12, 4, 0);
    for (uint8_t rule = 0; rule <= 1; rule++)
        for (size_t owner = 0; owner < SMALL; owner++) {
            size_t len = select_of(owner, rule, 16, order);
            cr_assert_eq(len, 12);
            for (size_t i = 0; i < len; i++)
                for (size_t j = 0; j < i; j++)
                    cr_assert_neq(order[i] % 12, order[j] % 12);
        }
    /* Without the rule several of one may come. */
    cr_assert_eq(select_of(0, 2, 16, order), ORDER);
    down();
}

/* The first stand-in is whom the order would have if the set said that the candidate leaves. */
Test(hf_select_stand_ins, are_the_others_of_the_operator_by_falling_weight)
{
    for (size_t owner = 0; owner < SMALL; owner += 7) {
        uint32_t order[ORDER], others[ORDER], after[ORDER];
        struct hf_account account;
        up(SMALL, 12, 4, 0);
        authority_account(owner, &account);
        (void)select_of(owner, 1, 4, order);
        size_t mine = owner % 12 == order[0] % 12;
        size_t count = hf_select_stand_ins(set, &account, 1, order[0], ORDER, others);
        cr_assert_eq(count, SMALL / 12 - 1 - mine);
        cr_assert_eq(hf_select_stand_ins(set, &account, 1, order[0], 1, after), 1);
        cr_assert_eq(after[0], others[0]);
        for (size_t i = 0; i < count; i++) {
            cr_assert_eq(others[i] % 12, order[0] % 12);
            cr_assert(others[i] != order[0] && others[i] != owner);
        }
        hf_document_unref(set);
        validators[order[0]].leaving = true;
        struct hf_validator_set s = {.epoch = 1,
                                     .issued_s = AUTHORITY_NOW_S,
                                     .expires_s = AUTHORITY_NOW_S + 1,
                                     .validators = validators,
                                     .validators_count = SMALL};
        memset(s.beacon, 1, sizeof s.beacon); /* as authority_set has it for epoch 1 */
        set = authority_document(&n, HF_DOCUMENT_SET, &s, "01");
        size_t len = select_of(owner, 1, 16, after), at = 0;
        while (at < len && after[at] % 12 != order[0] % 12)
            at++;
        cr_assert_lt(at, len);
        cr_assert_eq(after[at], others[0]);
        cr_assert_eq(hf_select_stand_ins(set, &account, 1, order[0], ORDER, others), 0,
                     "one that leaves has no place");
        down();
    }
}

Test(hf_select, spreads_every_block_of_n_over_the_zones)
{
    uint32_t order[ORDER];
    up(SMALL, 0, 3, 0);
    for (size_t owner = 0; owner < SMALL; owner++) {
        cr_assert_eq(select_of(owner, 0, 5, order), 15);
        /* The first block can always be spread: of 30 picks none of three zones lacks two. */
        size_t in[3] = {0};
        for (size_t i = 0; i < 5; i++)
            in[order[i] % 3]++;
        for (size_t z = 0; z < 3; z++)
            cr_assert_leq(in[z], 2);
    }
    down();
}

Test(hf_select, fills_up_from_one_zone_when_the_others_have_nobody_left)
{
    uint32_t order[ORDER];
    up(10, 0, 0, 0);
    struct hf_validator_set s = set->u.set;
    for (size_t i = 0; i < 10; i++)
        validators[i].zone = hf_bytes_of(i == 9 ? "far" : "here", i == 9 ? 3 : 4);
    s.validators = validators;
    struct hf_document *zoned = authority_document(&n, HF_DOCUMENT_SET, &s, "01");
    struct hf_account account;
    authority_account(0, &account);
    cr_assert_eq(hf_select(zoned, &account, 1, 0, 4, 12, order), 9);
    bool far_first = false;
    for (size_t i = 0; i < 4; i++)
        far_first = far_first || order[i] == 9;
    cr_assert(far_first, "the only one of its zone is in the first block");
    hf_document_unref(zoned);
    down();
}

/* Over many owners every member is picked about as often: within six standard deviations. */
static void check_burden(size_t count)
{
    static unsigned picked[HF_ARRAY_LEN(validators)];
    enum { SHARES = 5, MEAN = 100 };
    uint32_t order[ORDER];
    struct hf_account account;
    up(count, 0, 0, 0);
    memset(picked, 0, sizeof picked);
    for (size_t owner = 0; owner < count * MEAN / SHARES; owner++) {
        authority_account(10000 + owner, &account); /* all of them may be asked by each */
        cr_assert_eq(hf_select(set, &account, 1, 0, SHARES, SHARES, order), SHARES);
        for (size_t i = 0; i < SHARES; i++)
            picked[order[i]]++;
    }
    /* The standard deviation is just below 10, and just above where there are groups. */
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        cr_assert(picked[i] >= 40 && picked[i] <= 160, "validator %zu: %u", i, picked[i]);
        squares += ((double)picked[i] - MEAN) * ((double)picked[i] - MEAN);
    }
    cr_assert_lt(squares / (double)count, 1.3 * MEAN);
    down();
}

Test(hf_select, burdens_everybody_alike)
{
    check_burden(200);
    check_burden(4096);
}

Test(hf_select_possible, at_its_edges)
{
    /* n candidates beside the owner: n + 1 validators are enough, n are not. */
    up(6, 0, 0, 0);
    for (uint8_t rule = 0; rule <= 2; rule++) {
        cr_assert_eq(hf_select_possible(set, rule, 5), 0);
        cr_assert_eq(hf_select_possible(set, rule, 6), HF_ESELECTION);
    }
    down();
    up(0, 0, 0, 0);
    cr_assert_eq(hf_select_possible(set, 2, 1), HF_ESELECTION);
    cr_assert_eq(hf_select_possible(set, 0, 1), HF_ESELECTION);
    down();
    up(6, 0, 0, 2);
    cr_assert_eq(hf_select_possible(set, 2, 3), 0);
    cr_assert_eq(hf_select_possible(set, 2, 4), HF_ESELECTION);
    cr_assert_eq(hf_select_possible(set, 0, 3), 0);
    cr_assert_eq(hf_select_possible(set, 0, 4), HF_ESELECTION);
    down();
}

Test(hf_select_possible, counts_operators_unless_the_policy_relaxes_the_rule)
{
    /* Three operators of four: an owner's other machines may hold for it. */
    up(12, 3, 0, 0);
    cr_assert_eq(hf_select_possible(set, 0, 3), 0);
    cr_assert_eq(hf_select_possible(set, 1, 3), 0);
    cr_assert_eq(hf_select_possible(set, 0, 4), HF_ESELECTION);
    cr_assert_eq(hf_select_possible(set, 2, 11), 0);
    cr_assert_eq(hf_select_possible(set, 2, 12), HF_ESELECTION);
    down();
    /* Seven machines in three operators of 3, 2 and 2: all three remain for each owner. */
    up(7, 3, 0, 0);
    cr_assert_eq(hf_select_possible(set, 1, 3), 0);
    down();
    /* Four machines in three operators: two owners are alone in theirs. */
    up(4, 3, 0, 0);
    cr_assert_eq(hf_select_possible(set, 1, 2), 0);
    cr_assert_eq(hf_select_possible(set, 1, 3), HF_ESELECTION);
    down();
}

/* What it promises for every owner is what hf_select then gives. */
Test(hf_select_possible, agrees_with_the_orders_themselves)
{
    static const size_t shapes[][3] = {{5, 0, 0},   {9, 4, 0},   {9, 4, 3}, {16, 5, 5},
                                       {17, 16, 0}, {30, 29, 2}, {3, 1, 0}, {2, 0, 1}};
    for (size_t i = 0; i < HF_ARRAY_LEN(shapes); i++) {
        up(shapes[i][0], shapes[i][1], 0, shapes[i][2]);
        for (uint8_t rule = 0; rule <= 2; rule++)
            for (uint8_t shares = 1; shares <= 16; shares++) {
                uint32_t order[ORDER];
                bool all = true;
                for (size_t owner = 0; owner < shapes[i][0]; owner++)
                    all = all && select_of(owner, rule, shares, order) >= shares;
                cr_assert_eq(hf_select_possible(set, rule, shares) == 0, all,
                             "shape %zu, rule %u, n %u", i, rule, shares);
            }
        down();
    }
}
