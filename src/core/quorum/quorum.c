/* The quorum key on a node's side, as a whole: what is kept, shown, and forgotten. */
#include "quorum/quorum.h"

#include "document/request.h"

#include <stdlib.h>

static struct hf_bytes row_key(const char *name)
{
    hf_assert(name[0] != '\0');
    return hf_bytes_of(name, strlen(name));
}

/* The newest value of a public row; NULL: there is none. */
static struct hf_blob *find(const struct hf_row_in *rows, size_t count, const char *name)
{
    hf_assert(count == 0 || rows != NULL);
    for (size_t i = 0; i < count; i++)
        if (hf_bytes_equal(rows[i].key, row_key(name)))
            return rows[i].value;
    return NULL;
}

void hf__quorum_load(struct hf_engine *e, const struct hf_row_in *rows, size_t count)
{
    struct hf_blackstart_row asked;
    struct hf_sealed_row sealed;
    hf_assert(e->quorum->sealed == NULL && !e->open);
    hf_assert(e->quorum->asked == 0 && e->quorum->request == NULL);
    struct hf_blob *row = find(rows, count, "sealed");
    /* What a host has planted here is found out when it is used: the account's signature decides,
     * and in the end whether the vault opens. */
    if (row != NULL && hf__decode(e, &hf_wire_sealed_row, hf_blob_bytes(row), &sealed) == 0)
        e->quorum->sealed = hf_blob_ref(row);
    row = find(rows, count, "blackstart");
    if (row != NULL && hf__decode(e, &hf_wire_blackstart_row, hf_blob_bytes(row), &asked) == 0) {
        e->quorum->asked = (uint32_t)asked.number;
        e->quorum->asked_s = asked.made_s;
    }
}

void hf__quorum_opened(struct hf_engine *e)
{
    struct hf__quorum_state *q = e->quorum;
    hf_assert(e->open);
    hf__blackstart_free(e);
    hf_assert(q->request == NULL);
    if (q->asked > 0)
        hf__del(e, HF_ROW_PUBLIC, row_key("blackstart"));
    q->asked = 0;
    q->asked_s = 0;
    struct hf_blob *kept = hf__rows_get(&e->rows, HF_ROW_SEALED, (struct hf_bytes){0});
    if (kept != NULL &&
        (q->sealed == NULL || !hf_bytes_equal(hf_blob_bytes(kept), hf_blob_bytes(q->sealed))))
        hf__put_blob(e, HF_ROW_PUBLIC, row_key("sealed"), kept);
    /* From now on the vault's word counts, and the folder's nothing. */
    hf_blob_unref(q->sealed);
    q->sealed = kept != NULL ? hf_blob_ref(kept) : NULL;
    q->good = false;
}

void hf__quorum_lock(struct hf_engine *e)
{
    hf__blackstart_free(e);
    e->quorum->good = false;
    hf_assert(e->quorum->request == NULL);
}

void hf__quorum_done(struct hf_engine *e)
{
    hf_assert(e->quorum->request == NULL);
    hf_blob_unref(e->quorum->sealed);
}

size_t hf__quorum_memory(const struct hf_engine *e)
{
    hf_assert(e->quorum->request == NULL || !e->open);
    return hf__blob_memory(e->quorum->sealed) + hf__blackstart_memory(e);
}

bool hf__quorum_expired(const struct hf_engine *e, const struct hf_document *shares)
{
    hf_assert(shares->kind == HF_DOCUMENT_SHARES);
    return hf_document_expires_s(shares) < hf__now_s(e);
}

/* What share holders are shown, and whether they can open it. */
static void chosen_status(struct hf_engine *e, struct hf_status *ret)
{
    struct hf__chosen c = {0};
    bool there;
    if (e->open) {
        there = hf__quorum_own(e, &c.sealed, &c.context);
        if (there && e->trust->shares != NULL)
            c.key = hf_share_set_key_of(&e->trust->shares->u.shares, c.context.quorum_key);
    } else {
        there = hf__quorum_choose(e, false, &c);
    }
    hf_assert(there || c.key == NULL);
    if (!there)
        return;
    ret->sealed_s = c.context.made_s;
    ret->sealed_share_set = (uint32_t)c.context.share_set;
    ret->openable = c.key != NULL && !hf__quorum_expired(e, e->trust->shares);
}

void hf__quorum_status(struct hf_engine *e, uint64_t durable_seq, struct hf_status *ret)
{
    const struct hf_quorum_key *key = hf__quorum_wanted(e);
    const struct hf_document *shares = e->trust->shares;
    ret->people = shares != NULL ? &shares->u.shares : NULL;
    ret->lost = e->lost && !e->open;
    ret->share_set = shares != NULL ? hf_document_version(shares) : 0;
    ret->share_set_expires_s = shares != NULL ? hf_document_expires_s(shares) : 0;
    ret->quorum_wanted = e->trust->policy != NULL && hf__policy(e)->quorum_key.len > 0;
    /* What a power cut would take is not sealed yet. */
    bool durable = e->quorum->sealed_seq <= durable_seq;
    hf_assert(ret->share_set == 0 || ret->share_set_expires_s > 0);
    ret->sealed =
        key != NULL && durable && hf__quorum_sealed(e, key) && !hf__quorum_expired(e, shares);
    hf_assert(!ret->sealed || ret->quorum_wanted);
    hf__blackstart_status(e, ret);
    if (durable)
        chosen_status(e, ret);
}
