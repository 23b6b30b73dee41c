/* A client of the local socket: who it believes, and that it waits no longer than it was told. */
#include "client/call.h"

#include "base/error.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
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

/* Nobody, who listens until the test kills it. */
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
