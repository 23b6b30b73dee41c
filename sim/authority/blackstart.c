/* Black starts that a scenario asks for: requests, and what share holders make of them. */
#include "authority/authority.h"

#include "node/node.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 4096 };

/* Tells such a request from one that a test makes. */
static const char by_people[] = "by people";

/* Answers that were made with a share of before. */
struct hf__former {
    uint64_t *locals;
    size_t count, cap;
};

static bool give(struct hf_world *w, uint32_t node, uint8_t index, struct hf_bytes request,
                 bool former)
{
    struct hf_buf answer;
    hf_buf_init(&answer, ANSWER_MAX);
    int r = former ? hf_world_former_answer(w, index, request, &answer)
                   : hf_world_holder_answer(w, index, request, &answer);
    if (r == 0) {
        uint64_t id = hf__local_bring(w, node, hf_buf_bytes(&answer));
        if (former) {
            struct hf__former *f = w->former;
            f->locals = hf__grow(f->locals, f->count, &f->cap, sizeof(*f->locals));
            f->locals[f->count++] = id;
        }
    }
    hf_buf_done(&answer);
    return r == 0;
}

static void heard(void *ctx, struct hf_world *w, uint32_t node, const struct hf_local_reply *r)
{
    const struct hf__local *l = w->locals[r->id - 1];
    uint8_t m, n, given = 0;
    (void)ctx;
    if (l->type != HF_LOCAL_BLACKSTART || r->error != 0 || l->file == NULL ||
        strcmp(l->name, by_people) != 0 || !hf__people_count(w, &m, &n))
        return;
    for (uint8_t i = 1; i <= HF_SHARES_MAX; i++)
        (void)give(w, node, i, hf_blob_bytes(l->file), true);
    for (uint8_t i = 1; i <= n && given < m; i++)
        given += give(w, node, i, hf_blob_bytes(l->file), false);
}

static void done(void *ctx, struct hf_world *w)
{
    (void)ctx;
    free(w->former->locals);
    free(w->former);
    w->former = NULL;
}

void hf_world_by_people(struct hf_world *w, uint32_t node)
{
    if (w->former == NULL) {
        const struct hf__observer observer = {.local = heard, .done = done};
        w->former = calloc(1, sizeof(*w->former));
        hf_assert(w->former != NULL);
        hf__observe(w, &observer);
    }
    hf_world_local(w, node, HF_LOCAL_BLACKSTART, by_people);
}

bool hf__blackstart_former(const struct hf_world *w, uint64_t local)
{
    for (size_t i = 0; w->former != NULL && i < w->former->count; i++)
        if (w->former->locals[i] == local)
            return true;
    return false;
}
