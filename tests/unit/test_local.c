/* The local socket and the counters' port on a real loop: who is served, who is let go, and that a
 * stop leaves nothing behind, for any kind of client. */
#include "ask.h"
#include "base/error.h"
#include "base/secret.h"
#include "client/frame.h"
#include "clock/clock.h"
#include "daemon.h"
#include "fail_alloc.h"
#include "local.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { TURNS_MS_MAX = 10000, ANSWER_MAX = 4096 };

static struct hf__settings settings;
static struct hf__settings_metrics metrics;
static struct hf__daemon d;
static char folder[HF_SCRATCH_PATH_LEN], path[HF_SCRATCH_PATH_LEN + 16];

/* The engine: takes what it is given, and never answers. */
void __wrap_hf__daemon_step(struct hf__daemon *daemon, struct hf_event *event);
void __wrap_hf__daemon_step(struct hf__daemon *daemon, struct hf_event *event)
{
    (void)daemon, (void)event;
}

static void begin(void)
{
    const char *what;
    hf_scratch_make(folder);
    snprintf(path, sizeof path, "%s/socket", folder);
    settings.socket = path;
    d.settings = &settings;
    d.user = (struct hf__user){.uid = geteuid(), .gid = getegid()};
    cr_assert_eq(uv_loop_init(&d.loop), 0);
    cr_assert_eq(hf__local_open(&d, &what), 0, "%s", what);
}

static void turn(void)
{
    uv_run(&d.loop, UV_RUN_NOWAIT);
    usleep(200);
}

/* Closes everything, and sees the loop come to its end. */
static void finish(void)
{
    hf__local_close(&d);
    hf__metrics_close(&d);
    uint64_t until_ms = hf_clock_monotonic_ms() + TURNS_MS_MAX;
    while (uv_loop_alive(&d.loop) && hf_clock_monotonic_ms() < until_ms)
        turn();
    cr_assert_eq(uv_loop_close(&d.loop), 0, "something is still open");
    cr_assert_null(d.local);
    cr_assert_null(d.metrics);
    hf_scratch_remove(folder);
}

static int reach_local(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0, "%d", errno);
    return fd;
}

static int join(void)
{
    int fd = reach_local();
    turn();
    return fd;
}

static void say(int fd, const char *json)
{
    uint8_t frame[HF_FRAME_HEAD_LEN + 256];
    size_t len = strlen(json);
    hf_frame_head(len, frame);
    memcpy(frame + HF_FRAME_HEAD_LEN, json, len);
    ssize_t sent = send(fd, frame, HF_FRAME_HEAD_LEN + len, MSG_NOSIGNAL);
    cr_assert_eq(sent, (ssize_t)(HF_FRAME_HEAD_LEN + len));
    turn();
}

/* What comes, as text; "" when the connection ended instead. */
static const char *answer(int fd)
{
    static char text[ANSWER_MAX];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    uint64_t until_ms = hf_clock_monotonic_ms() + TURNS_MS_MAX;
    while (poll(&p, 1, 0) == 0 && hf_clock_monotonic_ms() < until_ms)
        turn();
    ssize_t got = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
    cr_assert(got >= 0, "no answer, and no end: %d", errno);
    text[got] = '\0';
    return got > HF_FRAME_HEAD_LEN ? text + HF_FRAME_HEAD_LEN : "";
}

#define WAIT_LONG  "{\"request\":\"key\",\"name\":\"k\",\"wait_ms\":3600000}"
#define WAIT_SHORT "{\"request\":\"key\",\"name\":\"k\",\"wait_ms\":60}"
#define ASK        "{\"request\":\"identity\"}"

Test(local, a_stop_with_open_connections_leaves_nothing_behind)
{
    begin();
    int idle = join(), waiting = join(), half = join(), partial = join();
    say(waiting, WAIT_LONG);
    say(half, WAIT_LONG);
    shutdown(half, SHUT_WR);
    cr_assert_eq(send(partial, "\0", 1, 0), 1);
    turn();
    finish();
    cr_assert_str_eq(answer(idle), "");
    close(idle);
    close(waiting);
    close(half);
    close(partial);
}

Test(local, a_client_that_ends_its_sending_side_gets_the_answer_under_way)
{
    begin();
    int fd = join();
    say(fd, WAIT_SHORT);
    shutdown(fd, SHUT_WR);
    cr_assert(strstr(answer(fd), "\"code\":\"locked\"") != NULL);
    cr_assert_str_eq(answer(fd), "");
    close(fd);
    finish();
}

/* Sends a frame as long as the daemon reads; false: it does not read on. */
static bool goes_in(int fd, const uint8_t *frame, size_t len)
{
    size_t sent = 0;
    for (int turns = 0; turns < 50; turns++) {
        ssize_t n = send(fd, frame + sent, len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        cr_assert(n >= 0 || errno == EAGAIN, "%d", errno);
        sent += n > 0 ? (size_t)n : 0;
        if (sent == len)
            return true;
        turn();
    }
    return false;
}

Test(local, a_client_that_takes_no_answer_is_read_no_further)
{
    enum { FRAMES_MAX = 50000 };
    static const uint8_t nothing[] = {0, 0, 0, 2, '{', '}'};
    int sent = 0;
    begin();
    int fd = join();
    while (sent < FRAMES_MAX && goes_in(fd, nothing, sizeof nothing))
        sent++;
    cr_assert_lt(sent, FRAMES_MAX, "answers pile up in the daemon");
    /* Once it takes them, it is served on. */
    for (int i = 0; i < 20; i++)
        cr_assert_neq(*answer(fd), '\0');
    cr_assert(goes_in(fd, nothing, 1));
    close(fd);
    finish();
}

Test(local, who_asks_nothing_makes_room_for_who_asks)
{
    begin();
    int idle[HF__LOCALS_MAX + 20];
    for (size_t i = 0; i < HF_ARRAY_LEN(idle); i++)
        idle[i] = join();
    int fd = join();
    say(fd, ASK);
    cr_assert(strstr(answer(fd), "\"code\":\"locked\"") != NULL);
    /* The oldest went. */
    cr_assert_str_eq(answer(idle[0]), "");
    for (size_t i = 0; i < HF_ARRAY_LEN(idle); i++)
        close(idle[i]);
    close(fd);
    finish();
}

Test(local, when_every_place_is_waiting_the_next_is_told_so)
{
    begin();
    int waiting[HF__LOCALS_MAX];
    for (size_t i = 0; i < HF_ARRAY_LEN(waiting); i++) {
        waiting[i] = join();
        say(waiting[i], WAIT_LONG);
    }
    int fd = join();
    say(fd, ASK);
    cr_assert(strstr(answer(fd), "\"code\":\"busy\"") != NULL);
    cr_assert_str_eq(answer(fd), "");
    close(fd);
    for (size_t i = 0; i < HF_ARRAY_LEN(waiting); i++)
        close(waiting[i]);
    finish();
}

Test(local, who_has_gone_altogether_waits_no_longer)
{
    begin();
    for (size_t i = 0; i < 3 * HF__LOCALS_MAX; i++) {
        int fd = join();
        say(fd, WAIT_LONG);
        close(fd);
        turn();
    }
    int fd = join();
    say(fd, ASK);
    cr_assert(strstr(answer(fd), "\"code\":\"locked\"") != NULL);
    close(fd);
    finish();
}

Test(local, a_wait_that_ends_while_the_engine_works_is_a_timeout)
{
    begin();
    d.running = true;
    int fd = join();
    say(fd, WAIT_SHORT);
    const char *text = answer(fd);
    cr_assert(strstr(text, "\"code\":\"timeout\"") != NULL, "%s", text);
    cr_assert(strstr(text, "\"retryable\":true") != NULL, "%s", text);
    close(fd);
    finish();
}

Test(hf__ask_key_hold, keeps_both_keys_beyond_the_step_that_they_came_in)
{
    uint8_t key[HF_APP_KEY_LEN], next[HF_APP_KEY_LEN], *held = NULL;
    struct hf_local_reply r = {.key = key, .next = next};
    cr_assert_eq(hf_secret_init(4096, false), 0);
    memset(key, 1, sizeof key);
    memset(next, 2, sizeof next);
    cr_assert_eq(hf__ask_key_hold(&r, &held), 0);
    memset(key, 0, sizeof key);
    memset(next, 0, sizeof next);
    for (size_t i = 0; i < HF_APP_KEY_LEN; i++)
        cr_assert(r.key[i] == 1 && r.next[i] == 2);
    hf_secret_free(held);
    cr_assert_eq(hf_secret_used(), 0);
}

Test(hf__ask_key_hold, has_no_room)
{
    uint8_t key[HF_APP_KEY_LEN], *held = NULL;
    struct hf_local_reply r = {.key = key};
    cr_assert_eq(hf_secret_init(4096, false), 0);
    void *all = hf_secret_alloc(4000);
    cr_assert_not_null(all);
    cr_assert_eq(hf__ask_key_hold(&r, &held), HF_ENOMEM);
    cr_assert(r.key == key && held == NULL);
    hf_secret_free(all);
}

/* Notes where the loop's TCP listener is. */
static void find_port(uv_handle_t *handle, void *ret_address)
{
    int len = sizeof(struct sockaddr_in);
    if (handle->type == UV_TCP)
        cr_assert_eq(uv_tcp_getsockname((uv_tcp_t *)handle, ret_address, &len), 0);
}

static struct sockaddr_in port;

static void begin_metrics(void)
{
    begin();
    settings.metrics = &metrics;
    hf__metrics_open(&d);
    uv_walk(&d.loop, find_port, &port);
}

static int reach_metrics(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&port, sizeof port), 0);
    return fd;
}

static int join_metrics(void)
{
    int fd = reach_metrics();
    turn();
    return fd;
}

static void expect_health(int fd)
{
    static const char ask[] = "GET /healthz HTTP/1.0\r\n\r\n";
    cr_assert_eq(send(fd, ask, sizeof ask - 1, MSG_NOSIGNAL), (ssize_t)sizeof ask - 1);
    const char *text = answer(fd);
    cr_assert(strstr(text, "200 OK") != NULL, "%s", text);
    close(fd);
}

Test(metrics, a_stop_with_open_connections_leaves_nothing_behind)
{
    begin_metrics();
    int fd[3];
    for (size_t i = 0; i < HF_ARRAY_LEN(fd); i++)
        fd[i] = join_metrics();
    finish();
    for (size_t i = 0; i < HF_ARRAY_LEN(fd); i++)
        close(fd[i]);
}

Test(metrics, who_asks_nothing_makes_room_for_who_asks_and_goes_in_time)
{
    int fd[40];
    begin_metrics();
    uint64_t began_ms = hf_clock_monotonic_ms();
    for (size_t i = 0; i < HF_ARRAY_LEN(fd); i++)
        fd[i] = join_metrics();
    cr_assert_str_empty(answer(fd[0]));
    cr_assert_lt(hf_clock_monotonic_ms() - began_ms, 4000, "it went when its time was over");
    expect_health(join_metrics());
    /* The last of them is in no other's way, and is closed all the same. */
    cr_assert_str_empty(answer(fd[HF_ARRAY_LEN(fd) - 1]));
    for (size_t i = 0; i < HF_ARRAY_LEN(fd); i++)
        close(fd[i]);
    expect_health(join_metrics());
    finish();
}

/* ---- who comes when memory is short */

enum { AT_ONCE = 3 };

/* So many connect before the loop turns, while there is no memory at all. */
static void come_at_once(int (*reach)(void), int fd[AT_ONCE])
{
    for (size_t i = 0; i < AT_ONCE; i++)
        fd[i] = reach();
    hf_fail_alloc_at(0, true);
    for (size_t i = 0; i < 10; i++)
        turn();
    cr_assert(hf_fail_alloc_off());
    for (size_t i = 0; i < AT_ONCE; i++)
        close(fd[i]);
}

Test(metrics, memory_that_was_short_shuts_no_door)
{
    int fd[AT_ONCE];
    begin_metrics();
    come_at_once(reach_metrics, fd);
    expect_health(join_metrics());
    finish();
}

Test(local, memory_that_was_short_shuts_no_door)
{
    int fd[AT_ONCE];
    begin();
    come_at_once(reach_local, fd);
    int last = join();
    say(last, ASK);
    cr_assert(strstr(answer(last), "\"code\":\"locked\"") != NULL);
    close(last);
    finish();
}

/* ---- the path */

static int listen_at(const char *where)
{
    const char *what = "";
    int fd = -1;
    int r = hf__local_listen(where, geteuid(), getegid(), false, &fd, &what);
    if (r == 0)
        close(fd);
    return r;
}

Test(local_socket, a_path_that_does_not_fit_is_refused_and_never_cut)
{
    char longest[108], longer[4096];
    hf_scratch_make(folder);
    int at = snprintf(longest, sizeof longest, "%s/", folder);
    memset(longest + at, 'a', sizeof longest - 1 - (size_t)at);
    longest[sizeof longest - 1] = '\0';
    cr_assert_eq(listen_at(longest), 0);
    snprintf(longer, sizeof longer, "%sa", longest);
    cr_assert_eq(listen_at(longer), HF_ETOOBIG);
    memset(longer + strlen(longer), 'a', 2000);
    longer[2000] = '\0';
    cr_assert_eq(listen_at(longer), HF_ETOOBIG);
    unlink(longest);
    hf_scratch_remove(folder);
}

Test(local_socket, only_what_a_crash_left_behind_is_replaced)
{
    const char *what;
    struct stat st;
    int fd;
    hf_scratch_make(folder);
    snprintf(path, sizeof path, "%s/socket", folder);
    cr_assert_eq(hf__local_listen(path, geteuid(), getegid(), false, &fd, &what), 0);
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_mode & 07777, 0600);
    cr_assert_eq(listen_at(path), HF_EADDRINUSE);
    close(fd);
    cr_assert_eq(listen_at(path), 0);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_assert_eq(listen_at(path), HF_EEXIST);
    cr_assert_eq(rmdir(path), 0);
    snprintf(path, sizeof path, "%s/missing/socket", folder);
    cr_assert_eq(hf__local_listen(path, geteuid(), getegid(), false, &fd, &what), HF_ENOTFOUND);
    cr_assert_str_eq(what, "the socket's folder is missing");
    hf_scratch_remove(folder);
}
