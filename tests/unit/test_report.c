/* The report helper as systemd starts it, on the double of the kernel's interface: who has no
 * privilege gets quotes from it, of this protocol's labels and no others. */
#include "attest/quote.h"
#include "attest/report_helper.h"
#include "base/error.h"
#include "crypto/suite.h"
#include "scratch.h"
#include "tsm_double.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NOBODY = 65534, LISTENER = 3, BURST = 20 };

static struct tsm_machine m;
static char folder[HF_SCRATCH_PATH_LEN], path[HF_SCRATCH_PATH_LEN + 16];
static pid_t helper;
static uid_t served;

static uint64_t in_ms(uint64_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000 + ms;
}

/* In the helper's process. */
static void become_helper(int listener)
{
    char text[16], uid[16];
    const char *program = getenv("HOLDFAST_REPORT");
    snprintf(text, sizeof text, "%d", (int)getpid());
    snprintf(uid, sizeof uid, "%u", (unsigned)served);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup2(listener, LISTENER) != LISTENER || setenv("LISTEN_PID", text, 1) != 0 ||
        setenv("LISTEN_FDS", "1", 1) != 0 || program == NULL)
        _exit(1);
    close_range(LISTENER + 1, ~0u, 0);
    execl(program, program, "--user", uid, "--report", m.kernel.path, (char *)NULL);
    _exit(1);
}

static void start_helper(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    hf_scratch_make(folder);
    cr_assert_eq(chmod(folder, 0755), 0);
    snprintf(path, sizeof path, "%s/socket", folder);
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(chmod(path, 0666), 0);
    cr_assert_eq(listen(fd, 64), 0);
    helper = fork();
    if (helper == 0)
        become_helper(fd);
    close(fd);
}

static void set_up(void)
{
    served = geteuid() == 0 ? NOBODY : geteuid();
    tsm_machine_start(&m);
    start_helper();
}

static void tear_down(void)
{
    if (helper > 0) {
        kill(helper, SIGKILL);
        (void)waitpid(helper, NULL, 0);
        hf_scratch_remove(folder);
    }
    tsm_machine_stop(&m);
}

TestSuite(hf_report, .init = set_up, .fini = tear_down, .timeout = 60);

static const struct hf_hash hash = {{7, 7, 7}};

/* A quote for this label, asked for as who runs this. */
static int make_here(const char *label)
{
    struct hf_producer *p = NULL;
    struct hf_quote parsed;
    struct hf_buf quote;
    uint8_t report_data[64];
    hf_buf_init(&quote, HF_QUOTE_MAX);
    hf_report_data_of(label, &hash, report_data);
    int r = hf_report_helper_new(path, &p);
    if (r == 0)
        r = hf_producer_make_for(p, label, &hash, report_data, in_ms(20000), &quote);
    if (r == 0 && (hf_quote_parse(hf_buf_bytes(&quote), &parsed, NULL) != 0 ||
                   memcmp(parsed.report_data, report_data, 64) != 0))
        r = HF_EINTERNAL;
    hf_buf_done(&quote);
    hf_producer_free(p);
    return r;
}

/* The same as another user, in a process of its own. */
static int make_as(uid_t uid, const char *label)
{
    int ends[2], r = HF_EINTERNAL;
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        int made =
            uid == geteuid() || setresuid(uid, uid, uid) == 0 ? make_here(label) : HF_EINTERNAL;
        (void)!write(ends[1], &made, sizeof made);
        _exit(0);
    }
    close(ends[1]);
    cr_assert_eq(read(ends[0], &r, sizeof r), (ssize_t)sizeof r);
    close(ends[0]);
    (void)waitpid(child, NULL, 0);
    return r;
}

Test(hf_report, its_user_gets_quotes_without_a_privilege)
{
    cr_assert_eq(make_as(served, "holdfast/v1/identity"), 0);
    cr_assert_eq(make_as(served, "holdfast/v1/recover"), 0);
    cr_assert_eq(atomic_load(&m.kernel.knobs->folders_made), 2);
    cr_assert_eq(atomic_load(&m.kernel.knobs->folders), 0);
}

Test(hf_report, nobody_else_is_served)
{
    if (geteuid() != 0)
        cr_skip_test("skipped: becoming somebody else needs root");
    cr_assert_eq(make_as(1, "holdfast/v1/identity"), HF_ECONNRESET);
    cr_assert_eq(make_as(0, "holdfast/v1/identity"), HF_ECONNRESET);
    cr_assert_eq(atomic_load(&m.kernel.knobs->folders_made), 0);
    cr_assert_eq(make_as(NOBODY, "holdfast/v1/identity"), 0);
}

/* Sends a packet as the user who is served; the answer's code, or 1 when there is none. */
static int send_packet(const void *packet, size_t len)
{
    int ends[2], code = 1;
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        uint8_t answer[64];
        int seen = 1;
        memcpy(address.sun_path, path, strlen(path));
        int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
        if ((served == geteuid() || setresuid(served, served, served) == 0) &&
            connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
            send(fd, packet, len, 0) == (ssize_t)len && recv(fd, answer, sizeof answer, 0) >= 4)
            seen = (int)((uint32_t)answer[0] << 24 | (uint32_t)answer[1] << 16 |
                         (uint32_t)answer[2] << 8 | answer[3]);
        (void)!write(ends[1], &seen, sizeof seen);
        _exit(0);
    }
    close(ends[1]);
    cr_assert_eq(read(ends[0], &code, sizeof code), (ssize_t)sizeof code);
    close(ends[0]);
    (void)waitpid(child, NULL, 0);
    return code;
}

Test(hf_report, only_labels_of_this_protocol_are_signed)
{
    static const char *const bad[] = {"holdfast/v1/",
                                      "holdfast/v2/identity",
                                      "",
                                      "x",
                                      "holdfast/v1/Identity",
                                      "holdfast/v1/identity ",
                                      "holdfast/v1/a/b",
                                      "signal/v1/identity"};
    uint8_t packet[256] = {1};
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++) {
        size_t len = strlen(bad[i]);
        packet[1] = (uint8_t)len;
        memcpy(packet + 2, bad[i], len);
        cr_expect_eq(send_packet(packet, 2 + len + 32), HF_EMALFORMED, "'%s'", bad[i]);
        cr_expect_eq(hf_report_request_encode(bad[i], &hash, packet + 64), 0);
    }
    uint8_t good[HF_REPORT_REQUEST_MAX + 2];
    size_t len = hf_report_request_encode("holdfast/v1/identity", &hash, good);
    cr_assert_eq(send_packet(good, len), 0);
    /* One byte less, one more, 64 bytes of one's own, another version. */
    cr_assert_eq(send_packet(good, len - 1), HF_EMALFORMED);
    cr_assert_eq(send_packet(good, len + 1), HF_EMALFORMED);
    cr_assert_eq(send_packet(packet, 64), HF_EMALFORMED);
    good[0] = 2;
    cr_assert_eq(send_packet(good, len), HF_EMALFORMED);
    cr_assert_eq(atomic_load(&m.kernel.knobs->folders_made), 1);
}

Test(hf_report, it_makes_so_many_and_no_more)
{
    uint8_t request[HF_REPORT_REQUEST_MAX];
    size_t len = hf_report_request_encode("holdfast/v1/identity", &hash, request);
    uint64_t begun = in_ms(0);
    int made = 0, refused = 0;
    while (refused == 0 && made < 100 * BURST) {
        int code = send_packet(request, len);
        made += code == 0;
        refused += code == HF_EBUSY;
    }
    cr_assert_eq(refused, 1);
    /* 20 at once, and 10 for each second that this took. */
    cr_assert_geq(made, BURST);
    cr_assert_leq((uint64_t)made, BURST + 1 + (in_ms(0) - begun) / 100);
}

Test(hf_report, without_a_socket_it_does_not_run)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        unsetenv("LISTEN_PID");
        (void)!freopen("/dev/null", "w", stderr);
        execl(getenv("HOLDFAST_REPORT"), "holdfast-report", "--user", "0", "--report",
              m.kernel.path, (char *)NULL);
        _exit(0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status));
    cr_assert_eq(WEXITSTATUS(status), 1);
}
