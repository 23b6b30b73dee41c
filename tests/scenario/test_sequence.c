/* A vault that was put back is known as an old one by what holders keep of it, and does nothing;
 * one that was not is never kept from anything. proto/CLAIMS.md, 4.9. */
#include "testnet.h"

#include "base/error.h"
#include "node/node.h"
#include "owner/owner.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { K = 2, N = 3, NODES = 6 };

static struct hf_world *network_of(uint32_t nodes, uint8_t k, uint8_t n)
{
    struct hf_world_settings s = testnet_settings(k, n);
    s.authority.old_vaults = false;
    s.policy.holder_grace_s = 20;
    return testnet_up_from(&s, nodes);
}

static struct hf_world *network(void)
{
    return network_of(NODES, K, N);
}

static int key_of(struct hf_world *w, uint32_t node, const char *name)
{
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t version;
    return hf_world_key(w, node, name, TESTNET_MS, key, &version);
}

static const struct hf_engine *engine_of(struct hf_world *w, uint32_t node)
{
    return hf_world_engine(w, node);
}

/* Long enough for every holder to be told of everything. */
static void told(struct hf_world *w)
{
    hf_world_run_for(w, 40000);
}

static void put_back(struct hf_world *w, uint32_t node, const struct hf_disk *old)
{
    hf_world_crash(w, node);
    hf_world_disk_put(w, node, old);
    hf_world_start(w, node);
}

/* A network in which node 0 is blocked by an old disk, which is the caller's. */
static struct hf_world *blocked_by(struct hf_disk **ret_old)
{
    struct hf_world *w = network();
    *ret_old = hf_world_disk_copy(w, 0);
    cr_assert_eq(key_of(w, 0, "later"), 0);
    told(w);
    put_back(w, 0, *ret_old);
    testnet_reason(w, 0, HF_STATE_BLOCKED, HF_EVAULTBEHIND);
    return w;
}

Test(sequence, a_vault_that_was_put_back_is_blocked)
{
    struct hf_disk *old;
    struct hf_world *w = blocked_by(&old);
    cr_assert_eq(key_of(w, 0, "newer"), HF_EVAULTBEHIND);
    struct hf_status s = testnet_status(w, 0);
    cr_assert(s.behind);
    cr_assert(s.seen.claim == s.had.claim && s.seen.number > s.had.number);
    hf_disk_free(old);
    testnet_end(w);
}

/* What its host has put back costs the owner nothing: the newest folder goes on. */
Test(sequence, the_newest_vault_goes_on_after_an_older_one_was_tried)
{
    struct hf_world *w = network();
    struct hf_disk *old = hf_world_disk_copy(w, 0);
    cr_assert_eq(key_of(w, 0, "later"), 0);
    told(w);
    hf_world_crash(w, 0);
    struct hf_disk *newest = hf_world_disk_copy(w, 0);
    for (int i = 0; i < 3; i++) {
        put_back(w, 0, old);
        testnet_reason(w, 0, HF_STATE_BLOCKED, HF_EVAULTBEHIND);
    }
    put_back(w, 0, newest);
    testnet_key_lives(w, 0);
    hf_disk_free(old);
    hf_disk_free(newest);
    testnet_end(w);
}

/* One restart is enough: that a claim stood must not be forgotten. */
Test(sequence, a_vault_of_before_the_last_start_is_an_old_one)
{
    struct hf_world *w = network();
    told(w);
    hf_world_crash(w, 0);
    struct hf_disk *old = hf_world_disk_copy(w, 0);
    hf_world_start(w, 0);
    testnet_ready(w, 0);
    told(w);
    put_back(w, 0, old);
    testnet_reason(w, 0, HF_STATE_BLOCKED, HF_EVAULTBEHIND);
    hf_disk_free(old);
    testnet_end(w);
}

static void allowed(struct hf_world *w, uint32_t node)
{
    cr_assert(hf_world_set_sequence_floor(w, node));
    hf_world_set_issue(w);
    hf_world_crash(w, node);
    hf_world_start(w, node);
}

Test(sequence, an_old_vault_goes_on_when_the_authority_allows_it_and_once)
{
    struct hf_disk *old;
    struct hf_world *w = blocked_by(&old);
    cr_assert(!hf_world_set_sequence_floor(w, 1), "it is not behind");
    allowed(w, 0);
    testnet_key_lives(w, 0);
    cr_assert_eq(key_of(w, 0, "newer"), 0);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    told(w);
    put_back(w, 0, old);
    testnet_reason(w, 0, HF_STATE_BLOCKED, HF_EVAULTBEHIND);
    hf_disk_free(old);
    testnet_end(w);
}

/* The decision is about the vault that was shown: no older one may go on by it. */
Test(sequence, an_older_vault_than_the_authority_was_shown_stays_blocked)
{
    struct hf_world *w = network();
    struct hf_disk *oldest = hf_world_disk_copy(w, 0);
    cr_assert_eq(key_of(w, 0, "later"), 0);
    struct hf_disk *old = hf_world_disk_copy(w, 0);
    cr_assert_eq(key_of(w, 0, "latest"), 0);
    told(w);
    put_back(w, 0, old);
    testnet_reason(w, 0, HF_STATE_BLOCKED, HF_EVAULTBEHIND);
    cr_assert(hf_world_set_sequence_floor(w, 0));
    hf_world_set_issue(w);
    hf_world_run_for(w, 5000);
    put_back(w, 0, oldest);
    testnet_reason(w, 0, HF_STATE_BLOCKED, HF_EVAULTBEHIND);
    put_back(w, 0, old);
    testnet_key_lives(w, 0);
    hf_disk_free(old);
    hf_disk_free(oldest);
    testnet_end(w);
}

/* A crash between the write and the word leaves nothing behind that would block: the point rises
 * before it is told. */
Test(sequence, a_crash_at_any_moment_leaves_a_vault_that_goes_on)
{
    struct hf_world *w = network();
    for (uint32_t i = 0; i < 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "name-%u", i);
        hf_world_local(w, 0, HF_LOCAL_KEY, name);
        hf_world_run_for(w, 1 + i * 3);
        testnet_restart(w, 0);
        testnet_ready(w, 0);
    }
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(sequence, whose_point_nobody_keeps_yet_gives_provisional_words)
{
    struct hf_world *w = network();
    told(w);
    cr_assert(hf__is_firm(engine_of(w, 0)));
    /* Its holders hear nothing of what comes. */
    for (uint32_t i = 1; i < NODES; i++)
        hf_world_cut(w, 0, (long)i);
    hf_world_run_for(w, 200);
    hf_world_crash(w, 1);
    hf_world_start(w, 1);
    hf_world_run_for(w, 10000);
    hf_world_heal(w);
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                      .method = HF_METHOD_STANDING,
                                      .from = 0,
                                      .to = HF_WORLD_ALL});
    hf_world_rule(
        w, (struct hf_rule){
               .action = HF_RULE_DROP, .method = HF_METHOD_RECORD, .from = 0, .to = HF_WORLD_ALL});
    uint64_t before = engine_of(w, 0)->sequence.at.number;
    testnet_restart(w, 1); /* it promises something */
    testnet_ready(w, 1);
    if (testnet_holds(w, 1, 0))
        cr_assert_gt(engine_of(w, 0)->sequence.at.number, before);
    testnet_restart(w, 0);
    for (int i = 0; i < 300 && !hf_engine_claimed(engine_of(w, 0)); i++)
        hf_world_run_for(w, 100);
    cr_assert(hf_engine_claimed(engine_of(w, 0)));
    if (testnet_holds(w, 1, 0))
        cr_assert(!hf__is_firm(engine_of(w, 0)));
    hf_world_heal(w);
    testnet_ready(w, 0);
    told(w);
    cr_assert(hf__is_firm(engine_of(w, 0)));
    testnet_end(w);
}

/* Holders may lie as they like: none can name a point that its owner has not signed. */
Test(sequence, a_holder_that_keeps_nothing_blocks_nobody)
{
    struct hf_world *w = network();
    struct hf_disk *before = hf_world_disk_copy(w, 1);
    told(w);
    hf_world_crash(w, 0);
    put_back(w, 1, before); /* itself an old one: it says nothing */
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    hf_disk_free(before);
    testnet_end(w);
}

/* A folder that is lost is no old vault; and what a silent holder knows of the lost one is nothing
 * to the new one. */
Test(sequence, a_lost_folder_is_made_anew_whatever_holders_have_seen)
{
    struct hf_world *w = network_of(NODES, K, N);
    uint32_t holders[16];
    told(w);
    size_t count = testnet_holders(w, 0, holders);
    cr_assert_eq(count, N);
    struct hf_account account = *hf_world_account(w, 0);
    /* One alone hears of the last change. */
    for (size_t i = 1; i < count; i++)
        hf_world_cut(w, 0, (long)holders[i]);
    cr_assert_neq(key_of(w, 0, "unheard"), 0);
    hf_world_crash(w, 0);
    hf_world_heal(w);
    hf_world_cut(w, 0, (long)holders[0]);
    hf_world_cut(w, (long)holders[0], 0);
    hf_world_disk_wipe(w, 0);
    hf_world_told(w, 0, &account);
    hf_world_start(w, 0);
    for (int i = 0; i < 600 && !hf_engine_claimed(engine_of(w, 0)); i++)
        hf_world_run_for(w, 100);
    cr_assert(hf_engine_claimed(engine_of(w, 0)));
    hf_world_heal(w);
    testnet_restart(w, 0);
    testnet_ready(w, 0);
    told(w);
    testnet_restart(w, 0);
    testnet_ready(w, 0);
    testnet_end(w);
}

/* A hostile copy that has lost its claim goes on telling who has not heard of its successor: that
 * is below whatever the successor has told. */
Test(sequence, what_a_superseded_copy_tells_keeps_nobody_out)
{
    struct hf_world *w = network_of(9, 3, 5);
    uint32_t holders[16];
    told(w);
    size_t count = testnet_holders(w, 0, holders);
    cr_assert_eq(count, 5);
    hf_world_crash(w, 0);
    struct hf_disk *disk = hf_world_disk_copy(w, 0);
    uint32_t copy = hf_world_add(w);
    hf_world_disk_put(w, copy, disk);
    hf_disk_free(disk);
    hf_world_machine(w, copy, 0);
    hf_world_start(w, copy);
    for (int i = 0; i < 600 && !hf_engine_claimed(engine_of(w, copy)); i++)
        hf_world_run_for(w, 100);
    cr_assert(hf_engine_claimed(engine_of(w, copy)));
    /* The copy is cut off from all but one, which hears of no other. */
    for (uint32_t i = 0; i < hf_world_count(w); i++)
        if (i != copy && i != holders[0]) {
            hf_world_cut(w, (long)copy, (long)i);
            hf_world_cut(w, (long)i, (long)copy);
        }
    hf_world_cut(w, 0, (long)holders[0]);
    hf_world_cut(w, (long)holders[0], 0);
    hf_world_start(w, 0);
    hf_world_run_for(w, 20000);
    cr_expect(hf_world_state(w, 0) == HF_STATE_BLOCKED || hf_engine_claimed(engine_of(w, 0)));
    bool behind = hf_world_state(w, 0) == HF_STATE_BLOCKED;
    hf_world_crash(w, copy);
    hf_world_heal(w);
    if (behind) {
        /* The copy stood later, and had told of it: it is its vault that is the newest. */
        testnet_reason(w, 0, HF_STATE_BLOCKED, HF_EVAULTBEHIND);
        allowed(w, 0);
    }
    testnet_ready(w, 0);
    told(w);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* A provider that was put back has forgotten promises: it votes no more until a person has
 * looked, and its owners replace it. */
Test(sequence, a_holder_that_was_put_back_votes_for_nobody)
{
    struct hf_world *w = network_of(8, 2, 3);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    told(w);
    struct hf_disk *old = hf_world_disk_copy(w, holders[0]);
    testnet_restart(w, 0); /* it promises a higher number */
    testnet_ready(w, 0);
    told(w);
    put_back(w, holders[0], old);
    testnet_reason(w, holders[0], HF_STATE_BLOCKED, HF_EVAULTBEHIND);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    hf_disk_free(old);
    testnet_end(w);
}

/* They hold each other's shares: those that restart together hear of each other's words before any
 * of them stands. */
Test(sequence, many_nodes_at_once_come_back)
{
    struct hf_world *w = network_of(9, 2, 5);
    for (uint32_t round = 0; round < 6; round++) {
        for (uint32_t i = 0; i < 3; i++)
            hf_world_crash(w, (round + 3 * i) % 9);
        for (uint32_t i = 0; i < 3; i++)
            hf_world_start(w, (round + 3 * i) % 9);
        for (uint32_t i = 0; i < 9; i++)
            testnet_ready(w, i);
    }
    told(w);
    for (uint32_t i = 0; i < 9; i++)
        cr_expect(hf__is_firm(engine_of(w, i)), "%u", i);
    testnet_end(w);
}

/* In the end nothing is told any more: a word does not call forth another. */
Test(sequence, a_network_at_rest_writes_nothing)
{
    struct hf_world *w = network();
    uint64_t points[NODES];
    hf_world_run_for(w, 120000);
    for (uint32_t i = 0; i < NODES; i++)
        points[i] = engine_of(w, i)->sequence.at.number;
    hf_world_run_for(w, 120000);
    for (uint32_t i = 0; i < NODES; i++)
        cr_expect_eq(points[i], engine_of(w, i)->sequence.at.number, "%u", i);
    testnet_end(w);
}
