/*
 * A network between daemons on one machine: what one sends another on loopback goes through here,
 * takes time, and may be lost, as the simulator has it. Only `fit` runs it.
 *
 *   fit_relay DELAY_US LOSS SEED LISTEN:TARGET...
 *
 * LISTEN and TARGET are ports of 127.0.0.1: who connects to LISTEN speaks to TARGET, and a datagram
 * to LISTEN goes on to TARGET. Each piece that is read counts as one segment of TCP: it arrives
 * DELAY_US later, and when it is lost, which LOSS is the chance of, a round trip and 200 ms after
 * that, then after twice as long; nothing overtakes it. A new connection costs a round trip before
 * its first byte, and a second for each lost flight of that handshake. Lost datagrams are gone.
 */
#include "base/check.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { PIECE_MAX = 65536, PORTS_MAX = 256, TRIES_MAX = 15 };
#define RESEND_US UINT64_C(200000)
#define SYN_US    UINT64_C(1000000)

static uv_loop_t *loop;
static uint64_t delay_us, state;
static double loss;

static uint64_t now_us(void)
{
    return uv_hrtime() / 1000;
}

/* xorshift64*: the seed says what is lost. */
static bool is_lost(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (double)((state * 0x2545f4914f6cdd1du) >> 11) * 0x1p-53 < loss;
}

static uint64_t late_us(uint64_t timeout_us)
{
    uint64_t late = 0;
    for (int i = 0; i < TRIES_MAX && is_lost(); i++, timeout_us *= 2)
        late += timeout_us;
    return late;
}

/* ---- Connections ---- */

struct piece {
    struct piece *next;
    uint64_t due_us;
    uv_write_t write;
    ssize_t len; /* 0: the end */
    char bytes[];
};

/* What goes one way. */
struct way {
    uv_tcp_t *from, *to;
    uv_timer_t timer;
    struct piece *first, *last;
    uint64_t free_us; /* nothing arrives before what was sent before it */
    struct pair *pair;
};

struct pair {
    uv_tcp_t ends[2];
    struct way ways[2];
    uv_connect_t connect;
    bool ended;
    unsigned closing;
};

static void on_closed(uv_handle_t *handle)
{
    struct pair *p = handle->data;
    if (--p->closing > 0)
        return;
    for (int i = 0; i < 2; i++) {
        while (p->ways[i].first != NULL) {
            struct piece *piece = p->ways[i].first;
            p->ways[i].first = piece->next;
            free(piece);
        }
    }
    free(p);
}

/* Both ends at once: who is connected to a daemon that died is to hear of it. */
static void end(struct pair *p)
{
    if (p->ended)
        return;
    p->ended = true;
    p->closing = 4;
    for (int i = 0; i < 2; i++) {
        uv_close((uv_handle_t *)&p->ends[i], on_closed);
        uv_close((uv_handle_t *)&p->ways[i].timer, on_closed);
    }
}

static void on_written(uv_write_t *write, int status)
{
    struct pair *p = write->handle->data;
    free(write->data);
    if (status != 0)
        end(p);
}

static void on_due(uv_timer_t *timer);

static void arm(struct way *way)
{
    if (way->first == NULL)
        return;
    uint64_t now = now_us(), due = way->first->due_us;
    uv_update_time(loop);
    uv_timer_start(&way->timer, on_due, due > now ? (due - now + 500) / 1000 : 0, 0);
}

static void on_due(uv_timer_t *timer)
{
    struct pair *p = timer->data;
    struct way *way = timer == &p->ways[0].timer ? &p->ways[0] : &p->ways[1];
    while (!p->ended && way->first != NULL && way->first->due_us <= now_us() + 500) {
        struct piece *piece = way->first;
        way->first = piece->next;
        if (way->first == NULL)
            way->last = NULL;
        if (piece->len == 0) {
            free(piece);
            end(p);
            return;
        }
        uv_buf_t buf = uv_buf_init(piece->bytes, (unsigned)piece->len);
        piece->write.data = piece;
        if (uv_write(&piece->write, (uv_stream_t *)way->to, &buf, 1, on_written) != 0) {
            free(piece);
            end(p);
            return;
        }
    }
    if (!p->ended)
        arm(way);
}

static void on_alloc(uv_handle_t *handle, size_t len, uv_buf_t *ret)
{
    static char bytes[PIECE_MAX];
    (void)handle;
    (void)len;
    *ret = uv_buf_init(bytes, sizeof(bytes));
}

static void on_read(uv_stream_t *from, ssize_t len, const uv_buf_t *buf)
{
    struct pair *p = from->data;
    struct way *way = from == (uv_stream_t *)&p->ends[0] ? &p->ways[0] : &p->ways[1];
    if (len == 0)
        return;
    size_t kept = len < 0 ? 0 : (size_t)len;
    struct piece *piece = malloc(sizeof(*piece) + kept);
    hf_assert(piece != NULL);
    uint64_t due = now_us() + delay_us + late_us(2 * delay_us + RESEND_US);
    *piece = (struct piece){.due_us = due > way->free_us ? due : way->free_us};
    piece->len = (ssize_t)kept;
    if (kept > 0)
        memcpy(piece->bytes, buf->base, kept);
    else
        uv_read_stop(from);
    way->free_us = piece->due_us;
    if (way->last == NULL)
        way->first = piece;
    else
        way->last->next = piece;
    way->last = piece;
    if (way->first == piece)
        arm(way);
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct pair *p = connect->data;
    if (status != 0) {
        end(p); /* its daemon is down: the caller hears of it */
        return;
    }
    for (int i = 0; i < 2 && !p->ended; i++)
        if (uv_read_start((uv_stream_t *)&p->ends[i], on_alloc, on_read) != 0)
            end(p);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct sockaddr_in target;
    struct pair *p = calloc(1, sizeof(*p));
    hf_assert(status == 0 && p != NULL);
    for (int i = 0; i < 2; i++) {
        uv_tcp_init(loop, &p->ends[i]);
        uv_timer_init(loop, &p->ways[i].timer);
        p->ends[i].data = p;
        p->ways[i] = (struct way){
            .from = &p->ends[i], .to = &p->ends[1 - i], .timer = p->ways[i].timer, .pair = p};
        p->ways[i].timer.data = p;
    }
    p->ways[0].free_us = now_us() + 3 * delay_us + late_us(SYN_US) + late_us(SYN_US);
    p->connect.data = p;
    uv_ip4_addr("127.0.0.1", (int)(intptr_t)listener->data, &target);
    if (uv_accept(listener, (uv_stream_t *)&p->ends[0]) != 0) {
        end(p);
        return;
    }
    for (int i = 0; i < 2; i++)
        uv_tcp_nodelay(&p->ends[i], 1);
    if (uv_tcp_connect(&p->connect, &p->ends[1], (const struct sockaddr *)&target, on_connected) !=
        0)
        end(p);
}

/* ---- Datagrams ---- */

struct gram {
    uv_timer_t timer;
    uv_udp_t *out;
    struct sockaddr_in to;
    size_t len;
    char bytes[];
};

static void on_gram_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_gram_due(uv_timer_t *timer)
{
    struct gram *g = timer->data;
    uv_buf_t buf = uv_buf_init(g->bytes, (unsigned)g->len);
    (void)uv_udp_try_send(g->out, &buf, 1, (const struct sockaddr *)&g->to);
    uv_close((uv_handle_t *)timer, on_gram_closed);
}

static void on_gram(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf, const struct sockaddr *from,
                    unsigned flags)
{
    (void)flags;
    if (len <= 0 || from == NULL || is_lost())
        return;
    struct gram *g = malloc(sizeof(*g) + (size_t)len);
    hf_assert(g != NULL);
    uv_timer_init(loop, &g->timer);
    g->timer.data = g;
    g->out = udp;
    g->len = (size_t)len;
    memcpy(g->bytes, buf->base, g->len);
    uv_ip4_addr("127.0.0.1", (int)(intptr_t)udp->data, &g->to);
    uv_timer_start(&g->timer, on_gram_due, (delay_us + 500) / 1000, 0);
}

static void serve(int port, int target)
{
    static uv_tcp_t listeners[PORTS_MAX];
    static uv_udp_t grams[PORTS_MAX];
    static unsigned count;
    struct sockaddr_in at;
    hf_assert(count < PORTS_MAX);
    uv_tcp_t *listener = &listeners[count];
    uv_udp_t *udp = &grams[count++];
    uv_ip4_addr("127.0.0.1", port, &at);
    uv_tcp_init(loop, listener);
    uv_udp_init(loop, udp);
    listener->data = (void *)(intptr_t)target;
    udp->data = (void *)(intptr_t)target;
    if (uv_tcp_bind(listener, (const struct sockaddr *)&at, 0) != 0 ||
        uv_listen((uv_stream_t *)listener, 128, on_connection) != 0 ||
        uv_udp_bind(udp, (const struct sockaddr *)&at, 0) != 0 ||
        uv_udp_recv_start(udp, on_alloc, on_gram) != 0) {
        fprintf(stderr, "fit_relay: port %d cannot be had\n", port);
        exit(EXIT_FAILURE);
    }
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: fit_relay DELAY_US LOSS SEED LISTEN:TARGET...\n");
        return EXIT_FAILURE;
    }
    delay_us = strtoull(argv[1], NULL, 10);
    loss = strtod(argv[2], NULL);
    state = strtoull(argv[3], NULL, 10) * 0x9e3779b97f4a7c15u + 1;
    loop = uv_default_loop();
    for (int i = 4; i < argc; i++) {
        char *end;
        long port = strtol(argv[i], &end, 10);
        hf_assert(*end == ':');
        serve((int)port, (int)strtol(end + 1, NULL, 10));
    }
    puts("ready");
    fflush(stdout);
    return uv_run(loop, UV_RUN_DEFAULT);
}
