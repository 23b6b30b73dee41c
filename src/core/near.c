/* Fetching ahead: only hints, which may be wrong and may be left out. */
#include "node.h"

enum { LINE = 64 };

static void fetch(const void *p, size_t len)
{
    const uint8_t *at = p;
    for (size_t i = 0; i < len; i += LINE)
        __builtin_prefetch(at + i);
}

void hf_engine_near(const struct hf_engine *e, unsigned depth)
{
    if (depth == 0) {
        fetch(e, sizeof *e);
    } else if (depth == 1) {
        fetch(e->rows.rows, e->rows.count * sizeof *e->rows.rows);
        fetch(e->known.at, e->known.count * sizeof *e->known.at);
        fetch(e->calls, e->calls_count * sizeof *e->calls);
        fetch(e->s, sizeof *e->s);
    } else {
        for (size_t i = 0; i < e->rows.count; i++)
            fetch(e->rows.rows[i].row, sizeof(struct hf__row));
    }
}
