/* holdfast-measure: extends RTMR3 with the network's id, once a boot, before anything has a key. */
#include "attest/binding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: holdfast-measure [--register FILE] NETWORK\n"
    "\n"
    "Extends RTMR3 of this trust domain with the id of the network, 64 hexadecimal digits, unless\n"
    "that was done since the boot. It fails where RTMR3 holds something else.\n"
    "\n"
    "  --register FILE   the kernel's; default " HF_RTMR3_PATH "\n"
    "  --version         print the version\n"
    "  --help            print this\n";

static int run(const char *path, const struct hf_network_id *network)
{
    bool done;
    int r = hf_network_extend(path, network, &done);
    if (r == HF_ENOTFOUND) {
        printf("holdfast-measure: this kernel shows no RTMR3: the daemon looks for "
               "holdfast.network= in the measured command line\n");
        return EXIT_SUCCESS;
    }
    if (r != 0) {
        fprintf(stderr, "holdfast-measure: %s: %s\n", path, hf_error_sentence(r));
        return EXIT_FAILURE;
    }
    printf("holdfast-measure: RTMR3 %s\n", done ? "extended" : "was extended before");
    return EXIT_SUCCESS;
}

struct chosen {
    const char *path;
    bool version, help;
};

static const struct hf_option options[] = {
    HF_TEXT_OF("register", struct chosen, path),
    HF_FLAG_OF("version", struct chosen, version),
    HF_FLAG_OF("help", struct chosen, help),
};

static int start_with(int argc, char **argv)
{
    char reason[HF_OPTION_REASON_MAX], **words;
    struct chosen chosen = {.path = HF_RTMR3_PATH};
    struct hf_network_id network;
    int words_count;
    if (hf_file_standard() != 0)
        return EXIT_FAILURE;
    if (!hf_options_read(argc, argv, options, HF_ARRAY_LEN(options), &chosen, &words, &words_count,
                         reason)) {
        fprintf(stderr, "holdfast-measure: %s\n%s", reason, usage);
        return HF_EXIT_USAGE;
    }
    if (chosen.help || chosen.version) {
        fputs(chosen.help ? usage : "holdfast-measure " HF_RELEASE "\n", stdout);
        return EXIT_SUCCESS;
    }
    if (words_count != 1 || hf_hex_decode(words[0], network.bytes, sizeof network) != 0) {
        fputs(usage, stderr);
        return HF_EXIT_USAGE;
    }
    return run(chosen.path, &network);
}

int main(int argc, char **argv)
{
    return hf_file_printed("holdfast-measure", start_with(argc, argv), EXIT_FAILURE);
}
