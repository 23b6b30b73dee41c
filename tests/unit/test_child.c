/* A program that was started comes to its end, whatever it does. */
#include "base/child.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that closes its end of a pipe, and then stays, or ends with 3 once it is told to. */
static pid_t start(bool stays, int *ret_said, int *ret_tell)
{
    int said[2], tell[2];
    char word;
    cr_assert_eq(pipe(said), 0);
    cr_assert_eq(pipe(tell), 0);
    pid_t child = fork();
    if (child == 0) {
        close(said[0]);
        close(said[1]);
        close(tell[1]);
        while (stays)
            pause();
        _exit(read(tell[0], &word, 1) == 1 ? 3 : 4);
    }
    close(said[1]);
    close(tell[0]);
    *ret_said = said[0];
    *ret_tell = tell[1];
    return child;
}

Test(hf_child_end, of_one_that_ends_by_itself_gives_its_status)
{
    int said, tell;
    char part[1];
    pid_t child = start(false, &said, &tell);
    cr_assert_eq(read(said, part, sizeof part), 0, "it has closed its end");
    cr_assert_eq(write(tell, "x", 1), 1);
    int status = hf_child_end(child, UINT64_MAX);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    close(said);
    close(tell);
}

Test(hf_child_end, of_one_that_has_closed_its_output_and_stays)
{
    int said, tell;
    char part[1];
    for (uint64_t patience_ms = 0; patience_ms < 2; patience_ms++) {
        pid_t child = start(true, &said, &tell);
        cr_assert_eq(read(said, part, sizeof part), 0);
        int status = hf_child_end(child, patience_ms);
        cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        cr_assert_eq(waitpid(child, &status, WNOHANG), -1, "it was waited for");
        close(said);
        close(tell);
    }
}
