/* Keys for applications, on the local socket: proto/LOCAL.md, section 4. */
#include "ask.h"
#include "askers.h"

#include "base/error.h"
#include "base/hex.h"
#include "base/secret.h"
#include "clock/clock.h"
#include "log.h"

#include <inttypes.h>
#include <stdio.h>

/* For the audit: which key went to whom. */
static void log_given(const struct hf__ask *a, const struct hf_local_reply *r)
{
    struct hf__line l;
    if (!hf__asker_log(a->d, HF__KEY_GIVEN, a->who.uid, &l))
        return;
    hf__line_text(&l, "name", a->name);
    hf__line_text(&l, "unit", a->who.unit);
    hf__line_uint(&l, "uid", a->who.uid);
    hf__line_uint(&l, "pid", (uint64_t)a->who.pid);
    hf__line_uint(&l, "first", r->first);
    hf__line_uint(&l, "version", r->key_version);
    if (r->next != NULL)
        hf__line_uint(&l, "next_version", r->next_version);
    hf__line_uint(&l, "claim", r->claim);
    hf__log_write(&l);
}

int hf__ask_key_hold(struct hf_local_reply *r, uint8_t **ret)
{
    uint8_t *held = hf_secret_alloc(2 * HF_APP_KEY_LEN);
    hf_assert(r->key != NULL);
    if (held == NULL)
        return HF_ENOMEM;
    memcpy(held, r->key, HF_APP_KEY_LEN);
    r->key = held;
    if (r->next != NULL) {
        memcpy(held + HF_APP_KEY_LEN, r->next, HF_APP_KEY_LEN);
        r->next = held + HF_APP_KEY_LEN;
    }
    *ret = held;
    return 0;
}

void hf__ask_key_send(struct hf__ask *a, const struct hf_local_reply *r)
{
    struct hf__daemon *d = a->d;
    char key[2 * HF_APP_KEY_LEN + 1], next[2 * HF_APP_KEY_LEN + 1] = "", network[65], text[512];
    hf_hex_encode(r->key, HF_APP_KEY_LEN, key);
    hf_hex_encode(d->settings->network.bytes, 32, network);
    int len = snprintf(text, sizeof text,
                       "{\"key\":\"%s\",\"network\":\"%s\",\"version\":%u,\"claim\":%" PRIu64, key,
                       network, r->key_version, r->claim);
    hf_assert(len > 0 && (size_t)len < sizeof text);
    if (r->next != NULL) {
        hf_hex_encode(r->next, HF_APP_KEY_LEN, next);
        len += snprintf(text + len, sizeof text - (size_t)len,
                        ",\"next\":\"%s\",\"next_version\":%u", next, r->next_version);
    }
    hf_assert((size_t)len + 1 < sizeof text);
    text[len++] = '}';
    text[len] = '\0';
    log_given(a, r);
    a->send(a, text, (size_t)len);
    hf_wipe(key, sizeof key);
    hf_wipe(next, sizeof next);
    hf_wipe(text, sizeof text);
}

void hf__ask_key_again(struct hf__ask *a)
{
    struct hf_event event = {0};
    event.u.local.type = a->type == HF__LOCAL_KEYS ? HF_LOCAL_KEYS : HF_LOCAL_KEY;
    event.u.local.key = hf_bytes_of(a->name, strlen(a->name));
    hf__ask_step(a, &event);
}

void hf__ask_key(struct hf__ask *a, const struct hf__local_request *q)
{
    struct hf_event event = {0};
    snprintf(a->name, sizeof a->name, "%s", q->name);
    if (q->type == HF__LOCAL_CONFIRM) {
        event.u.local.type = HF_LOCAL_CONFIRM;
        event.u.local.key = hf_bytes_of(a->name, strlen(a->name));
        event.u.local.version = q->version;
        hf__ask_step(a, &event);
        return;
    }
    a->until_ms = q->wait_ms > 0 ? hf_clock_monotonic_ms() + q->wait_ms : 0;
    /* Said when the engine has not answered until then: the write may still be under way. */
    a->refusal = HF_ETIMEOUT;
    a->waits(a);
    hf__ask_key_again(a);
}
