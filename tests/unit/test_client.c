/* A client of the local socket: who it believes, that it waits no longer than it was told, and what
 * of an answer makes a key. */
#include "client/call.h"

#include "base/error.h"
#include "client/frame.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <holdfast/holdfast.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, SHORT_MS = 150 };

static char folder[HF_SCRATCH_PATH_LEN], path[HF_SCRATCH_PATH_LEN + 16];

static int listen_here(int backlog)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                   listen(fd, backlog) == 0
               ? fd
               : -1;
}

static int ask(void)
{
    struct hf_client_answer answer = {0};
    int r = hf_client_call(path, hf_bytes_of("{}", 2), SHORT_MS, &answer);
    hf_client_answer_done(&answer);
    return r;
}

Test(hf_client_call, a_queue_that_is_full_ends_with_the_deadline)
{
    hf_scratch_make(folder);
    snprintf(path, sizeof path, "%s/socket", folder);
    int fd = listen_here(0), waiting[2];
    cr_assert(fd >= 0);
    for (size_t i = 0; i < HF_ARRAY_LEN(waiting); i++) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        memcpy(address.sun_path, path, strlen(path));
        waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(waiting[i], (const struct sockaddr *)&address, sizeof address);
    }
    cr_assert_eq(ask(), HF_ETIMEOUT);
    for (size_t i = 0; i < HF_ARRAY_LEN(waiting); i++)
        close(waiting[i]);
    close(fd);
    hf_scratch_remove(folder);
}

/* A daemon that answers nothing, and listens until the test kills it. */
static pid_t start_stranger(void)
{
    int ready[2];
    char yes = 0;
    cr_assert_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        if (setresuid(NOBODY, NOBODY, NOBODY) != 0 || listen_here(16) < 0 ||
            chmod(path, 0777) != 0 || write(ready[1], "y", 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    close(ready[1]);
    cr_assert_eq(read(ready[0], &yes, 1), 1);
    close(ready[0]);
    return child;
}

Test(hf_client_call, a_strangers_socket_is_believed_only_where_none_but_he_could_put_it)
{
    if (geteuid() != 0)
        cr_skip_test("skipped: listening as somebody else needs root");
    hf_scratch_make(folder);
    snprintf(path, sizeof path, "%s/socket", folder);
    cr_assert_eq(chmod(folder, 01777), 0);
    pid_t stranger = start_stranger();
    cr_assert_eq(ask(), HF_EPERMISSION);
    /* As systemd makes a folder for a daemon. */
    cr_assert_eq(chmod(folder, 0755), 0);
    cr_assert_eq(chown(folder, NOBODY, NOBODY), 0);
    cr_assert_eq(ask(), HF_ETIMEOUT);
    cr_assert_eq(chown(folder, 1, 1), 0);
    cr_assert_eq(ask(), HF_EPERMISSION);
    kill(stranger, SIGKILL);
    (void)waitpid(stranger, NULL, 0);
    hf_scratch_remove(folder);
}

/* Answers one request with this text, and ends. */
static pid_t answer_once(const char *text)
{
    int fd = listen_here(4);
    cr_assert(fd >= 0);
    pid_t child = fork();
    if (child == 0) {
        /* All of the request is read: what is left would end the connection before the answer. */
        uint8_t asked[HF_FRAME_HEAD_LEN], request[256];
        uint8_t head[HF_FRAME_HEAD_LEN] = {0, 0, 0, (uint8_t)strlen(text)};
        int conn = accept(fd, NULL, NULL);
        bool ok = recv(conn, asked, sizeof asked, MSG_WAITALL) == sizeof asked &&
                  recv(conn, request, asked[3], MSG_WAITALL) == asked[3] &&
                  send(conn, head, sizeof head, MSG_NOSIGNAL) == sizeof head &&
                  send(conn, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
        _exit(ok ? 0 : 1);
    }
    close(fd);
    return child;
}

static int get_by(const char *text, const struct holdfast_options *options,
                  struct holdfast_key *ret)
{
    pid_t child = answer_once(text);
    int r = holdfast_key_get_with("k", options, ret);
    kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    unlink(path);
    return r;
}

static int get_from(const char *text, struct holdfast_key *ret)
{
    const struct holdfast_options options = {.socket = path};
    return get_by(text, &options, ret);
}

#define DIGITS          "0102030405060708090a0b0c0d0e0f100102030405060708090a0b0c0d0e0f10"
#define KEY_AND_NETWORK "{\"key\":\"" DIGITS "\",\"network\":\"" DIGITS "\",\"version\":3"

/* A host that plants the configuration of a network of its own. */
Test(holdfast_key_get, of_another_network_is_refused_where_one_is_expected)
{
    static const char text[] = KEY_AND_NETWORK ",\"claim\":1}";
    uint8_t network[HOLDFAST_NETWORK_LEN];
    struct holdfast_options options = {.socket = path, .network = network};
    struct holdfast_key key = {.version = 99};
    hf_scratch_make(folder);
    snprintf(path, sizeof path, "%s/socket", folder);
    for (size_t i = 0; i < sizeof network; i++)
        network[i] = (uint8_t)(i % 16 + 1);
    cr_assert_eq(get_by(text, &options, &key), 0);
    cr_assert_eq(key.version, 3);
    holdfast_key_wipe(&key);
    key.version = 99;
    network[31] ^= 1;
    cr_assert_eq(get_by(text, &options, &key), HOLDFAST_OTHER_NETWORK);
    cr_assert_eq(key.version, 99, "nothing of it is given");
    hf_scratch_remove(folder);
}

static bool is_privileged;

/* In place of the C library's, for libholdfast too: whether this program has more rights than who
 * runs it is as the test says. */
char *secure_getenv(const char *name)
{
    return is_privileged ? NULL : getenv(name);
}

/* Who runs a program with more rights than his own does not say whom it gets its key from. */
Test(holdfast_key_get, goes_by_the_environment_only_where_it_is_the_callers_own)
{
    static const char text[] = KEY_AND_NETWORK ",\"claim\":1}";
    const struct holdfast_options options = {0};
    struct holdfast_key key = {.version = 99};
    hf_scratch_make(folder);
    snprintf(path, sizeof path, "%s/socket", folder);
    cr_assert_eq(setenv("HOLDFAST_SOCKET", path, 1), 0);
    cr_assert_eq(get_by(text, &options, &key), 0);
    holdfast_key_wipe(&key);
    key.version = 99;
    is_privileged = true;
    cr_assert_neq(get_by(text, &options, &key), 0);
    cr_assert_eq(key.version, 99);
    hf_scratch_remove(folder);
}

Test(holdfast_key_get, comes_with_a_fencing_token_or_not_at_all)
{
    static const char *const bad[] = {
        KEY_AND_NETWORK "}",
        KEY_AND_NETWORK ",\"claim\":0}",
        KEY_AND_NETWORK ",\"claim\":\"7\"}",
        KEY_AND_NETWORK ",\"claim\":99999999999999999999}",
    };
    struct holdfast_key key = {.version = 99};
    hf_scratch_make(folder);
    snprintf(path, sizeof path, "%s/socket", folder);
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++)
        cr_assert_eq(get_from(bad[i], &key), HOLDFAST_PROTOCOL, "%s", bad[i]);
    cr_assert_eq(key.version, 99);
    cr_assert_eq(get_from(KEY_AND_NETWORK ",\"claim\":18446744073709551614}", &key), 0);
    cr_assert_eq(key.claim, UINT64_MAX - 1);
    cr_assert_eq(key.version, 3);
    cr_assert_eq(key.bytes[31], 0x10);
    holdfast_key_wipe(&key);
    hf_scratch_remove(folder);
}

/* ---- quotes */

static int quote_by(const char *text, const uint8_t *network, struct holdfast_quote *ret)
{
    static const uint8_t bytes[HOLDFAST_BYTES_LEN] = {0xb1}, nonce[HOLDFAST_NONCE_LEN] = {0xb2};
    const struct holdfast_options options = {.socket = path, .network = network};
    pid_t child = answer_once(text);
    int r = holdfast_quote_make_with(bytes, nonce, &options, ret);
    kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    unlink(path);
    return r;
}

#define OF_NETWORK ",\"network\":\"" DIGITS "\"}"

Test(holdfast_quote_make, gives_the_file_of_the_network_that_is_expected)
{
    static struct holdfast_quote quote;
    uint8_t network[HOLDFAST_NETWORK_LEN];
    hf_scratch_make(folder);
    snprintf(path, sizeof path, "%s/socket", folder);
    for (size_t i = 0; i < sizeof network; i++)
        network[i] = (uint8_t)(i % 16 + 1);
    cr_assert_eq(quote_by("{\"quote\":\"83010102ff\"" OF_NETWORK, network, &quote), 0);
    cr_assert_eq(quote.len, 5);
    cr_assert_arr_eq(quote.bytes, "\x83\x01\x01\x02\xff", 5);
    network[0] ^= 1;
    quote.len = 99;
    cr_assert_eq(quote_by("{\"quote\":\"83\"" OF_NETWORK, network, &quote), HOLDFAST_OTHER_NETWORK);
    cr_assert_eq(quote.len, 99, "nothing of it is given");
    hf_scratch_remove(folder);
}

Test(holdfast_quote_make, a_refusal_or_what_makes_no_sense_gives_none)
{
    static const struct {
        const char *text;
        int error;
    } bad[] = {
        {"{\"quote\":\"8301\"}", HOLDFAST_PROTOCOL},
        {"{\"network\":\"" DIGITS "\"}", HOLDFAST_PROTOCOL},
        {"{\"quote\":\"\"" OF_NETWORK, HOLDFAST_PROTOCOL},
        {"{\"quote\":\"830\"" OF_NETWORK, HOLDFAST_PROTOCOL},
        {"{\"quote\":\"83zz\"" OF_NETWORK, HOLDFAST_PROTOCOL},
        {"{\"quote\":7" OF_NETWORK, HOLDFAST_PROTOCOL},
        {"{\"error\":{\"code\":\"locked\",\"message\":\"\",\"retryable\":true}}",
         HOLDFAST_NOT_READY},
        {"{\"error\":{\"code\":\"fenced\",\"message\":\"\",\"retryable\":false}}",
         HOLDFAST_REFUSED},
    };
    static struct holdfast_quote quote = {.len = 99};
    hf_scratch_make(folder);
    snprintf(path, sizeof path, "%s/socket", folder);
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++)
        cr_assert_eq(quote_by(bad[i].text, NULL, &quote), bad[i].error, "%s", bad[i].text);
    cr_assert_eq(quote.len, 99);
    hf_scratch_remove(folder);
}
