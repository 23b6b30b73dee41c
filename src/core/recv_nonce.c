/* /v1/nonce: the first step of recovery, for an asker that has proved nothing: it costs no
 * memory (proto/PROTOCOL.md, 8). */
#include "base/error.h"
#include "node.h"
#include "provider.h"

struct hf_bytes hf__recover_context(struct hf_engine *e, const uint8_t account[static 32],
                                    const uint8_t response_key[static 32])
{
    uint8_t *context = hf__scratch(e, 5 + 32 + 32);
    memcpy(context, "nonce", 5);
    memcpy(context + 5, account, 32);
    memcpy(context + 37, response_key, 32);
    return hf_bytes_of(context, 69);
}

int hf__recv_nonce(struct hf_engine *e, uint64_t id, struct hf_bytes body)
{
    struct hf_msg_nonce_request m;
    struct hf_msg_nonce_response answer = {0};
    struct hf_msg_owner_row row;
    int r = hf__decode(e, &hf_wire_nonce_request, body, &m);
    if (r == 0)
        r = hf__documents_ready(e);
    if (r == 0)
        r = hf__versions_check(e, &m.versions);
    if (r == 0 && hf_set_find(e->set, m.account) < 0)
        r = HF_ENOTMEMBER;
    if (r == 0 && !hf__owner_row(e, m.account, &row))
        r = HF_ENOSHARE;
    if (r != 0)
        return r;
    hf__versions(e, &answer.versions);
    memcpy(answer.provider, e->account, 32);
    hf__nonce_make(e, hf__recover_context(e, m.account, m.response_key), answer.nonce);
    hf__reply(e, id, 0, hf__encode(e, &hf_wire_nonce_response, &answer), true);
    return 0;
}
