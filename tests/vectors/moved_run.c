/*
 * Plays a repair and a handover of a share (proto/REPAIR.md) in a virtual world with real
 * cryptography, and prints what an outsider needs who wants to do the same: the secrets of all that
 * take part, the owner's record, and every message of the two. JSON, for second_moved.py.
 */
#include "base/hex.h"
#include "base/secret.h"
#include "provider/provider.h"
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>

enum { OWNER = 0, K = 3, N = 5, NODES = 9, WAIT_MS = 120000, HOUR_S = 3600 };

static bool first_message;

static void put_hex(const char *name, const void *data, size_t len)
{
    printf("\"%s\":\"", name);
    for (size_t i = 0; i < len; i++)
        printf("%02x", ((const uint8_t *)data)[i]);
    printf("\"");
}

static const char *name_of(const struct hf_message *m)
{
    static const struct {
        uint8_t method;
        const char *name;
    } names[] = {{HF_METHOD_SPLIT, "split"},
                 {HF_METHOD_SUM, "sum"},
                 {HF_METHOD_RESTORE, "restore"},
                 {HF_METHOD_TRANSFER, "transfer"},
                 {HF_METHOD_HANDOVER, "handover"}};
    for (size_t i = 0; i < HF_ARRAY_LEN(names); i++)
        if (names[i].method == m->method)
            return names[i].name;
    return NULL;
}

static enum hf_fate print_message(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct hf_world *w = ctx;
    const char *name = name_of(m);
    (void)ret;
    if (name == NULL || m->error != 0)
        return HF_FATE_PASS;
    printf("%s{\"message\":\"%s_%s\",", first_message ? "" : ",\n", name,
           m->response ? "response" : "request");
    put_hex("from", hf_world_account(w, m->from)->bytes, HF_ID_LEN);
    printf(",");
    put_hex("to", hf_world_account(w, m->to)->bytes, HF_ID_LEN);
    printf(",");
    put_hex("body", m->body.data, m->body.len);
    printf("}");
    first_message = false;
    return HF_FATE_PASS;
}

/* A node's share of the owner's newest dealing; false: it has none. */
static bool share_of(struct hf_world *w, uint32_t node, struct hf_held_row *ret_held,
                     uint8_t ret[static HF_SCALAR_LEN])
{
    struct hf_engine *e = hf_world_engine(w, node);
    uint8_t *share;
    size_t at = 0;
    if (e == NULL || !hf__held_next(e, hf_world_account(w, OWNER), &at, ret_held))
        return false;
    hf_assert(hf__held_open(e, ret_held, &share) == 0);
    memcpy(ret, share, HF_SCALAR_LEN);
    e->secret_free(share);
    return true;
}

static void print_sealing(struct hf_engine *e)
{
    struct hf_keys_row row;
    struct hf__keys keys;
    uint8_t secret[HF_KEY_LEN];
    hf__sealing_table(e, &row, &keys);
    for (size_t i = 0; i < row.keys_count; i++) {
        const struct hf_rotated_key *k = &row.keys[i];
        if (memcmp(k->public_key, e->sealing_key, HF_KEY_LEN) != 0)
            continue;
        hf_assert(e->suite->unwrap(e->secrets->active.wrap_key,
                                   hf_bytes_of(k->public_key, HF_KEY_LEN),
                                   hf_bytes_of(k->wrapped, sizeof k->wrapped), secret) == 0);
        put_hex("sealing_public", k->public_key, HF_KEY_LEN);
        printf(",");
        put_hex("sealing_secret", secret, sizeof secret);
    }
}

/* The nodes' keys and shares as they are now. */
static void print_nodes(struct hf_world *w)
{
    bool first = true;
    printf("\"nodes\":[");
    for (uint32_t i = 0; i < NODES; i++) {
        struct hf_engine *e = hf_world_engine(w, i);
        struct hf_held_row held = {0};
        uint8_t share[HF_SCALAR_LEN];
        if (e == NULL || !e->open)
            continue;
        printf("%s{", first ? "" : ",\n");
        first = false;
        put_hex("account", e->account.bytes, HF_ID_LEN);
        printf(",");
        put_hex("sign_secret", e->secrets->account, HF_SIGN_SECRET_LEN);
        printf(",");
        hf__update_begin(e);
        print_sealing(e);
        bool has = share_of(w, i, &held, share);
        printf(",\"index\":%u,", has ? (unsigned)held.index : 0);
        put_hex("share", share, has ? sizeof share : 0);
        printf("}");
    }
    printf("],\n");
}

static void print_record(struct hf_world *w, uint32_t holder)
{
    struct hf_held_row held;
    uint8_t share[HF_SCALAR_LEN];
    hf__update_begin(hf_world_engine(w, holder));
    hf_assert(share_of(w, holder, &held, share) && held.has_record);
    put_hex("record", held.record.record.data, held.record.record.len);
    printf(",\n");
}

/* The holder of an index of the owner's. */
static uint32_t holder_of(struct hf_world *w, size_t index)
{
    for (uint32_t i = 0; i < NODES; i++) {
        struct hf_held_row held;
        uint8_t share[HF_SCALAR_LEN];
        if (hf_world_engine(w, i) == NULL)
            continue;
        hf__update_begin(hf_world_engine(w, i));
        if (i != OWNER && share_of(w, i, &held, share) && held.index == index)
            return i;
    }
    hf_assert(false);
    return OWNER;
}

static struct hf_world *begin(void)
{
    struct hf_world_settings s;
    struct hf_world *w;
    hf_world_settings_init(&s);
    s.crypto = HF_WORLD_REAL;
    s.policy.k = K;
    s.policy.n = N;
    s.policy.holder_grace_s = 20;
    hf_assert(hf_world_new(&s, &w) == 0);
    hf_world_add_many(w, NODES);
    hf_assert(hf_world_bring_up(w, WAIT_MS) == 0);
    return w;
}

/* Prints all of it while `act` has happened to a holder. */
static void play(const char *name, void (*act)(struct hf_world *w, uint32_t holder),
                 enum hf_trace_type done)
{
    struct hf_world *w = begin();
    uint32_t holder = holder_of(w, 2), other = holder_of(w, 1);
    printf("\"%s\":{", name);
    put_hex("network", hf_world_network_id(w)->bytes, HF_ID_LEN);
    printf(",\n");
    print_record(w, other);
    print_nodes(w);
    hf_world_crash(w, OWNER);
    hf_world_run_for(w, 60000);
    first_message = true;
    printf("\"messages\":[");
    hf_world_watch(w, print_message, w);
    act(w, holder);
    hf_assert(hf_world_run_until_trace(w, HF_WORLD_ALL, done, 1, 600000));
    hf_world_run_for(w, 2000);
    hf_world_watch(w, NULL, NULL);
    printf("]}");
    hf_world_free(w);
}

static void remove_holder(struct hf_world *w, uint32_t holder)
{
    hf_world_crash(w, holder);
    hf_world_set_remove(w, holder);
    hf_world_set_issue(w);
}

static void leave(struct hf_world *w, uint32_t holder)
{
    hf_assert(hf_world_leave(w, holder, HOUR_S, WAIT_MS) == 0);
}

int main(void)
{
    hf_assert(hf_secret_init(1024 * 1024, false) == 0);
    printf("{");
    play("repair", remove_holder, HF_TRACE_REPAIRED);
    printf(",\n");
    play("handover", leave, HF_TRACE_HANDED_OVER);
    printf("}\n");
    return EXIT_SUCCESS;
}
