/*
 * Messages filled with content that a counter decides: the same on every machine and in every run.
 * They seed the fuzz targets and make the vectors of tests/vectors.
 */
#ifndef HF_TESTS_FILLER_H
#define HF_TESTS_FILLER_H

#include "wire/wire.h"

enum hf_filling {
    HF_FILLING_LEAST, /* required fields alone, each at its least */
    HF_FILLING_SOME,  /* every field, of moderate size */
    HF_FILLING_MOST,  /* every field at its largest value; lengths and counts stay moderate */
};

/*
 * Fills message, the struct of type. What it points to lies in the arena, which must be large
 * enough. counter: where the filler begins; different ones give different content.
 */
void hf_filler_fill(const struct hf_wire_type *type, enum hf_filling filling, uint64_t counter,
                    struct hf_arena *arena, void *ret_message);

#endif
