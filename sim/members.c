/* Who is in the validator set, and the set as a document. */
#include "inside.h"

#include "wire/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct hf__member *member_of(struct hf_world *w, uint32_t node)
{
    struct hf__authority *a = &w->authority;
    for (size_t i = 0; i < a->members_count; i++) {
        if (a->members[i].node == node)
            return &a->members[i];
    }
    return NULL;
}

void hf__authority_saw(struct hf_world *w, struct hf__node *n)
{
    struct hf__authority *a = &w->authority;
    if (n->registered || n->copy)
        return;
    for (size_t i = a->arrivals_count; i > 0; i--) {
        if (a->arrivals[i - 1] == n->number)
            return;
        if (a->arrivals_count - i > 64)
            break; /* the same node comes twice only shortly after itself */
    }
    a->arrivals = hf__grow(a->arrivals, a->arrivals_count, &a->arrivals_cap, sizeof(uint32_t));
    a->arrivals[a->arrivals_count++] = n->number;
    if (!a->looks && w->settings.authority.registers) {
        a->looks = true;
        hf__push(w, w->now_us + w->settings.authority.issue_us, hf__what(HF__REGISTER, 0, 0));
    }
}

void hf__authority_look(struct hf_world *w)
{
    w->authority.looks = false;
    hf_world_set_issue(w);
}

static void take_arrivals(struct hf_world *w, uint32_t epoch)
{
    struct hf__authority *a = &w->authority;
    for (size_t i = 0; i < a->arrivals_count; i++) {
        struct hf__node *n = hf__node(w, a->arrivals[i]);
        if (n->registered)
            continue;
        n->registered = true;
        /* A vault that was made anew takes its place. */
        struct hf__member *known = n->was_registered ? member_of(w, n->number) : NULL;
        n->was_registered = true;
        if (known != NULL) {
            known->registered_epoch = epoch;
            memcpy(known->account, n->account, 32);
            continue;
        }
        a->members = hf__grow(a->members, a->members_count, &a->members_cap, sizeof(*a->members));
        struct hf__member *m = &a->members[a->members_count++];
        *m = (struct hf__member){.node = n->number, .registered_epoch = epoch};
        memcpy(m->account, n->account, 32);
    }
    a->arrivals_count = 0;
}

static int by_account(const void *a, const void *b)
{
    return memcmp(((const struct hf__member *)a)->account, ((const struct hf__member *)b)->account,
                  32);
}

enum { TEXT_MAX = 16 };

static struct hf_bytes text(char *at, const char *format, uint32_t number)
{
    int len = snprintf(at, TEXT_MAX, format, number);
    hf_assert(len > 0 && len < TEXT_MAX);
    return hf_bytes_of(at, (size_t)len);
}

static void fill(const struct hf_world *w, const struct hf__member *m, char *texts,
                 struct hf_platform *platforms, struct hf_validator *ret)
{
    const struct hf_world_settings *s = &w->settings;
    memcpy(ret->account, m->account, 32);
    ret->registered_epoch = m->registered_epoch;
    ret->address = text(texts, "n%u:7400", m->node);
    ret->operator_name =
        text(texts + TEXT_MAX, "op-%u", s->operators == 0 ? m->node : m->node % s->operators);
    ret->zone = text(texts + 2 * TEXT_MAX, "zone-%u", m->node % s->zones);
    ret->leaving = m->leaving;
    for (uint8_t i = 0; i < m->platforms_count; i++)
        hf_world_ppid(w, m->platforms[i], platforms[i].ppid);
    ret->platforms = platforms;
    ret->platforms_count = m->platforms_count;
}

static void encode_set(struct hf_world *w, uint32_t epoch, struct hf_buf *ret)
{
    const struct hf__authority *a = &w->authority;
    struct hf_validator *validators = calloc(a->members_count + 1, sizeof(*validators));
    char *texts = malloc((a->members_count + 1) * 3 * TEXT_MAX);
    struct hf_platform *platforms = calloc((a->members_count + 1) * 4, sizeof(*platforms));
    hf_assert(validators != NULL && texts != NULL && platforms != NULL);
    for (size_t i = 0; i < a->members_count; i++)
        fill(w, &a->members[i], texts + i * 3 * TEXT_MAX, platforms + i * 4, &validators[i]);
    uint64_t now_s = w->settings.wall_s + w->now_us / 1000000;
    struct hf_validator_set set = {
        .epoch = epoch,
        .issued_s = now_s,
        .expires_s = now_s + w->settings.authority.valid_s,
        .validators = validators,
        .validators_count = a->members_count,
    };
    hf__draw_bytes(&w->streams[HF__FOR_AUTHORITY], set.beacon, sizeof(set.beacon));
    int r = hf__encode_into(&hf_wire_validator_set, &set, ret);
    hf_assert(r == 0);
    free(platforms);
    free(texts);
    free(validators);
}

void hf_world_set_issue(struct hf_world *w)
{
    struct hf__authority *a = &w->authority;
    uint32_t epoch = a->set == NULL ? 1 : hf_document_version(a->set) + 1;
    struct hf_buf body, envelope;
    hf_buf_init(&body, UINT32_MAX);
    hf_buf_init(&envelope, UINT32_MAX);
    take_arrivals(w, epoch);
    qsort(a->members, a->members_count, sizeof(*a->members), by_account);
    encode_set(w, epoch, &body);
    hf_world_sign(w, HF_DOCUMENT_SET, hf_buf_bytes(&body), w->settings.authority.threshold,
                  &envelope);
    struct hf_document *d;
    int r = hf_document_read(w->pool, hf_buf_bytes(&envelope), &d);
    hf_assert(r == 0);
    hf_document_unref(a->set);
    a->set = d;
    hf_buf_done(&body);
    hf_buf_done(&envelope);
    hf__give_all(w);
}

void hf_world_set_leaving(struct hf_world *w, uint32_t node, bool leaving)
{
    struct hf__member *m = member_of(w, node);
    if (m != NULL)
        m->leaving = leaving;
}

void hf_world_set_remove(struct hf_world *w, uint32_t node)
{
    struct hf__authority *a = &w->authority;
    struct hf__member *m = member_of(w, node);
    if (m == NULL)
        return;
    *m = a->members[--a->members_count];
    hf__node(w, node)->registered = false;
}

void hf_world_set_platform(struct hf_world *w, uint32_t node, uint32_t machine)
{
    struct hf__member *m = member_of(w, node);
    if (m != NULL && m->platforms_count < HF_ARRAY_LEN(m->platforms))
        m->platforms[m->platforms_count++] = machine;
}
