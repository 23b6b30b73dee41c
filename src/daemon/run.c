/* From the configuration to the loop, and back to the exit status. */
#include "base/error.h"
#include "base/secret.h"
#include "fetch_launcher.h"
#include "clock/clock.h"
#include "applications.h"
#include "askers.h"
#include "daemon.h"
#include "folders.h"
#include "log.h"

#include <assert.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

/*
 * Keys and what the engine derives; and rows on their way to the disk: what does not fit waits.
 *
 * Of the first, besides the engine: the store's keys and seed, twice while the vault is put under
 * another key; that key on its way there, of a vault that is opened and of one that is rekeyed,
 * each followed by no other before it is done; and for each who waits for a key, the two that leave
 * when its write is durable. Pieces lie anywhere: what is left of the slab lies in at most one gap
 * more than there are pieces, so that one of the gaps takes the longest that must find room.
 */
enum {
    STORE_PIECES = 4,
    WAY_PIECES = 4,
    ASKERS_MAX = HF__LOCALS_MAX + HF__TAKERS_MAX,
    LOG_MS = 500,
    KEYS_LEN = 128 << 10,
    ROWS_LEN = 256 << 10,
    ARENAS_MAX = 1,
    TRIM_BYTES = 64 << 10,
    TRIM_TICKS = 20,
    SECRETS_PIECES = HF_ENGINE_SECRETS_PIECES + STORE_PIECES + WAY_PIECES + ASKERS_MAX,
    SECRETS_MAX = HF_ENGINE_SECRETS_MAX + HF_STORE_SECRETS_MAX +
                  WAY_PIECES * HF_SECRET_ROOM(HF_KEY_LEN) +
                  ASKERS_MAX * HF_SECRET_ROOM(2 * HF_APP_KEY_LEN),
};
static_assert(SECRETS_MAX + (SECRETS_PIECES + 1) * HF_SECRET_ROOM(HF_ENGINE_SECRETS_LONGEST) <=
                  KEYS_LEN,
              "at their most all have room");

void hf__daemon_reload(struct hf__daemon *d)
{
    hf__log(HF__INFO, "reload", NULL, 0);
    hf__collateral_force(d);
    hf__folders_look(d, true);
}

/* Permanent failures of the start: nothing was opened yet that would be worth staying for, except a
 * damaged store, whose status an operator must be able to read. */
static bool hopeless(int error)
{
    return error != 0 && !hf_error_transient(error) && error != HF_ECORRUPT &&
           error != HF_EROLLBACK;
}

static void on_retry(uv_timer_t *timer)
{
    struct hf__daemon *d = timer->data;
    if (d->listen_error != 0)
        hf__peers_listen(d);
    hf__operators_listen(d);
    if (!d->running && hf_error_transient(d->start_error))
        hf__daemon_begin(d);
    /* What the writer had no memory for is handed over now; nothing else may come that would. */
    if (d->running)
        uv_async_send(&d->wake);
    hf__identity_settle(d, true);
    hf__times_tick(d);
    hf__watch_tick(d);
    hf__notify_tick(d);
    hf__credentials_tick(d);
    hf__folders_look(d, false);
    hf__peers_sweep(d, hf_clock_monotonic_ms());
    hf__peers_say(d);
    hf__traces_say(d);
    hf__askers_say(d);
    /* What the last quotes and documents needed is given back: an idle daemon should be small. */
    if (++d->ticks % TRIM_TICKS == 0)
        malloc_trim(0);
}

static void on_net_stopped(void *user)
{
    struct hf__daemon *d = user;
    hf_net_free(d->net);
    d->net = NULL;
}

static void on_late(int number)
{
    (void)number;
    _exit(EXIT_SUCCESS);
}

/*
 * A disk that does not answer, a quote or a look-up of a name holds a thread that cannot be taken
 * back. What is not durable by then has been told to no peer or client, so that ending is as good
 * as a crash, for which everything here is made.
 */
static void bound_stop(void)
{
    const struct itimerval at = {
        .it_value = {.tv_sec = HF__STOP_MS_MAX / 1000, .tv_usec = HF__STOP_MS_MAX % 1000 * 1000}};
    const struct sigaction late = {.sa_handler = on_late};
    int r = sigaction(SIGALRM, &late, NULL);
    hf_assert(r == 0);
    r = setitimer(ITIMER_REAL, &at, NULL);
    hf_assert(r == 0);
}

static void stop(struct hf__daemon *d)
{
    if (d->stopping)
        return;
    d->stopping = true;
    if (!d->announcing)
        bound_stop();
    hf__notify_stop(d);
    struct hf_status s;
    hf__watch_status(d, &s);
    bool lost = s.open && s.has_account && s.generation == 0;
    hf__log(lost ? HF__WARNING : HF__INFO, "stopping", NULL, lost ? HF_ENOTPLACED : 0);
    d->running = false;
    hf__local_close(d);
    hf__credentials_close(d);
    hf__metrics_close(d);
    hf__operators_close(d);
    hf__collateral_close(d);
    hf_net_stop(d->net, on_net_stopped);
    uv_handle_t *handles[] = {(uv_handle_t *)&d->tick,      (uv_handle_t *)&d->retry,
                              (uv_handle_t *)&d->announced, (uv_handle_t *)&d->wake,
                              (uv_handle_t *)&d->on_term,   (uv_handle_t *)&d->on_int,
                              (uv_handle_t *)&d->on_hup};
    for (size_t i = 0; i < HF_ARRAY_LEN(handles); i++)
        uv_close(handles[i], NULL);
}

void hf__daemon_begun(struct hf__daemon *d)
{
    if (d->stopping || !hopeless(d->start_error))
        return;
    d->hopeless = true;
    stop(d);
}

static void on_announced(uv_timer_t *timer)
{
    stop(timer->data);
}

/*
 * A stop that locks or loses the key cannot be refused: people are told on this machine, and the
 * members, so that they tell it from a machine that died. Whether members are being told.
 */
static bool announce(struct hf__daemon *d)
{
    struct hf_status s;
    struct hf__outlook o;
    struct hf_event event = {.type = HF_EVENT_LOCAL};
    if (!d->running || d->announcing || d->stopping)
        return false;
    hf__watch_status(d, &s);
    hf__watch_outlook(d, &s, hf_clock_monotonic_ms(), &o);
    if (o.key != HF__KEY_WOULD_LOSE && o.key != HF__KEY_WOULD_LOCK)
        return false;
    hf__log_alarm("stop_without_return", o.says,
                  o.key == HF__KEY_WOULD_LOSE ? HF_ERESTART_LOSES : HF_ERESTART_LOCKS);
    if (!s.claimed || uv_timer_start(&d->announced, on_announced, HF__ANNOUNCE_MS, 0) != 0)
        return false;
    d->announcing = true;
    bound_stop();
    event.u.local.id = ++d->next_ask;
    event.u.local.type = HF_LOCAL_STOP;
    hf__daemon_step(d, &event);
    return true;
}

static void on_stop_signal(uv_signal_t *handle, int number)
{
    (void)number;
    if (!announce(handle->data))
        stop(handle->data);
}

static void on_reload_signal(uv_signal_t *handle, int number)
{
    (void)number;
    hf__daemon_reload(handle->data);
}

static int open_handles(struct hf__daemon *d)
{
    int r = hf__daemon_handles(d);
    if (r != 0)
        return r;
    d->retry.data = d->announced.data = d;
    d->on_term.data = d->on_int.data = d->on_hup.data = d;
    if (uv_timer_init(&d->loop, &d->retry) != 0 || uv_timer_init(&d->loop, &d->announced) != 0 ||
        uv_signal_init(&d->loop, &d->on_term) != 0 || uv_signal_init(&d->loop, &d->on_int) != 0 ||
        uv_signal_init(&d->loop, &d->on_hup) != 0 ||
        uv_signal_start(&d->on_term, on_stop_signal, SIGTERM) != 0 ||
        uv_signal_start(&d->on_int, on_stop_signal, SIGINT) != 0 ||
        uv_signal_start(&d->on_hup, on_reload_signal, SIGHUP) != 0 ||
        uv_timer_start(&d->retry, on_retry, HF__RETRY_MS, HF__RETRY_MS) != 0)
        return HF_ENOMEM;
    return 0;
}

static void say_dev(const struct hf__daemon *d)
{
    if (d->settings->platform == HF__PLATFORM_DEV)
        hf__log(HF__WARNING, "DEVELOPMENT_MODE",
                "quotes of this network are made by anyone who has its development root: "
                "NOTHING IS PROTECTED",
                0);
}

/* Before there is a secret or a thread: nothing of this process is worth having yet. */
static int start_launcher(const struct hf__settings *settings, int *ret_fd)
{
    *ret_fd = -1;
    return settings->service != NULL ? hf__fetch_launcher_start(settings, ret_fd) : 0;
}

/* Before anything is opened: what is made belongs to who the daemon becomes. */
static int become_whom(struct hf__daemon *d, const char **ret_what)
{
    int r = hf__harden_find(d->settings->user, &d->user, ret_what);
    if (r != 0)
        return r;
    *ret_what = "started as root without `user` in the configuration: name a user to become, or "
                "start it with --as-root";
    return d->user.uid == 0 && !d->as_root ? HF_EPERMISSION : 0;
}

/* The last of the start: what the daemon has no use for any more is given up. */
static int settle(struct hf__daemon *d, const char **ret_what)
{
    int r = hf__harden_user(&d->user, ret_what);
    *ret_what = r == 0 ? "paths cannot be restricted" : *ret_what;
    d->memory = (int)hf__harden_memory();
    if (r == 0)
        r = hf__harden_paths(d->settings, &d->landlock, ret_what);
    if (r == 0) {
        *ret_what = "system calls cannot be filtered";
        r = hf__harden_calls();
    }
    if (r != 0)
        return r;
    if (d->memory == HF__MEMORY_SWAPPABLE)
        hf__log(HF__WARNING, "memory_swappable",
                "the machine may write this process's memory to a disk: turn swap off, or give it "
                "an unlimited RLIMIT_MEMLOCK",
                0);
    if (d->landlock == 0)
        hf__log(HF__WARNING, "paths_open", "the kernel has no Landlock", 0);
    return 0;
}

static int open_daemon(struct hf__daemon *d, const struct hf__start *start, const char **ret_what)
{
    int launcher;
    hf__notify_open(d);
    int r = become_whom(d, ret_what);
    if (r != 0)
        return r;
    *ret_what = d->applications_what;
    r = hf__applications_load(start->applications != NULL ? start->applications
                                                          : HF_APPLICATIONS_PATH,
                              start->applications != NULL, d->settings, &d->applications,
                              d->applications_what, sizeof d->applications_what);
    if (r != 0)
        return r;
    *ret_what = "the process that starts the fetcher";
    r = start_launcher(d->settings, &launcher);
    if (r != 0)
        return r;
    *ret_what = "384 KiB of memory for secrets cannot be locked: see RLIMIT_MEMLOCK (ulimit -l)";
    r = hf_secret_init(KEYS_LEN, true);
    if (r == 0)
        r = hf_secret_init_rows(ROWS_LEN, true);
    if (r != 0)
        return r;
    *ret_what = "event loop";
    if (r == 0)
        r = uv_loop_init(&d->loop) == 0 ? open_handles(d) : HF_ENOMEM;
    if (r == 0)
        r = hf_pool_new(&hf_suite_real, &d->documents);
    if (r == 0)
        r = hf_shared_new(d->documents, &d->shared);
    if (r == 0)
        r = hf__folders_new(d);
    if (r == 0)
        r = hf__collateral_open(d, launcher);
    if (r == 0)
        r = hf__times_new(d);
    *ret_what = "transport";
    if (r == 0)
        r = hf__peers_open(d);
    if (r == 0)
        r = hf__local_open(d, ret_what);
    if (r == 0)
        r = hf__credentials_open(d, ret_what);
    if (r != 0)
        return r;
    hf__peers_listen(d);
    *ret_what = "the operator listener";
    r = hf__operators_open(d);
    if (r != 0)
        return r;
    hf__metrics_open(d);
    return settle(d, ret_what);
}

static int close_daemon(struct hf__daemon *d, int status)
{
    hf__daemon_drop_outputs(d);
    hf__storage_close(d->storage, HF__STOP_MS);
    hf_engine_free(d->engine);
    hf_shared_free(d->shared);
    hf_pool_free(d->documents);
    hf__quotes_free(d->quotes);
    hf__collateral_free(d);
    hf__folders_free(d);
    hf__times_free(d);
    free(d->requests);
    free(d->refused);
    hf__watch_free(d);
    hf__members_free(d->members);
    hf__applications_free(d->applications);
    hf__askers_free(d->askers);
    hf_blob_unref(d->request_file);
    int r = uv_loop_close(&d->loop);
    hf__log(r == 0 ? HF__INFO : HF__WARNING, "stopped", NULL, 0);
    hf__log_stop(LOG_MS);
    free(d);
    return status;
}

/* Threads here allocate little and seldom: an arena for each would cost more than waiting does. */
static void tune_memory(void)
{
    mallopt(M_ARENA_MAX, ARENAS_MAX);
    mallopt(M_TRIM_THRESHOLD, TRIM_BYTES);
    mallopt(M_MMAP_THRESHOLD, TRIM_BYTES);
}

int hf__daemon_run(const struct hf__settings *settings, const struct hf__start *start)
{
    const char *what = "";
    struct hf__daemon *d = calloc(1, sizeof *d);
    if (d == NULL)
        return EXIT_FAILURE;
    d->settings = settings;
    d->config_file = start->config_file;
    d->as_root = start->as_root;
    d->started_ms = hf_clock_monotonic_ms();
    tune_memory();
    hf__formats_log();
    say_dev(d);
    int r = hf__watch_new(d);
    if (r == 0)
        r = open_daemon(d, start, &what);
    /* Threads that are made from here on have the filter, too. */
    if (r == 0)
        r = hf__log_start();
    if (r != 0) {
        /* Before anything is open but the port: the process's end closes it. */
        hf__log(HF__ERROR, "cannot_start", what, r);
        hf__log_stop(LOG_MS);
        return EXIT_FAILURE;
    }
    hf__daemon_begin(d);
    uv_run(&d->loop, UV_RUN_DEFAULT);
    return close_daemon(d, d->hopeless ? EXIT_FAILURE : EXIT_SUCCESS);
}
