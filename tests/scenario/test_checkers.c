/*
 * No checker is vacuous: an engine with one small fault (an edit of faults/) is caught by the
 * checker that promises to see it, by the sentence for that promise; and the sound engine, put
 * through the same, is not. The environment of a program with a fault has STAGE, the name of the
 * stage, CHECKER, the checker, and SENTENCE, a part of what it says.
 */
#include "hostile/hostile.h"
#include "stages.h"
#include "testnet.h"

#include "base/error.h"
#include "wire/messages.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

void run_s(struct hf_world *w, unsigned s)
{
    for (unsigned i = 0; i < s * 10 && hf_world_violation(w) == NULL; i++)
        hf_world_run_for(w, 100);
}

/* Up, or as far as the fault lets it come. */
static struct hf_world *up_with(enum hf_platform_rule rule)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    s.policy.platform_rule = (uint8_t)rule;
    struct hf_world *w = testnet_from(&s, 6);
    uint8_t key[HF_APP_KEY_LEN];
    hf_world_start_all(w);
    for (unsigned i = 0; i < 300 && hf_world_state(w, 0) != HF_STATE_READY; i++)
        run_s(w, 1);
    if (hf_world_key(w, 0, "tss-db", TESTNET_MS, key, NULL) != 0)
        cr_log_info("no key");
    return w;
}

static struct hf_world *up(void)
{
    return up_with(HF_PLATFORM_OWN);
}

struct asking {
    bool own_nonce; /* a nonce that the provider gave */
    uint32_t machine;
    const char *image;
    bool other_data;
    bool debug, damaged, other_network;
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
        first.account = *hf_world_account(w, 0);
        first.versions = (struct hf_versions){.root = 1, .policy = 1, .epoch = 1};
        cr_assert_eq(hf_wire_encode(&hf_wire_nonce_request, &first, &buf[0]), 0);
        int r = hf_world_ask(w, to, HF_METHOD_NONCE, NULL, hf_buf_bytes(&buf[0]), &buf[1]);
        if (r == 0)
            r = hf_wire_decode(&hf_wire_nonce_response, hf_buf_bytes(&buf[1]), &arena, &nonce,
                               NULL);
        asked.provider = *hf_world_account(w, to);
        if (r == 0 && how.own_nonce)
            memcpy(asked.nonce, nonce.nonce, 40);
        t.network = *hf_world_network_id(w);
        t.network.bytes[0] ^= how.other_network;
        t.account = *hf_world_account(w, 0);
        cr_assert_eq(hf_wire_encode(&hf_wire_recover_transcript, &t, &buf[2]), 0);
        w->suite->report_data("holdfast/v1/recover", hf_buf_bytes(&buf[2]), data);
        data[0] ^= how.other_data;
        hf_world_quote(w, how.machine, how.image, how.debug, data, &buf[3]);
        buf[3].data[buf[3].len - 1] ^= how.damaged;
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
    ask_all(w, (struct asking){.own_nonce = true, .image = "holdfast-1", .other_data = true});
    return w;
}

static struct hf_world *stage_platform(void)
{
    struct hf_world *w = up();
    ask_all(w, (struct asking){.own_nonce = true, .machine = 5, .image = "holdfast-1"});
    return w;
}

static struct hf_world *stage_rank(void)
{
    struct hf_world *w = up();
    hf_world_policy_accept(w, "holdfast-0", 0);
    run_s(w, 5);
    ask_all(w, (struct asking){.own_nonce = true, .image = "holdfast-0"});
    return w;
}

static struct hf_world *stage_verdict(void)
{
    struct hf_world *w = up_with(HF_PLATFORM_ANY);
    ask_all(w, (struct asking){.own_nonce = true, .image = "holdfast-1", .damaged = true});
    return w;
}

static struct hf_world *stage_debug(void)
{
    struct hf_world *w = up();
    ask_all(w, (struct asking){.own_nonce = true, .image = "holdfast-1", .debug = true});
    return w;
}

static struct hf_world *stage_measurement(void)
{
    struct hf_world *w = up();
    ask_all(w, (struct asking){.own_nonce = true, .image = "evil"});
    return w;
}

static struct hf_world *stage_network(void)
{
    struct hf_world *w = up();
    ask_all(w, (struct asking){.own_nonce = true, .image = "holdfast-1", .other_network = true});
    return w;
}

static struct hf_world *stage_drill(void)
{
    struct hf_world *w = up();
    struct hf_drill_report report;
    cr_log_info("drill: %s", hf_error_name(hf_world_drill(w, 0, 20000, &report)));
    return w;
}

/* A corrupt depositor: the quote of its deposits covers none of their transcripts. */
static int swap_quote(void *ctx, struct hf_world *w, const struct hf_message *m,
                      struct hf_verdict_on *ret)
{
    static const uint8_t nothing[64];
    struct hf__strategy_run *run = ctx;
    struct hf_owner_request request;
    struct hf_deposit deposit;
    struct hf_buf quote, body;
    if (m->method != HF_METHOD_DEPOSIT || m->response || m->from != 0 ||
        !hf__hostile_decode(run, &hf_wire_owner_request, m->body, &request) ||
        !hf__hostile_decode(run, &hf_wire_deposit, request.body, &deposit))
        return HF_FATE_PASS;
    hf_buf_init(&quote, 1 << 16);
    hf_buf_init(&body, 1 << 16);
    hf_world_quote(w, 0, "holdfast-1", false, nothing, &quote);
    deposit.quote = hf_buf_bytes(&quote);
    cr_assert_eq(hf_wire_encode(&hf_wire_deposit, &deposit, &body), 0);
    request.body = hf_buf_bytes(&body);
    bool signs = hf__hostile_sign(run, 0, "holdfast/v1/deposit", request.body, request.signature);
    cr_assert(signs);
    cr_assert_eq(hf_wire_encode(&hf_wire_owner_request, &request, ret->body), 0);
    hf_buf_done(&quote);
    hf_buf_done(&body);
    return HF_FATE_REPLACE;
}

static struct hf_world *stage_depositor(void)
{
    static const uint32_t who[] = {0};
    const struct hf__observer observer = {.sent = swap_quote};
    struct hf_world *w = testnet_new(6, 2, 3);
    hf__hostile_new(w, who, 1, observer, 0);
    hf_world_start_all(w);
    run_s(w, 30);
    return w;
}

static uint32_t a_holder(struct hf_world *w)
{
    uint32_t holders[16];
    cr_assert(testnet_holders(w, 0, holders) > 0);
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

static struct hf_world *stage_word_at_once(void)
{
    struct hf_world *w = up();
    testnet_restart(w, 0);
    run_s(w, 10);
    return w;
}

/* A record that node 0 sent under its first claim. */
struct heard {
    uint32_t to;
    struct hf_buf body;
};

static enum hf_fate hear(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct heard *h = ctx;
    (void)ret;
    if (m->method == HF_METHOD_RECORD && !m->response && m->from == 0 && h->body.len == 0) {
        h->to = m->to;
        hf_buf_append(&h->body, m->body.data, m->body.len);
    }
    return HF_FATE_PASS;
}

/* It is sent again after node 0 has claimed anew. */
static struct hf_world *stage_superseded(void)
{
    struct hf_world *w = testnet_new(6, 2, 3);
    struct heard h = {0};
    struct hf_buf answer;
    hf_buf_init(&h.body, 1 << 16);
    hf_buf_init(&answer, 1 << 16);
    hf_world_watch(w, hear, &h);
    hf_world_start_all(w);
    run_s(w, 30);
    cr_assert_gt(h.body.len, 0);
    testnet_restart(w, 0);
    run_s(w, 10);
    int r = hf_world_ask(w, h.to, HF_METHOD_RECORD, hf_world_account(w, 0), hf_buf_bytes(&h.body),
                         &answer);
    cr_log_info("the record: %s", hf_error_name(r));
    hf_world_watch(w, NULL, NULL);
    hf_buf_done(&h.body);
    hf_buf_done(&answer);
    return w;
}

static struct hf_world *stage_derive(void)
{
    struct hf_world *w = up();
    hf_world_local(w, 0, HF_LOCAL_KEY, "tss-db");
    run_s(w, 1);
    return w;
}

static struct hf_world *stage_unclaimed(void)
{
    struct hf_world *w = up();
    hf_world_rule(
        w, (struct hf_rule){
               .action = HF_RULE_DROP, .method = HF_METHOD_CLAIM, .from = 0, .to = HF_WORLD_ALL});
    testnet_restart(w, 0);
    run_s(w, 3);
    hf_world_local(w, 0, HF_LOCAL_KEY, "tss-db");
    run_s(w, 3);
    return w;
}

static struct hf_world *stage_release(void)
{
    struct hf_world *w = testnet_new(6, 2, 3);
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
    size_t count = testnet_holders(w, 0, holders);
    hf__strategy_find("wrong-shares")->begin(w, holders, count);
    for (unsigned i = 0; i < 20 && hf_world_violation(w) == NULL; i++) {
        testnet_restart(w, 0);
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

/* Node 0 is cut off, and a copy of it on the same machine becomes ready with two of its three
 * holders; ret: those. */
static struct hf_world *taken_over(uint32_t ret[static 16], uint32_t *ret_copy)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_from(&s, 15);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    cr_assert_eq(testnet_holders(w, 0, ret), 3);
    struct hf_disk *disk = hf_world_disk_copy(w, 0);
    *ret_copy = hf_world_add(w);
    hf_world_disk_put(w, *ret_copy, disk);
    hf_disk_free(disk);
    hf_world_machine(w, *ret_copy, 0);
    hf_world_isolate(w, 0);
    hf_world_cut(w, *ret_copy, ret[2]);
    hf_world_cut(w, ret[2], *ret_copy);
    hf_world_start(w, *ret_copy);
    return w;
}

/* Node 0 deals anew among those that keep nothing of its copy. */
static struct hf_world *stage_unsealed(void)
{
    uint32_t holders[16], theirs[16], copy;
    struct hf_world *w = taken_over(holders, &copy);
    run_s(w, 120);
    hf_world_heal(w);
    size_t count = testnet_holders(w, copy, theirs);
    for (size_t i = 0; i < count; i++) {
        hf_world_cut(w, 0, theirs[i]);
        hf_world_cut(w, theirs[i], 0);
    }
    hf_world_cut(w, copy, holders[2]);
    hf_world_cut(w, holders[2], copy);
    run_s(w, 180);
    return w;
}

/* Node 0 has not noticed yet, and still says that it is ready. */
static struct hf_world *stage_fresh(void)
{
    uint32_t holders[16], copy;
    struct hf_world *w = taken_over(holders, &copy);
    uint8_t key[HF_APP_KEY_LEN];
    cr_assert(hf_world_run_until_trace(w, copy, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    run_s(w, 1);
    cr_assert_eq(hf_world_state(w, 0), HF_STATE_READY);
    if (hf_world_key(w, 0, "new", TESTNET_MS, key, NULL) != 0)
        cr_log_info("no key");
    return w;
}

static const struct {
    const char *name;
    struct hf_world *(*run)(void);
} stages[] = {
    {"nonce", stage_nonce},
    {"report_data", stage_report_data},
    {"platform", stage_platform},
    {"rank", stage_rank},
    {"verdict", stage_verdict},
    {"debug", stage_debug},
    {"measurement", stage_measurement},
    {"network", stage_network},
    {"drill", stage_drill},
    {"depositor", stage_depositor},
    {"claim", stage_claim},
    {"word_at_once", stage_word_at_once},
    {"superseded", stage_superseded},
    {"provisional", stage_provisional},
    {"void", stage_void},
    {"ready", stage_ready},
    {"held", stage_held},
    {"release", stage_release},
    {"derive", stage_derive},
    {"unclaimed", stage_unclaimed},
    {"combine", stage_combine},
    {"delete", stage_delete},
    {"unsealed", stage_unsealed},
    {"fresh", stage_fresh},
    {"audit", stage_audit},
    {"accused", stage_accused},
    {"present", stage_present},
    {"incarnation", stage_incarnation},
    {"restored", stage_leave},
    {"retired", stage_leave},
    {"forks", stage_forks},
    {"ceased", stage_handover},
    {"untaken", stage_handover},
    {"uncarried", stage_handover},
    {"gave_up", stage_handover},
    {"unnoted", stage_repair},
    {"regained", stage_repair},
    {"unkept", stage_repair},
    {"handover_sends_first", stage_new_release_slow_disk},
    {"handover_serves_on", stage_new_release},
    {"handover_elsewhere", stage_new_release_elsewhere},
    {"silence", stage_silence},
    /* Seen while a network comes up. */
    {"at_once", up},
    {"unattested", up},
    {"binding", up},
    {"vault_behind", stage_vault},
    {"vault_untold", stage_vault},
    {"active_sealing", stage_keys},
    {"active_root", stage_keys},
    {"active_mesh", stage_keys},
    {"deleted_sealing", stage_dealt_later},
    {"deleted_root", stage_keys},
    {"certificate", up},
};

static void must_catch(const char *stage)
{
    const char *checker = getenv("CHECKER"), *sentence = getenv("SENTENCE");
    cr_assert(checker != NULL && sentence != NULL);
    for (size_t i = 0; i < HF_ARRAY_LEN(stages); i++) {
        if (strcmp(stages[i].name, stage) != 0)
            continue;
        struct hf_world *w = stages[i].run();
        const struct hf_violation *v = hf_world_violation(w);
        cr_assert_not_null(v, "nobody noticed");
        cr_assert_str_eq(v->checker, checker, "%s: %s", v->checker, v->text);
        cr_assert_not_null(strstr(v->text, sentence), "%s", v->text);
        hf_world_free(w);
        return;
    }
    cr_assert(false, "no such stage");
}

static void must_be_silent(void)
{
    for (size_t i = 0; i < HF_ARRAY_LEN(stages); i++) {
        struct hf_world *w = stages[i].run();
        const struct hf_violation *v = hf_world_violation(w);
        cr_assert_null(v, "%s: %s", stages[i].name, v == NULL ? "" : v->text);
        hf_world_free(w);
    }
}

Test(checkers, a_faulty_engine_is_caught_and_the_sound_one_is_not)
{
    const char *stage = getenv("STAGE");
    if (stage != NULL)
        must_catch(stage);
    else
        must_be_silent();
}
