#include "net/once.h"

#include "base/error.h"

#include <stdio.h>
#include <uv.h>

struct waiting {
    struct hf_net *net;
    int error, status;
    struct hf_buf *body;
    char *reason;
};

static void on_stopped(void *user)
{
    struct waiting *w = user;
    hf_net_free(w->net);
    w->net = NULL;
}

static void on_completed(void *user, const struct hf_net_result *result)
{
    struct waiting *w = user;
    w->error = result->error;
    w->status = result->status;
    if (result->error != 0)
        snprintf(w->reason, HF_NET_REASON_MAX, "%s", result->reason);
    else
        hf_buf_append(w->body, result->body.data, result->body.len);
    hf_net_stop(w->net, on_stopped);
}

static int identify(const struct hf_net_once *once, struct hf_net *net)
{
    struct hf_account account;
    uint8_t signature[HF_NET_SIGNATURE_LEN];
    int r = once->sign(once->user, hf_net_identity_request(net), &account, signature);
    return r == 0 ? hf_net_set_identity(net, &account, signature) : r;
}

int hf_net_once(const struct hf_net_once *once, int *ret_status, struct hf_buf *ret_body,
                char *ret_reason)
{
    uv_loop_t loop;
    struct waiting w = {.body = ret_body, .reason = ret_reason};
    struct hf_net_hooks hooks = {.user = &w,
                                 .verify = once->hooks->verify,
                                 .own_label = once->hooks->own_label,
                                 .peer_label = once->hooks->peer_label,
                                 .completed = on_completed};
    ret_reason[0] = '\0';
    if (uv_loop_init(&loop) != 0)
        return HF_ENOMEM;
    int r = hf_net_new(&loop, NULL, &hooks, &w.net);
    if (r == 0) {
        r = identify(once, w.net);
        if (r == 0)
            r = hf_net_call(w.net, once->call);
        if (r != 0)
            hf_net_stop(w.net, on_stopped);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    int closed = uv_loop_close(&loop);
    hf_assert(closed == 0 && w.net == NULL);
    if (r == 0)
        r = w.error != 0 ? w.error : ret_body->error;
    *ret_status = w.status;
    return r;
}
