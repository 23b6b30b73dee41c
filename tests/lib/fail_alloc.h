/*
 * Makes allocations fail on purpose. A test that depends on fail_alloc_dep has every malloc, calloc
 * and realloc of the project's own code (not of foreign libraries) pass through here.
 */
#ifndef HF_TESTS_FAIL_ALLOC_H
#define HF_TESTS_FAIL_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* From now on the allocation with this index fails, counted from 0;
 * persistent: and all after it. */
void hf_fail_alloc_at(size_t index, bool persistent);
/* Back to normal. Returns whether an allocation was made to fail. */
bool hf_fail_alloc_off(void);

#endif
