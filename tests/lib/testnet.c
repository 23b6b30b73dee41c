#include "testnet.h"

#include "base/error.h"
#include "base/secret.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

uint8_t testnet_key[HF_APP_KEY_LEN];

struct hf_world_settings testnet_settings(uint8_t k, uint8_t n)
{
    struct hf_world_settings s;
    const char *crypto = getenv("TESTNET_CRYPTO");
    hf_world_settings_init(&s);
    if (crypto != NULL && strcmp(crypto, "real") == 0)
        s.crypto = HF_WORLD_REAL;
    s.policy.k = k;
    s.policy.n = n;
    /* What holds of copies and of disks that were put back must hold without what stands before it,
     * as nothing notices an old vault before others were told: scenario_sequence is about that. */
    s.authority.old_vaults = true;
    return s;
}

struct hf_world *testnet_from(const struct hf_world_settings *s, uint32_t count)
{
    struct hf_world *w;
    cr_assert_eq(hf_secret_init(1024 * 1024, false), 0);
    cr_assert_eq(hf_world_new(s, &w), 0);
    hf_world_add_many(w, count);
    return w;
}

struct hf_world *testnet_new(uint32_t count, uint8_t k, uint8_t n)
{
    struct hf_world_settings s = testnet_settings(k, n);
    return testnet_from(&s, count);
}

struct hf_world *testnet_up(uint32_t count, uint8_t k, uint8_t n)
{
    struct hf_world_settings s = testnet_settings(k, n);
    return testnet_up_from(&s, count);
}

struct hf_world *testnet_up_from(const struct hf_world_settings *s, uint32_t count)
{
    uint32_t version;
    struct hf_world *w = testnet_from(s, count);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &version), 0);
    return w;
}

void testnet_ready(struct hf_world *w, long node)
{
    bool ready = hf_world_run_until_state(w, node, HF_STATE_READY, TESTNET_MS);
    for (uint32_t i = 0; !ready && i < hf_world_count(w); i++) {
        struct hf_status s;
        if (hf_world_status(w, i, &s) && s.state != HF_STATE_READY)
            cr_log_error("node %u is %s: %s", i, hf_state_name(s.state), hf_error_name(s.reason));
    }
    cr_assert(ready, "not ready in time");
}

struct hf_world *testnet_joined(uint32_t count, uint8_t k, uint8_t n, struct hf_disk **ret_before)
{
    struct hf_world *w = testnet_new(count, k, n);
    for (uint32_t i = 1; i < count; i++)
        hf_world_start(w, i);
    for (uint32_t i = 1; i < count; i++)
        testnet_ready(w, i);
    for (uint32_t i = 1; i < count; i++)
        ret_before[i] = hf_world_disk_copy(w, i);
    hf_world_start(w, 0);
    testnet_ready(w, 0);
    return w;
}

void testnet_key_lives(struct hf_world *w, uint32_t node)
{
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t version;
    testnet_ready(w, node);
    cr_assert_eq(hf_world_key(w, node, "tss-db", TESTNET_MS, key, &version), 0);
    cr_assert_arr_eq(key, testnet_key, sizeof key);
}

void testnet_end(struct hf_world *w)
{
    const struct hf_violation *v = hf_world_violation(w);
    cr_assert_null(v, "%s: %s", v != NULL ? v->checker : "", v != NULL ? v->text : "");
    hf_world_free(w);
}

void testnet_restart(struct hf_world *w, uint32_t node)
{
    hf_world_crash(w, node);
    hf_world_start(w, node);
}

size_t testnet_holders(struct hf_world *w, uint32_t node, uint32_t ret[static 16])
{
    struct hf_status s;
    cr_assert(hf_world_status(w, node, &s));
    for (size_t i = 0; i < s.providers_count; i++) {
        long at = hf_world_find(w, &s.providers[i].account);
        cr_assert_geq(at, 0);
        ret[i] = (uint32_t)at;
    }
    return s.providers_count;
}

void testnet_none_takes(struct hf_world *w)
{
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                      .method = HF_METHOD_TAKE,
                                      .from = HF_WORLD_ALL,
                                      .to = HF_WORLD_ALL});
}

bool testnet_holds(struct hf_world *w, uint32_t owner, uint32_t provider)
{
    uint32_t holders[16];
    size_t count = testnet_holders(w, owner, holders);
    for (size_t i = 0; i < count; i++)
        if (holders[i] == provider)
            return true;
    return false;
}

uint32_t testnet_generation(struct hf_world *w, uint32_t node)
{
    struct hf_status s;
    cr_assert(hf_world_status(w, node, &s));
    return s.generation;
}

bool testnet_traced(struct hf_world *w, long node, enum hf_trace_type type, int error)
{
    size_t count;
    const struct hf_world_trace *t = hf_world_traces(w, &count);
    for (size_t i = 0; i < count; i++)
        if ((node == HF_WORLD_ALL || t[i].node == (uint32_t)node) && t[i].trace.type == type &&
            t[i].trace.error == error)
            return true;
    return false;
}

struct reason {
    uint32_t node;
    enum hf_state state;
    int reason;
};

static bool has_reason(struct hf_world *w, void *ctx)
{
    const struct reason *r = ctx;
    struct hf_status s;
    return hf_world_status(w, r->node, &s) && s.state == r->state && s.reason == r->reason;
}

void testnet_reason(struct hf_world *w, uint32_t node, enum hf_state state, int reason)
{
    struct reason r = {node, state, reason};
    bool reached = hf_world_run_until(w, has_reason, &r, TESTNET_MS);
    struct hf_status s = {0};
    (void)hf_world_status(w, node, &s);
    cr_assert(reached, "node %u is %s: %s; expected %s: %s", node, hf_state_name(s.state),
              hf_error_name(s.reason), hf_state_name(state), hf_error_name(reason));
}

void testnet_short_lives(struct hf_policy *p, void *ctx)
{
    (void)ctx;
    p->quote_age_max_s = 60;
    p->rotation_pending_s = 2;
    p->rotation_active_s = 60;
    p->rotation_expired_s = 60;
}

struct hf_status testnet_status(struct hf_world *w, uint32_t node)
{
    struct hf_status s;
    cr_assert(hf_world_status(w, node, &s));
    return s;
}

bool testnet_all_sealed(struct hf_world *w, void *ctx)
{
    (void)ctx;
    for (uint32_t i = 0; i < hf_world_count(w); i++) {
        struct hf_status s;
        if (!hf_world_status(w, i, &s) || !s.sealed || s.state != HF_STATE_READY)
            return false;
    }
    return true;
}

struct hf_world *testnet_sealed(uint32_t count, uint8_t m, uint8_t n)
{
    struct hf_world *w = testnet_up(count, 3, 5);
    hf_world_quorum_issue(w, m, n, true);
    cr_assert(hf_world_run_until(w, testnet_all_sealed, NULL, TESTNET_MS));
    return w;
}

void testnet_power_cut(struct hf_world *w)
{
    for (uint32_t i = 0; i < hf_world_count(w); i++)
        hf_world_power_off(w, i);
    hf_world_start_all(w);
    hf_world_run_for(w, 30000);
    for (uint32_t i = 0; i < hf_world_count(w); i++)
        cr_assert_not(testnet_status(w, i).open, "node %u came back by itself", i);
}

void testnet_ask(struct hf_world *w, uint32_t node, struct hf_buf *ret)
{
    hf_buf_init(ret, 1 << 20);
    int r = hf_world_blackstart(w, node, TESTNET_MS, ret);
    cr_assert_eq(r, 0, "%s", hf_error_name(r));
}

int testnet_answered(struct hf_world *w, uint32_t node, uint8_t holder,
                     const struct hf_buf *request, struct hf_blackstart_report *ret)
{
    struct hf_buf a;
    hf_buf_init(&a, 4096);
    int r = hf_world_holder_answer(w, holder, hf_buf_bytes(request), &a);
    if (r == 0)
        r = hf_world_answer(w, node, hf_buf_bytes(&a), TESTNET_MS, ret);
    hf_buf_done(&a);
    return r;
}
