/* Writes the seeds of fuzz_wire into a folder: each message with least, some and most in it. */
#include "base/buf.h"
#include "filler.h"
#include "wire/messages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { ARENA_MAX = 1 << 24, SEED_MAX = 1 << 20 };

static void write_seed(const char *folder, size_t t, enum hf_filling filling)
{
    const struct hf_wire_type *type = hf_wire_types[t];
    struct hf_arena arena;
    struct hf_buf seed;
    char path[4096];
    void *message;
    hf_arena_init(&arena, ARENA_MAX);
    hf_buf_init(&seed, SEED_MAX);
    int r = hf_arena_alloc(&arena, 1, type->size, &message);
    hf_assert(r == 0);
    hf_filler_fill(type, filling, t, &arena, message);
    hf_buf_append_u8(&seed, (uint8_t)t); /* which message: fuzz_wire.c */
    r = hf_wire_encode(type, message, &seed);
    hf_assert(r == 0);

    snprintf(path, sizeof(path), "%s/%s-%d", folder, type->name, (int)filling);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(seed.data, 1, seed.len, file) != seed.len || fclose(file) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    hf_buf_done(&seed);
    hf_arena_done(&arena);
}

int main(int argc, char **argv)
{
    if (argc != 2 || (mkdir(argv[1], 0700) != 0 && errno != EEXIST)) {
        fprintf(stderr, "usage: wire_seeds FOLDER\n");
        return EXIT_FAILURE;
    }
    for (size_t t = 0; t < hf_wire_types_count; t++) {
        for (int filling = HF_FILLING_LEAST; filling <= HF_FILLING_MOST; filling++)
            write_seed(argv[1], t, (enum hf_filling)filling);
    }
    return EXIT_SUCCESS;
}
