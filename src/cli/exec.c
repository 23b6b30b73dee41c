/* holdfast exec: runs a program with application keys on file descriptors, or not at all. */
#include "ask.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/id.h"
#include "command.h"
#include "key.h"
#include "base/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    KEYS_MAX = 16,
    NAME_MAX_LEN = 64,
    FD_MIN = 3,
    FD_MAX = 255,
    WAIT_S_MAX = 3600,
    NOT_RUN = 127
};

static const char usage[] =
    "usage: holdfast exec --key NAME=FD [--key NAME=FD ...] [--wait SECONDS]\n"
    "                     [--network ID] -- PROGRAM [ARGUMENT ...]\n"
    "\n"
    "Runs the program in place of this one, with each key on the file descriptor:\n"
    "64 hexadecimal digits and a line's end, once, and then the end of the file.\n"
    "The key is in no argument, no environment and no file. Without every key the\n"
    "program is not run.\n"
    "\n"
    "  --key NAME=FD   FD: 3 to 255\n"
    "  --wait SECONDS  for a daemon that is starting or recovering; default 0\n"
    "  --network ID    refuse a key of another network\n"
    "\n"
    "exit status: the program's; 1 error, 2 not released now, 127 the program cannot be run\n";

struct wanted {
    char name[NAME_MAX_LEN + 1];
    int fd;
    int pipe; /* the end that is read; -1 */
};

struct job {
    struct wanted keys[KEYS_MAX];
    size_t count;
    uint64_t wait_s;
    const char *network;
    char **program;
};

/* NAME=FD. */
static bool take_key(void *job, const char *text)
{
    struct job *j = job;
    const char *equals = strchr(text, '=');
    size_t len = equals != NULL ? (size_t)(equals - text) : 0;
    uint64_t fd;
    if (len == 0 || len > NAME_MAX_LEN || j->count == KEYS_MAX)
        return false;
    if (!hf_number_read(equals + 1, FD_MIN, FD_MAX, &fd))
        return false;
    for (size_t i = 0; i < j->count; i++)
        if (j->keys[i].fd == (int)fd)
            return false;
    struct wanted *w = &j->keys[j->count++];
    memcpy(w->name, text, len);
    w->name[len] = '\0';
    w->fd = (int)fd;
    w->pipe = -1;
    return true;
}

static bool take_network(void *job, const char *text)
{
    struct hf_network_id id;
    ((struct job *)job)->network = text;
    return hf_hex_decode(text, id.bytes, sizeof id) == 0;
}

static bool read_words(int argc, char **argv, struct job *j)
{
    static const struct hf_option table[] = {
        HF_TAKE_BY("key", take_key),
        HF_TAKE_BY("network", take_network),
        HF_NUMBER_OF("wait", struct job, wait_s, 0, WAIT_S_MAX),
    };
    char **words;
    int count, own = 1;
    *j = (struct job){0};
    while (own < argc && strcmp(argv[own], "--") != 0)
        own++;
    if (own + 1 >= argc || !hf__options(own, argv, table, HF_ARRAY_LEN(table), j, &words, &count))
        return false;
    j->program = argv + own + 1;
    return count == 0 && j->count > 0;
}

/* A pipe that holds the key's line and has no writer any more. */
static int fetch(const struct job *j, struct wanted *w)
{
    static const char end[] = "\n";
    struct hf_client_answer answer;
    int ends[2];
    int status = hf__key_fetch("exec", "key", w->name, (long)j->wait_s, j->network, &answer);
    if (status != HF_CLI_OK) {
        fprintf(stderr, "holdfast exec: %s is not run: it would have no key %s\n", j->program[0],
                w->name);
        return status;
    }
    bool ok = pipe2(ends, O_CLOEXEC) == 0;
    if (ok) {
        /* Above every descriptor that a key may be wanted on. */
        w->pipe = fcntl(ends[0], F_DUPFD_CLOEXEC, FD_MAX + 1);
        ok = w->pipe >= 0 &&
             write(ends[1], hf__key_digits(&answer), HF__KEY_DIGITS) == HF__KEY_DIGITS &&
             write(ends[1], end, 1) == 1;
        close(ends[0]);
        close(ends[1]);
    }
    hf_client_answer_done(&answer);
    return ok ? HF_CLI_OK : hf__say("exec", "a pipe", HF_EIO);
}

int hf_cli_exec(int argc, char **argv)
{
    struct job j;
    if (argc == 2 && hf__help(argc, argv, usage))
        return HF_CLI_OK;
    if (!read_words(argc, argv, &j))
        return hf__usage(usage);
    for (size_t i = 0; i < j.count; i++) {
        int status = fetch(&j, &j.keys[i]);
        if (status != 0)
            return status;
    }
    for (size_t i = 0; i < j.count; i++)
        if (dup2(j.keys[i].pipe, j.keys[i].fd) < 0)
            return hf__say("exec", "a file descriptor", HF_EIO);
    execvp(j.program[0], j.program);
    hf__say("exec", j.program[0], hf_error_from_errno(errno));
    return NOT_RUN;
}
