/* What the engines of a process hold once: made and freed. */
#include "node/shared.h"

#include <stdlib.h>

#include "attest/quote.h"
#include "base/error.h"
#include "node/update.h"
#include "trust/peer.h"

int hf_shared_new(struct hf_pool *documents, struct hf_shared **ret)
{
    hf_assert(documents != NULL);
    struct hf_shared *s = calloc(1, sizeof *s);
    if (s == NULL)
        return HF_ENOMEM;
    s->documents = documents;
    s->codec = &hf_wire_tables;
    s->outline = hf_quote_outline;
    hf_arena_init(&s->arena, HF_STEP_ARENA_MAX);
    s->outbox = hf__outbox_new();
    s->peers = hf__peer_table_new();
    if (s->outbox == NULL || s->peers == NULL) {
        hf_shared_free(s);
        return HF_ENOMEM;
    }
    *ret = s;
    return 0;
}

void hf_shared_codec(struct hf_shared *s, const struct hf_wire_codec *codec)
{
    hf_assert(codec != NULL && codec->decode != NULL && codec->encode_in != NULL);
    s->codec = codec;
}

void hf_shared_outline(struct hf_shared *s, hf_outline_fn *outline)
{
    hf_assert(s->step.fresh == NULL && !s->step.foreign); /* between steps alone */
    s->outline = outline;
}

void hf_shared_free(struct hf_shared *s)
{
    if (s == NULL)
        return;
    hf_assert(s->step.fresh == NULL);
    hf__peer_table_free(s->peers);
    hf__outbox_free(s->outbox);
    hf_arena_done(&s->arena);
    free(s);
}

size_t hf_shared_memory(const struct hf_shared *s)
{
    hf_assert(s->peers != NULL && s->outbox != NULL);
    return sizeof *s + hf__peer_table_memory(s->peers);
}
