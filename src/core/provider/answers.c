/* Answers to recover and drill, repeated for as long as their nonce lives. */
#include <stdlib.h>

#include "provider/provider.h"

void hf__answers_expire(struct hf_engine *e)
{
    struct hf__answer **at = &e->provider->answers;
    hf_assert((*at != NULL) == (e->provider->answers_count > 0));
    while (*at != NULL) {
        struct hf__answer *a = *at;
        if (a->until_ms >= e->now_ms) {
            at = &a->next;
            continue;
        }
        *at = a->next;
        hf_blob_unref(a->body);
        free(a);
        hf_assert(e->provider->answers_count > 0);
        e->provider->answers_count--;
    }
}

bool hf__answer_find(struct hf_engine *e, const struct hf_hash *key, struct hf_bytes *ret)
{
    hf__answers_expire(e);
    for (struct hf__answer *a = e->provider->answers; a != NULL; a = a->next) {
        if (!hf_hash_equal(&a->key, key))
            continue;
        hf_assert(a->until_ms >= e->now_ms);
        uint8_t *copy = hf__scratch(e, a->body->len);
        memcpy(copy, a->body->data, a->body->len);
        *ret = hf_bytes_of(copy, a->body->len);
        return true;
    }
    return false;
}

void hf__answer_keep(struct hf_engine *e, const struct hf_hash *key, struct hf_bytes body)
{
    hf_assert(e->open && body.len > 0);
    /* Newest first: past the bound the oldest goes, and its asker needs a new nonce at worst. */
    if (e->provider->answers_count == HF_ANSWERS_MAX) {
        struct hf__answer **at = &e->provider->answers;
        while ((*at)->next != NULL)
            at = &(*at)->next;
        hf_blob_unref((*at)->body);
        free(*at);
        *at = NULL;
        e->provider->answers_count--;
    }
    struct hf__answer *a = calloc(1, sizeof *a);
    hf_assert(a != NULL);
    a->key = *key;
    a->until_ms = e->now_ms + e->timing.nonce_life_ms;
    a->body = hf_blob_new(body);
    hf_assert(a->body != NULL);
    a->next = e->provider->answers;
    e->provider->answers = a;
    e->provider->answers_count++;
    hf_assert(e->provider->answers_count <= HF_ANSWERS_MAX);
}
