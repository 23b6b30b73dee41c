#include "hostile/answer.h"

int hf__answer_spoil(struct hf__strategy_run *run, const struct hf_message *m,
                     struct hf_verdict_on *ret, hf__answer_fn *spoil)
{
    struct hf_recover_response response;
    struct hf_recover_answer answer;
    struct hf_buf encoded;
    bool done = false;
    if (!run->on || !m->response || m->error != 0 || !hf__hostile_has(run, m->from) ||
        (m->method != HF_METHOD_RECOVER && m->method != HF_METHOD_DRILL))
        return HF_FATE_PASS;
    hf_arena_reset(&run->arena);
    if (!hf__hostile_decode(run, &hf_wire_recover_response, m->body, &response) ||
        !hf__hostile_decode(run, &hf_wire_recover_answer, response.answer, &answer) ||
        answer.shares_count == 0 || !spoil(run, m, &answer))
        return HF_FATE_PASS;
    hf_buf_init(&encoded, 1 << 20);
    if (hf__encode_into(&hf_wire_recover_answer, &answer, &encoded) == 0 &&
        hf__hostile_sign(run, m->from, "holdfast/v1/recover-answer", hf_buf_bytes(&encoded),
                         response.signature)) {
        response.answer = hf_buf_bytes(&encoded);
        done = hf__encode_into(&hf_wire_recover_response, &response, ret->body) == 0;
    }
    hf_buf_done(&encoded);
    run->acts += done;
    return done ? HF_FATE_REPLACE : HF_FATE_PASS;
}
