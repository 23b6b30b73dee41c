/* A drill proves that k shares can be had and fit, and moves nothing (proto/PROTOCOL.md, 8). */
#include "testnet.h"

#include "base/error.h"

#include <criterion/criterion.h>

/* What no drill may change, anywhere. */
struct untouched {
    uint64_t released, asked, accepted, stored, deleted;
};

static struct untouched look(const struct hf_world *w)
{
    return (struct untouched){hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_RELEASED),
                              hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_CLAIM_ASKED),
                              hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_CLAIM_ACCEPTED),
                              hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_STORED),
                              hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_DELETED)};
}

static int drill(struct hf_world *w, struct hf_drill_report *ret)
{
    struct untouched before = look(w);
    int r = hf_world_drill(w, 0, TESTNET_MS, ret);
    struct untouched after = look(w);
    cr_assert_eq(memcmp(&before, &after, sizeof before), 0);
    return r;
}

Test(drill, proves_every_share_releases_none_and_claims_nothing)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_drill_report report;
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(drill(w, &report), 0);
        cr_assert_eq(report.k, 3);
        cr_assert_eq(report.n, 5);
        cr_assert_eq(report.asked, 5);
        cr_assert_eq(report.answered, 5);
        cr_assert_eq(report.fit, 5);
        cr_assert_eq(report.providers_count, 5);
    }
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(drill, works_with_k_of_n_live_and_names_the_others)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_drill_report report;
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    hf_world_pause(w, holders[1]);
    hf_world_crash(w, holders[4]);
    cr_assert_eq(drill(w, &report), 0);
    cr_assert_eq(report.fit, 3);
    cr_assert_eq(report.answered, 3);
    for (size_t i = 0; i < 5; i++) {
        long node = hf_world_find(w, &report.providers[i].account);
        bool gone = node == holders[1] || node == holders[4];
        cr_assert_eq(report.providers[i].error != 0, gone);
        cr_assert_eq(report.providers[i].answered, !gone);
    }
    testnet_end(w);
}

static uint64_t fit_in_last_drill(const struct hf_world *w)
{
    size_t count;
    const struct hf_world_trace *t = hf_world_traces(w, &count);
    while (count-- > 0)
        if (t[count].trace.type == HF_TRACE_DRILL)
            return t[count].trace.a;
    return UINT64_MAX;
}

Test(drill, fails_below_k_and_says_how_many_fit)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_drill_report report;
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    for (size_t i = 0; i < 3; i++)
        hf_world_crash(w, holders[i]);
    cr_assert_eq(drill(w, &report), HF_EFEWPROVIDERS);
    cr_assert_eq(fit_in_last_drill(w), 2);
    /* The node itself goes on, and so does its key. */
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t version;
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, key, &version), 0);
    for (size_t i = 0; i < 5; i++)
        hf_world_crash(w, holders[i]);
    cr_assert_eq(drill(w, &report), HF_EFEWPROVIDERS);
    cr_assert_eq(fit_in_last_drill(w), 0);
    testnet_end(w);
}

/* A provider whose disk was given back from before the deposit: placed itself,
 * without the share. */
Test(drill, names_a_provider_without_its_share)
{
    struct hf_disk *disks[7];
    struct hf_drill_report report;
    uint32_t holders[16];
    struct hf_world *w = testnet_joined(7, 3, 5, disks);
    testnet_holders(w, 0, holders);
    hf_world_crash(w, holders[2]);
    hf_world_disk_put(w, holders[2], disks[holders[2]]);
    hf_world_start(w, holders[2]);
    testnet_ready(w, holders[2]);
    cr_assert_eq(drill(w, &report), 0);
    cr_assert_eq(report.fit, 4);
    size_t named = 0;
    for (size_t i = 0; i < 5; i++)
        if (report.providers[i].error == HF_ENOSHARE) {
            cr_assert_eq(hf_world_find(w, &report.providers[i].account), holders[2]);
            named++;
        }
    cr_assert_eq(named, 1);
    for (uint32_t i = 1; i < 7; i++)
        hf_disk_free(disks[i]);
    testnet_end(w);
}

Test(drill, runs_one_at_a_time_and_goes_with_its_process)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_drill_report report;
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    hf_world_pause(w, holders[0]);
    hf_world_local(w, 0, HF_LOCAL_DRILL, "");
    cr_assert_eq(hf_world_drill(w, 0, TESTNET_MS, &report), HF_EBUSY);
    testnet_restart(w, 0);
    hf_world_resume(w, holders[0]);
    testnet_key_lives(w, 0);
    cr_assert_eq(drill(w, &report), 0);
    testnet_end(w);
}
