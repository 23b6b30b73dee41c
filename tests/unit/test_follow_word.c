/* What set signers say of a chain, and in what enough of them agree. */
#include "follow_word.h"

#include "base/duration.h"
#include "base/error.h"
#include "document_authority.h"

#include <criterion/criterion.h>

enum { MEMBERS = 6, NOW_S = AUTHORITY_NOW_S + 5000, FRESH_S = 1800, MAX = 16 };

static struct authority n;
static struct hf_validator v[MEMBERS];
static struct hf__chain_validator list[MEMBERS + 1];
static struct hf__chain_view view;
static struct hf__follow_account accounts[MEMBERS + 1];
static struct hf__witness w;
static struct hf_chain_change said[MAX];

/* A set in force of six, a chain that says the same, and all attested a minute ago. */
static void set_up(void)
{
    authority_init(&n);
    struct hf_policy policy = authority_policy(&n, 1, 2, 4);
    policy.holder_grace_s = 600;
    struct hf_validator_set set = authority_set(3, v, MEMBERS);
    w = (struct hf__witness){.view = &view,
                             .accounts = accounts,
                             .accounts_count = MEMBERS,
                             .fresh_s = FRESH_S,
                             .now_s = NOW_S};
    w.policy = authority_document(&n, HF_DOCUMENT_POLICY, &policy, "01");
    w.set = authority_document(&n, HF_DOCUMENT_SET, &set, "01");
    for (size_t i = 0; i < MEMBERS; i++) {
        list[i] = (struct hf__chain_validator){.account = v[i].account,
                                               .address = v[i].address,
                                               .operator_name = v[i].operator_name,
                                               .zone = v[i].zone};
        accounts[i] = (struct hf__follow_account){.account = v[i].account, .passed_s = NOW_S - 60};
    }
    view = (struct hf__chain_view){.list = list, .count = MEMBERS};
}

static void tear_down(void)
{
    hf_document_unref((struct hf_document *)w.set);
    hf_document_unref((struct hf_document *)w.policy);
    authority_done(&n);
}

TestSuite(hf__follow_differences, .init = set_up, .fini = tear_down);
TestSuite(hf__follow_word_counts, .init = set_up, .fini = tear_down);
TestSuite(hf__follow_back, .init = set_up, .fini = tear_down);

static size_t differences(void)
{
    return hf__follow_differences(&w, said, MAX);
}

static bool says(enum hf__change kind, const struct hf_account *account)
{
    size_t count = differences();
    return count == 1 && said[0].kind == kind && hf_account_equal(&said[0].account, account);
}

static void drop(size_t at)
{
    memmove(&list[at], &list[at + 1], (view.count - at - 1) * sizeof list[0]);
    view.count--;
}

/* One that is behind all others in order. */
static struct hf_account newcomer(void)
{
    struct hf_account account;
    memset(&account, 0xff, sizeof account);
    list[MEMBERS] = (struct hf__chain_validator){.account = account,
                                                 .address = hf_bytes_of("new:1", 5),
                                                 .operator_name = hf_bytes_of("new", 3)};
    view.count = MEMBERS + 1;
    accounts[MEMBERS] = (struct hf__follow_account){.account = account};
    w.accounts_count = MEMBERS + 1;
    return account;
}

Test(hf__follow_differences, of_a_chain_that_says_the_same)
{
    cr_assert_eq(differences(), 0);
}

Test(hf__follow_differences, who_is_new_enters_once_it_is_attested)
{
    struct hf_account account = newcomer();
    cr_assert_eq(differences(), 0, "never asked");
    accounts[MEMBERS].passed_s = NOW_S - FRESH_S - 1;
    cr_assert_eq(differences(), 0, "too long ago");
    accounts[MEMBERS].passed_s++;
    cr_assert(says(HF__ENTERS, &account));
    cr_assert(hf_bytes_equal(said[0].address, hf_bytes_of("new:1", 5)));
    accounts[MEMBERS].failed_since_s = NOW_S;
    cr_assert_eq(differences(), 0, "it fails now");
    accounts[MEMBERS].failed_since_s = 0;
    list[MEMBERS].bad = true;
    cr_assert_eq(differences(), 0, "its entry is bad");
}

Test(hf__follow_differences, who_is_not_on_the_chain_leaves)
{
    drop(2);
    cr_assert(says(HF__LEAVES, &v[2].account));
    cr_assert_eq(said[0].address.len, 0);
}

/* Nothing follows from a damaged entry: neither from what it says, nor from whom it may be. */
Test(hf__follow_differences, nobody_leaves_or_moves_by_a_damaged_view)
{
    list[1].bad = true;
    list[1].address = hf_bytes_of("moved:7", 7);
    cr_assert_eq(differences(), 0);
    drop(2);
    cr_assert(says(HF__LEAVES, &v[2].account));
    view.unnamed = 1;
    cr_assert_eq(differences(), 0, "an entry names no account: it may be this one's");
    accounts[4].failed_since_s = NOW_S - 600;
    cr_assert(says(HF__LEAVES, &v[4].account), "by its own answers");
}

Test(hf__follow_differences, who_fails_leaves_after_the_grace_and_nobody_for_silence)
{
    accounts[2].failed_since_s = NOW_S - 599;
    accounts[4].passed_s = 0;       /* it has never answered */
    w.accounts_count = MEMBERS - 1; /* one was never asked */
    cr_assert_eq(differences(), 0);
    accounts[2].failed_since_s--;
    cr_assert(says(HF__LEAVES, &v[2].account));
}

Test(hf__follow_differences, who_has_moved)
{
    list[1].address = hf_bytes_of("moved:7", 7);
    cr_assert(says(HF__MOVED, &v[1].account));
    list[1].address = v[1].address;
    list[1].zone = hf_bytes_of("z", 1);
    cr_assert(says(HF__MOVED, &v[1].account));
    list[1].zone = v[1].zone;
    list[1].operator_name = hf_bytes_of("o", 1);
    cr_assert(says(HF__MOVED, &v[1].account));
    cr_assert(hf_bytes_equal(said[0].operator_name, hf_bytes_of("o", 1)));
}

Test(hf__follow_differences, ascend_and_are_no_more_than_fit)
{
    newcomer();
    accounts[MEMBERS].passed_s = NOW_S;
    list[1].address = hf_bytes_of("moved:7", 7);
    drop(3);
    cr_assert_eq(differences(), 3);
    for (size_t i = 1; i < 3; i++)
        cr_assert_lt(hf_account_compare(&said[i - 1].account, &said[i].account), 0);
    cr_assert_eq(hf__follow_differences(&w, said, 2), 2);
}

/* ---- words */

static struct hf_chain_word word(void)
{
    return (struct hf_chain_word){
        .network = n.network, .set = w.set->body_hash, .made_s = NOW_S, .changes = said};
}

Test(hf__follow_word_counts, one_about_this_set_that_is_fresh)
{
    struct hf_chain_word is = word();
    cr_assert(hf__follow_word_counts(&is, &n.network, w.set, NOW_S));
    is.network.bytes[0] ^= 1;
    cr_assert(!hf__follow_word_counts(&is, &n.network, w.set, NOW_S), "another network");
    is = word();
    is.set.bytes[0] ^= 1;
    cr_assert(!hf__follow_word_counts(&is, &n.network, w.set, NOW_S), "another set");
    is = word();
    cr_assert(hf__follow_word_counts(&is, &n.network, w.set, NOW_S + HF__WORD_FRESH_S));
    cr_assert(!hf__follow_word_counts(&is, &n.network, w.set, NOW_S + HF__WORD_FRESH_S + 1));
    cr_assert(hf__follow_word_counts(&is, &n.network, w.set, NOW_S - HF_CLOCK_AHEAD_S));
    cr_assert(!hf__follow_word_counts(&is, &n.network, w.set, NOW_S - HF_CLOCK_AHEAD_S - 1));
}

Test(hf__follow_word_counts, none_that_speaks_twice_of_one)
{
    struct hf_chain_word is = word();
    said[0] = (struct hf_chain_change){.account = v[1].account, .kind = HF__LEAVES};
    said[1] = (struct hf_chain_change){.account = v[2].account, .kind = HF__LEAVES};
    is.changes_count = 2;
    cr_assert(hf__follow_word_counts(&is, &n.network, w.set, NOW_S));
    said[0].account = v[2].account;
    cr_assert(!hf__follow_word_counts(&is, &n.network, w.set, NOW_S));
    said[0].account = v[3].account;
    cr_assert(!hf__follow_word_counts(&is, &n.network, w.set, NOW_S), "not in order");
}

/* ---- agreement */

static struct hf_chain_change one(size_t member, enum hf__change kind, const char *address)
{
    return (struct hf_chain_change){.account = v[member].account,
                                    .kind = kind,
                                    .address = hf_bytes_of(address, strlen(address))};
}

/* Candidates 1, 2 and 3 answer two of three signers each; another, 4, answers one. */
Test(hf__follow_back, is_entry_by_entry)
{
    struct hf_chain_change a[] = {one(1, HF__ENTERS, "a:1"), one(2, HF__ENTERS, "b:1"),
                                  one(4, HF__ENTERS, "d:1")};
    struct hf_chain_change b[] = {one(1, HF__ENTERS, "a:1"), one(3, HF__ENTERS, "c:1")};
    struct hf_chain_change c[] = {one(2, HF__ENTERS, "b:1"), one(3, HF__ENTERS, "c:1")};
    struct hf_chain_word words[] = {{.changes = a, .changes_count = 3},
                                    {.changes = b, .changes_count = 2},
                                    {.changes = c, .changes_count = 2}};
    const struct hf_chain_word *all[] = {&words[0], &words[1], &words[2]};
    struct hf__backed is;
    cr_assert_eq(hf__follow_back(all, 3, 2, &is), 0);
    cr_assert(is.enough);
    cr_assert_eq(is.count, 3);
    for (size_t i = 0; i < 3; i++)
        cr_assert(hf_account_equal(&is.list[i]->account, &v[i + 1].account));
    hf__follow_backed_done(&is);
    cr_assert_eq(hf__follow_back(all, 3, 3, &is), 0);
    cr_assert_eq(is.count, 0);
    hf__follow_backed_done(&is);
    cr_assert_eq(hf__follow_back(all, 1, 2, &is), 0);
    cr_assert(!is.enough && is.count == 0, "one alone decides nothing");
    hf__follow_backed_done(&is);
    cr_assert_eq(hf__follow_back(all, 0, 1, &is), 0);
    cr_assert(!is.enough);
    hf__follow_backed_done(&is);
}

Test(hf__follow_back, is_in_the_same_and_nothing_alike)
{
    struct hf_chain_change a[] = {one(1, HF__MOVED, "a:1")}, b[1];
    struct hf_chain_word words[] = {{.changes = a, .changes_count = 1},
                                    {.changes = b, .changes_count = 1}};
    const struct hf_chain_word *all[] = {&words[0], &words[1]};
    for (int k = 0; k < 6; k++) {
        struct hf__backed is;
        b[0] = a[0];
        b[0].kind = k == 1 ? HF__ENTERS : HF__MOVED;
        b[0].address = hf_bytes_of("a:12", k == 2 ? 4 : 3);
        b[0].operator_name = hf_bytes_of("o", k == 3);
        b[0].zone = hf_bytes_of("z", k == 4);
        b[0].account = v[k == 5 ? 2 : 1].account;
        cr_assert_eq(hf__follow_back(all, 2, 2, &is), 0);
        cr_assert_eq(is.count, k == 0, "%d", k);
        hf__follow_backed_done(&is);
    }
}
