#include "share.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

int hf__share_say(const char *what, int error)
{
    fprintf(stderr, "holdfast-share: %s: %s (%s)\n", what, hf_error_sentence(error),
            hf_error_name(error));
    switch (error) {
    case HF_EPASSPHRASE:
    case HF_EWORD:
        return HF__SHARE_SECRET;
    case HF_ENOTHOLDER:
    case HF_ESHARE:
        return HF__SHARE_OTHERS;
    case HF_EDOCUMENT_OLD:
    case HF_EEXPIRED:
    case HF_EBEHIND:
        return HF__SHARE_OLD;
    case HF_ECLOCK:
        return HF__SHARE_CLOCK;
    case HF_ECANCELED:
        return HF__SHARE_UNSURE;
    default:
        return HF__SHARE_ERROR;
    }
}

/* A line, byte by byte: what follows it on the descriptor is for others. */
static int read_line(int fd, char *ret)
{
    for (size_t len = 0; len < HF__PASSPHRASE_MAX; len++) {
        ssize_t n;
        do
            n = read(fd, ret + len, 1);
        while (n < 0 && errno == EINTR);
        if (n < 0)
            return HF_EIO;
        if (n == 0 || ret[len] == '\n') {
            ret[len] = '\0';
            return len > 0 ? 0 : HF_EINVAL;
        }
    }
    return HF_ETOOBIG;
}

static int ask_terminal(const char *prompt, char *ret)
{
    struct termios before, unseen;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (fd < 0 || tcgetattr(fd, &before) != 0) {
        if (fd >= 0)
            close(fd);
        return HF_EPERMISSION;
    }
    unseen = before;
    unseen.c_lflag &= ~(tcflag_t)ECHO;
    int r = write(fd, prompt, strlen(prompt)) > 0 ? 0 : HF_EIO;
    if (r == 0 && tcsetattr(fd, TCSAFLUSH, &unseen) != 0)
        r = HF_EIO;
    if (r == 0)
        r = read_line(fd, ret);
    if (tcsetattr(fd, TCSAFLUSH, &before) != 0 || write(fd, "\n", 1) != 1)
        r = r != 0 ? r : HF_EIO;
    close(fd);
    return r;
}

int hf__ask_secret(const char *prompt, int fd, char *ret)
{
    return fd >= 0 ? read_line(fd, ret) : ask_terminal(prompt, ret);
}

bool hf__ask_yes(const char *digest, const char *confirmed)
{
    char answer[8];
    if (confirmed != NULL)
        return strcmp(digest, confirmed) == 0;
    if (isatty(STDIN_FILENO) != 1)
        return false;
    fputs("Answer it? [yes/no] ", stderr);
    return fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0;
}
