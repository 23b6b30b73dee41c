/* The public side of outgoing calls: checked, copied, put in line; given up when their time is
 * over. */
#include "internal.h"
#include "vsock.h"

#include <stdio.h>
#include <stdlib.h>

void hf__call_free(struct hf__call *call)
{
    hf_assert(call->net->calls > 0);
    call->net->calls--;
    call->net->stats.calls_running--;
    hf_buf_done(&call->answer);
    free(call->body);
    free(call);
}

/* Takes a call that has not ended from wherever it is. */
static void give_up(struct hf__call *call, int error, const char *reason)
{
    struct hf__conn *conn = call->conn;
    if (conn != NULL && !conn->closing) {
        nghttp2_submit_rst_stream(conn->h2, NGHTTP2_FLAG_NONE, call->stream, NGHTTP2_CANCEL);
        hf__conn_touch(conn);
    }
    hf__call_finish(call, error, reason, "");
}

static void on_call_due(struct hf__deadline *d)
{
    struct hf__call *call = hf__container(d, struct hf__call, deadline);
    struct hf__conn *conn = call->conn;
    uint64_t now = hf__now_ms(call->net);
    /* A peer that lives says something at least once in a while, if only to a PING. */
    bool silent = conn != NULL && now - conn->input_ms >= (now - call->since_ms) / 2;
    call->net->stats.timeout_call++;
    give_up(call, HF_ETIMEOUT,
            conn != NULL ? "no answer before the deadline" : "no connection before the deadline");
    if (silent)
        hf__conn_suspect(conn);
}

/* HF_EINVAL, HF_ETOOBIG. */
static int check(const struct hf_net_call *c)
{
    size_t path_len = c->path == NULL ? 0 : strnlen(c->path, HF_NET_PATH_MAX + 1);
    if (path_len == 0 || path_len > HF_NET_PATH_MAX || c->path[0] != '/' || c->deadline_ms == 0)
        return HF_EINVAL;
    if (c->address == NULL || (hf__vsock_named(c->address) && (c->flags & HF_NET_VSOCK_OK) == 0) ||
        (c->method == HF_NET_GET && c->body.len > 0))
        return HF_EINVAL;
    return c->body.len > HF_NET_BODY_CEILING || c->answer_bytes_max > HF_NET_BODY_CEILING
               ? HF_ETOOBIG
               : 0;
}

static struct hf__call *call_new(struct hf_net *net, const struct hf_net_call *c)
{
    struct hf__call *call = calloc(1, sizeof *call);
    uint8_t *body = malloc(c->body.len + 1);
    if (call == NULL || body == NULL ||
        hf__deadlines_add(&net->deadlines, &call->deadline, on_call_due) != 0) {
        free(call);
        free(body);
        return NULL;
    }
    if (c->body.len > 0)
        memcpy(body, c->body.data, c->body.len);
    call->net = net;
    call->token = c->token;
    call->flags = c->flags;
    call->method = c->method;
    call->body = body;
    call->body_len = c->body.len;
    if (c->account != NULL) {
        call->has_account = true;
        call->account = *c->account;
    }
    memcpy(call->path, c->path, strlen(c->path));
    hf_buf_init(&call->answer,
                c->answer_bytes_max == 0 ? net->limits.body_bytes_max : c->answer_bytes_max);
    hf__list_init(&call->link);
    net->calls++;
    net->stats.calls++;
    net->stats.calls_running++;
    return call;
}

int hf_net_call(struct hf_net *net, const struct hf_net_call *c)
{
    int r = check(c);
    if (r != 0)
        return r;
    if (net->stopping || net->hooks.completed == NULL)
        return HF_ECANCELED;
    if (net->calls >= net->limits.calls_max)
        return HF_EBUSY;
    struct hf__target *target = hf__target_get(net, c->address, &r);
    if (target == NULL)
        return r;
    struct hf__call *call = call_new(net, c);
    if (call == NULL) {
        hf__target_unref(target);
        return HF_ENOMEM;
    }
    /* The loop's clock stands still while its thread works: a deadline counts from the real now. */
    uv_update_time(net->loop);
    hf__set_deadline(net, &call->deadline, hf__now_ms(net) + c->deadline_ms);
    memcpy(call->peer.address, c->address, strlen(c->address));
    call->target = target;
    hf__list_append(&target->waiting, &call->link);
    hf__target_kick(target);
    return 0;
}
