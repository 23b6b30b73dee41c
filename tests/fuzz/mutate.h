/* A small deterministic mutator for the stand-alone fuzz driver: seeds and a dictionary in, one
 * input at a time out. */
#ifndef HF_FUZZ_MUTATE_H
#define HF_FUZZ_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PIECE_MAX = 1 << 20 }; /* bytes of a seed or an input */

struct piece {
    uint8_t *data;
    size_t len;
};

struct pieces {
    struct piece *items;
    size_t count;
};

/* Copies data; ends the process when out of memory. */
void pieces_add(struct pieces *p, const uint8_t *data, size_t len);
void pieces_free(struct pieces *p);

/* Reads a dictionary in libFuzzer's format (lines of name="text with \xAB"); ends the process where
 * it cannot. */
void dictionary_read(const char *path, struct pieces *ret);

struct mutator {
    const struct pieces *seeds;
    const struct pieces *tokens;
    uint64_t state; /* of the generator */
};

/* The next input, of at most len_max bytes, into ret (PIECE_MAX bytes); its length. */
size_t mutate(struct mutator *m, uint8_t *ret, size_t len_max);

#endif
