#include "trial/news.h"

/* event_statement.kind: 1 leave, 2 draining, 3 address; what follows comes of probes, and is
 * overtaken by its answer. */
enum { ANNOUNCED_LAST = 3, FOLLOWED_MAX = 1 << 16 };

struct row {
    uint64_t first_us, last_us, takers;
    uint64_t place;
    struct hf__key newest; /* of the same subject and kind */
};

void hf__news_init(struct hf__news_record *r)
{
    r->missed = 0;
    hf__map_init(&r->rows, sizeof(struct row));
    hf__map_init(&r->newest, sizeof(uint64_t));
}

void hf__news_done(struct hf__news_record *r)
{
    hf__map_done(&r->rows);
    hf__map_done(&r->newest);
}

void hf__news_taken(struct hf__news_record *r, const struct hf_trace *t, uint64_t now_us)
{
    const uint64_t place[2] = {t->a, t->b};
    if (t->a > ANNOUNCED_LAST)
        return;
    struct hf__key key = hf__key_of(hf_bytes_of(t->account.bytes, sizeof t->account.bytes),
                                    hf_bytes_of(place, sizeof place), (struct hf_bytes){0});
    struct row *row = hf__map_find(&r->rows, key);
    if (row == NULL && r->rows.count == FOLLOWED_MAX) {
        r->missed++;
        return;
    }
    if (row == NULL) {
        row = hf__map_at(&r->rows, key);
        row->first_us = now_us;
        row->place = t->b;
        row->newest = hf__key_of(hf_bytes_of(t->account.bytes, sizeof t->account.bytes),
                                 hf_bytes_of(place, sizeof place[0]), (struct hf_bytes){0});
        uint64_t *newest = hf__map_at(&r->newest, row->newest);
        *newest = *newest > t->b ? *newest : t->b;
    }
    row->last_us = now_us;
    row->takers++;
}

void hf__news_sum(const struct hf__news_record *r, struct hf__news_sum *ret)
{
    *ret = (struct hf__news_sum){.takers_min = UINT64_MAX};
    size_t at = 0;
    for (const struct row *row; (row = hf__map_next(&r->rows, &at)) != NULL; ret->count++) {
        hf__times_add(&ret->times, row->last_us - row->first_us);
        const uint64_t *newest = hf__map_find(&r->newest, row->newest);
        if (newest != NULL && *newest > row->place)
            continue; /* its author has replaced it, perhaps before it was told */
        if (row->takers < ret->takers_min)
            ret->takers_min = row->takers;
    }
    if (ret->count == 0)
        ret->takers_min = 0;
}
