/* Stages for checkers of what members find out about each other. */
#include "hostile/hostile.h"
#include "stages.h"
#include "testnet.h"

#include "wire/messages.h"

#include <criterion/criterion.h>

/* A holder answers audits with proofs of something else. */
static int turn_proof(void *ctx, struct hf_world *w, const struct hf_message *m,
                      struct hf_verdict_on *ret)
{
    struct hf__strategy_run *run = ctx;
    struct hf_ack_response response;
    struct hf_ack_statement statement;
    struct hf_buf encoded;
    (void)w;
    if (m->method != HF_METHOD_STANDING || !m->response || m->error != 0 ||
        !hf__hostile_decode(run, &hf_wire_ack_response, m->body, &response) ||
        !hf__hostile_decode(run, &hf_wire_ack_statement, response.statement, &statement) ||
        !statement.has_proof)
        return HF_FATE_PASS;
    statement.proof[5] ^= 1;
    hf_buf_init(&encoded, 4096);
    cr_assert_eq(hf_wire_encode(&hf_wire_ack_statement, &statement, &encoded), 0);
    response.statement = hf_buf_bytes(&encoded);
    cr_assert(
        hf__hostile_sign(run, m->from, "holdfast/v1/ack", response.statement, response.signature));
    cr_assert_eq(hf_wire_encode(&hf_wire_ack_response, &response, ret->body), 0);
    hf_buf_done(&encoded);
    return HF_FATE_REPLACE;
}

struct hf_world *stage_audit(void)
{
    static const uint32_t who[] = {0};
    const struct hf__observer observer = {.sent = turn_proof};
    struct hf_world_settings s = testnet_settings(2, 3);
    s.timing.audit_ms = 5000;
    struct hf_world *w = testnet_from(&s, 6);
    hf__hostile_new(w, who, 1, observer, 0);
    for (uint32_t i = 0; i < hf_world_count(w); i++)
        hf_world_corrupt(w, i);
    hf_world_start_all(w);
    run_s(w, 60);
    return w;
}

/* All are sound, and each proves its shares again and again. */
struct hf_world *stage_accused(void)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    s.timing.audit_ms = 5000;
    struct hf_world *w = testnet_from(&s, 6);
    hf_world_start_all(w);
    run_s(w, 60);
    return w;
}

/* Nothing happens for long enough that a suspected member would be unreachable. */
struct hf_world *stage_present(void)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    s.policy.holder_grace_s = 600;
    struct hf_world *w = testnet_from(&s, 6);
    hf_world_start_all(w);
    run_s(w, 300);
    return w;
}

/* Each drains and comes back: three words of each, with its greeting. */
struct hf_world *stage_incarnation(void)
{
    struct hf_world *w = testnet_new(6, 2, 3);
    hf_world_start_all(w);
    run_s(w, 30);
    for (uint32_t i = 0; i < 6; i++) {
        hf_world_local(w, i, HF_LOCAL_DRAIN, NULL);
        run_s(w, 5);
        hf_world_local(w, i, HF_LOCAL_UNDRAIN, NULL);
        run_s(w, 5);
    }
    return w;
}

/* A network in which node 4 can place nothing. */
static struct hf_world *one_unplaced(void)
{
    struct hf_world *w = testnet_new(6, 2, 3);
    hf_world_rule(
        w, (struct hf_rule){
               .action = HF_RULE_DROP, .method = HF_METHOD_DEPOSIT, .from = 4, .to = HF_WORLD_ALL});
    return w;
}

struct hf_world *stage_ready(void)
{
    struct hf_world *w = one_unplaced();
    hf_world_start_all(w);
    run_s(w, 60);
    return w;
}

/* A holder that never comes to be placed confirms a record, and dies with all it holds before that
 * is heard. */
struct hf_world *stage_held(void)
{
    struct hf_world *w = one_unplaced();
    unsigned late = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DELAY,
                                                      .method = HF_METHOD_RECORD,
                                                      .response = true,
                                                      .from = 4,
                                                      .to = HF_WORLD_ALL,
                                                      .delay_us = 1000000});
    hf_world_start_all(w);
    for (unsigned i = 0; i < 6000 && hf_world_rule_hits(w, late) == 0; i++)
        hf_world_run_for(w, 10);
    testnet_restart(w, 4);
    run_s(w, 30);
    return w;
}

/* A holder leaves, and its owners have all the time that they may take. */
struct hf_world *stage_leave(void)
{
    struct hf_world *w = testnet_new(7, 2, 3);
    uint32_t holders[16];
    hf_world_start_all(w);
    run_s(w, 60);
    if (testnet_holders(w, 0, holders) == 0)
        return w;
    if (hf_world_leave(w, holders[0], 7 * 86400, TESTNET_MS) != 0)
        cr_log_info("it does not leave");
    run_s(w, 240);
    return w;
}

/* Node 0 is placed, and down; it runs on where it has no holders. */
static struct hf_world *owner_off(uint8_t k, uint32_t ret_holders[static 16])
{
    struct hf_world_settings s = testnet_settings(k, 5);
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_from(&s, 10);
    hf_world_start_all(w);
    run_s(w, 60);
    if (testnet_holders(w, 0, ret_holders) > 0)
        hf_world_crash(w, 0);
    return w;
}

/* A holder leaves while an owner is down; the other holders hear of its transfer late. */
struct hf_world *stage_handover(void)
{
    uint32_t holders[16];
    struct hf_world *w = owner_off(3, holders);
    if (hf_world_running(w, 0))
        return w;
    run_s(w, 60);
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DELAY,
                                      .method = HF_METHOD_TRANSFER,
                                      .from = HF_WORLD_ALL,
                                      .to = HF_WORLD_ALL,
                                      .delay_us = 3000000});
    if (hf_world_leave(w, holders[0], 7 * 86400, TESTNET_MS) != 0)
        cr_log_info("it does not leave");
    run_s(w, 120);
    return w;
}

/* A holder is removed while an owner is down. */
struct hf_world *stage_repair(void)
{
    uint32_t holders[16];
    struct hf_world *w = owner_off(3, holders);
    if (hf_world_running(w, 0))
        return w;
    hf_world_crash(w, holders[0]);
    hf_world_set_remove(w, holders[0]);
    hf_world_set_issue(w);
    run_s(w, 240);
    return w;
}

/* Two holders are silent while an owner is down. */
struct hf_world *stage_silence(void)
{
    uint32_t holders[16];
    struct hf_world *w = owner_off(2, holders);
    if (hf_world_running(w, 0))
        return w;
    hf_world_power_off(w, holders[0]);
    hf_world_power_off(w, holders[1]);
    run_s(w, 300);
    return w;
}
