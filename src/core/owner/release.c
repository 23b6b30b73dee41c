/*
 * Application keys (proto/CLAIMS.md, 4.8). The first release of a name binds it to the key version,
 * and waits for q acknowledgements of every generation that the ballot needs, asked for after the
 * application asked: what must hold is that nothing is released for the first time by an instance
 * that was superseded before. Later releases need an open vault and a claim that stands. A name
 * moves to a newer version when its application has asked for both keys, and has confirmed that it
 * needs the older no more (proto/ROTATION.md, 5).
 */
#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "owner/sequence.h"

/* A first release that waits for its acknowledgements: of a name, or of a newer version for it. */
struct hf__release {
    struct hf__release *next;
    uint64_t request;                  /* the shell's */
    uint64_t claim;                    /* number of the ballot under which it asked */
    struct hf_sequence_point sequence; /* how far the vault had come then */
    uint32_t arg;                      /* names its calls */
    bool moves;                        /* it is of a newer version */
    uint8_t fresh[16]; /* in each of them: no acknowledgement is of before the application asked */
    uint8_t name_len;
    uint8_t name[HF_KEY_NAME_MAX];
    uint8_t electorates_count;
    struct hf__electorate electorates[HF__ELECTORATES_MAX];
    uint16_t acknowledged[HF__ELECTORATES_MAX]; /* bit of each acceptor */
};

/* A name that this process has bound. */
struct hf__bound {
    struct hf__bound *next;
    uint64_t seq; /* of the transaction */
    uint8_t name_len;
    uint8_t name[];
};

static bool name_ok(struct hf_bytes name)
{
    if (name.len == 0 || name.len > HF_KEY_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'))
            return false;
    }
    return true;
}

int hf__why_closed(const struct hf_engine *e)
{
    hf_assert(e->open || !e->claimed);
    if (e->fenced)
        return HF_EFENCED;
    if (e->handed)
        return HF_EHANDEDOVER;
    if (!e->open)
        return e->owner->behind ? HF_EVAULTBEHIND : HF_ELOCKED; /* waiting does not help there */
    return e->claimed ? 0 : HF_ENOTCLAIMED;
}

/* The transaction that bound a name; 0: it was durable when the vault was opened. */
static uint64_t binding_seq(const struct hf_engine *e, struct hf_bytes name)
{
    hf_assert(hf__rows_find(&e->rows, HF_ROW_BINDING, name) != NULL);
    for (const struct hf__bound *b = e->owner->bound; b != NULL; b = b->next)
        if (hf_bytes_equal(name, hf_bytes_of(b->name, b->name_len)))
            return b->seq;
    return 0;
}

static void note_binding(struct hf_engine *e, struct hf_bytes name)
{
    struct hf__bound *b = calloc(1, sizeof *b + name.len);
    hf_assert(b != NULL && name.len <= HF_KEY_NAME_MAX);
    b->seq = e->write_seq;
    b->name_len = (uint8_t)name.len;
    memcpy(b->name, name.data, name.len);
    b->next = e->owner->bound;
    e->owner->bound = b;
    hf_assert(b->seq > 0);
}

/* A name's key of a version, which is kept: what a name is bound to is needed. */
static void derive(struct hf_engine *e, struct hf_bytes name, uint64_t version,
                   uint8_t ret[static HF_APP_KEY_LEN])
{
    uint8_t *root = e->secret_alloc(HF_SCALAR_LEN);
    hf_assert(root != NULL && e->open);
    bool kept = hf__root_copy(e, (uint32_t)version, root);
    hf_assert(kept);
    hf__derive_from(e, root, (uint32_t)version, "application", name, ret);
    e->secret_free(root);
}

/* Derives the key, or two, and hands them out once the name's binding is durable. Other writes,
 * which a full disk may hold up, need not be: those that bind other names neither. */
static void hand_out(struct hf_engine *e, uint64_t request, struct hf_bytes name,
                     const struct hf_binding_row *row, bool both, bool first)
{
    hf_assert(row->version > 0 && e->open);
    hf_assert(!e->fenced && (!both || row->next > row->version));
    derive(e, name, row->version, e->secrets->app_key);
    if (both)
        derive(e, name, row->next, e->secrets->app_next);
    e->key_out = true;
    struct hf_local_reply *reply = hf__local_reply(e, request, 0);
    reply->after = binding_seq(e, name);
    reply->key = e->secrets->app_key;
    reply->key_version = (uint32_t)row->version;
    reply->next = both ? e->secrets->app_next : NULL;
    reply->next_version = both ? (uint32_t)row->next : 0;
    reply->claim = e->claim;
    reply->first = first;
    hf__trace(e, HF_TRACE_KEY_RELEASED, 0, NULL, both ? row->next : row->version, first);
}

static void put_binding(struct hf_engine *e, struct hf_bytes name, const struct hf_binding_row *row)
{
    hf_assert(row->version > 0 && (row->next == 0 || row->next > row->version));
    hf__put(e, HF_ROW_BINDING, name, &hf_wire_binding_row, row);
    hf__sequence_advance(e);
    hf__timer_set(e, HF__TIMER_STANDING, 0); /* its holders are told at once */
    note_binding(e, name);
}

/* What a name is bound to; false: nothing. */
static bool binding_of(struct hf_engine *e, struct hf_bytes name, struct hf_binding_row *ret)
{
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_BINDING, name);
    hf_assert(e->open && name.len > 0);
    if (value == NULL)
        return false;
    int r = hf__decode(e, &hf_wire_binding_row, hf_blob_bytes(value), ret);
    hf_assert(r == 0);
    return true;
}

static void bind(struct hf_engine *e, uint64_t request, struct hf_bytes name)
{
    hf_assert(name.len > 0 && name.len <= HF_KEY_NAME_MAX);
    struct hf_binding_row row = {0};
    /* Two askers of one name: the second finds it bound. */
    bool first = !binding_of(e, name, &row);
    if (first) {
        row.version = hf__roots_first(e);
        put_binding(e, name, &row);
    }
    hand_out(e, request, name, &row, false, first);
}

/* A name is to move to the active version: it has both keys until the application confirms. */
static void move(struct hf_engine *e, uint64_t request, struct hf_bytes name)
{
    struct hf_binding_row row = {0};
    bool bound = binding_of(e, name, &row);
    hf_assert(bound); /* no name is ever unbound */
    bool first = row.next == 0 && row.version < e->active.number;
    if (first) {
        row.next = e->active.number;
        put_binding(e, name, &row);
    }
    if (row.next != 0)
        hand_out(e, request, name, &row, true, first);
    else
        hf__local_reply(e, request, HF_EKEYNEWEST);
}

static void end(struct hf_engine *e, struct hf__release *l, int error)
{
    struct hf__release **at = &e->owner->releases;
    while (*at != l) {
        hf_assert(*at != NULL);
        at = &(*at)->next;
    }
    *at = l->next;
    hf_assert(l->name_len > 0 && l->name_len <= HF_KEY_NAME_MAX);
    if (error != 0)
        hf__local_reply(e, l->request, error);
    else
        (l->moves ? move : bind)(e, l->request, hf_bytes_of(l->name, l->name_len));
    free(l);
}

void hf__releases_end(struct hf_engine *e, int error)
{
    while (e->owner->releases != NULL)
        end(e, e->owner->releases, error);
}

void hf__bindings_forget(struct hf_engine *e)
{
    for (struct hf__bound *b = e->owner->bound, *next; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    e->owner->bound = NULL;
    hf_assert(e->owner->releases == NULL);
}

void hf__releases_recount(struct hf_engine *e)
{
    hf_assert(e->open || e->owner->releases == NULL);
    for (struct hf__release *l = e->owner->releases, *next; l != NULL; l = next) {
        next = l->next;
        hf_assert(l->electorates_count > 0);
        if (!hf__still_needed(e, l->electorates, l->electorates_count))
            end(e, l, HF_ENOTCLAIMED);
    }
}

size_t hf__release_memory(const struct hf_engine *e)
{
    hf_assert(e->open || e->owner->releases == NULL);
    size_t sum = 0;
    for (const struct hf__release *l = e->owner->releases; l != NULL; l = l->next)
        sum += sizeof *l;
    for (const struct hf__bound *b = e->owner->bound; b != NULL; b = b->next)
        sum += sizeof *b + b->name_len;
    return sum;
}

static size_t bits(uint16_t set)
{
    static_assert(HF_SHARES_MAX <= 16, "a bit of an acknowledgement for each acceptor");
    size_t count = 0;
    for (; set != 0; set &= (uint16_t)(set - 1))
        count++;
    return count;
}

/* Ends a release that has all it needs, or can get it no more. */
static void progress(struct hf_engine *e, struct hf__release *l)
{
    hf_assert(l->electorates_count > 0 && l->claim <= e->claim);
    bool all = true;
    for (size_t g = 0; g < l->electorates_count; g++)
        all = all && bits(l->acknowledged[g]) >= l->electorates[g].quorum;
    if (all)
        end(e, l, l->claim == e->claim && e->owner->claiming == NULL ? 0 : HF_ENOTREADY);
    else if (!hf__calling(e, HF_METHOD_STANDING, NULL, &l->arg))
        end(e, l, HF_EQUORUM);
}

static struct hf_standing request_of(struct hf_engine *e, const struct hf__release *l,
                                     const struct hf__electorate *from, size_t at)
{
    hf_assert(at < from->n);
    struct hf_standing m = {
        .generation = e->owner->recorded, .index = from->indices[at], .has_fresh = true};
    memcpy(m.generation.id, from->id, 16);
    memcpy(m.fresh, l->fresh, sizeof m.fresh);
    hf__fill_header(e, &from->acceptors[at], &m.header);
    return m;
}

static void ask(struct hf_engine *e, const struct hf__release *l, size_t g, size_t at)
{
    hf_assert(g < l->electorates_count);
    const struct hf__electorate *from = &l->electorates[g];
    struct hf_standing m = request_of(e, l, from, at);
    struct hf__ask how = {.task = HF__TASK_RELEASE, .method = HF_METHOD_STANDING, .arg = l->arg};
    int r = hf__owner_send(e, &how, &from->acceptors[at], &hf_wire_standing, &m);
    (void)r; /* without a call it gives no acknowledgement */
}

static void begin(struct hf_engine *e, uint64_t request, struct hf_bytes name, bool moves)
{
    hf_assert(e->state == HF_STATE_READY);
    struct hf_placement_record record;
    size_t waiting = 0;
    for (const struct hf__release *l = e->owner->releases; l != NULL; l = l->next)
        waiting++;
    if (waiting == HF_RELEASES_MAX) {
        hf__local_reply(e, request, HF_EBUSY);
        return;
    }
    struct hf__release *l = calloc(1, sizeof *l);
    hf_assert(l != NULL && name.len <= sizeof l->name);
    l->request = request;
    l->claim = e->claim;
    l->sequence = e->sequence.at;
    l->moves = moves;
    l->arg = hf__id_next(e);
    e->suite->random(&e->secrets->rng, l->fresh, sizeof l->fresh);
    l->name_len = (uint8_t)name.len;
    memcpy(l->name, name.data, name.len);
    bool found = hf__own_record(e, &record, NULL, NULL);
    hf_assert(found);
    l->electorates_count = (uint8_t)hf__needed(e, &record, l->electorates);
    l->next = e->owner->releases;
    e->owner->releases = l;
    for (size_t g = 0; g < l->electorates_count; g++)
        for (size_t i = 0; i < l->electorates[g].n; i++)
            ask(e, l, g, i);
    progress(e, l);
}

int hf__release_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                         struct hf_bytes body)
{
    hf_assert(call->task == HF__TASK_RELEASE && call->method == HF_METHOD_STANDING);
    struct hf__release *l = e->owner->releases;
    while (l != NULL && l->arg != call->arg)
        l = l->next;
    if (l == NULL)
        return 0;
    int r = error;
    bool again = error == HF_EIDENTITY && call->bare;
    for (size_t g = 0; (again || r == 0) && g < l->electorates_count; g++)
        for (size_t i = 0; (again || r == 0) && i < l->electorates[g].n; i++) {
            const struct hf__electorate *from = &l->electorates[g];
            struct hf_ack_statement s;
            struct hf_hash hash;
            if (!hf_account_equal(&from->acceptors[i], &call->account))
                continue;
            if (again) {
                ask(e, l, g, i);
                return 0;
            }
            struct hf_standing m = request_of(e, l, from, i);
            e->suite->hash("holdfast/v1/request", hf__encode(e, &hf_wire_standing, &m), &hash);
            r = hf__ack_check(e, call, &hash, body, &s, NULL);
            if (r == HF__PARK)
                return r;
            if (r == HF_EIDENTITY) {
                ask(e, l, g, i);
                return r;
            }
            if (r == 0 && s.votes && hf__sequence_told(&s, &l->sequence))
                l->acknowledged[g] |= (uint16_t)(1u << i);
            else if (r == HF_EPEER_ACCOUNT)
                r = 0; /* the answer to the other generation's question */
        }
    progress(e, l);
    return error == 0 ? r : 0;
}

/* Why a key cannot be released for the first time now: 0 nothing. */
static int why_not_first(const struct hf_engine *e)
{
    hf_assert(e->open && e->claimed);
    return e->state != HF_STATE_READY ? HF_ENOTREADY : e->store_error;
}

void hf__release(struct hf_engine *e, uint64_t request, struct hf_bytes name)
{
    struct hf_binding_row row = {0};
    int r = name_ok(name) ? hf__why_closed(e) : HF_EINVAL;
    bool inherited = r == HF_ENOTCLAIMED && e->inherited;
    bool bound = (r == 0 || inherited) && binding_of(e, name, &row);
    /* Under the ballot that was given up for it: what was bound before, and nothing new. */
    if (inherited && bound)
        r = 0;
    hf_assert(r != 0 || e->open);
    if (r == 0 && !bound)
        r = why_not_first(e);
    if (r != 0)
        hf__local_reply(e, request, r);
    else if (bound)
        hand_out(e, request, name, &row, false, false);
    else
        begin(e, request, name, false);
}

void hf__release_both(struct hf_engine *e, uint64_t request, struct hf_bytes name)
{
    struct hf_binding_row row = {0};
    int r = name_ok(name) ? hf__why_closed(e) : HF_EINVAL;
    if (r == 0 && !binding_of(e, name, &row))
        r = HF_EKEYUNBOUND;
    bool moving = r == 0 && row.next != 0;
    if (r == 0 && !moving)
        r = row.version >= e->active.number ? HF_EKEYNEWEST : why_not_first(e);
    hf_assert(r != 0 || e->claimed);
    if (r != 0)
        hf__local_reply(e, request, r);
    else if (moving)
        hand_out(e, request, name, &row, true, false);
    else
        begin(e, request, name, true);
}

void hf__release_confirm(struct hf_engine *e, uint64_t request, struct hf_bytes name,
                         uint64_t version)
{
    struct hf_binding_row row = {0};
    int r = name_ok(name) ? hf__why_closed(e) : HF_EINVAL;
    if (r == 0 && !binding_of(e, name, &row))
        r = HF_EKEYUNBOUND;
    if (r == 0 && version != row.version && (row.next == 0 || version != row.next))
        r = HF_EKEYOTHER;
    if (r == 0 && version == row.next) {
        hf__trace(e, HF_TRACE_KEY_MOVED, 0, NULL, row.version, row.next);
        row = (struct hf_binding_row){.version = row.next};
        put_binding(e, name, &row);
        hf__timer_set(e, HF__TIMER_KEYS, 0); /* the version before may be needed no more */
    }
    hf_assert(r != 0 || row.version == version || row.next != 0);
    struct hf_local_reply *reply = hf__local_reply(e, request, r);
    if (r != 0)
        return;
    reply->after = binding_seq(e, name);
    reply->key_version = (uint32_t)row.version;
    reply->claim = e->claim;
}
