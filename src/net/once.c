#include "net/once.h"

#include "base/error.h"

#include <stdio.h>
#include <uv.h>

struct waiting {
    const struct hf_net_batch *batch;
    struct hf_net *net;
    size_t next, running; /* calls that were begun, and those of them that have not ended */
};

static void on_stopped(void *user)
{
    struct waiting *w = user;
    hf_net_free(w->net);
    w->net = NULL;
}

static void begin_some(struct waiting *w)
{
    const struct hf_net_batch *b = w->batch;
    while (w->next < b->count && w->running < b->at_once) {
        struct hf_net_call call = b->calls[w->next];
        call.token = w->next++;
        int r = hf_net_call(w->net, &call);
        if (r == 0) {
            w->running++;
            continue;
        }
        const struct hf_net_result refused = {
            .token = call.token, .error = r, .reason = hf_error_sentence(r)};
        b->completed(b->user, w->net, &refused);
    }
    if (w->running == 0)
        hf_net_stop(w->net, on_stopped);
}

static void on_completed(void *user, const struct hf_net_result *result)
{
    struct waiting *w = user;
    w->batch->completed(w->batch->user, w->net, result);
    w->running--;
    begin_some(w);
}

static int identify(const struct hf_net_batch *b, struct hf_net *net)
{
    struct hf_account account;
    uint8_t signature[HF_NET_SIGNATURE_LEN];
    if (b->sign == NULL)
        return 0;
    int r = b->sign(b->user, hf_net_identity_request(net), &account, signature);
    return r == 0 ? hf_net_set_identity(net, &account, signature) : r;
}

int hf_net_batch(const struct hf_net_batch *b)
{
    uv_loop_t loop;
    struct waiting w = {.batch = b};
    struct hf_net_hooks hooks = {.user = &w,
                                 .verify = b->hooks->verify,
                                 .own_label = b->hooks->own_label,
                                 .peer_label = b->hooks->peer_label,
                                 .completed = on_completed};
    hf_assert(b->at_once > 0);
    if (uv_loop_init(&loop) != 0)
        return HF_ENOMEM;
    int r = hf_net_new(&loop, NULL, &hooks, &w.net);
    if (r == 0) {
        r = identify(b, w.net);
        if (r == 0)
            begin_some(&w);
        else
            hf_net_stop(w.net, on_stopped);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    int closed = uv_loop_close(&loop);
    hf_assert(closed == 0 && w.net == NULL && w.running == 0);
    return r;
}

/* ---- one call */

struct answer {
    const struct hf_net_once *once;
    int error, status;
    struct hf_buf *body;
    char *reason;
};

static void on_answer(void *user, struct hf_net *net, const struct hf_net_result *result)
{
    struct answer *a = user;
    (void)net;
    a->error = result->error;
    a->status = result->status;
    if (result->error != 0)
        snprintf(a->reason, HF_NET_REASON_MAX, "%s", result->reason);
    else
        hf_buf_append(a->body, result->body.data, result->body.len);
}

static int sign(void *user, struct hf_bytes spki, struct hf_account *ret_account,
                uint8_t ret_signature[static HF_NET_SIGNATURE_LEN])
{
    const struct answer *a = user;
    return a->once->sign(a->once->user, spki, ret_account, ret_signature);
}

int hf_net_once(const struct hf_net_once *once, int *ret_status, struct hf_buf *ret_body,
                char *ret_reason)
{
    struct answer a = {.once = once, .body = ret_body, .reason = ret_reason};
    const struct hf_net_batch batch = {.calls = once->call,
                                       .count = 1,
                                       .at_once = 1,
                                       .hooks = once->hooks,
                                       .sign = sign,
                                       .completed = on_answer,
                                       .user = &a};
    ret_reason[0] = '\0';
    int r = hf_net_batch(&batch);
    if (r == 0)
        r = a.error != 0 ? a.error : ret_body->error;
    *ret_status = a.status;
    return r;
}
