/* The memory of messages on their way. */
#include "network/network.h"

#include <string.h>

static struct hf_blob *blob_of(struct hf_bytes bytes)
{
    struct hf_blob *b = hf_blob_new(bytes);
    hf_assert(b != NULL);
    return b;
}

/* A body of more than a block is most likely the documents, which many send: it is held once. */
static struct hf_blob *large_body(struct hf_world *w, struct hf_bytes body)
{
    if (w->large == NULL || !hf_bytes_equal(hf_blob_bytes(w->large), body)) {
        hf_blob_unref(w->large);
        w->large = blob_of(body);
    }
    return hf_blob_ref(w->large);
}

uint32_t hf__message_new(struct hf_world *w, struct hf_bytes body)
{
    bool in_line = body.len <= HF__TRANSIT_MAX - sizeof(struct hf__message);
    uint32_t index =
        hf__transit_take(&w->messages, sizeof(struct hf__message) + (in_line ? body.len : 0));
    struct hf__message *m = hf__message(w, index);
    memset(m, 0, sizeof(*m));
    m->len = (uint32_t)body.len;
    m->next = HF__NOBODY;
    if (!in_line)
        m->apart = large_body(w, body);
    else if (body.len > 0)
        memcpy(m->in_line, body.data, body.len);
    return index;
}

void hf__message_free(struct hf_world *w, uint32_t message)
{
    hf_blob_unref(hf__message(w, message)->apart);
    hf__transit_give(&w->messages, message);
}

void hf__message_spoil(struct hf__message *m, size_t at)
{
    hf_assert(at < m->len);
    if (m->apart == NULL) {
        m->in_line[at] ^= 1;
        return;
    }
    struct hf_blob *own = blob_of(hf_blob_bytes(m->apart)); /* others may hold the same */
    own->data[at] ^= 1;
    hf_blob_unref(m->apart);
    m->apart = own;
}

void hf__message_replace(struct hf__message *m, struct hf_buf *body, int error)
{
    hf_assert(body->error == 0);
    hf_blob_unref(m->apart);
    m->apart = blob_of(hf_buf_bytes(body));
    m->len = (uint32_t)body->len;
    m->error = error;
    hf_buf_clear(body);
}
