#include "base/nearest.h"

#include <string.h>

enum { WORD_MAX = 32 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits (insert, delete, replace, swap neighbours) between two words of at most WORD_MAX bytes. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][WORD_MAX + 1] = {{0}};
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *now = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3];
        const size_t *before_that = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t edits = before[j - 1] + (a[i - 1] != b[j - 1]);
            edits = least(edits, least(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                edits = least(edits, before_that[j - 2] + 1);
            now[j] = edits;
        }
    }
    return rows[a_len % 3][b_len];
}

struct hf_nearest hf_nearest_to(const char *word)
{
    /* From there on it is another word, not a slip. */
    return (struct hf_nearest){.word = word, .edits = strlen(word) / 3 + 1};
}

void hf_nearest_offer(struct hf_nearest *n, const char *known)
{
    size_t word_len = strlen(n->word), len = strlen(known);
    if (word_len > WORD_MAX || len > WORD_MAX)
        return;
    size_t edits = distance(n->word, word_len, known, len);
    if (edits >= n->edits)
        return;
    n->known = known;
    n->edits = edits;
}
