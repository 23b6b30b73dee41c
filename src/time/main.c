/* holdfast-time: asks time servers for one user, through chronyd, and sets no clock. */
#include "base/error.h"
#include "base/file.h"
#include "base/options.h"
#include "base/served.h"
#include "kernel.h"
#include "serve.h"

#include <stdio.h>
#include <stdlib.h>

#define CHRONYD_PATH  "/usr/sbin/chronyd"
#define CHRONYC_PATH  "/usr/bin/chronyc"
#define CHRONY_FOLDER "/run/chrony"

static const char usage[] =
    "usage: holdfast-time --user USER [option ...]\n"
    "\n"
    "  --user USER           who is served: a name, or a number\n"
    "  --ca-file FILE        certificates to trust, instead of the system's\n"
    "  --poll N              2^N seconds between questions to a server at first; default 6\n"
    "  --folder FOLDER       for chronyd's socket; default " CHRONY_FOLDER "\n"
    "  --chronyd FILE        the program; default " CHRONYD_PATH "\n"
    "  --chronyc FILE        its client; default " CHRONYC_PATH "\n"
    "  --clock-source FILE   the kernel's; default " HF__CLOCK_SOURCE_PATH "\n"
    "  --version             print the version\n"
    "  --help                print this\n"
    "\n"
    "It serves the socket that systemd gives it, see holdfast-time(8).\n";

static int fail(const char *what, int error)
{
    fprintf(stderr, "holdfast-time: %s: %s\n", what, hf_error_sentence(error));
    return EXIT_FAILURE;
}

struct chosen {
    const char *user, *ca_file, *folder, *chronyd, *chronyc, *clock_source;
    uint64_t poll;
    bool version, help;
};

static const struct hf_option options[] = {
    HF_TEXT_OF("user", struct chosen, user),
    HF_TEXT_OF("ca-file", struct chosen, ca_file),
    HF_NUMBER_OF("poll", struct chosen, poll, 0, 12),
    HF_TEXT_OF("folder", struct chosen, folder),
    HF_TEXT_OF("chronyd", struct chosen, chronyd),
    HF_TEXT_OF("chronyc", struct chosen, chronyc),
    HF_TEXT_OF("clock-source", struct chosen, clock_source),
    HF_FLAG_OF("version", struct chosen, version),
    HF_FLAG_OF("help", struct chosen, help),
};

static int run(const struct chosen *chosen)
{
    const struct hf__serve_options serve = {.chrony = {.chronyd = chosen->chronyd,
                                                       .chronyc = chosen->chronyc,
                                                       .folder = chosen->folder,
                                                       .ca_file = chosen->ca_file,
                                                       .poll = (unsigned)chosen->poll},
                                            .clock_source = chosen->clock_source};
    uid_t uid;
    if (!hf_served_user(chosen->user, &uid))
        return fail(chosen->user, HF_ENOTFOUND);
    if (!hf_served_given())
        return fail("no socket was given (LISTEN_FDS, LISTEN_PID)", HF_EINVAL);
    return fail("the socket", hf__time_serve(HF_SERVED_LISTENER, uid, &serve));
}

static int start_with(int argc, char **argv)
{
    char reason[HF_OPTION_REASON_MAX], **words;
    struct chosen chosen = {.folder = CHRONY_FOLDER,
                            .chronyd = CHRONYD_PATH,
                            .chronyc = CHRONYC_PATH,
                            .clock_source = HF__CLOCK_SOURCE_PATH,
                            .poll = 6};
    int words_count;
    if (hf_file_standard() != 0)
        return EXIT_FAILURE;
    if (!hf_options_read(argc, argv, options, HF_ARRAY_LEN(options), &chosen, &words, &words_count,
                         reason)) {
        fprintf(stderr, "holdfast-time: %s\n%s", reason, usage);
        return HF_EXIT_USAGE;
    }
    if (chosen.help || chosen.version) {
        fputs(chosen.help ? usage : "holdfast-time " HF_RELEASE "\n", stdout);
        return EXIT_SUCCESS;
    }
    if (chosen.user == NULL || words_count != 0) {
        fputs(usage, stderr);
        return HF_EXIT_USAGE;
    }
    return run(&chosen);
}

int main(int argc, char **argv)
{
    return hf_file_printed("holdfast-time", start_with(argc, argv), EXIT_FAILURE);
}
