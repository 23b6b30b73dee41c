/* Pushes documents that must not be adopted: too few signatures, another network's root, an old
 * policy under a new number, bytes that are none. */
#include "hostile/hostile.h"

#include <string.h>

enum { PAUSE_US = 700000 };

static void push(struct hf__strategy_run *run, uint32_t from, uint32_t to, struct hf_buf *envelope)
{
    struct hf_encoded document = {.bytes = hf_buf_bytes(envelope)};
    struct hf_documents_request request = {
        .versions = {.root = 1, .policy = 100, .epoch = 100},
        .documents = &document,
        .documents_count = 1,
    };
    hf__hostile_ask(run, from, to, HF_METHOD_DOCUMENTS, NULL, &hf_wire_documents_request, &request);
}

/* The newest policy with a higher version that accepts anything, by fewer keys than needed. */
static void bad_policy(struct hf__strategy_run *run, struct hf_buf *ret)
{
    struct hf_world *w = run->world;
    struct hf_policy policy = w->authority.policy->u.policy;
    struct hf_buf body;
    policy.version += 1 + hf__draw_below(&run->r, 5);
    policy.platform_rule = HF_PLATFORM_ANY;
    hf_buf_init(&body, 1 << 20);
    int r = hf__encode_into(&hf_wire_policy, &policy, &body);
    hf_assert(r == 0);
    hf_world_sign(w, HF_DOCUMENT_POLICY, hf_buf_bytes(&body),
                  (unsigned)hf__draw_below(&run->r, w->settings.authority.threshold), ret);
    hf_buf_done(&body);
}

/* A root that none of the old authority signed. */
static void bad_root(struct hf__strategy_run *run, struct hf_buf *ret)
{
    struct hf_world *w = run->world;
    struct hf_authority_key key;
    struct hf_root root = w->authority.roots[w->authority.roots_count - 1]->u.root;
    uint8_t secret[HF_SIGN_SECRET_LEN];
    struct hf_rng rng = {0};
    struct hf_buf body, envelope;
    hf__draw_bytes(&run->r, rng.seed, sizeof rng.seed);
    memset(&key, 0, sizeof key);
    w->suite->sign_keypair(&rng, key.key, secret);
    root.number++;
    root.threshold = 1;
    root.keys = &key;
    root.keys_count = 1;
    root.has_previous = true;
    root.previous = w->authority.roots[w->authority.roots_count - 1]->body_hash;
    hf_buf_init(&body, 1 << 20);
    hf_buf_init(&envelope, 1 << 20);
    int r = hf__encode_into(&hf_wire_root, &root, &body);
    if (r == 0)
        r = hf_document_wrap(HF_DOCUMENT_ROOT, hf_buf_bytes(&body), &envelope);
    if (r == 0)
        r = hf_document_sign(w->suite, hf_buf_bytes(&envelope), &w->authority.network, secret,
                             key.key, ret);
    hf_assert(r == 0);
    hf_buf_done(&body);
    hf_buf_done(&envelope);
}

/* A genuine document with one byte turned. */
static void damaged(struct hf__strategy_run *run, struct hf_buf *ret)
{
    const struct hf_world *w = run->world;
    const struct hf_document *d = w->authority.set != NULL ? w->authority.set : w->authority.policy;
    hf_buf_append(ret, d->envelope->data, d->envelope->len);
    ret->data[hf__draw_below(&run->r, ret->len)] ^= (uint8_t)(1 + hf__draw_below(&run->r, 255));
}

static void wake(void *ctx, struct hf_world *w, uint32_t mark)
{
    struct hf__strategy_run *run = ctx;
    struct hf_buf envelope;
    (void)mark;
    if (!run->on || run->count == 0)
        return;
    uint32_t from = run->nodes[hf__draw_below(&run->r, run->count)];
    hf_buf_init(&envelope, 1 << 24);
    switch (hf__draw_below(&run->r, 3)) {
    case 0:
        bad_policy(run, &envelope);
        break;
    case 1:
        bad_root(run, &envelope);
        break;
    default:
        damaged(run, &envelope);
    }
    push(run, from, hf__hostile_other(run, from), &envelope);
    hf_buf_done(&envelope);
    hf__wake(w, run->observer, 0, w->now_us + PAUSE_US);
}

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.wake = wake};
    struct hf__strategy_run *run = hf__hostile_new(w, nodes, count, observer, 0);
    hf__wake(w, run->observer, 0, w->now_us + PAUSE_US);
    return run;
}

const struct hf__strategy hf__strategy_forge = {
    .name = "forged-documents",
    .doc = "pushes roots, policies and sets that the authority did not sign",
    .begin = begin,
    .end = hf__hostile_end,
};
