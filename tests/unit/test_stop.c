/* A stop of the listeners for operators and for the service manager on a real loop, with clients
 * connected, however far each is: nothing is left behind, and nothing is used once it is freed. */
#include "ask.h"
#include "base/error.h"
#include "base/secret.h"
#include "clock/clock.h"
#include "daemon.h"
#include "raw_peer.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TURNS_MS_MAX = 10000, CREDENTIAL_MAX = 1 << 20 };

static struct hf__settings settings;
static struct hf__settings_operator operators = {.listen = "127.0.0.1:0"};
static struct hf__daemon d;
static char folder[HF_SCRATCH_PATH_LEN], path[HF_SCRATCH_PATH_LEN + 16];
static unsigned asked; /* of the engine, which takes what it is given, and never answers */
static uint64_t newest;

void __wrap_hf__daemon_step(struct hf__daemon *daemon, struct hf_event *event);
void __wrap_hf__daemon_step(struct hf__daemon *daemon, struct hf_event *event)
{
    (void)daemon;
    newest = event->u.local.id;
    asked++;
}

/* A placed node, in a set that names its operator. */
static struct hf_validator member = {.has_operator_key = true};
static struct hf_document set = {.kind = HF_DOCUMENT_SET,
                                 .u.set = {.validators = &member, .validators_count = 1}};

const struct hf_document *__wrap_hf_engine_set(const struct hf_engine *e);
const struct hf_document *__wrap_hf_engine_set(const struct hf_engine *e)
{
    (void)e;
    return &set;
}

void __wrap_hf_engine_status(struct hf_engine *e, uint64_t durable_seq, struct hf_status *ret);
void __wrap_hf_engine_status(struct hf_engine *e, uint64_t durable_seq, struct hf_status *ret)
{
    (void)e, (void)durable_seq;
    *ret = (struct hf_status){.open = true, .claimed = true, .has_account = true, .generation = 1};
    ret->account = member.account;
}

static void begin(void)
{
    signal(SIGPIPE, SIG_IGN);
    cr_assert_eq(hf_secret_init(4096, false), 0);
    hf_scratch_make(folder);
    snprintf(path, sizeof path, "%s/socket", folder);
    d.settings = &settings;
    d.running = true;
    d.user = (struct hf__user){.uid = geteuid(), .gid = getegid()};
    cr_assert_eq(uv_loop_init(&d.loop), 0);
}

static void turn(void)
{
    uv_run(&d.loop, UV_RUN_NOWAIT);
    usleep(200);
}

static void until(bool (*done)(void))
{
    uint64_t until_ms = hf_clock_monotonic_ms() + TURNS_MS_MAX;
    while (!done()) {
        cr_assert_lt(hf_clock_monotonic_ms(), until_ms, "nothing comes");
        turn();
    }
}

/* What was asked last is answered when the stop has begun, and nothing has closed yet. */
static void answer_late(const uint8_t *key)
{
    const struct hf_local_reply late = {.id = newest, .key = key};
    if (newest != 0)
        hf__local_answer(&d, &late);
}

static bool is_over(void)
{
    return !uv_loop_alive(&d.loop);
}

static void begin_stop(void)
{
    d.stopping = true;
    d.running = false;
    hf__credentials_close(&d);
    hf__operators_close(&d);
}

static void finish(void)
{
    until(is_over);
    cr_assert_eq(uv_loop_close(&d.loop), 0, "something is still open");
    cr_assert_null(d.operators);
    cr_assert_null(d.credentials);
    cr_assert_null(d.asks);
    hf_scratch_remove(folder);
}

/* ---- operators */

enum { PEERS = 7, FLOOD = 40 };

static struct mesh_node operator_key;
static struct raw_peer peers[PEERS];
static char address[HF_NET_ADDRESS_MAX];
static atomic_bool joined, answered;

static bool shake(struct raw_peer *s)
{
    raw_peer_connect(s);
    bool shook = raw_peer_shake(s, false);
    if (shook)
        raw_peer_preface(s);
    return shook;
}

static void ask(struct raw_peer *s, uint32_t stream, const char *json)
{
    raw_peer_request(s, 4, stream, "POST", "/v1/operator");
    raw_peer_frame(s, 0, 1, stream, json, (uint32_t)strlen(json));
}

/* Each is as far as it can be when the stop comes. */
static void join_all(void *none)
{
    (void)none;
    bool shook = true;
    raw_peer_connect(&peers[0]); /* it says nothing at all */
    raw_peer_connect(&peers[1]);
    (void)!write(peers[1].fd, "\x16\x03\x01\x02", 4); /* half a record of a handshake */
    for (size_t i = 2; i < PEERS; i++)
        shook = shake(&peers[i]) && shook;
    if (shook) {
        raw_peer_request(&peers[3], 4, 1, "POST", "/v1/operator");
        raw_peer_frame(&peers[3], 0, 0, 1, "{\"request\":", 11);
        ask(&peers[4], 1, "{\"request\":\"drain\"}");
        shutdown(peers[4].fd, SHUT_WR);
        ask(&peers[5], 1, "{\"request\":\"stay\"}");
        /* More than a window of answers, of which it reads none but the first. */
        for (uint32_t i = 0; i < FLOOD; i++)
            ask(&peers[6], 2 * i + 1, "{\"request\":\"explain\"}");
        raw_peer_read(&peers[6], true);
    }
    atomic_store(&answered, shook && peers[6].status == 200);
    atomic_store(&joined, true);
}

static bool all_joined(void)
{
    return atomic_load(&joined) && asked >= 2;
}

Test(operators, a_stop_leaves_nothing_behind_whoever_is_connected)
{
    const uint8_t seed[HF_RNG_SEED_LEN] = {9};
    struct hf_rng rng;
    uv_thread_t thread;
    begin();
    hf_rng_init(&rng, seed);
    hf_suite_real.sign_keypair(&rng, operator_key.account.bytes, operator_key.secret);
    memcpy(member.operator_key, operator_key.account.bytes, sizeof member.operator_key);
    settings.operator= & operators;
    cr_assert_eq(hf__operators_open(&d), 0);
    hf_net_listening(hf__operators_net(&d), address);
    cr_assert_str_not_empty(address);
    for (size_t i = 0; i < PEERS; i++)
        peers[i] = (struct raw_peer){.address = address,
                                     .node = &operator_key,
                                     .certificate = RAW_PEER_ACCOUNT,
                                     .label = "holdfast/v1/operator",
                                     .alpn = "\2h2"};
    cr_assert_eq(uv_thread_create(&thread, join_all, NULL), 0);
    until(all_joined);
    uv_thread_join(&thread);
    cr_assert(atomic_load(&answered));
    begin_stop();
    answer_late(NULL);
    finish();
    for (size_t i = 0; i < PEERS; i++)
        raw_peer_done(&peers[i]);
}

/* ---- the service manager */

/* As the manager connects for a unit. */
static int reach(const char *unit)
{
    struct sockaddr_un from = {.sun_family = AF_UNIX}, to = from;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int len = snprintf(from.sun_path + 1, sizeof from.sun_path - 1, "%d.%d/unit/%s/k", getpid(), fd,
                       unit);
    cr_assert_eq(bind(fd, (const struct sockaddr *)&from,
                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)),
                 0, "%d", errno);
    memcpy(to.sun_path, path, strlen(path));
    cr_assert_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0, "%d", errno);
    return fd;
}

static size_t takers(void)
{
    size_t count = 0;
    for (const struct hf__ask *a = d.asks; a != NULL; a = a->next)
        count++;
    return count;
}

static bool all_taken_in(void)
{
    return takers() == 4;
}

/* Reads to the end, as far as the loop gives it. */
static size_t read_all(int fd)
{
    static uint8_t bytes[64 << 10];
    size_t read = 0;
    ssize_t n;
    uint64_t until_ms = hf_clock_monotonic_ms() + TURNS_MS_MAX;
    while ((n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) != 0) {
        cr_assert(n > 0 || errno == EAGAIN, "%d", errno);
        cr_assert_lt(hf_clock_monotonic_ms(), until_ms, "no end");
        read += n > 0 ? (size_t)n : 0;
        turn();
    }
    return read;
}

static void write_image(char ret[static HF_SCRATCH_PATH_LEN + 32])
{
    snprintf(ret, HF_SCRATCH_PATH_LEN + 32, "%s/applications.yaml", folder);
    FILE *f = fopen(ret, "w");
    cr_assert_not_null(f);
    fputs("applications:\n  - {unit: db.service, keys: [k]}\n", f);
    fclose(f);
}

Test(credentials, a_stop_leaves_nothing_behind_whoever_is_connected)
{
    char image[HF_SCRATCH_PATH_LEN + 32], what[160];
    const char *failed;
    const uint8_t key[HF_APP_KEY_LEN] = {1};
    bool manager = geteuid() == 0; /* else all are refused, as far as a refusal goes */
    begin();
    write_image(image);
    settings.credentials = path;
    cr_assert_eq(hf__applications_load(image, true, &settings, &d.applications, what, sizeof what),
                 0, "%s", what);
    cr_assert_eq(hf__credentials_open(&d, &failed), 0, "%s", failed);
    hf__credentials_tick(&d);
    /* One waits; one has ended its side; one has a refusal that it has not read; one goes. */
    int waits = reach("db.service"), half = reach("db.service"), refused = reach("other.service"),
        gone = reach("db.service");
    shutdown(half, SHUT_WR);
    until(all_taken_in);
    cr_assert_eq(asked, manager ? 3 : 0);
    begin_stop();
    answer_late(key);
    close(gone);
    /* None of them has got what a manager takes for a credential. */
    cr_assert_gt(read_all(waits), CREDENTIAL_MAX);
    cr_assert_gt(read_all(half), CREDENTIAL_MAX);
    cr_assert_gt(read_all(refused), CREDENTIAL_MAX);
    close(waits);
    close(half);
    close(refused);
    finish();
    hf__applications_free(d.applications);
}
