/* Fetching ahead: only hints, which may be wrong and may be left out. */
#include "life/life.h"

enum { LINE = 64 };

static void fetch(const void *p, size_t len)
{
    hf_assert(len == 0 || p != NULL);
    const uint8_t *at = p;
    for (size_t i = 0; i < len; i += LINE)
        __builtin_prefetch(at + i);
}

void hf_engine_prefetch(const struct hf_engine *e, unsigned depth)
{
    hf_assert(depth <= 2);
    if (depth == 0) {
        /* Its parts stand behind it in one piece; to follow pointers to them would wait. */
        fetch(e, sizeof *e + sizeof(struct hf__trust) + sizeof(struct hf__members) +
                     sizeof(struct hf__owner) + sizeof(struct hf__provider));
    } else if (depth == 1) {
        fetch(e->rows.rows, e->rows.count * sizeof *e->rows.rows);
        fetch(e->trust->known.at, e->trust->known.count * sizeof *e->trust->known.at);
        fetch(e->calls, e->calls_count * sizeof *e->calls);
        fetch(e->secrets, sizeof *e->secrets);
    } else {
        for (size_t i = 0; i < e->rows.count; i++)
            fetch(e->rows.rows[i].row, sizeof(struct hf__row));
    }
}
