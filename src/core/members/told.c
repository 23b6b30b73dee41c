/* The events that are kept: one of a kind for a subject, one suspect for each author. */
#include <stdlib.h>

#include "base/error.h"
#include "members/members.h"

int hf__place_compare(const struct hf__place *a, const struct hf__place *b)
{
    if (a->claim != b->claim)
        return a->claim < b->claim ? -1 : 1;
    if (a->incarnation != b->incarnation)
        return a->incarnation < b->incarnation ? -1 : 1;
    return 0;
}

/* What an account says of itself has one author: itself. */
static int order(const struct hf__told *t, const struct hf_account *subject, uint8_t kind,
                 const struct hf_account *author)
{
    int r = hf_account_compare(&t->subject, subject);
    if (r == 0)
        r = (t->kind > kind) - (t->kind < kind);
    if (r == 0 && kind == HF__NEWS_SUSPECT && author != NULL)
        r = hf_account_compare(&t->author, author);
    return r;
}

static size_t lower_bound(const struct hf__members *m, const struct hf_account *subject,
                          uint8_t kind, const struct hf_account *author)
{
    hf_assert(m->told_count <= m->told_cap);
    uint64_t head = hf_bytes_head(subject->bytes);
    size_t low = 0, high = m->told_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        /* The event itself lies elsewhere: look at it only when its subject may be the same. */
        bool below = m->told_heads[mid] != head ? m->told_heads[mid] < head
                                                : order(m->told[mid], subject, kind, author) < 0;
        if (below)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

size_t hf__told_first(const struct hf_engine *e, const struct hf_account *subject)
{
    hf_assert(e->open || e->members->told_count == 0);
    return lower_bound(e->members, subject, 0, NULL);
}

size_t hf__told_suspected(const struct hf_engine *e, const struct hf_account *subject)
{
    const struct hf__members *m = e->members;
    hf_assert(m->told_kinds[HF__NEWS_SUSPECT] <= m->told_count);
    return m->told_kinds[HF__NEWS_SUSPECT] > 0 ? hf__told_first(e, subject) : m->told_count;
}

struct hf__told *hf__told_find(const struct hf_engine *e, const struct hf_account *subject,
                               enum hf__news kind, const struct hf_account *author)
{
    const struct hf__members *m = e->members;
    hf_assert((kind == HF__NEWS_SUSPECT) == (author != NULL));
    if (m->told_kinds[kind] == 0)
        return NULL;
    size_t at = lower_bound(m, subject, (uint8_t)kind, author);
    if (at == m->told_count || order(m->told[at], subject, (uint8_t)kind, author) != 0)
        return NULL;
    return m->told[at];
}

struct hf__told *hf__told_put(struct hf_engine *e, const struct hf__told *what)
{
    struct hf__members *m = e->members;
    hf_assert(what->kind <= HF__NEWS_SUSPECT && e->open);
    hf_assert(what->encoded != NULL && what->kind >= HF__NEWS_LEAVE);
    size_t at = lower_bound(m, &what->subject, what->kind, &what->author);
    bool there =
        at < m->told_count && order(m->told[at], &what->subject, what->kind, &what->author) == 0;
    if (!there) {
        if (m->told_count == m->told_cap) {
            m->told_cap = m->told_cap < 8 ? 8 : m->told_cap + m->told_cap / 2;
            m->told = realloc(m->told, m->told_cap * sizeof(struct hf__told *));
            m->told_heads = realloc(m->told_heads, m->told_cap * sizeof *m->told_heads);
            hf_assert(m->told != NULL && m->told_heads != NULL);
        }
        size_t behind = m->told_count - at;
        memmove(&m->told[at + 1], &m->told[at], behind * sizeof(struct hf__told *));
        memmove(&m->told_heads[at + 1], &m->told_heads[at], behind * sizeof *m->told_heads);
        m->told_heads[at] = hf_bytes_head(what->subject.bytes);
        hf_assert(at == 0 || m->told_heads[at - 1] <= m->told_heads[at]);
        hf_assert(behind == 0 || m->told_heads[at] <= m->told_heads[at + 1]);
        m->told[at] = malloc(sizeof(struct hf__told));
        hf_assert(m->told[at] != NULL);
        m->told_count++;
        m->told_kinds[what->kind]++;
    } else {
        hf__keep_for_step(e, m->told[at]->encoded);
    }
    *m->told[at] = *what;
    m->told_edition++;
    m->expires_s = 0;
    m->telling = m->telling || what->budget > 0;
    return m->told[at];
}

bool hf__told_lasts(uint8_t kind)
{
    hf_assert(kind >= HF__NEWS_LEAVE && kind <= HF__NEWS_SUSPECT);
    return kind == HF__NEWS_LEAVE || kind == HF__NEWS_DRAINING || kind == HF__NEWS_ADDRESS;
}

void hf__told_row(struct hf_engine *e, const struct hf__told *told)
{
    hf_assert(told->encoded != NULL);
    uint8_t key[HF_ID_LEN + 1];
    if (!hf__told_lasts(told->kind))
        return;
    memcpy(key, told->subject.bytes, HF_ID_LEN);
    key[HF_ID_LEN] = told->kind;
    hf__put_blob(e, HF_ROW_EVENT, hf_bytes_of(key, sizeof key), told->encoded);
}

void hf__told_drop(struct hf_engine *e, size_t index)
{
    struct hf__members *m = e->members;
    hf_assert(index < m->told_count);
    struct hf__told *told = m->told[index];
    hf_assert(told->encoded != NULL);
    uint8_t key[HF_ID_LEN + 1];
    memcpy(key, told->subject.bytes, HF_ID_LEN);
    key[HF_ID_LEN] = told->kind;
    if (hf__told_lasts(told->kind))
        hf__del(e, HF_ROW_EVENT, hf_bytes_of(key, sizeof key));
    hf__keep_for_step(e, told->encoded);
    hf_assert(m->told_kinds[told->kind] > 0);
    m->told_kinds[told->kind]--;
    m->told_edition++;
    free(told);
    m->told_count--;
    size_t behind = m->told_count - index;
    memmove(&m->told[index], &m->told[index + 1], behind * sizeof(struct hf__told *));
    memmove(&m->told_heads[index], &m->told_heads[index + 1], behind * sizeof *m->told_heads);
    m->changed++;
}

struct hf__place hf__told_highest(const struct hf_engine *e, const struct hf_account *subject)
{
    const struct hf__members *m = e->members;
    struct hf__place highest = {0};
    for (size_t i = hf__told_first(e, subject);
         i < m->told_count && hf_account_equal(&m->told[i]->subject, subject); i++)
        if (m->told[i]->kind != HF__NEWS_SUSPECT &&
            hf__place_compare(&m->told[i]->place, &highest) > 0)
            highest = m->told[i]->place;
    hf_assert(highest.claim > 0 || highest.incarnation == 0);
    return highest;
}

bool hf__told_may_leave(const struct hf_engine *e, const struct hf__told *told)
{
    hf_assert(told->encoded != NULL);
    return !hf__disk_waits(e) || !hf_account_equal(&told->author, &e->account);
}

uint64_t hf__told_after(const struct hf_engine *e)
{
    hf_assert(e->members->said_seq <= e->write_seq);
    return hf__disk_waits(e) ? 0 : e->members->said_seq;
}

size_t hf__told_shared(const struct hf_engine *e)
{
    size_t count = 0;
    for (size_t i = 0; i < e->members->told_count; i++)
        count += !e->members->told[i]->quiet;
    hf_assert(count <= e->members->told_count);
    return count;
}

/* A leave ends one registration: the next one of the same account is not touched by it. */
static bool of_another_registration(const struct hf_engine *e, const struct hf__told *told)
{
    hf_assert(e->trust->set != NULL);
    long at = hf_set_find(e->trust->set, &told->subject);
    return told->kind == HF__NEWS_LEAVE && at >= 0 &&
           e->trust->set->u.set.validators[at].registered_epoch != told->registered_epoch;
}

void hf__told_expire(struct hf_engine *e)
{
    struct hf__members *m = e->members;
    uint64_t now_s = hf__now_s(e);
    hf_assert(now_s > 0 && m->told_count <= m->told_cap);
    if (now_s < m->expires_s && m->expired_adopted == e->trust->adopted)
        return;
    m->expired_adopted = e->trust->adopted;
    m->expires_s = UINT64_MAX;
    for (size_t i = 0; i < m->told_count;) {
        const struct hf__told *told = m->told[i];
        bool gone = e->trust->set != NULL &&
                    (!hf__is_member(e, &told->subject) || !hf__is_member(e, &told->author) ||
                     of_another_registration(e, told));
        if (gone || told->expires_s <= now_s) {
            hf__told_drop(e, i);
            continue;
        }
        m->expires_s = told->expires_s < m->expires_s ? told->expires_s : m->expires_s;
        i++;
    }
    hf_assert(now_s < m->expires_s);
}

void hf__told_load(struct hf_engine *e)
{
    hf_assert(e->open && e->members->told_count == 0);
    struct hf_bytes none = {0};
    const struct hf__row *at;
    for (size_t i = hf__rows_first(&e->rows, HF_ROW_EVENT, none);
         (at = hf__rows_at(&e->rows, i, HF_ROW_EVENT, none)) != NULL; i++) {
        struct hf_signed_event signed_event;
        struct hf_event_statement s;
        int r = hf__decode(e, &hf_wire_signed_event, hf_blob_bytes(at->value), &signed_event);
        if (r == 0)
            r = hf__decode(e, &hf_wire_event_statement, signed_event.statement, &s);
        hf_assert(r == 0); /* it was taken once, and the vault keeps what it is given */
        struct hf__told told = hf__told_of(e, &s, &signed_event);
        told.encoded = hf_blob_ref(at->value);
        hf__told_put(e, &told);
    }
}

struct hf__told hf__told_of(struct hf_engine *e, const struct hf_event_statement *s,
                            const struct hf_signed_event *what)
{
    hf_assert(s->kind >= HF__NEWS_LEAVE && s->kind <= HF__NEWS_SUSPECT);
    struct hf_hash hash;
    struct hf__told told = {.kind = (uint8_t)s->kind,
                            .over = s->over,
                            .done = s->done,
                            .place = {s->ballot.number, s->incarnation},
                            .issued_s = s->issued_s,
                            .expires_s = s->expires_s,
                            .until_s = s->until_s,
                            .registered_epoch = (uint32_t)s->registered_epoch};
    told.subject = s->subject;
    told.author = s->author;
    e->suite->hash("holdfast/v1/event-id", what->statement, &hash);
    memcpy(told.id, hash.bytes, sizeof told.id);
    return told;
}

size_t hf__told_memory(const struct hf_engine *e)
{
    const struct hf__members *m = e->members;
    hf_assert(m->told_count <= m->told_cap);
    size_t sum = m->told_cap * (sizeof(struct hf__told *) + sizeof *m->told_heads);
    for (size_t i = 0; i < m->told_count; i++)
        sum += sizeof(struct hf__told) + hf__blob_memory(m->told[i]->encoded);
    return sum;
}

void hf__told_free(struct hf_engine *e)
{
    struct hf__members *m = e->members;
    hf_assert((m->told_cap > 0) == (m->told != NULL));
    for (size_t i = 0; i < m->told_count; i++) {
        hf_blob_unref(m->told[i]->encoded);
        free(m->told[i]);
    }
    free(m->told);
    free(m->told_heads);
    m->told = NULL;
    m->told_heads = NULL;
    m->told_count = m->told_cap = 0;
    memset(m->told_kinds, 0, sizeof m->told_kinds);
    m->told_edition++;
    m->expires_s = 0;
}
