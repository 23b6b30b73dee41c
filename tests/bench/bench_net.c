/*
 * The transport on loopback, both ends on one thread: one JSON line a figure, {"name", "per_s",
 * "us"}. Beside the handshakes stands their floor: OpenSSL's own, with the same key, certificates
 * and judgement of the account, but no sockets, no HTTP/2 and no loop. An argument sets the
 * milliseconds spent on each.
 */
#include "base/secret.h"
#include "crypto/suite.h"
#include "internal.h"
#include "tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

enum { IN_FLIGHT = 32, BODY = 256, CONNECTIONS = 100, RATE_MAX = 1000000 };

struct end {
    struct hf_net *net;
    struct hf_account account;
    uint8_t secret[HF_SIGN_SECRET_LEN];
    char address[HF_NET_ADDRESS_MAX];
};

static struct {
    uv_loop_t loop;
    struct end server, client;
    unsigned long done;
    unsigned in_flight;
    bool fresh; /* a connection of its own for each call */
    bool stopping;
} world;

static double now_s(void)
{
    struct timespec t;
    hf_assert(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void report(const char *name, unsigned long count, double spent_s)
{
    printf("{\"name\": \"%s\", \"per_s\": %.0f, \"us\": %.2f}\n", name, (double)count / spent_s,
           spent_s / (double)count * 1e6);
}

static int verify(const struct hf_account *account, const char *label, struct hf_bytes data,
                  const uint8_t signature[static HF_NET_SIGNATURE_LEN])
{
    return hf_suite_real.verify(account->bytes, label, data, signature);
}

static void call_to(const char *address)
{
    static const uint8_t body[BODY];
    const struct hf_net_call c = {
        .address = address,
        .account = &world.server.account,
        .method = HF_NET_POST,
        .path = "/v1/echo",
        .body = hf_bytes_of(body, sizeof(body)),
        .deadline_ms = 60000,
    };
    hf_assert(hf_net_call(world.client.net, &c) == 0);
    world.in_flight++;
}

static void call(void)
{
    call_to(world.server.address);
}

static void on_request(void *user, const struct hf_net_request *request)
{
    const struct end *e = user;
    hf_net_reply(e->net, request->handle, 200, HF_NET_MSGPACK, request->body);
}

static void on_completed(void *user, const struct hf_net_result *result)
{
    const struct end *e = user;
    hf_assert(result->error == 0 && result->body.len == BODY);
    world.done++;
    world.in_flight--;
    if (world.fresh)
        hf__conn_close(hf__conn_find(e->net, result->peer.conn), HF_ECONNRESET, "measured", "");
    if (!world.stopping)
        call();
}

static void end_init(struct end *e, struct hf_rng *rng)
{
    const struct hf_net_hooks hooks = {
        .user = e, .verify = verify, .request = on_request, .completed = on_completed};
    uint8_t signature[HF_SIGNATURE_LEN];
    struct hf_net_limits limits = hf_net_limits_default;
    /* What is measured is what they cost, and not how many a stranger may make. */
    struct hf_net_share *share = &limits.share[HF_NET_STRANGER];
    share->accepts_burst = share->accepts_all_burst = RATE_MAX;
    share->accepts_per_s = share->accepts_all_per_s = RATE_MAX;
    share->requests_burst = share->requests_per_s = RATE_MAX;
    share->handshakes_max = share->connections_each = share->connections_max;
    share->handshakes_each = share->connections_max;
    hf_suite_real.sign_keypair(rng, e->account.bytes, e->secret);
    hf_assert(hf_net_new(&world.loop, &limits, &hooks, &e->net) == 0);
    hf_suite_real.sign(e->secret, HF_NET_TLS_LABEL, hf_net_identity_request(e->net), signature);
    hf_assert(hf_net_set_identity(e->net, &e->account, signature) == 0);
}

static void measure(const char *name, unsigned in_flight, bool fresh, double budget_s)
{
    world.fresh = fresh;
    world.stopping = false;
    for (unsigned i = 0; i < in_flight; i++)
        call();
    while (world.done < 100)
        uv_run(&world.loop, UV_RUN_ONCE);
    world.done = 0;
    double start = now_s(), spent;
    do {
        uv_run(&world.loop, UV_RUN_ONCE);
        spent = now_s() - start;
    } while (spent < budget_s);
    report(name, world.done, spent);
    world.stopping = true;
    while (world.in_flight > 0)
        uv_run(&world.loop, UV_RUN_ONCE);
    world.done = 0;
}

/* One end of a handshake without sockets: its output is the other's input. */
static int turn(struct hf__tls *t, struct hf_buf *out, const struct hf_buf *in)
{
    t->in = hf_buf_bytes(in);
    hf_buf_clear(out);
    return hf__tls_handshake(t);
}

static void bare_handshake(struct hf__tls_context *c, struct hf_buf *out, struct hf_buf *copy)
{
    struct hf__tls client, server;
    struct hf_account account;
    bool has_account;
    enum hf__tls_failure failure;
    hf_assert(hf__tls_init(&client, c, false) == 0 && hf__tls_init(&server, c, true) == 0);
    int client_done = 0, server_done = 0;
    hf_buf_clear(out);
    while (client_done != 1 || server_done != 1) {
        hf_buf_clear(copy);
        hf_buf_append(copy, out->data, out->len);
        client_done = turn(&client, out, copy);
        hf_buf_clear(copy);
        hf_buf_append(copy, out->data, out->len);
        server_done = turn(&server, out, copy);
        hf_assert(client_done >= 0 && server_done >= 0);
    }
    hf_assert(hf__tls_judge(&client, verify, &has_account, &account, &failure) == 0 && has_account);
    hf_assert(hf__tls_judge(&server, verify, &has_account, &account, &failure) == 0 && has_account);
    hf__tls_done(&client);
    hf__tls_done(&server);
}

static void measure_bare(double budget_s)
{
    struct hf__tls_context c;
    struct hf_buf out, copy;
    uint8_t signature[HF_SIGNATURE_LEN];
    hf_buf_init(&out, 1 << 20);
    hf_buf_init(&copy, 1 << 20);
    hf_assert(hf__tls_context_init(&c, &out) == 0);
    hf_suite_real.sign(world.server.secret, HF_NET_TLS_LABEL, hf_bytes_of(c.spki, c.spki_len),
                       signature);
    hf_assert(hf__tls_context_certify(&c, &world.server.account, signature) == 0);
    unsigned long count = 0;
    double start = now_s(), spent;
    do {
        bare_handshake(&c, &out, &copy);
        count++;
        spent = now_s() - start;
    } while (spent < budget_s);
    report("handshake_bare_both_ends", count, spent);
    hf__tls_context_done(&c);
    hf_buf_done(&out);
    hf_buf_done(&copy);
}

/* Anonymous memory of this process in kB, from the kernel. */
static long anonymous_kb(void)
{
    char line[256];
    long kb = -1;
    FILE *f = fopen("/proc/self/status", "r");
    hf_assert(f != NULL);
    while (fgets(line, sizeof(line), f) != NULL)
        if (strncmp(line, "RssAnon:", 8) == 0)
            kb = strtol(line + 8, NULL, 10);
    fclose(f);
    return kb;
}

/* What an idle connection costs, both ends of it together: each name of this address has one of its
 * own. */
static void measure_memory(void)
{
    const char *port = strchr(world.server.address, ':');
    long before = anonymous_kb();
    world.stopping = true;
    world.fresh = false;
    for (int i = 0; i < CONNECTIONS; i++) {
        char address[32];
        snprintf(address, sizeof(address), "127.0.1.%d%s", i + 1, port);
        call_to(address);
    }
    while (world.in_flight > 0)
        uv_run(&world.loop, UV_RUN_ONCE);
    printf("{\"name\": \"idle_connection_both_ends\", \"kb\": %.1f}\n",
           (double)(anonymous_kb() - before) / CONNECTIONS);
}

int main(int argc, char **argv)
{
    const double budget_s = (argc > 1 ? strtod(argv[1], NULL) : 1000.0) / 1000.0;
    struct hf_rng rng;
    hf_assert(hf_secret_init(4096, false) == 0 && uv_loop_init(&world.loop) == 0);
    hf_rng_init(&rng, (const uint8_t[32]){1});

    double start = now_s();
    end_init(&world.server, &rng);
    hf_assert(hf_net_listen(world.server.net, "0.0.0.0:0") == 0);
    printf("{\"name\": \"start_to_listening\", \"ms\": %.2f}\n", (now_s() - start) * 1e3);
    char listening[HF_NET_ADDRESS_MAX];
    hf_net_listening(world.server.net, listening);
    snprintf(world.server.address, sizeof(world.server.address), "127.0.0.1%s",
             strchr(listening, ':'));
    end_init(&world.client, &rng);

    measure("requests_one_connection", IN_FLIGHT, false, budget_s);
    measure("requests_one_at_a_time", 1, false, budget_s);
    measure("connections_fresh", 1, true, budget_s);
    measure_bare(budget_s);
    measure_memory();
    return EXIT_SUCCESS;
}
