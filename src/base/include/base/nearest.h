/* Which known word a mistyped one is a slip of. */
#ifndef HF_BASE_NEAREST_H
#define HF_BASE_NEAREST_H

#include <stddef.h>

struct hf_nearest {
    const char *word;
    const char *known; /* the nearest that was offered; NULL: none is near */
    size_t edits;
};

/* word: borrowed; one of more than 32 bytes is a slip of none. */
struct hf_nearest hf_nearest_to(const char *word);
/* A word that would have been right: borrowed. Of equally near ones the first counts. */
void hf_nearest_offer(struct hf_nearest *n, const char *known);

#endif
