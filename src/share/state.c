/* What a share holder has seen and answered: a file beside the key. */
#include "share.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATE_MAX = 1 << 20, ANSWERED_MAX = 4096 };

/* The name of the memory: the key's own, whatever links led to it. */
static int name(const char *key, char *ret)
{
    char real[PATH_MAX];
    if (realpath(key, real) == NULL)
        return hf_error_from_errno(errno);
    int n = snprintf(ret, HF__SHARE_PATH_LEN, "%s.state", real);
    return n > 0 && n < HF__SHARE_PATH_LEN ? 0 : HF_ETOOBIG;
}

static int lock(const char *key, int *ret)
{
    *ret = open(key, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return *ret >= 0 && flock(*ret, LOCK_EX | LOCK_NB) == 0 ? 0 : hf_error_from_errno(errno);
}

/* The decoder borrows from what it reads. */
static int load(struct hf__memory *m, struct hf_bytes bytes)
{
    void *copy;
    int r = hf_arena_alloc(&m->arena, bytes.len + 1, 1, &copy);
    if (r != 0)
        return r;
    memcpy(copy, bytes.data, bytes.len);
    r = hf_wire_decode(&hf_wire_share_state, hf_bytes_of(copy, bytes.len), &m->arena, &m->state,
                       NULL);
    m->known = r == 0;
    return r;
}

int hf__memory_open(const char *key, struct hf__memory *ret)
{
    struct hf_buf b;
    *ret = (struct hf__memory){.lock = -1};
    hf_arena_init(&ret->arena, 2 * STATE_MAX);
    hf_buf_init(&b, STATE_MAX);
    int r = name(key, ret->path);
    if (r == 0)
        r = lock(key, &ret->lock);
    if (r == 0) {
        r = hf_file_read_regular(ret->path, &b);
        r = r == 0 ? load(ret, hf_buf_bytes(&b)) : r == HF_ENOTFOUND ? 0 : r;
    }
    hf_buf_done(&b);
    return r;
}

void hf__memory_done(struct hf__memory *m)
{
    if (m->lock >= 0)
        close(m->lock);
    hf_arena_done(&m->arena);
}

int hf__memory_network(const struct hf__memory *m, const char *option, struct hf_network_id *ret)
{
    struct hf_network_id said;
    if (option != NULL && hf_hex_decode(option, said.bytes, sizeof said.bytes) != 0)
        return HF_EINVAL;
    if (m->known && option != NULL && !hf_network_id_equal(&said, &m->state.network))
        return HF_EDOCUMENT_NETWORK;
    if (!m->known && option == NULL)
        return HF_EINVAL;
    *ret = m->known ? m->state.network : said;
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
        if (!hf_account_equal(&a->account, &q->transcript.account))
            continue;
        *ret_at_s = a->at_s;
        return hf_hash_equal(&a->request, &q->hash) ? 0 : HF_ESECONDREQUEST;
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
        if (hf_account_equal(&s->answered[i].account, &q->transcript.account))
            at = &s->answered[i];
    if (at == NULL && s->answered_count == ANSWERED_MAX)
        return HF_ETOOBIG;
    if (at == NULL)
        at = &s->answered[s->answered_count++];
    *at = (struct hf_answered){.account = q->transcript.account, .request = q->hash, .at_s = now_s};
    return 0;
}

int hf__memory_save(struct hf__memory *m, const struct hf_document *root,
                    const struct hf_request_documents *d, const struct hf_request *q,
                    uint64_t now_s)
{
    struct hf_share_state *s = &m->state;
    struct hf_buf b;
    s->format = 1;
    s->network = *d->network;
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

static bool same_file(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

int hf__share_write(const struct hf__share_options *o, struct hf_bytes bytes)
{
    char memory[HF__SHARE_PATH_LEN];
    int r = name(o->key, memory);
    if (r == 0 &&
        (same_file(o->out, o->key) || same_file(o->out, memory) || same_file(o->out, o->words[1])))
        r = HF_EEXIST;
    return r == 0 ? hf_file_write_through(o->out, bytes, 0644) : r;
}
