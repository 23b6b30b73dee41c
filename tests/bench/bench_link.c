/*
 * What messages and connections cost. In a crowd: processes that call each other without pause,
 * first on connections that stay open, then on a new one for each call; processor time of both ends
 * together. Then, of two processes alone, what a request costs one that has slept, and how long a
 * message travels beside what it costs. One JSON line a figure.
 *
 * usage: bench_link PROCESSES
 *        bench_link ADDRESS ACCOUNT PID OWNER
 * The second says what a request costs the daemon that is this process and keeps a share of that
 * owner.
 */
#include "contended.h"

#include "base/hex.h"
#include "base/secret.h"
#include "crypto/suite.h"
#include "internal.h"
#include "wire/messages.h"

#include <dirent.h>
#include <string.h>
#include <uv.h>

enum { BODY = 1500, REQUESTS = 400, NEIGHBOURS = 3, SETTLE_MS = 500, WINDOW_MS = 1500 };
enum { CERTIFICATES = 20, PAUSE_US = 1000 };
enum { OWNER_PAUSE_US = 70000 }; /* a daemon may be asked 16 times a second for one owner */

enum mode { OPEN_CONNECTIONS, FRESH_CONNECTIONS, FRESH_LOCKED, CERTIFY, OVER };

struct member {
    char address[HF_NET_ADDRESS_MAX];
    struct hf_account account;
    _Atomic bool listens;
    _Atomic unsigned long calls; /* that were answered */
    double certificate_us;
};

/* What the processes share. */
static struct {
    struct member *members;
    _Atomic int *mode;
    unsigned size;
} crowd;

static struct {
    uv_loop_t loop;
    struct hf_net *net;
    struct hf_net *locked; /* calls only, and shows no account */
    struct hf_account account;
    uint8_t secret[HF_SIGN_SECRET_LEN];
    unsigned number, next;
} self;

/* The call under way. */
static struct {
    struct hf_net *net;
    const char *path;
    struct hf_bytes body;
    bool done;
} call;

static void on_request(void *user, const struct hf_net_request *request)
{
    (void)user;
    hf_net_reply(self.net, request->handle, 200, HF_NET_MSGPACK, request->body);
}

static void on_completed(void *user, const struct hf_net_result *r)
{
    (void)user;
    hf_assert(r->error == 0 && r->status == 200);
    if (crowd.mode != NULL && *crowd.mode != OPEN_CONNECTIONS)
        hf__conn_close(hf__conn_find(call.net, r->peer.conn), HF_ECONNRESET, "measured", "");
    call.done = true;
}

/* Calls and waits for the answer. */
static void call_to(const char *address, const struct hf_account *account)
{
    const struct hf_net_call c = {.address = address,
                                  .account = account,
                                  .method = HF_NET_POST,
                                  .path = call.path,
                                  .body = call.body,
                                  .deadline_ms = 60000};
    call.done = false;
    call.net = crowd.mode != NULL && *crowd.mode == FRESH_LOCKED ? self.locked : self.net;
    hf_assert(hf_net_call(call.net, &c) == 0);
    while (!call.done)
        uv_run(&self.loop, UV_RUN_ONCE);
}

static void certify(void)
{
    uint8_t signature[HF_SIGNATURE_LEN];
    hf_suite_real.sign(self.secret, HF_NET_TLS_LABEL, hf_net_identity_request(self.net), signature);
    hf_assert(hf_net_set_identity(self.net, &self.account, signature) == 0);
}

static int verify(const struct hf_account *account, const char *label, struct hf_bytes data,
                  const uint8_t signature[static HF_NET_SIGNATURE_LEN])
{
    return hf_suite_real.verify(account->bytes, label, data, signature);
}

static void start(unsigned number)
{
    const struct hf_net_hooks hooks = {
        .verify = verify, .request = on_request, .completed = on_completed};
    struct hf_net_limits limits = hf_net_limits_default;
    /* As fast as they can is far more than a member may. */
    for (size_t i = 0; i < HF_ARRAY_LEN(limits.share); i++) {
        struct hf_net_share *share = &limits.share[i];
        share->accepts_burst = share->accepts_all_burst = share->requests_burst = 1 << 20;
        share->connections_each = share->connections_max;
        share->handshakes_each = share->handshakes_max;
        share->accepts_per_s = share->accepts_all_per_s = share->requests_per_s = 1 << 20;
    }
    const uint8_t seed[32] = {(uint8_t)number, 1};
    struct hf_rng rng;
    self.number = number;
    hf_assert(hf_secret_init(1 << 16, false) == 0 && uv_loop_init(&self.loop) == 0);
    hf_rng_init(&rng, seed);
    hf_suite_real.sign_keypair(&rng, self.account.bytes, self.secret);
    hf_assert(hf_net_new(&self.loop, &limits, &hooks, &self.net) == 0);
    hf_assert(hf_net_new(&self.loop, &limits, &hooks, &self.locked) == 0);
    certify();
}

/* ---- in a crowd */

static void join(unsigned number)
{
    struct member *m = &crowd.members[number];
    start(number);
    hf_assert(hf_net_listen(self.net, "127.0.0.1:0") == 0);
    hf_net_listening(self.net, m->address);
    m->account = self.account;
    m->listens = true;
    for (unsigned i = 0; i < crowd.size; i++)
        while (!crowd.members[i].listens)
            (void)usleep(PAUSE_US);
}

/* Answers others until the end. */
static void answer(void)
{
    while (*crowd.mode != OVER) {
        uv_run(&self.loop, UV_RUN_NOWAIT);
        (void)usleep(PAUSE_US);
    }
}

static void take_part(unsigned number)
{
    double us[CERTIFICATES];
    join(number);
    while (*crowd.mode < CERTIFY) {
        unsigned ahead =
            1 + self.next++ % (crowd.size - 1 < NEIGHBOURS ? crowd.size - 1 : NEIGHBOURS);
        const struct member *to = &crowd.members[(number + ahead) % crowd.size];
        call_to(to->address, &to->account);
        crowd.members[number].calls++;
    }
    for (size_t i = 0; i < CERTIFICATES; i++) {
        (void)sched_yield();
        double from = contended_cpu_us();
        certify();
        us[i] = contended_cpu_us() - from;
    }
    crowd.members[number].certificate_us = contended_mean(us, CERTIFICATES);
    crowd.members[number].calls++;
    answer();
}

/* Processor time of all threads of a process so far, in microseconds. */
static double spent_us(pid_t pid)
{
    char path[600], line[128];
    double total = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    hf_assert(d != NULL);
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)pid, e->d_name);
        FILE *f = e->d_name[0] != '.' ? fopen(path, "re") : NULL;
        if (f == NULL)
            continue;
        if (fgets(line, sizeof line, f) != NULL)
            total += (double)strtoull(line, NULL, 10) / 1e3;
        (void)fclose(f);
    }
    (void)closedir(d);
    return total;
}

static void add_up(const pid_t *pids, double *ret_us, double *ret_calls)
{
    *ret_us = 0;
    *ret_calls = 0;
    for (unsigned i = 0; i < crowd.size; i++) {
        *ret_us += spent_us(pids[i]);
        *ret_calls += (double)crowd.members[i].calls;
    }
}

/* Processor time of a call in this mode, both ends together. */
static double call_us(const pid_t *pids, enum mode mode)
{
    double us[2], calls[2];
    *crowd.mode = mode;
    (void)usleep(SETTLE_MS * 1000);
    add_up(pids, &us[0], &calls[0]);
    (void)usleep(WINDOW_MS * 1000);
    add_up(pids, &us[1], &calls[1]);
    hf_assert(calls[1] > calls[0]);
    return (us[1] - us[0]) / (calls[1] - calls[0]);
}

static void measure_crowd(unsigned size)
{
    pid_t pids[CONTENDED_MAX];
    double certificates_us[CONTENDED_MAX];
    crowd.size = size;
    crowd.members = contended_shared(size * sizeof(struct member));
    crowd.mode = contended_shared(sizeof(*crowd.mode));
    contended_start(size, pids, take_part);
    double open_us = call_us(pids, OPEN_CONNECTIONS);
    double fresh_us = call_us(pids, FRESH_CONNECTIONS), locked_us = call_us(pids, FRESH_LOCKED);
    *crowd.mode = CERTIFY;
    for (unsigned i = 0; i < size; i++) {
        while (!(crowd.members[i].certificate_us > 0))
            (void)usleep(PAUSE_US);
        certificates_us[i] = crowd.members[i].certificate_us;
    }
    *crowd.mode = OVER;
    contended_wait(size, pids);
    crowd.mode = NULL;
    contended_report("message", open_us / 4);
    /* Both ends do about the same, but for what a caller with an account adds. */
    contended_report("connect", (fresh_us - open_us) / 2);
    contended_report("accept", (fresh_us - open_us) / 2);
    contended_report("connect_locked", (locked_us - open_us) / 2);
    contended_report("accept_locked", (locked_us - open_us) / 2);
    contended_report("certificate", contended_mean(certificates_us, size));
}

/* ---- alone */

struct alone {
    double caller_us, called_us, wall_us;
};

/* Calls to a process that has nothing else to do, from one that has slept: what each costs.
 * between_us: from one call to the next, besides. */
static struct alone calls_alone(pid_t other, const char *address, const struct hf_account *account,
                                useconds_t between_us)
{
    static double caller_us[REQUESTS], called_us[REQUESTS], wall_us[REQUESTS];
    call_to(address, account);
    for (unsigned i = 0; i < REQUESTS; i++) {
        (void)usleep(between_us);
        double called = spent_us(other);
        (void)usleep(PAUSE_US);
        double caller = contended_cpu_us(), wall = contended_clock_us(CLOCK_MONOTONIC);
        call_to(address, account);
        wall_us[i] = contended_clock_us(CLOCK_MONOTONIC) - wall;
        caller_us[i] = contended_cpu_us() - caller;
        (void)usleep(PAUSE_US);
        called_us[i] = spent_us(other) - called;
    }
    return (struct alone){.caller_us = contended_mean(caller_us, REQUESTS),
                          .called_us = contended_mean(called_us, REQUESTS),
                          .wall_us = contended_mean(wall_us, REQUESTS)};
}

/* Until its parent ends it. */
static void serve(unsigned number)
{
    join(number);
    uv_run(&self.loop, UV_RUN_DEFAULT);
}

static void measure_alone(void)
{
    pid_t pid;
    crowd.size = 1;
    crowd.members = contended_shared(sizeof(struct member));
    contended_start(1, &pid, serve);
    const struct member *m = &crowd.members[0];
    while (!m->listens)
        (void)usleep(PAUSE_US);
    start(1);
    struct alone a = calls_alone(pid, m->address, &m->account, 0);
    contended_report("request_alone", a.called_us);
    contended_report("one_way", (a.wall_us - a.caller_us - a.called_us) / 2);
    hf_assert(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
}

/* A nonce is asked for: the least that an engine can be asked. */
static void measure_daemon(char **argv)
{
    struct hf_buf body;
    struct hf_nonce_request m = {0};
    struct hf_account account;
    hf_assert(hf_hex_decode(argv[2], account.bytes, sizeof account) == 0 &&
              hf_hex_decode(argv[4], m.account.bytes, sizeof m.account) == 0);
    start(1);
    hf_buf_init(&body, 4096);
    hf_assert(hf_wire_encode(&hf_wire_nonce_request, &m, &body) == 0);
    call.body = hf_buf_bytes(&body);
    call.path = "/v1/nonce";
    struct alone a =
        calls_alone((pid_t)strtol(argv[3], NULL, 10), argv[1], &account, OWNER_PAUSE_US);
    contended_report("daemon_request", a.called_us);
    hf_buf_done(&body);
}

int main(int argc, char **argv)
{
    static uint8_t body[BODY];
    unsigned size = argc == 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    contended_memory();
    if (argc == 5) {
        measure_daemon(argv);
        return EXIT_SUCCESS;
    }
    if (size < 2 || size > CONTENDED_MAX) {
        fputs("usage: bench_link PROCESSES | bench_link ADDRESS ACCOUNT PID OWNER\n", stderr);
        return 2;
    }
    call.path = "/v1/echo";
    call.body = hf_bytes_of(body, sizeof body);
    measure_crowd(size);
    measure_alone();
    return EXIT_SUCCESS;
}
