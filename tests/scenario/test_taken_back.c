/* What a member has said and taken back stays taken back, though it died before it was heard, and
 * others know newer words of it (proto/GOSSIP.md, 1). */
#include "events.h"

#include "base/error.h"
#include "members/members.h"
#include "owner/owner.h"

#include <criterion/criterion.h>

enum { WEEK_S = 7 * 86400, NODES = 12 };

static enum hf_member_state seen(struct hf_world *w, uint32_t by, uint32_t node)
{
    return hf__view(hf_world_engine(w, by), hf_world_account(w, node)).state;
}

/* It dies before others have heard what it said last, and comes back under a further claim. */
static void dies_unheard(struct hf_world *w, uint32_t node)
{
    hf_world_run_for(w, 100);
    hf_world_crash(w, node);
    hf_world_heal(w);
    hf_world_start(w, node);
    hf_world_run_for(w, 600000);
}

Test(taken_back, a_leave_binds_nobody)
{
    struct hf_world *w = testnet_up(NODES, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    hf_world_crash(w, 0); /* so that it keeps a share */
    cr_assert_eq(hf_world_leave(w, holders[0], WEEK_S, TESTNET_MS), 0);
    hf_world_run_for(w, 10000);
    hf_world_isolate(w, holders[0]);
    cr_assert_eq(hf_world_stay(w, holders[0], TESTNET_MS), 0);
    dies_unheard(w, holders[0]);
    for (uint32_t i = 1; i < NODES; i++)
        if (i != holders[0])
            cr_assert_eq(seen(w, i, holders[0]), HF_MEMBER_MEMBER, "n%u", i);
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* Where it is reached says the set again. */
Test(taken_back, an_address_is_no_more_that_of_the_node)
{
    struct hf_world *w = testnet_up(NODES, 3, 5);
    uint64_t next = hf_world_engine(w, 0)->members->incarnation + 1000;
    struct hf_event_statement what = event_of(w, 0, 0, HF__NEWS_ADDRESS, next);
    what.expires_s = what.issued_s + 30 * 86400;
    what.address = hf_bytes_of("elsewhere:1", 11);
    say(w, 1, 0, 0, &what);
    hf_world_run_for(w, 60000);
    hf_world_isolate(w, 0);
    what.over = true;
    what.incarnation++;
    say(w, 0, 1, 0, &what);
    cr_assert(kept(w, 0, 0, HF__NEWS_ADDRESS, -1)->over);
    cr_assert(!kept(w, 1, 0, HF__NEWS_ADDRESS, -1)->over);
    dies_unheard(w, 0);
    for (uint32_t i = 0; i < NODES; i++)
        cr_assert(kept(w, i, 0, HF__NEWS_ADDRESS, -1)->over, "n%u", i);
    testnet_end(w);
}
