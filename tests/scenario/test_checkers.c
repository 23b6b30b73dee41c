/*
 * No checker is vacuous: an engine with one small fault (src/core/fault.h) is caught by the checker
 * that promises to see it, and the sound engine, put through the same, is not. Compiled once for
 * each fault, with STAGE, the name of the stage, and CHECKER, the checker; and once without.
 */
#include "scene.h"
#include "strategy.h"

#include "base/error.h"
#include "wire/messages.h"

#include <criterion/criterion.h>
#include <string.h>

static void run_s(struct hf_world *w, unsigned s)
{
    for (unsigned i = 0; i < s * 10 && hf_world_violation(w) == NULL; i++)
        hf_world_run_for(w, 100);
}

/* Up, or as far as the fault lets it come. */
static struct hf_world *up(void)
{
    struct hf_world *w = scene_new(6, 2, 3);
    uint8_t key[HF_APP_KEY_LEN];
    hf_world_start_all(w);
    for (unsigned i = 0; i < 300 && hf_world_state(w, 0) != HF_STATE_READY; i++)
        run_s(w, 1);
    if (hf_world_key(w, 0, "tss-db", SCENE_MS, key, NULL) != 0)
        cr_log_info("no key");
    return w;
}

struct asking {
    bool own_nonce; /* a nonce that the provider gave */
    uint32_t machine;
    const char *image;
    bool other_data;
};

/* Asks every node for node 0's share. */
static void ask_all(struct hf_world *w, struct asking how)
{
    for (uint32_t to = 1; to < hf_world_count(w); to++) {
        struct hf_nonce_request first = {.response_key = {7}};
        struct hf_nonce_response nonce;
        struct hf_asked asked = {0};
        struct hf_recover_transcript t = {.response_key = {7}, .asked = &asked, .asked_count = 1};
        struct hf_recover_request request = {0};
        struct hf_buf buf[5];
        struct hf_arena arena;
        uint8_t data[64];
        for (size_t i = 0; i < HF_ARRAY_LEN(buf); i++)
            hf_buf_init(&buf[i], 1 << 20);
        hf_arena_init(&arena, 1 << 20);
        memcpy(first.account, hf_world_account(w, 0), 32);
        first.versions = (struct hf_versions){1, 1, 1};
        cr_assert_eq(hf_wire_encode(&hf_wire_nonce_request, &first, &buf[0]), 0);
        int r = hf_world_ask(w, to, HF_METHOD_NONCE, NULL, hf_buf_bytes(&buf[0]), &buf[1]);
        if (r == 0)
            r = hf_wire_decode(&hf_wire_nonce_response, hf_buf_bytes(&buf[1]), &arena, &nonce,
                               NULL);
        memcpy(asked.provider, hf_world_account(w, to), 32);
        if (r == 0 && how.own_nonce)
            memcpy(asked.nonce, nonce.nonce, 40);
        memcpy(t.network, hf_world_network_id(w), 32);
        memcpy(t.account, hf_world_account(w, 0), 32);
        cr_assert_eq(hf_wire_encode(&hf_wire_recover_transcript, &t, &buf[2]), 0);
        w->suite->report_data("holdfast/v1/recover", hf_buf_bytes(&buf[2]), data);
        data[0] ^= how.other_data;
        hf_world_quote(w, how.machine, how.image, false, data, &buf[3]);
        request.versions = first.versions;
        request.transcript = hf_buf_bytes(&buf[2]);
        request.quote = hf_buf_bytes(&buf[3]);
        cr_assert_eq(hf_wire_encode(&hf_wire_recover_request, &request, &buf[4]), 0);
        hf_buf_clear(&buf[1]);
        r = hf_world_ask(w, to, HF_METHOD_RECOVER, NULL, hf_buf_bytes(&buf[4]), &buf[1]);
        cr_log_info("n%u: %s", to, hf_error_name(r));
        for (size_t i = 0; i < HF_ARRAY_LEN(buf); i++)
            hf_buf_done(&buf[i]);
        hf_arena_done(&arena);
    }
}

static struct hf_world *stage_nonce(void)
{
    struct hf_world *w = up();
    ask_all(w, (struct asking){.machine = 0, .image = "holdfast-1"});
    return w;
}

static struct hf_world *stage_report_data(void)
{
    struct hf_world *w = up();
    ask_all(w, (struct asking){true, 0, "holdfast-1", true});
    return w;
}

static struct hf_world *stage_platform(void)
{
    struct hf_world *w = up();
    ask_all(w, (struct asking){true, 5, "holdfast-1", false});
    return w;
}

static struct hf_world *stage_rank(void)
{
    struct hf_world *w = up();
    hf_world_policy_accept(w, "holdfast-0", 0);
    run_s(w, 5);
    ask_all(w, (struct asking){true, 0, "holdfast-0", false});
    return w;
}

static uint32_t a_holder(struct hf_world *w)
{
    uint32_t holders[16];
    cr_assert(scene_holders(w, 0, holders) > 0);
    return holders[0];
}

/* A holder is gone for longer than the grace period. */
static void lose(struct hf_world *w, uint32_t holder)
{
    hf_world_crash(w, holder);
    run_s(w, 900);
}

static struct hf_world *stage_claim(void)
{
    struct hf_world *w = up();
    uint32_t holder = a_holder(w);
    struct hf_disk *disk = hf_world_disk_copy(w, 0);
    uint32_t twin = hf_world_add(w);
    hf_world_disk_put(w, twin, disk);
    hf_disk_free(disk);
    hf_world_machine(w, twin, 0);
    hf_world_start(w, twin);
    run_s(w, 30);
    lose(w, holder);
    return w;
}

/* Two that wait for each other's word, while a holder of both is down. */
static struct hf_world *stage_provisional(void)
{
    struct hf_world *w = scene_new(4, 2, 3);
    hf_world_start_all(w);
    run_s(w, 60);
    unsigned rule = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                                      .method = HF_METHOD_CLAIM,
                                                      .from = HF_WORLD_ALL,
                                                      .to = HF_WORLD_ALL});
    for (uint32_t i = 0; i < 2; i++) {
        scene_restart(w, i);
        run_s(w, 5);
    }
    hf_world_crash(w, 3);
    hf_world_rule_drop(w, rule);
    run_s(w, 120);
    return w;
}

static struct hf_world *stage_at_once(void)
{
    return up();
}

static struct hf_world *stage_unattested(void)
{
    return up();
}

static struct hf_world *stage_ready(void)
{
    struct hf_world *w = scene_new(6, 2, 3);
    hf_world_rule(
        w, (struct hf_rule){
               .action = HF_RULE_DROP, .method = HF_METHOD_DEPOSIT, .from = 4, .to = HF_WORLD_ALL});
    hf_world_start_all(w);
    run_s(w, 60);
    return w;
}

static struct hf_world *stage_release(void)
{
    struct hf_world *w = scene_new(6, 2, 3);
    hf_world_start_all(w);
    for (unsigned i = 0; i < 300; i++) {
        hf_world_local(w, 0, HF_LOCAL_KEY, "tss-db");
        hf_world_run_for(w, 1);
    }
    return w;
}

static struct hf_world *stage_combine(void)
{
    struct hf_world *w = up();
    uint32_t holders[16];
    size_t count = scene_holders(w, 0, holders);
    hf__strategy_find("wrong-shares")->begin(w, holders, count);
    for (unsigned i = 0; i < 20 && hf_world_violation(w) == NULL; i++) {
        scene_restart(w, 0);
        run_s(w, 3);
    }
    return w;
}

static struct hf_world *stage_delete(void)
{
    struct hf_world *w = up();
    lose(w, a_holder(w));
    return w;
}

static const struct {
    const char *name;
    struct hf_world *(*run)(void);
} stages[] = {
    {"nonce", stage_nonce},           {"report_data", stage_report_data},
    {"platform", stage_platform},     {"rank", stage_rank},
    {"claim", stage_claim},           {"at_once", stage_at_once},
    {"ready", stage_ready},           {"release", stage_release},
    {"combine", stage_combine},       {"delete", stage_delete},
    {"unattested", stage_unattested}, {"provisional", stage_provisional},
};

#ifdef STAGE
Test(checkers, a_faulty_engine_is_caught)
{
    for (size_t i = 0; i < HF_ARRAY_LEN(stages); i++) {
        if (strcmp(stages[i].name, STAGE) != 0)
            continue;
        struct hf_world *w = stages[i].run();
        const struct hf_violation *v = hf_world_violation(w);
        cr_assert_not_null(v, "nobody noticed");
        cr_assert_str_eq(v->checker, CHECKER, "%s: %s", v->checker, v->text);
        hf_world_free(w);
        return;
    }
    cr_assert(false, "no such stage");
}
#else
Test(checkers, the_sound_engine_is_not)
{
    for (size_t i = 0; i < HF_ARRAY_LEN(stages); i++) {
        struct hf_world *w = stages[i].run();
        const struct hf_violation *v = hf_world_violation(w);
        cr_assert_null(v, "%s: %s", stages[i].name, v == NULL ? "" : v->text);
        hf_world_free(w);
    }
}
#endif
