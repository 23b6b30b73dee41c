#include "internal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

uint64_t hf__now_ms(struct hf_net *net)
{
    return uv_now(net->loop);
}

void hf__last_reason(char *ret, const char *address, const char *text, const char *detail)
{
    bool more = detail != NULL && detail[0] != '\0';
    snprintf(ret, HF_NET_REASON_MAX, "%s: %s%s%s%s", address, text, more ? " (" : "",
             more ? detail : "", more ? ")" : "");
}

/* Ends a stopping hf_net in two steps: when nothing is left but its own
 * handles, and when these are closed. */
static void on_own_handle_closed(uv_handle_t *handle)
{
    struct hf_net *net = handle->data;
    if (--net->handles == 0)
        net->done(net->hooks.user);
}

static void maybe_end(struct hf_net *net)
{
    if (!net->stopping || net->handles > 0 || net->calls > 0 || !hf__list_empty(&net->targets) ||
        uv_is_closing((uv_handle_t *)&net->timer))
        return;
    net->handles = 2;
    uv_close((uv_handle_t *)&net->timer, on_own_handle_closed);
    uv_close((uv_handle_t *)&net->idle, on_own_handle_closed);
}

void hf__handle_gone(struct hf_net *net)
{
    hf_assert(net->handles > 0);
    net->handles--;
    maybe_end(net);
}

static void deliver(struct hf__call *call)
{
    struct hf_net *net = call->net;
    struct hf_net_result result = {
        .token = call->token,
        .error = call->error,
        .status = call->status,
        .type = call->type,
        .body = call->error == 0 ? hf_buf_bytes(&call->answer) : (struct hf_bytes){0},
        .peer =
            {
                .conn = call->peer.conn,
                .outgoing = true,
                .account = call->peer.has_account ? &call->peer.account : NULL,
                .address = call->peer.address,
            },
        .reason = call->reason,
    };
    net->hooks.completed(net->hooks.user, &result);
    hf__call_free(call);
}

/* Who asks or holds too much is named to the daemon, where it is known. A refusal may be made
 * inside a function that the daemon calls; here none is under way. */
static void tell_excess(struct hf__conn *conn)
{
    const struct hf_net_hooks *hooks = &conn->net->hooks;
    bool told = conn->has_account && !conn->outgoing && hooks->excess != NULL;
    for (; told && conn->excess > 0; conn->excess--)
        hooks->excess(hooks->user, &conn->account);
    conn->excess = 0;
}

/*
 * What was put off, in the order in which one kind makes the next: calls to give to connections,
 * output to write, results to hand over. What the hooks add meanwhile waits for the next turn, so
 * that the loop turns.
 */
static void on_idle(uv_idle_t *idle)
{
    struct hf_net *net = idle->data;
    struct hf__list work;
    uv_idle_stop(idle);
    hf__list_init(&work);
    hf__list_move(&work, &net->kicked);
    while (!hf__list_empty(&work)) {
        struct hf__target *t = hf__container(work.next, struct hf__target, kicked_link);
        hf__list_remove(&t->kicked_link);
        t->kicked = false;
        hf__target_serve(t);
        hf__target_unref(t);
    }
    hf__list_move(&work, &net->dirty);
    while (!hf__list_empty(&work)) {
        struct hf__conn *conn = hf__container(work.next, struct hf__conn, dirty_link);
        hf__list_remove(&conn->dirty_link);
        conn->dirty = false;
        hf__conn_flush(conn);
        tell_excess(conn);
    }
    hf__list_move(&work, &net->finished);
    while (!hf__list_empty(&work)) {
        struct hf__call *call = hf__container(work.next, struct hf__call, link);
        hf__list_remove(&call->link);
        deliver(call);
    }
    maybe_end(net);
}

void hf__wake(struct hf_net *net)
{
    if (!uv_is_closing((uv_handle_t *)&net->idle))
        uv_idle_start(&net->idle, on_idle);
}

static void on_timer(uv_timer_t *timer);

/* The timer is only ever moved forward; one that fires early finds nothing due and is set anew. */
static void arm(struct hf_net *net)
{
    uint64_t next = hf__deadlines_next(&net->deadlines);
    if (next >= net->timer_ms || uv_is_closing((uv_handle_t *)&net->timer))
        return;
    uint64_t now = hf__now_ms(net);
    net->timer_ms = next;
    uv_timer_start(&net->timer, on_timer, next > now ? next - now : 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct hf_net *net = timer->data;
    uint64_t now = hf__now_ms(net);
    net->timer_ms = HF__NEVER;
    while (hf__deadlines_run_one(&net->deadlines, now))
        ;
    arm(net);
}

void hf__set_deadline(struct hf_net *net, struct hf__deadline *d, uint64_t at_ms)
{
    hf__deadlines_set(&net->deadlines, d, at_ms);
    arm(net);
}

static void free_parts(struct hf_net *net)
{
    if (net->accept_again.due != NULL)
        hf__deadlines_remove(&net->deadlines, &net->accept_again);
    hf__tls_context_done(&net->tls);
    nghttp2_session_callbacks_del(net->server_callbacks);
    nghttp2_session_callbacks_del(net->client_callbacks);
    nghttp2_option_del(net->option);
    hf__resolver_done(net);
    hf__deadlines_done(&net->deadlines);
    hf__sources_done(&net->sources);
    hf_buf_done(&net->out);
    free(net->slots);
    free(net->read_buf);
    free(net->plain);
    free(net);
}

/* libuv writes to sockets without MSG_NOSIGNAL: a peer that went away must not end the process. */
static void ignore_sigpipe(void)
{
    struct sigaction act;
    if (sigaction(SIGPIPE, NULL, &act) != 0 || act.sa_handler != SIG_DFL)
        return;
    act.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &act, NULL);
}

int hf_net_new(struct uv_loop_s *loop, const struct hf_net_limits *limits,
               const struct hf_net_hooks *hooks, struct hf_net **ret_net)
{
    if (limits == NULL)
        limits = &hf_net_limits_default;
    if (!hf__limits_valid(limits) || hooks->verify == NULL)
        return HF_EINVAL;
    struct hf_net *net = calloc(1, sizeof *net);
    if (net == NULL)
        return HF_ENOMEM;
    net->loop = loop;
    net->limits = *limits;
    net->hooks = *hooks;
    net->timer_ms = HF__NEVER;
    hf__list_init(&net->conns);
    hf__list_init(&net->dirty);
    hf__list_init(&net->finished);
    hf__list_init(&net->targets);
    hf__list_init(&net->kicked);
    uint64_t secret = 0;
    hf_buf_init(&net->out, 4 << 20);
    net->read_buf = malloc(HF_NET_READ_LEN);
    net->plain = malloc(HF__PLAIN_LEN);
    int r = net->read_buf == NULL || net->plain == NULL ? HF_ENOMEM : 0;
    if (r == 0 && uv_random(NULL, NULL, &secret, sizeof secret, 0, NULL) != 0)
        r = HF_EINTERNAL;
    hf__sources_init(&net->sources, secret);
    hf__kinds_init(net);
    if (r == 0)
        r = hf__deadlines_add(&net->deadlines, &net->accept_again, hf__accept_due);
    if (r == 0)
        r = hf__resolver_init(net);
    if (r == 0)
        r = hf__h2_callbacks_init(net);
    if (r == 0)
        r = hf__tls_context_init(&net->tls, &net->out);
    if (r == 0 && hooks->peer_label != NULL)
        net->tls.peer_label = hooks->peer_label;
    if (r != 0) {
        free_parts(net);
        return r;
    }
    ignore_sigpipe();
    hf_assert(uv_idle_init(loop, &net->idle) == 0 && uv_timer_init(loop, &net->timer) == 0);
    net->idle.data = net;
    net->timer.data = net;
    *ret_net = net;
    return 0;
}

void hf_net_stop(struct hf_net *net, void (*done)(void *user))
{
    hf_assert(!net->stopping);
    net->stopping = true;
    net->done = done;
    hf_net_unlisten(net);
    hf__resolver_stop(net);
    for (struct hf__list *l = net->conns.next, *next; l != &net->conns; l = next) {
        next = l->next;
        hf__conn_close(hf__container(l, struct hf__conn, link), HF_ECANCELED, "stopped", "");
    }
    /* The targets' lists may change as their last call leaves, so each is held
     * while it is emptied. */
    for (struct hf__list *l = net->targets.next, *next; l != &net->targets; l = next) {
        struct hf__target *t = hf__container(l, struct hf__target, link);
        t->refs++;
        while (!hf__list_empty(&t->waiting))
            hf__call_finish(hf__container(t->waiting.next, struct hf__call, link), HF_ECANCELED,
                            "stopped", "");
        next = l->next;
        hf__target_unref(t);
    }
    /* The end is never announced from here: on_idle finds it, if nothing else does. */
    hf__wake(net);
}

void hf_net_free(struct hf_net *net)
{
    if (net == NULL)
        return;
    hf_assert(net->stopping && net->handles == 0 && net->calls == 0);
    free_parts(net);
}

struct hf_bytes hf_net_identity_request(const struct hf_net *net)
{
    return hf_bytes_of(net->tls.spki, net->tls.spki_len);
}

int hf_net_set_identity(struct hf_net *net, const struct hf_account *account,
                        const uint8_t *signature)
{
    const char *own_label = net->hooks.own_label != NULL ? net->hooks.own_label : HF_NET_TLS_LABEL;
    if (account != NULL &&
        net->hooks.verify(account, own_label, hf_net_identity_request(net), signature) != 0)
        return HF_ESIGNATURE;
    int r = hf__tls_context_certify(&net->tls, account, signature);
    if (r != 0)
        return r;
    for (struct hf__list *l = net->conns.next, *next; l != &net->conns; l = next) {
        next = l->next;
        hf__conn_drain(hf__container(l, struct hf__conn, link));
    }
    return 0;
}

const struct hf_net_stats *hf_net_stats(const struct hf_net *net)
{
    return &net->stats;
}
