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
    memset(m, 0, sizeof *m);
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

/*
 * What goes around a body, in bytes: frames of HTTP/2 (RFC 9113) with a header block that HPACK has
 * made small, the pseudo headers of a request being the larger; a record of TLS 1.3 for each 16 KiB
 * (RFC 8446); IPv4, and TCP with time stamps for each segment, or UDP.
 */
enum {
    FRAMES = 2 * 9,
    REQUEST_HEADERS = 48,
    RESPONSE_HEADERS = 14,
    RECORD = 22,
    RECORD_MAX = 16384,
    SEGMENT = 52,
    SEGMENT_MAX = 1448,
    DATAGRAM = 28
};

uint64_t hf__line_len(const struct hf__message *m, uint64_t body)
{
    if (m->datagram)
        return body + DATAGRAM;
    uint64_t len = body + FRAMES + (m->response ? RESPONSE_HEADERS : REQUEST_HEADERS);
    len += (len + RECORD_MAX - 1) / RECORD_MAX * RECORD;
    return len + (len + SEGMENT_MAX - 1) / SEGMENT_MAX * SEGMENT;
}
