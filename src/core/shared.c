#include "shared.h"

#include <stdlib.h>

#include "base/error.h"
#include "update.h"

int hf_shared_new(struct hf_pool *documents, struct hf_shared **ret)
{
    struct hf_shared *s = calloc(1, sizeof *s);
    if (s == NULL)
        return HF_ENOMEM;
    s->documents = documents;
    s->codec = &hf_wire_tables;
    hf_arena_init(&s->arena, HF_STEP_ARENA_MAX);
    s->outbox = hf__outbox_new();
    if (s->outbox == NULL) {
        free(s);
        return HF_ENOMEM;
    }
    *ret = s;
    return 0;
}

void hf_shared_codec(struct hf_shared *s, const struct hf_wire_codec *codec)
{
    s->codec = codec;
}

void hf_shared_free(struct hf_shared *s)
{
    if (s == NULL)
        return;
    hf_assert(s->peers.count == 0);
    free(s->peers.buckets);
    hf__outbox_free(s->outbox);
    hf_arena_done(&s->arena);
    free(s);
}

size_t hf_shared_memory(const struct hf_shared *s)
{
    return sizeof *s + s->peers.buckets_count * sizeof(struct hf__peer *);
}
