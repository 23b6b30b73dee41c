#include "scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

void hf_scratch_make(char ret_path[static HF_SCRATCH_PATH_LEN])
{
    snprintf(ret_path, HF_SCRATCH_PATH_LEN, "/tmp/hf-test-XXXXXX");
    if (mkdtemp(ret_path) == NULL) {
        perror("mkdtemp");
        abort();
    }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void hf_scratch_remove(const char *path)
{
    if (nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0)
        perror(path);
}
