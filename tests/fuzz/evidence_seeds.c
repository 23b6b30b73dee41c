/* Writes the seeds of fuzz_evidence: usage: evidence_seeds FOLDER */
#include "broken_cases.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
    if (argc != 2 || (mkdir(argv[1], 0700) != 0 && errno != EEXIST))
        return EXIT_FAILURE;
    for (size_t i = 0; i < broken_cases_count; i++) {
        char path[4096];
        struct hf_buf seed;
        hf_buf_init(&seed, HF_BROKEN_FILE_MAX);
        broken_case_make(i, &seed);
        snprintf(path, sizeof path, "%s/%02zu", argv[1], i);
        FILE *file = fopen(path, "wb");
        if (file == NULL || fwrite(seed.data, 1, seed.len, file) != seed.len || fclose(file) != 0)
            return EXIT_FAILURE;
        hf_buf_done(&seed);
    }
    return EXIT_SUCCESS;
}
