/* holdfast-measure: extends RTMR3 with the network's id, once a boot, before anything has a key. */
#include "attest/binding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

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

int main(int argc, char **argv)
{
    static const struct option longs[] = {{"register", required_argument, NULL, 'r'},
                                          {"version", no_argument, NULL, 'v'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct hf_network_id network;
    const char *path = HF_RTMR3_PATH;
    if (hf_file_standard() != 0)
        return EXIT_FAILURE;
    for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        if (c == 'r')
            path = optarg;
        else if (c == 'v' || c == 'h') {
            fputs(c == 'v' ? "holdfast-measure " HF_RELEASE "\n" : usage, stdout);
            return EXIT_SUCCESS;
        } else {
            fputs(usage, stderr);
            return EXIT_USAGE;
        }
    }
    if (optind + 1 != argc || hf_hex_decode(argv[optind], network.bytes, sizeof network) != 0) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    return run(path, &network);
}
