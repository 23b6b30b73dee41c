/* Black starts that a scenario asks for: requests, and what share holders make of them. */
#include "authority/authority.h"

#include "node/node.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 4096, LIES_MAX = 3 };

/* Tells such a request from one that a test makes. */
static const char by_people[] = "by people";

/* Answers that no node may take. */
struct hf__falsehoods {
    struct {
        uint64_t local;
        const char *what;
    } * list;
    size_t count, cap;
    struct hf_buf earlier; /* the last answer that a liar kept, and to what */
    struct hf_hash earlier_to;
};

/* what: what is wrong with it; NULL: nothing. */
static void bring(struct hf_world *w, uint32_t node, struct hf_bytes answer, const char *what)
{
    struct hf__falsehoods *f = w->falsehoods;
    uint64_t id = hf__local_bring(w, node, answer);
    if (what == NULL)
        return;
    f->list = hf__grow(f->list, f->count, &f->cap, sizeof *f->list);
    f->list[f->count].local = id;
    f->list[f->count++].what = what;
}

static void by_former(struct hf_world *w, uint32_t node, struct hf_bytes request)
{
    struct hf_buf answer;
    for (uint8_t i = 1; i <= HF_SHARES_MAX; i++) {
        hf_buf_init(&answer, ANSWER_MAX);
        if (hf_world_former_answer(w, i, request, &answer) == 0)
            bring(w, node, hf_buf_bytes(&answer), "by a share of before");
        hf_buf_done(&answer);
    }
}

/* One of those who lie: in another's name, with a bit changed, or by what it answered before. */
static void lie(struct hf_world *w, struct hf__stream *drawn, uint32_t node, uint8_t n,
                struct hf_bytes request)
{
    struct hf__falsehoods *f = w->falsehoods;
    uint8_t index = (uint8_t)(1 + hf__draw_below(drawn, n)), as = index;
    uint64_t kind = hf__draw_below(drawn, 3);
    struct hf_buf answer;
    struct hf_hash hash;
    if (kind == 0 && n > 1)
        as = (uint8_t)(1 + (index + hf__draw_below(drawn, n - 1u)) % n);
    hf_buf_init(&answer, ANSWER_MAX);
    if (hf__people_lie(w, drawn, index, as, request, &hash, &answer) != 0) {
        hf_buf_done(&answer);
        return;
    }
    if (as != index) {
        bring(w, node, hf_buf_bytes(&answer), "by another's share");
    } else if (kind == 1) {
        size_t at = hf__draw_below(drawn, answer.len);
        answer.data[at] ^= (uint8_t)(1u << hf__draw_below(drawn, 8));
        bring(w, node, hf_buf_bytes(&answer), "that was changed");
    } else {
        if (f->earlier.len > 0 && !hf_hash_equal(&f->earlier_to, &hash))
            bring(w, node, hf_buf_bytes(&f->earlier), "to another request");
        hf_buf_done(&f->earlier);
        f->earlier = answer;
        f->earlier_to = hash;
        return;
    }
    hf_buf_done(&answer);
}

static bool answer(struct hf_world *w, uint32_t node, uint8_t index, struct hf_bytes request,
                   bool twice)
{
    struct hf_buf answer;
    hf_buf_init(&answer, ANSWER_MAX);
    int r = hf_world_holder_answer(w, index, request, &answer);
    if (r == 0)
        bring(w, node, hf_buf_bytes(&answer), NULL);
    if (r == 0 && twice)
        bring(w, node, hf_buf_bytes(&answer), "of a holder that had answered");
    hf_buf_done(&answer);
    return r == 0;
}

static void heard(void *ctx, struct hf_world *w, uint32_t node, const struct hf_local_reply *r)
{
    const struct hf__local *l = w->locals[r->id - 1];
    struct hf__stream drawn;
    uint8_t m, n, given = 0;
    (void)ctx;
    if (l->type != HF_LOCAL_BLACKSTART || r->error != 0 || l->file == NULL ||
        strcmp(l->name, by_people) != 0 || !hf__people_count(w, &m, &n))
        return;
    struct hf_bytes request = hf_blob_bytes(l->file);
    hf__stream_init(&drawn, w->settings.seed, "share holders", r->id);
    by_former(w, node, request);
    for (uint64_t lies = hf__draw_below(&drawn, LIES_MAX + 1); lies > 0; lies--)
        lie(w, &drawn, node, n, request);
    uint8_t enough = hf__draw_chance(&drawn, 0.1) ? (uint8_t)(m - 1) : m;
    bool twice = hf__draw_chance(&drawn, 0.5);
    for (uint8_t i = 1; i <= n && given < enough; i++)
        given += answer(w, node, i, request, twice);
}

static void done(void *ctx, struct hf_world *w)
{
    (void)ctx;
    hf_buf_done(&w->falsehoods->earlier);
    free(w->falsehoods->list);
    free(w->falsehoods);
    w->falsehoods = NULL;
}

void hf_world_by_people(struct hf_world *w, uint32_t node)
{
    if (w->falsehoods == NULL) {
        const struct hf__observer observer = {.local = heard, .done = done};
        w->falsehoods = calloc(1, sizeof *w->falsehoods);
        hf_assert(w->falsehoods != NULL);
        hf_buf_init(&w->falsehoods->earlier, ANSWER_MAX);
        hf__observe(w, &observer);
    }
    hf_world_local(w, node, HF_LOCAL_BLACKSTART, by_people);
}

size_t hf_world_falsehoods(const struct hf_world *w)
{
    return w->falsehoods == NULL ? 0 : w->falsehoods->count;
}

const char *hf__blackstart_false(const struct hf_world *w, uint64_t local)
{
    for (size_t i = 0; w->falsehoods != NULL && i < w->falsehoods->count; i++)
        if (w->falsehoods->list[i].local == local)
            return w->falsehoods->list[i].what;
    return NULL;
}
