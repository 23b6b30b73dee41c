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
static int load(struct hf__memory *m, struct hf_bytes bytes, const struct hf_hash *key)
{
    void *copy;
    int r = hf_arena_alloc(&m->arena, bytes.len + 1, 1, &copy);
    if (r != 0)
        return r;
    memcpy(copy, bytes.data, bytes.len);
    r = hf_wire_decode(&hf_wire_share_state, hf_bytes_of(copy, bytes.len), &m->arena, &m->state,
                       NULL);
    return r == 0 && !hf_hash_equal(&m->state.key, key) ? HF_EOTHERMEMORY : r;
}

/* By what the memory of a key knows it. */
static int key_hash(const char *key, struct hf_hash *ret)
{
    struct hf__public public;
    int r = hf__person_public(key, &public);
    if (r == 0)
        hf__person_hash(&public, ret);
    return r;
}

int hf__memory_open(const char *key, bool begin, struct hf__memory *ret)
{
    struct hf_hash hash;
    struct hf_buf b;
    *ret = (struct hf__memory){.lock = -1};
    hf_arena_init(&ret->arena, 2 * STATE_MAX);
    hf_buf_init(&b, STATE_MAX);
    int r = key_hash(key, &hash);
    if (r == 0)
        r = name(key, ret->path);
    if (r == 0)
        r = lock(key, &ret->lock);
    if (r == 0)
        r = hf_file_read_regular(ret->path, &b);
    if (r == 0)
        r = load(ret, hf_buf_bytes(&b), &hash);
    else if (r == HF_ENOTFOUND && ret->lock >= 0)
        r = begin ? 0 : HF_EMEMORY;
    ret->state.format = 1;
    ret->state.key = hash;
    hf_buf_done(&b);
    return r;
}

bool hf__memory_exists(const char *key)
{
    char path[HF__SHARE_PATH_LEN];
    struct stat st;
    int n = snprintf(path, sizeof path, "%s.state", key);
    return n > 0 && n < (int)sizeof path && lstat(path, &st) == 0;
}

int hf__memory_make(const char *key)
{
    struct hf_share_state s = {.format = 1};
    char path[HF__SHARE_PATH_LEN];
    struct hf_buf b;
    hf_buf_init(&b, STATE_MAX);
    int r = name(key, path);
    if (r == 0)
        r = key_hash(key, &s.key);
    if (r == 0)
        r = hf_wire_encode(&hf_wire_share_state, &s, &b);
    if (r == 0)
        r = hf_file_make(path, hf_buf_bytes(&b), 0600);
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
    if (m->state.has_network && option != NULL && !hf_network_id_equal(&said, &m->state.network))
        return HF_EDOCUMENT_NETWORK;
    if (!m->state.has_network && option == NULL)
        return HF_EWHICHNETWORK;
    *ret = m->state.has_network ? m->state.network : said;
    return 0;
}

int hf__memory_check(const struct hf__memory *m, const struct hf_document *root,
                     const struct hf_request_documents *d)
{
    const struct hf_share_state *s = &m->state;
    return hf_document_version(root) < s->root ||
                   (hf_document_version(root) == s->root &&
                    (hf_document_version(d->policy) < s->policy ||
                     (d->set != NULL && hf_document_version(d->set) < s->epoch) ||
                     hf_document_version(d->shares) < s->share_set))
               ? HF_EDOCUMENT_OLD
               : 0;
}

int hf__memory_second(const struct hf__memory *m, const struct hf_request *q,
                      const struct hf_answered **ret)
{
    *ret = NULL;
    for (size_t i = 0; i < m->state.answered_count; i++) {
        const struct hf_answered *a = &m->state.answered[i];
        if (!hf_account_equal(&a->account, &q->transcript.account) ||
            hf_hash_equal(&a->request, &q->hash))
            continue;
        *ret = a;
        return a->made_s > q->transcript.made_s || a->sealed_s > q->context.made_s
                   ? HF_EREQUESTOLDER
                   : HF_ESECONDREQUEST;
    }
    return 0;
}

/* Puts a request in the place of the one before of its account. */
static int remember(struct hf_share_state *s, const struct hf_request *q, uint64_t now_s)
{
    struct hf_answered *at = NULL;
    for (size_t i = 0; i < s->answered_count && at == NULL; i++)
        if (hf_account_equal(&s->answered[i].account, &q->transcript.account))
            at = &s->answered[i];
    if (at == NULL && s->answered_count == ANSWERED_MAX)
        return HF_ETOOBIG;
    if (at == NULL)
        at = &s->answered[s->answered_count++];
    *at = (struct hf_answered){.account = q->transcript.account,
                               .request = q->hash,
                               .at_s = now_s,
                               .made_s = q->transcript.made_s,
                               .sealed_s = q->context.made_s};
    return 0;
}

/* The list with the requests of a batch. */
static int remember_all(struct hf__memory *m, const struct hf__batch *b)
{
    struct hf_share_state *s = &m->state;
    void *list;
    int r = hf_arena_alloc(&m->arena, s->answered_count + b->count, sizeof *s->answered, &list);
    if (r != 0)
        return r;
    if (s->answered_count > 0)
        memcpy(list, s->answered, s->answered_count * sizeof *s->answered);
    s->answered = list;
    for (size_t i = 0; i < b->count && r == 0; i++)
        r = remember(s, &b->items[i].q, b->now_s);
    return r;
}

/* Writes it in the place of what was. */
static int write_memory(struct hf__memory *m)
{
    struct hf_buf b;
    hf_buf_init(&b, STATE_MAX);
    int r = hf_wire_encode(&hf_wire_share_state, &m->state, &b);
    if (r == 0)
        r = hf_file_replace(m->path, hf_buf_bytes(&b), 0600);
    hf_buf_done(&b);
    return r;
}

static bool raise(uint64_t *at, const struct hf_document *d)
{
    if (d == NULL || hf_document_version(d) <= *at)
        return false;
    *at = hf_document_version(d);
    return true;
}

int hf__memory_seen(struct hf__memory *m, const struct hf_document *root,
                    const struct hf_request_documents *d)
{
    struct hf_share_state *s = &m->state;
    bool newer = !s->has_network;
    s->has_network = true;
    s->network = *d->network;
    if (hf_document_version(root) < s->root)
        return 0;
    if (raise(&s->root, root)) {
        /* What a newer root signed beats what an older one did, whatever its version. */
        s->policy = s->epoch = s->share_set = 0;
        newer = true;
    }
    newer = raise(&s->policy, d->policy) || newer;
    newer = raise(&s->epoch, d->set) || newer;
    newer = raise(&s->share_set, d->shares) || newer;
    return newer ? write_memory(m) : 0;
}

int hf__memory_of_network(struct hf__memory *m, const struct hf_network_id *network)
{
    if (m->state.has_network)
        return hf_network_id_equal(&m->state.network, network) ? 0 : HF_EDOCUMENT_NETWORK;
    m->state.has_network = true;
    m->state.network = *network;
    return write_memory(m);
}

int hf__memory_save(struct hf__memory *m, const struct hf__batch *b)
{
    int r = remember_all(m, b);
    return r == 0 ? write_memory(m) : r;
}

static bool same_file(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

int hf__share_writable(const struct hf__share_options *o)
{
    char memory[HF__SHARE_PATH_LEN];
    int r = name(o->key, memory);
    if (r == 0 && (same_file(o->out, o->key) || same_file(o->out, memory)))
        r = HF_EEXIST;
    for (int i = 1; i < o->words_count && r == 0; i++)
        if (same_file(o->out, o->words[i]))
            r = HF_EEXIST;
    return r;
}

int hf__share_write(const struct hf__share_options *o, struct hf_bytes bytes)
{
    int r = hf__share_writable(o);
    return r == 0 ? hf_file_write_through(o->out, bytes, 0644) : r;
}
