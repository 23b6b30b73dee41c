/* What a share holder has seen and answered: a file beside the key. */
#include "share.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"

#include <stdio.h>
#include <string.h>

enum { STATE_MAX = 1 << 20, ANSWERED_MAX = 4096 };

int hf__memory_open(const char *key, struct hf__memory *ret)
{
    struct hf_buf b;
    *ret = (struct hf__memory){0};
    int n = snprintf(ret->path, sizeof ret->path, "%s.state", key);
    if (n < 0 || (size_t)n >= sizeof ret->path)
        return HF_ETOOBIG;
    hf_arena_init(&ret->arena, 2 * STATE_MAX);
    hf_buf_init(&b, STATE_MAX);
    int r = hf_file_read(ret->path, &b);
    void *copy = NULL;
    if (r == 0)
        r = hf_arena_alloc(&ret->arena, b.len + 1, 1, &copy);
    if (r == 0) {
        memcpy(copy, b.data, b.len);
        r = hf_wire_decode(&hf_wire_share_state, hf_bytes_of(copy, b.len), &ret->arena, &ret->state,
                           NULL);
        ret->known = r == 0;
    } else if (r == HF_ENOTFOUND) {
        r = 0;
    }
    hf_buf_done(&b);
    if (r != 0)
        hf_arena_done(&ret->arena);
    return r;
}

void hf__memory_done(struct hf__memory *m)
{
    hf_arena_done(&m->arena);
}

int hf__memory_network(const struct hf__memory *m, const char *option, uint8_t ret[static 32])
{
    uint8_t said[32];
    if (option != NULL && hf_hex_decode(option, said, sizeof said) != 0)
        return HF_EINVAL;
    if (m->known && option != NULL && memcmp(said, m->state.network, sizeof said) != 0)
        return HF_EDOCUMENT_NETWORK;
    if (!m->known && option == NULL)
        return HF_EINVAL;
    memcpy(ret, m->known ? m->state.network : said, 32);
    return 0;
}

int hf__memory_check(const struct hf__memory *m, const struct hf_document *root,
                     const struct hf_request_documents *d)
{
    const struct hf_share_state *s = &m->state;
    return hf_document_version(root) < s->root || (hf_document_version(root) == s->root &&
                                                   (hf_document_version(d->policy) < s->policy ||
                                                    hf_document_version(d->set) < s->epoch ||
                                                    hf_document_version(d->shares) < s->share_set))
               ? HF_EDOCUMENT_OLD
               : 0;
}

int hf__memory_second(const struct hf__memory *m, const struct hf_request *q, uint64_t *ret_at_s)
{
    for (size_t i = 0; i < m->state.answered_count; i++) {
        const struct hf_answered *a = &m->state.answered[i];
        if (memcmp(a->account, q->transcript.account, 32) != 0)
            continue;
        *ret_at_s = a->at_s;
        return memcmp(a->request, q->hash.bytes, 32) == 0 ? 0 : HF_ESECONDREQUEST;
    }
    return 0;
}

/* The list with this request for its account. */
static int remember(struct hf__memory *m, const struct hf_request *q, uint64_t now_s)
{
    struct hf_share_state *s = &m->state;
    struct hf_answered *at = NULL;
    void *list;
    int r = hf_arena_alloc(&m->arena, s->answered_count + 1, sizeof *s->answered, &list);
    if (r != 0)
        return r;
    if (s->answered_count > 0)
        memcpy(list, s->answered, s->answered_count * sizeof *s->answered);
    s->answered = list;
    for (size_t i = 0; i < s->answered_count && at == NULL; i++)
        if (memcmp(s->answered[i].account, q->transcript.account, 32) == 0)
            at = &s->answered[i];
    if (at == NULL && s->answered_count == ANSWERED_MAX)
        return HF_ETOOBIG;
    if (at == NULL)
        at = &s->answered[s->answered_count++];
    *at = (struct hf_answered){.at_s = now_s};
    memcpy(at->account, q->transcript.account, sizeof at->account);
    memcpy(at->request, q->hash.bytes, sizeof at->request);
    return 0;
}

int hf__memory_save(struct hf__memory *m, const struct hf_document *root,
                    const struct hf_request_documents *d, const struct hf_request *q,
                    uint64_t now_s)
{
    struct hf_share_state *s = &m->state;
    struct hf_buf b;
    s->format = 1;
    memcpy(s->network, d->network, sizeof s->network);
    s->root = hf_document_version(root);
    s->policy = hf_document_version(d->policy);
    s->epoch = hf_document_version(d->set);
    s->share_set = hf_document_version(d->shares);
    int r = remember(m, q, now_s);
    hf_buf_init(&b, STATE_MAX);
    if (r == 0)
        r = hf_wire_encode(&hf_wire_share_state, s, &b);
    if (r == 0)
        r = hf_file_replace(m->path, hf_buf_bytes(&b), 0600);
    hf_buf_done(&b);
    return r;
}
