/* A chain that is full and whose newest dealing has lost shares: what is lost comes again at the
 * holders that the record names, or the authority says who is left; the key comes back either
 * way. */
#include "testnet.h"

#include "base/error.h"
#include "provider/provider.h"

#include <criterion/criterion.h>

enum { AWAY_MS = 300000 };

static struct hf_world *up(uint8_t k, uint8_t n, uint8_t q, uint32_t nodes)
{
    struct hf_world_settings s = testnet_settings(k, n);
    uint32_t version;
    s.policy.q = q;
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_from(&s, nodes);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &version), 0);
    return w;
}

static unsigned lose_records(struct hf_world *w)
{
    return hf_world_rule(
        w, (struct hf_rule){
               .action = HF_RULE_DROP, .method = HF_METHOD_RECORD, .from = 0, .to = HF_WORLD_ALL});
}

/*
 * Node 0 deals three times, each time because all but the first `kept` of its holders do not hear
 * it: so none of the dealings before is sealed. The last record has reached no holder.
 */
static unsigned fill_chain(struct hf_world *w, size_t kept, uint32_t newest[static 16])
{
    unsigned lost = 0;
    for (int i = 0; i < 3; i++) {
        size_t count = testnet_holders(w, 0, newest);
        for (size_t j = kept; j < count; j++) {
            hf_world_cut(w, 0, (long)newest[j]);
            hf_world_cut(w, (long)newest[j], 0);
        }
        if (i == 2)
            lost = lose_records(w);
        cr_assert(hf_world_run_until_trace(w, 0, i == 2 ? HF_TRACE_RECORDED : HF_TRACE_CONFIRMED, 1,
                                           AWAY_MS));
    }
    testnet_holders(w, 0, newest);
    return lost;
}

/* A rival's dealing has pushed a node's share of node 0's newest generation out: the row is left,
 * and the promise. */
static void push_out(struct hf_world *w, uint32_t node)
{
    struct hf_engine *e = hf_world_engine(w, node);
    struct hf_owner_row row;
    struct hf_held_row held;
    const struct hf_account *owner = hf_world_account(w, 0);
    uint8_t key[48], id[16];
    bool found = false;
    hf__update_begin(e);
    for (size_t at = 0; !found && hf__held_next(e, owner, &at, &held);)
        found = !held.has_record;
    cr_assert(found);
    memcpy(id, held.generation.id, sizeof id);
    cr_assert(hf__owner_row(e, owner, &row));
    hf__held_key(owner, id, key);
    hf__del(e, HF_ROW_HELD, hf_bytes_of(key, sizeof key));
    hf__former_add(e, &row, &held);
    hf__owner_put(e, owner, &row);
    hf__update_begin(e);
    cr_assert(hf__owner_row(e, owner, &row) && hf__votes_for(e, owner, &row, id));
}

Test(mending, of_the_newest_generation_ends_a_full_chain)
{
    struct hf_world *w = up(2, 3, 2, 16);
    uint32_t newest[16];
    unsigned lost = fill_chain(w, 1, newest);
    push_out(w, newest[1]);
    push_out(w, newest[2]);
    hf_world_rule_drop(w, lost);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, AWAY_MS));
    hf_world_heal(w);
    testnet_key_lives(w, 0);
    hf_world_run_for(w, 60000);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* What lies there and cannot be had is lost, and its row is no receipt. */
Test(mending, of_a_share_that_cannot_be_read_keeps_its_vote)
{
    struct hf_world *w = up(2, 3, 2, 16);
    uint32_t newest[16];
    unsigned lost = fill_chain(w, 1, newest);
    struct hf_engine *e = hf_world_engine(w, newest[1]);
    const struct hf_account *owner = hf_world_account(w, 0);
    push_out(w, newest[2]);
    struct hf_held_row held;
    hf_world_rule_drop(w, lost);
    hf__update_begin(e);
    size_t at = 0;
    cr_assert(hf__held_next(e, owner, &at, &held));
    hf__held_spoil(e, owner, held.generation.id);
    hf_world_heal(w);
    cr_assert(hf_world_run_until_trace(w, newest[1], HF_TRACE_SHARE_STORED, 1, AWAY_MS));
    hf_world_run_for(w, 5000);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* X refuses at once what it has lost, for ever: Y's comes again all the same, and is enough. */
Test(mending, goes_on_without_a_holder_that_refuses)
{
    struct hf_world *w = up(2, 3, 2, 16);
    uint32_t newest[16];
    fill_chain(w, 1, newest);
    push_out(w, newest[1]);
    push_out(w, newest[2]);
    struct hf_rule refuses = {.action = HF_RULE_RESET,
                              .method = HF_METHOD_OFFER,
                              .response = true,
                              .from = (long)newest[1],
                              .to = 0};
    hf_world_heal(w);
    hf_world_rule(w, refuses);
    cr_assert(hf_world_run_until_trace(w, newest[2], HF_TRACE_SHARE_STORED, 1, AWAY_MS));
    cr_assert(hf_world_run_until_state(w, 0, HF_STATE_READY, AWAY_MS));
    testnet_key_lives(w, 0);
    testnet_end(w);
}

static void lose_folder(struct hf_world *w, uint32_t node)
{
    struct hf_account account;
    account = *hf_world_account(w, node);
    hf_world_crash(w, node);
    hf_world_disk_wipe(w, node);
    hf_world_told(w, node, &account);
    hf_world_start(w, node);
}

/* Who has lost the row has forgotten what it promised: it gets the share, and no vote. */
Test(mending, gives_no_vote_to_who_has_forgotten_its_promise)
{
    struct hf_world *w = up(2, 3, 2, 16);
    uint32_t newest[16];
    struct hf_owner_row row;
    unsigned lost = fill_chain(w, 1, newest);
    lose_folder(w, newest[1]);
    lose_folder(w, newest[2]);
    testnet_ready(w, newest[1]);
    testnet_ready(w, newest[2]);
    hf_world_rule_drop(w, lost);
    hf_world_heal(w);
    cr_assert(hf_world_run_until_trace(w, newest[1], HF_TRACE_SHARE_STORED, 1, AWAY_MS));
    hf_world_run_for(w, 60000);
    /* They keep it, and one acceptor of three is left, where two are needed. */
    for (size_t i = 1; i < 3; i++) {
        struct hf_engine *e = hf_world_engine(w, newest[i]);
        struct hf_held_row held;
        size_t at = 0;
        hf__update_begin(e);
        cr_assert(hf__held_next(e, hf_world_account(w, 0), &at, &held));
        cr_assert(held.has_record && held.restored);
        cr_assert(hf__owner_row(e, hf_world_account(w, 0), &row));
        cr_assert(!hf__votes_for(e, hf_world_account(w, 0), &row, held.generation.id));
    }
    testnet_reason(w, 0, HF_STATE_PLACED, HF_EPREDECESSOR);
    cr_assert(hf_world_set_floor(w, 0));
    hf_world_set_issue(w);
    testnet_key_lives(w, 0);
    hf_world_run_for(w, 60000);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

static unsigned rule_to(struct hf_world *w, enum hf_rule_action action, uint8_t method, long to)
{
    return hf_world_rule(w,
                         (struct hf_rule){.action = action, .method = method, .from = 0, .to = to});
}

/* Otherwise holders, which keep four dealings of one owner, would take no further one. */
Test(mending, older_dealings_go_though_a_holder_says_that_its_share_is_gone)
{
    struct hf_world *w = up(3, 5, 3, 7);
    uint32_t before[16];
    testnet_holders(w, 0, before);
    unsigned deletes = rule_to(w, HF_RULE_COUNT, HF_METHOD_DELETE, HF_WORLD_ALL);
    hf_world_crash(w, before[2]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_DEALING, 1, AWAY_MS));
    unsigned standing = rule_to(w, HF_RULE_DROP, HF_METHOD_STANDING, before[1]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, AWAY_MS));
    /* It comes back without the share, and takes another of a dealing that comes to nothing. */
    unsigned deposits = rule_to(w, HF_RULE_DROP, HF_METHOD_DEPOSIT, before[0]);
    lose_folder(w, before[1]);
    cr_assert(hf_world_run_until_trace(w, before[1], HF_TRACE_CLAIM_WON, 1, AWAY_MS));
    hf_world_rule_drop(w, standing);
    hf_world_run_for(w, 10000);
    cr_assert_eq(hf_world_rule_hits(w, deletes), 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_RETIRED, 1, AWAY_MS));
    cr_assert_gt(hf_world_rule_hits(w, deletes), 0);
    hf_world_rule_drop(w, deposits);
    hf_world_start(w, before[2]);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* One holder leaves, and no other member can take its place: however often that is tried, and
 * whatever else is told, another that is silent counts as lost after its grace. */
Test(mending, older_dealings_go_though_replacements_come_to_nothing)
{
    struct hf_world *w = up(3, 5, 3, 7);
    uint32_t before[16];
    testnet_holders(w, 0, before);
    unsigned deletes = rule_to(w, HF_RULE_COUNT, HF_METHOD_DELETE, HF_WORLD_ALL);
    hf_world_crash(w, before[2]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_DEALING, 1, AWAY_MS));
    rule_to(w, HF_RULE_DROP, HF_METHOD_STANDING, before[1]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, AWAY_MS));
    hf_world_crash(w, before[1]);
    cr_assert_eq(hf_world_leave(w, before[3], 86400, AWAY_MS), 0);
    uint64_t dealt = hf_world_trace_count(w, 0, HF_TRACE_DEALING);
    for (int i = 0; i < 30; i++) {
        hf_world_run_for(w, 2000);
        hf_world_engine(w, 0)->members->changed++; /* a member says where it is */
    }
    cr_assert_gt(hf_world_rule_hits(w, deletes), 0);
    cr_assert_leq(hf_world_trace_count(w, 0, HF_TRACE_DEALING), dealt + 6);
    hf_world_start(w, before[1]);
    hf_world_start(w, before[2]);
    hf_world_heal(w);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* Two of five holders of the newest generation are gone for good: those that the authority says
 * are left make it complete. */
Test(mending, is_not_needed_where_the_authority_says_who_is_left)
{
    struct hf_world *w = up(3, 5, 4, 16);
    uint32_t newest[16];
    unsigned lost = fill_chain(w, 3, newest);
    hf_world_crash(w, newest[3]);
    hf_world_crash(w, newest[4]);
    hf_world_rule_drop(w, lost);
    hf_world_heal(w);
    hf_world_set_remove(w, newest[3]);
    hf_world_set_remove(w, newest[4]);
    hf_world_set_issue(w);
    hf_world_run_for(w, AWAY_MS);
    cr_assert_neq(hf_world_state(w, 0), HF_STATE_READY);
    cr_assert(hf_world_set_floor(w, 0));
    hf_world_set_issue(w);
    testnet_key_lives(w, 0);
    testnet_end(w);
}
