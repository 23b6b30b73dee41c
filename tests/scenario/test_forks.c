/* Two instances of one validator whose dealings part: however its host cuts lines, copies disks
 * and puts them back, one is ready in the end, and the other says why it is not. */
#include "testnet.h"

#include "base/error.h"

#include <criterion/criterion.h>

enum { AWAY_MS = 300000 }; /* longer than any grace in here */

struct fork {
    struct hf_world *w;
    uint32_t holders[16];
    size_t n, k;
    uint32_t copy; /* of node 0's disk, on the same machine */
};

static void cut_both(struct hf_world *w, long a, long b)
{
    hf_world_cut(w, a, b);
    hf_world_cut(w, b, a);
}

static bool is_ready(struct hf_world *w, void *ctx)
{
    return hf_world_state(w, *(uint32_t *)ctx) == HF_STATE_READY;
}

static void await_ready(struct fork *f, uint32_t node)
{
    cr_assert(hf_world_run_until(f->w, is_ready, &node, AWAY_MS));
}

static struct fork fork_new(uint8_t k, uint8_t n, uint64_t seed)
{
    struct hf_world_settings s = testnet_settings(k, n);
    struct fork f = {.n = n, .k = k};
    s.policy.holder_grace_s = 20;
    s.seed = seed;
    f.w = testnet_from(&s, 12u + n);
    cr_assert_eq(hf_world_bring_up(f.w, TESTNET_MS), 0);
    cr_assert_eq(testnet_holders(f.w, 0, f.holders), n);
    f.copy = hf_world_add(f.w);
    struct hf_disk *disk = hf_world_disk_copy(f.w, 0);
    hf_world_disk_put(f.w, f.copy, disk);
    hf_disk_free(disk);
    hf_world_machine(f.w, f.copy, 0);
    return f;
}

/* Lines from the first one to the holders of the copy's quorum, and from the copy to the others. */
static void part(struct fork *f)
{
    for (size_t i = 0; i < f->n; i++)
        cut_both(f->w, i < f->k ? 0 : (long)f->copy, (long)f->holders[i]);
}

/* The copy becomes ready while node 0 is cut off; then node 0 hears all but those that carried
 * it. */
static void copy_takes_over(struct fork *f)
{
    hf_world_isolate(f->w, 0);
    for (size_t i = f->k; i < f->n; i++)
        cut_both(f->w, (long)f->copy, (long)f->holders[i]);
    hf_world_start(f->w, f->copy);
    await_ready(f, f->copy);
    hf_world_heal(f->w);
    part(f);
    hf_world_run_for(f->w, 60000);
}

static void one_is_left(struct fork *f)
{
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t version, zero = 0;
    hf_world_heal(f->w);
    hf_world_run_for(f->w, 120000);
    bool first = is_ready(f->w, &zero), copy = is_ready(f->w, &f->copy);
    cr_assert(first != copy, "node 0 is ready: %d, its copy: %d", first, copy);
    testnet_reason(f->w, first ? f->copy : 0, HF_STATE_BLOCKED, HF_EFENCED);
    cr_assert_eq(hf_world_key(f->w, first ? f->copy : 0, "one", TESTNET_MS, key, &version),
                 HF_EFENCED);
    cr_assert_eq(hf_world_key(f->w, first ? 0 : f->copy, "two", TESTNET_MS, key, &version), 0);
    testnet_end(f->w);
}

static void fork_heals(uint8_t k, uint8_t n, int restarts)
{
    for (uint64_t seed = 5; seed < 10; seed++) {
        struct fork f = fork_new(k, n, seed);
        copy_takes_over(&f);
        for (int i = 0; i < restarts; i++) {
            testnet_restart(f.w, 0);
            hf_world_run_for(f.w, 60000);
        }
        one_is_left(&f);
    }
}

Test(forks, of_an_instance_that_was_cut_off_end_when_the_network_heals)
{
    fork_heals(2, 3, 0);
}

Test(forks, of_an_instance_that_restarts_once_end_when_the_network_heals)
{
    fork_heals(2, 3, 1);
}

Test(forks, of_an_instance_that_restarts_twice_end_when_the_network_heals)
{
    fork_heals(2, 3, 2);
    fork_heals(3, 5, 2);
}

/* All holders accept the copy; later some are silent to it, are replaced, and delete by its order.
 * What they promised stays: node 0 finds none among them. */
static void deleted_shares(uint8_t k, uint8_t n)
{
    struct fork f = fork_new(k, n, 6);
    uint32_t after[16];
    hf_world_isolate(f.w, 0);
    hf_world_start(f.w, f.copy);
    await_ready(&f, f.copy);
    for (size_t i = k - 1u; i < n; i++)
        cut_both(f.w, (long)f.copy, (long)f.holders[i]);
    cr_assert(hf_world_run_until_trace(f.w, f.copy, HF_TRACE_CONFIRMED, 1, AWAY_MS));
    hf_world_heal(f.w);
    hf_world_isolate(f.w, 0);
    await_ready(&f, f.copy);
    hf_world_run_for(f.w, 40000);
    size_t count = testnet_holders(f.w, f.copy, after);
    hf_world_heal(f.w);
    for (size_t i = 0; i < count; i++)
        cut_both(f.w, 0, (long)after[i]);
    for (int i = 0; i < 12; i++) {
        uint32_t zero = 0;
        hf_world_run_for(f.w, 10000);
        cr_assert(!is_ready(f.w, &zero));
    }
    one_is_left(&f);
}

Test(forks, do_not_begin_where_holders_have_deleted_their_shares)
{
    deleted_shares(2, 3);
    deleted_shares(3, 5);
}

/* The superseded one deals on; then its host puts the first disk back and plants the newest
 * hint, which is public: the whole chain behind the hint is asked. */
Test(forks, end_with_an_old_disk_and_the_newest_hint)
{
    struct fork f = fork_new(2, 3, 5);
    struct hf_disk *old = hf_world_disk_copy(f.w, 0);
    copy_takes_over(&f);
    cut_both(f.w, 0, (long)f.holders[2]);
    hf_world_run_for(f.w, 60000);
    const struct hf_blob *hint = hf_world_row(f.w, 0, HF_ROW_PUBLIC, hf_bytes_of("hint", 4));
    struct hf_blob *kept = hf_blob_new(hf_blob_bytes(hint));
    hf_world_crash(f.w, 0);
    hf_world_disk_put(f.w, 0, old);
    hf_world_public_put(f.w, 0, "hint", hf_blob_bytes(kept));
    hf_world_start(f.w, 0);
    hf_world_run_for(f.w, 60000);
    hf_blob_unref(kept);
    hf_disk_free(old);
    one_is_left(&f);
}

/* The holders that carried the copy are removed from the set: that lowers no quorum of what they
 * hold. */
Test(forks, are_not_made_by_removing_silent_holders)
{
    struct fork f = fork_new(2, 3, 5);
    copy_takes_over(&f);
    hf_world_set_remove(f.w, f.holders[0]);
    hf_world_set_remove(f.w, f.holders[1]);
    hf_world_set_issue(f.w);
    for (int i = 0; i < 12; i++) {
        uint32_t zero = 0;
        hf_world_run_for(f.w, 10000);
        cr_assert(!is_ready(f.w, &zero) || !is_ready(f.w, &f.copy));
    }
    testnet_end(f.w);
}

/* A copy starts beside the living. From the moment at which its claim stands nothing is released
 * for the first time by the other, although that has not heard of it and believes itself ready. */
Test(forks, release_nothing_for_the_first_time_under_the_lower_claim)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t version, copy = hf_world_add(w);
    struct hf_disk *disk = hf_world_disk_copy(w, 0);
    hf_world_disk_put(w, copy, disk);
    hf_disk_free(disk);
    hf_world_machine(w, copy, 0);
    hf_world_start(w, copy);
    cr_assert(hf_world_run_until_trace(w, copy, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    cr_assert_eq(hf_world_state(w, 0), HF_STATE_READY);
    cr_assert_neq(hf_world_key(w, 0, "two", TESTNET_MS, key, &version), 0);
    testnet_ready(w, copy);
    cr_assert_eq(hf_world_key(w, copy, "one", TESTNET_MS, key, &version), 0);
    testnet_reason(w, 0, HF_STATE_BLOCKED, HF_EFENCED);
    testnet_end(w);
}

static unsigned lose(struct hf_world *w, uint8_t method, long from)
{
    return hf_world_rule(
        w, (struct hf_rule){
               .action = HF_RULE_DROP, .method = method, .from = from, .to = HF_WORLD_ALL});
}

/*
 * A copy stands, and shows its proof to no holder for a while. The first one hears of its number,
 * and claims higher; before its claim arrives, the holders have the proof. All of them accept the
 * higher number, and none refuses: the proof that comes with the accepts ends the first one.
 */
Test(forks, end_with_the_proof_that_comes_with_an_accept)
{
    static const uint8_t shows[] = {HF_METHOD_RECORD, HF_METHOD_STANDING, HF_METHOD_DELETE};
    struct fork f = fork_new(2, 3, 5);
    struct hf_status s;
    unsigned silent[HF_ARRAY_LEN(shows)];
    for (size_t i = 0; i < HF_ARRAY_LEN(shows); i++)
        silent[i] = lose(f.w, shows[i], f.copy);
    hf_world_start(f.w, f.copy);
    cr_assert(hf_world_run_until_trace(f.w, f.copy, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    cr_assert(hf_world_run_until_trace(f.w, 0, HF_TRACE_CLAIM_ASKED, 1, TESTNET_MS));
    unsigned late = lose(f.w, HF_METHOD_CLAIM, 0);
    for (size_t i = 0; i < HF_ARRAY_LEN(shows); i++)
        hf_world_rule_drop(f.w, silent[i]);
    hf_world_run_for(f.w, 60000);
    cr_assert(hf_world_status(f.w, 0, &s) && s.claimed && s.claim == 1);
    hf_world_rule_drop(f.w, late);
    testnet_reason(f.w, 0, HF_STATE_BLOCKED, HF_EFENCED);
    cr_assert(!testnet_traced(f.w, 0, HF_TRACE_CLAIM_WON, 0));
    testnet_ready(f.w, f.copy);
    one_is_left(&f);
}

/*
 * Two dealings part from the first one, and neither has holders of the other. One has sealed the
 * first, by the signatures of holders that are lost then; the authority has not heard of that, and
 * writes the first off in favour of the other. The certificate counts no more.
 */
Test(forks, of_what_is_written_off_end_though_one_had_sealed_it)
{
    struct fork f = fork_new(2, 3, 7);
    uint32_t dealt[16];
    /* Node 0 deals anew with one of its holders, and the two others are not there to seal. */
    cut_both(f.w, 0, f.holders[1]);
    cut_both(f.w, 0, f.holders[2]);
    cr_assert(hf_world_run_until_trace(f.w, 0, HF_TRACE_CONFIRMED, 1, AWAY_MS));
    cr_assert_eq(testnet_holders(f.w, 0, dealt), 3);
    hf_world_isolate(f.w, 0);
    /* Its copy claims with those two, deals anew with one of them, and both seal. */
    for (size_t i = 0; i < 3; i++)
        if (dealt[i] != f.holders[1] && dealt[i] != f.holders[2])
            cut_both(f.w, f.copy, dealt[i]);
    hf_world_start(f.w, f.copy);
    cr_assert(hf_world_run_until_trace(f.w, f.copy, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    cut_both(f.w, f.copy, f.holders[2]);
    cr_assert(hf_world_run_until_trace(f.w, f.copy, HF_TRACE_CONFIRMED, 1, AWAY_MS));
    hf_world_mend(f.w, f.copy, f.holders[2]);
    hf_world_mend(f.w, f.holders[2], f.copy);
    cr_assert(hf_world_run_until_trace(f.w, f.copy, HF_TRACE_CERTIFIED, 1, TESTNET_MS));
    await_ready(&f, f.copy);
    for (size_t i = 0; i < 3; i++) {
        hf_world_crash(f.w, f.holders[i]);
        hf_world_set_remove(f.w, f.holders[i]);
    }
    cr_assert(hf_world_set_floor(f.w, 0));
    hf_world_set_issue(f.w);
    hf_world_heal(f.w);
    await_ready(&f, 0);
    for (int i = 0; i < 12; i++) {
        hf_world_run_for(f.w, 10000);
        cr_assert_eq(hf_world_state(f.w, 0), HF_STATE_READY);
        cr_assert_neq(hf_world_state(f.w, f.copy), HF_STATE_READY);
    }
    testnet_reason(f.w, f.copy, HF_STATE_CLAIMING, HF_EVOIDRECORD);
    testnet_end(f.w);
}
