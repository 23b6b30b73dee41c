/*
 * The authority decides from which record a validator goes on. A copy of its folder that had dealt
 * anew, and settled that with holders that are lost since, does nothing under the floor: no
 * holder that is left has heard of its record, and its own holders would carry it.
 */
#include "testnet.h"

#include "base/error.h"
#include "owner/record.h"
#include "register/register.h"

#include <criterion/criterion.h>

enum { AWAY_MS = 300000 }; /* longer than any grace in here */

struct floors {
    struct hf_world *w;
    uint32_t holders[16]; /* of node 0's first dealing */
    uint32_t last[16];    /* of the copy's last one */
    size_t n, q;
    uint32_t copy; /* of node 0's disk, on the same machine */
};

static bool is_ready(struct hf_world *w, void *ctx)
{
    return hf_world_state(w, *(uint32_t *)ctx) == HF_STATE_READY;
}

static void await_ready(struct floors *f, uint32_t node)
{
    cr_assert(hf_world_run_until(f->w, is_ready, &node, AWAY_MS), "n%u", node);
}

static void cut_both(struct hf_world *w, uint32_t a, uint32_t b)
{
    hf_world_cut(w, a, b);
    hf_world_cut(w, b, a);
}

/* The copy claims with q holders and deals anew as often as it takes to have none of them left:
 * each dealing seals the one before, and the other first holders know of none but the first. */
static void copy_moves_on(struct floors *f)
{
    size_t first = f->q;
    hf_world_isolate(f->w, 0);
    for (size_t i = f->q; i < f->n; i++)
        cut_both(f->w, f->copy, f->holders[i]);
    hf_world_start(f->w, f->copy);
    await_ready(f, f->copy);
    do {
        for (size_t i = 0; i < f->n - f->q && first > 0; i++)
            cut_both(f->w, f->copy, f->holders[--first]);
        hf_world_run_for(f->w, 60000);
        await_ready(f, f->copy);
        first = 0;
        testnet_holders(f->w, f->copy, f->last);
        for (size_t i = 0; i < f->n; i++)
            for (size_t j = 0; j < f->n; j++)
                if (f->holders[i] == f->last[j])
                    first = i + 1;
    } while (first > 0);
}

/* Those are lost that have heard of the copy; node 0 waits, and the authority decides for it. */
static struct floors decided(uint8_t k, uint8_t n, uint64_t seed)
{
    struct hf_world_settings s = testnet_settings(k, n);
    s.policy.holder_grace_s = 20;
    s.seed = seed;
    struct floors f = {.n = n};
    f.w = testnet_from(&s, 12u + n);
    cr_assert_eq(hf_world_bring_up(f.w, TESTNET_MS), 0);
    cr_assert_eq(testnet_holders(f.w, 0, f.holders), n);
    f.q = hf_world_document(f.w, HF_DOCUMENT_POLICY)->u.policy.claim_quorum;
    f.copy = hf_world_add(f.w);
    struct hf_disk *disk = hf_world_disk_copy(f.w, 0);
    hf_world_disk_put(f.w, f.copy, disk);
    hf_disk_free(disk);
    hf_world_machine(f.w, f.copy, 0);
    copy_moves_on(&f);
    hf_world_crash(f.w, f.copy);
    for (size_t i = 0; i < f.q; i++) {
        hf_world_crash(f.w, f.holders[i]);
        hf_world_set_remove(f.w, f.holders[i]);
    }
    hf_world_heal(f.w);
    hf_world_run_for(f.w, 60000);
    cr_assert(hf_world_set_floor(f.w, 0));
    hf_world_set_issue(f.w);
    return f;
}

/* The copy reaches its own holders alone: they would carry it, and they know the floor. */
static void copy_is_apart(struct floors *f)
{
    for (uint32_t node = 0; node < hf_world_count(f->w); node++) {
        bool own = node == f->copy;
        for (size_t i = 0; i < f->n; i++)
            own = own || node == f->last[i];
        if (!own)
            cut_both(f->w, f->copy, node);
    }
}

/* Only one of them is ready, and gets a key, from now on. */
static void stays_alone(struct floors *f, uint32_t node, uint32_t other)
{
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t version;
    for (int i = 0; i < 12; i++) {
        hf_world_run_for(f->w, 10000);
        cr_assert_eq(hf_world_state(f->w, node), HF_STATE_READY);
        cr_assert_neq(hf_world_state(f->w, other), HF_STATE_READY);
    }
    cr_assert_eq(hf_world_key(f->w, node, "two", TESTNET_MS, key, &version), 0);
    cr_assert_neq(hf_world_key(f->w, other, "three", TESTNET_MS, key, &version), 0);
}

static void copy_is_over(uint8_t k, uint8_t n)
{
    for (uint64_t seed = 5; seed < 8; seed++) {
        struct floors f = decided(k, n, seed);
        await_ready(&f, 0);
        copy_is_apart(&f);
        hf_world_start(f.w, f.copy);
        stays_alone(&f, 0, f.copy);
        testnet_reason(f.w, f.copy, HF_STATE_CLAIMING, HF_EVOIDRECORD);
        testnet_end(f.w);
    }
}

Test(floors, leave_nothing_to_a_copy_whose_seal_is_lost_with_its_holders_of_3)
{
    copy_is_over(2, 3);
}

Test(floors, leave_nothing_to_a_copy_whose_seal_is_lost_with_its_holders_of_7)
{
    copy_is_over(3, 7);
}

/* A copy that hears of the others starts from their record, as any instance would: one remains. */
Test(floors, have_a_copy_start_from_the_record_that_is_gone_on_from)
{
    for (uint64_t seed = 5; seed < 8; seed++) {
        struct floors f = decided(2, 3, seed);
        await_ready(&f, 0);
        hf_world_start(f.w, f.copy);
        await_ready(&f, f.copy);
        testnet_reason(f.w, 0, HF_STATE_BLOCKED, HF_EFENCED);
        stays_alone(&f, f.copy, 0);
        testnet_end(f.w);
    }
}

/* The one that was decided for is lost, and the copy is what is left: a further floor goes on from
 * its record, and the other one's folder goes on from there too, or not at all. */
Test(floors, go_on_from_another_record_when_the_authority_decides_again)
{
    for (uint64_t seed = 5; seed < 8; seed++) {
        struct floors f = decided(2, 3, seed);
        await_ready(&f, 0);
        hf_world_crash(f.w, 0);
        copy_is_apart(&f);
        hf_world_start(f.w, f.copy);
        testnet_reason(f.w, f.copy, HF_STATE_CLAIMING, HF_EVOIDRECORD);
        cr_assert(hf_world_set_floor(f.w, f.copy));
        hf_world_set_issue(f.w);
        await_ready(&f, f.copy);
        stays_alone(&f, f.copy, 0);
        hf_world_heal(f.w);
        hf_world_start(f.w, 0);
        await_ready(&f, 0);
        testnet_reason(f.w, f.copy, HF_STATE_BLOCKED, HF_EFENCED);
        stays_alone(&f, 0, f.copy);
        testnet_end(f.w);
    }
}

/* The host starts a copy between the decision and its set, among holders that only it reaches: it
 * stands by a number below the floor, and no two instances ever stand by one number. */
Test(floors, are_above_every_number_that_a_copy_reaches_before_the_set_comes)
{
    enum { LOST = 4 };
    struct hf_world_settings s = testnet_settings(3, 7);
    s.policy.q = 5;
    s.policy.holder_grace_s = 100000;
    struct hf_world *w = testnet_up_from(&s, 16);
    struct floors f = {.w = w, .n = LOST + 1, .copy = hf_world_add(w)};
    struct hf_status status;
    testnet_holders(w, 0, f.last);
    struct hf_disk *disk = hf_world_disk_copy(w, 0);
    hf_world_disk_put(w, f.copy, disk);
    hf_disk_free(disk);
    hf_world_machine(w, f.copy, 0);
    testnet_restart(w, 0);
    testnet_ready(w, 0);
    for (size_t i = 0; i < LOST; i++)
        hf_world_crash(w, f.last[i]);
    testnet_restart(w, 0);
    hf_world_run_for(w, 60000);
    cr_assert(hf_world_set_floor(w, 0));
    for (size_t i = 0; i < LOST; i++) {
        hf_world_start(w, f.last[i]);
        cut_both(w, 0, f.last[i]);
    }
    copy_is_apart(&f);
    hf_world_start(w, f.copy);
    hf_world_run_for(w, 60000);
    cr_assert(hf_world_status(w, f.copy, &status) && status.claimed);
    hf_world_set_issue(w);
    hf_world_run_for(w, 120000);
    cr_assert(hf_world_status(w, 0, &status) && status.claimed);
    testnet_end(w);
}

/* The copy's folder is lost, and only a record is left to it that the floor has made void: it says
 * so, and a further floor goes on from there. */
Test(floors, have_a_lost_folder_of_which_only_a_void_record_is_left_decided_again)
{
    struct floors f = decided(3, 5, 1);
    struct hf_account account = *hf_world_account(f.w, 0);
    hf_world_crash(f.w, 0);
    hf_world_disk_wipe(f.w, f.copy);
    hf_world_told(f.w, f.copy, &account);
    copy_is_apart(&f);
    hf_world_start(f.w, f.copy);
    hf_world_run_for(f.w, 60000);
    testnet_reason(f.w, f.copy, HF_STATE_CLAIMING, HF_EVOIDRECORD);
    cr_assert(hf_world_set_floor(f.w, f.copy));
    hf_world_set_issue(f.w);
    await_ready(&f, f.copy);
    testnet_end(f.w);
}

/* What another lineage had sealed excuses no instance that goes on with this one. */
Test(floors, leave_no_excuse_by_a_certificate_of_another_lineage)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_placement_record record;
    struct hf_unsealed older = {0};
    struct hf_seal seals[HF_SHARES_MAX] = {0};
    struct hf_older_row row = {.threshold = 3, .shares = 5, .has_certificate = true};
    struct hf_certificate *c = &row.certificate;
    struct hf_engine *e = hf_world_engine(w, 0);
    hf__update_begin(e);
    cr_assert(hf__own_record(e, &record, NULL, NULL));
    older = (struct hf_unsealed){.generation = record.generation,
                                 .threshold = record.threshold,
                                 .quorum = record.quorum,
                                 .provisional = record.provisional,
                                 .holders = record.holders,
                                 .holders_count = record.holders_count};
    older.generation.id[0] ^= 1;
    record.chain = &older;
    record.chain_count = 1;
    *c = (struct hf_certificate){.seals = seals, .seals_count = record.quorum};
    c->ballot = record.ballot;
    memcpy(c->generation, older.generation.id, 16);
    memcpy(c->by, record.generation.id, 16);
    for (size_t i = 0; i < c->seals_count; i++)
        seals[i].acceptor = record.holders[i].account;
    cr_assert(hf__certificate_fits(e, c, &record, NULL));
    c->by[0] ^= 2; /* a generation of which the record does not descend */
    cr_assert(!hf__certificate_fits(e, c, &record, NULL));
    row.generation = row.complete = older.generation;
    row.holders = record.holders;
    row.holders_count = record.holders_count;
    hf__put(e, HF_ROW_OLDER, hf_bytes_of(row.generation.id, 16), &hf_wire_older_row, &row);
    hf__certificates_drop(e);
    cr_assert(hf__older_row(e, older.generation.id, &row));
    cr_assert(!row.has_certificate);
    testnet_end(w);
}
