/* A host that puts a disk of yesterday back, lets it deal, and loses what it signed: whatever that
 * leaves with the holders costs the owner neither its key nor its way back to ready. */
#include "testnet.h"

#include "owner/owner.h"

#include <criterion/criterion.h>

enum { AWAY_MS = 300000, N = 7, K = 3, Q = 5 };

struct house {
    struct hf_world *w;
    struct hf_disk *old;
    uint32_t holders[16];
};

static void cut_both(struct hf_world *w, long a, long b)
{
    hf_world_cut(w, a, b);
    hf_world_cut(w, b, a);
}

static void lose_records(struct hf_world *w, long to)
{
    hf_world_rule(w, (struct hf_rule){
                         .action = HF_RULE_DROP, .method = HF_METHOD_RECORD, .from = 0, .to = to});
}

static struct house house_new(uint32_t spare)
{
    struct hf_world_settings s = testnet_settings(K, N);
    uint32_t version;
    s.policy.q = Q;
    s.policy.holder_grace_s = 20;
    struct house h = {.w = testnet_from(&s, 1u + N + spare)};
    cr_assert_eq(hf_world_bring_up(h.w, TESTNET_MS), 0);
    cr_assert_eq(testnet_holders(h.w, 0, h.holders), N);
    cr_assert_eq(hf_world_key(h.w, 0, "tss-db", TESTNET_MS, testnet_key, &version), 0);
    h.old = hf_world_disk_copy(h.w, 0);
    return h;
}

static void old_disk_starts(struct house *h)
{
    hf_world_crash(h->w, 0);
    hf_world_heal(h->w);
    hf_world_disk_put(h->w, 0, h->old);
}

static void house_end(struct house *h)
{
    hf_disk_free(h->old);
    testnet_end(h->w);
}

/* Node 0 deals anew, and its record reaches one holder alone. */
static void deal_known_to_one(struct house *h)
{
    cut_both(h->w, 0, h->holders[N - 1]);
    for (uint32_t i = 1; i < hf_world_count(h->w); i++)
        if (i != h->holders[0])
            lose_records(h->w, i);
    cr_assert(hf_world_run_until_trace(h->w, 0, HF_TRACE_RECORDED, 1, AWAY_MS));
    hf_world_run_for(h->w, 3000);
}

/* The old disk deals, and its record reaches no holder: what the others had of the dealing before
 * is pushed out. False: no node takes its shares. */
static bool deal_in_vain(struct house *h)
{
    old_disk_starts(h);
    cut_both(h->w, 0, h->holders[0]);
    lose_records(h->w, HF_WORLD_ALL);
    hf_world_start(h->w, 0);
    bool dealt = hf_world_run_until_trace(h->w, 0, HF_TRACE_RECORDED, 1, AWAY_MS);
    hf_world_run_for(h->w, 1000);
    return dealt;
}

/* Every start is told of a dealing of which one holder alone has kept its share: all others say so,
 * and a new dealing follows. */
Test(old_disks, whose_dealing_pushes_another_out_leave_a_way_back)
{
    struct house h = house_new(8);
    deal_known_to_one(&h);
    cr_assert(deal_in_vain(&h));
    old_disk_starts(&h);
    hf_world_start(h.w, 0);
    testnet_key_lives(h.w, 0);
    house_end(&h);
}

/* The same, as often as the host likes: no vote goes for another. Holders take no further dealing
 * at last, so what they have lost of the one that is known comes again. */
Test(old_disks, that_deal_again_and_again_lose_no_vote)
{
    struct house h = house_new(1);
    unsigned dealt = 0;
    deal_known_to_one(&h);
    for (int i = 0; i < 20; i++)
        dealt += deal_in_vain(&h);
    cr_assert(dealt > 8 && dealt < 16);
    old_disk_starts(&h);
    hf_world_start(h.w, 0);
    testnet_key_lives(h.w, 0);
    house_end(&h);
}

static bool is_holder(const struct house *h, uint32_t node)
{
    bool is = false;
    for (size_t i = 0; i < N; i++)
        is = is || h->holders[i] == node;
    return is;
}

/* The old disk deals with one of those that are no holders, and no holder gets the record. */
static void deal_aside(struct house *h, uint32_t with)
{
    old_disk_starts(h);
    for (uint32_t i = 1; i < hf_world_count(h->w); i++)
        if (!is_holder(h, i) && i != with)
            cut_both(h->w, 0, i);
    cut_both(h->w, 0, h->holders[N - 1]);
    for (size_t i = 0; i < N; i++)
        lose_records(h->w, h->holders[i]);
    hf_world_start(h->w, 0);
    (void)!hf_world_run_until_trace(h->w, 0, HF_TRACE_RECORDED, 1, AWAY_MS);
    hf_world_run_for(h->w, 1000);
}

/* A node that could take the place of a holder is full of dealings that the owner has never heard
 * of. It tells them to forget those, and the place is taken. */
Test(old_disks, whose_dealings_nobody_knows_keep_nobody_from_replacing)
{
    struct house h = house_new(3);
    for (int loop = 0; loop < 6; loop++)
        for (uint32_t i = 1; i < hf_world_count(h.w); i++)
            if (!is_holder(&h, i))
                deal_aside(&h, i);
    old_disk_starts(&h);
    hf_world_start(h.w, 0);
    testnet_ready(h.w, 0);
    hf_world_crash(h.w, h.holders[0]);
    hf_world_set_remove(h.w, h.holders[0]);
    hf_world_set_issue(h.w);
    cr_assert(hf_world_run_until_trace(h.w, 0, HF_TRACE_CONFIRMED, 1, AWAY_MS));
    testnet_key_lives(h.w, 0);
    cr_assert(!testnet_holds(h.w, 0, h.holders[0]));
    house_end(&h);
}

/* What node 0 orders about a dealing that a process has given up before its record: 0 or 1 as it is
 * called unrecorded; -1: nothing. */
static int ordered(struct hf_world *w, uint8_t process)
{
    struct hf_engine *e = hf_world_engine(w, 0);
    struct hf_placement_record record;
    struct hf_update update;
    struct hf_arena arena;
    struct hf_older_row row = {.threshold = K, .shares = 1, .has_instance = true};
    int said = -1;
    hf_arena_init(&arena, 1 << 20);
    hf__update_begin(e);
    cr_assert(hf__own_record(e, &record, NULL, NULL));
    row.generation = record.generation;
    row.generation.id[0] ^= (uint8_t)(1 + process);
    row.complete = row.generation;
    row.holders = record.holders;
    row.holders_count = 1;
    memcpy(row.instance, e->instance, sizeof row.instance);
    row.instance[0] ^= process;
    hf__put(e, HF_ROW_OLDER, hf_bytes_of(row.generation.id, 16), &hf_wire_older_row, &row);
    hf__retire_send(e);
    hf__update_end(e, &update);
    for (size_t i = 0; i < update.calls_count; i++) {
        struct hf_owner_request request;
        struct hf_deletion m;
        if (update.calls[i].method != HF_METHOD_DELETE)
            continue;
        cr_assert_eq(
            hf_wire_decode(&hf_wire_owner_request, update.calls[i].body, &arena, &request, NULL),
            0);
        cr_assert_eq(hf_wire_decode(&hf_wire_deletion, request.body, &arena, &m, NULL), 0);
        if (memcmp(m.generation.id, row.generation.id, 16) == 0)
            said = m.unrecorded;
    }
    hf_arena_done(&arena);
    return said;
}

/* The process that gives a dealing up knows that no record of it exists. What a disk says of
 * another one may be of before that one signed: the order leaves the vote where it is. */
Test(old_disks, call_no_dealing_of_another_process_unrecorded)
{
    struct hf_world *w = testnet_up(12, K, N);
    hf_world_run_for(w, 60000);
    cr_assert_eq(ordered(w, 0), 1);
    cr_assert_eq(ordered(w, 1), 0);
    hf_world_free(w);
}
