#include "node/update.h"

#include <stdlib.h>

#include "base/error.h"
#include "node/node.h"

/* How many calls of a task may be out at once: none can crowd out another. */
static const uint16_t calls_max[HF__TASKS] = {
    [HF__TASK_DOCUMENTS] = HF_CALLS_DOCUMENTS_MAX, [HF__TASK_DEAL] = HF_CALLS_HOLDERS_MAX,
    [HF__TASK_RECORD] = HF_CALLS_HOLDERS_MAX,      [HF__TASK_RETIRE] = HF_CALLS_RETIRE_MAX,
    [HF__TASK_STANDING] = HF_CALLS_HOLDERS_MAX,    [HF__TASK_SEAL] = HF_CALLS_SEAL_MAX,
    [HF__TASK_RELEASE] = HF_CALLS_RELEASE_MAX,     [HF__TASK_RECOVER] = HF_CALLS_RECOVER_MAX,
    [HF__TASK_CLAIM] = HF_CALLS_CLAIM_MAX,         [HF__TASK_DRILL] = HF_CALLS_HOLDERS_MAX,
    [HF__TASK_DRAIN] = HF_CALLS_DRAIN_MAX,         [HF__TASK_GOSSIP] = HF_CALLS_GOSSIP_MAX,
    [HF__TASK_LEAVE] = HF_CALLS_HOLDERS_MAX,       [HF__TASK_PROBE] = HF_CALLS_PROBE_MAX,
    [HF__TASK_HANDOVER] = HF_CALLS_HOLDERS_MAX,    [HF__TASK_REPAIR] = HF_CALLS_HOLDERS_MAX,
    [HF__TASK_TAKE_OVER] = HF_CALLS_TAKE_OVER_MAX,
};

/* Arrays that grow to what the largest step needed. One for all engines that share it: only one
 * step is ever under way. */
struct hf__outbox {
    struct hf_write *writes;
    struct hf_call *calls;
    struct hf_datagram_out *datagrams;
    struct hf_reply *replies;
    struct hf_work *work;
    struct hf_local_reply *locals;
    struct hf_trace *traces;
    struct hf_blob **replaced;
    size_t writes_count, writes_cap;
    size_t calls_count, calls_cap;
    size_t datagrams_count, datagrams_cap;
    size_t replies_count, replies_cap;
    size_t work_count, work_cap;
    size_t locals_count, locals_cap;
    size_t traces_count, traces_cap;
    size_t replaced_count, replaced_cap;
    enum hf_vault_state vault_state;
    bool rekeys;
};

struct hf__outbox *hf__outbox_new(void)
{
    return calloc(1, sizeof(struct hf__outbox));
}

static void forget_writes(struct hf__outbox *o)
{
    hf_assert(o->writes_count <= o->writes_cap && o->replaced_count <= o->replaced_cap);
    for (size_t i = 0; i < o->writes_count; i++)
        hf_blob_unref(o->writes[i].value);
    o->writes_count = 0;
    for (size_t i = 0; i < o->replaced_count; i++)
        hf_blob_unref(o->replaced[i]);
    o->replaced_count = 0;
}

void hf__outbox_free(struct hf__outbox *o)
{
    if (o == NULL)
        return;
    forget_writes(o);
    free(o->writes);
    free(o->calls);
    free(o->datagrams);
    free(o->replies);
    free(o->work);
    free(o->locals);
    free(o->traces);
    free(o->replaced);
    free(o);
}

/* A zeroed new last element; the array may move, so earlier elements are not kept by pointer. */
static void *grow(void **array, size_t *count, size_t *cap, size_t size)
{
    hf_assert(size > 0 && *count <= *cap);
    if (*count == *cap) {
        *cap = *cap < 8 ? 8 : *cap * 2;
        *array = realloc(*array, *cap * size);
        hf_assert(*array != NULL);
    }
    void *last = (uint8_t *)*array + (*count)++ * size;
    memset(last, 0, size);
    return last;
}

#define PUSH(o, field)                                                                             \
    grow((void **)&(o)->field, &(o)->field##_count, &(o)->field##_cap, sizeof *(o)->field)

void hf__update_begin(struct hf_engine *e)
{
    struct hf__outbox *o = e->shared->outbox;
    hf_assert(o != NULL && !e->shared->step.foreign && e->shared->step.fresh == NULL);
    forget_writes(o);
    o->calls_count = o->datagrams_count = o->replies_count = o->work_count = 0;
    o->locals_count = o->traces_count = 0;
    o->vault_state = HF_VAULT_NONE;
    o->rekeys = false;
    hf_arena_reset(&e->shared->arena);
    if (e->key_out)
        hf_wipe(e->secrets->app_key, sizeof e->secrets->app_key);
    if (e->key_out)
        hf_wipe(e->secrets->app_next, sizeof e->secrets->app_next);
    if (e->rekeyed)
        hf_wipe(e->secrets->active.vault_key, sizeof e->secrets->active.vault_key);
    e->key_out = e->rekeyed = false;
    e->new_identity = false;
    e->state_changed = false;
}

void hf__update_end(struct hf_engine *e, struct hf_update *ret)
{
    struct hf__outbox *o = e->shared->outbox;
    hf_assert((o->vault_state == HF_VAULT_NONE && !o->rekeys) || o->writes_count > 0);
    uint64_t deadline_ms = HF__NEVER;
    for (size_t i = 0; i < HF__TIMERS; i++)
        deadline_ms = e->timers[i] < deadline_ms ? e->timers[i] : deadline_ms;
    *ret = (struct hf_update){
        .writes = o->writes,
        .writes_count = o->writes_count,
        .vault_state = o->vault_state,
        .rekey = o->rekeys ? e->secrets->active.vault_key : NULL,
        .key_version = e->active.number,
        .write_seq = o->writes_count > 0 ? e->write_seq : 0,
        .calls = o->calls,
        .calls_count = o->calls_count,
        .datagrams = o->datagrams,
        .datagrams_count = o->datagrams_count,
        .replies = o->replies,
        .replies_count = o->replies_count,
        .work = o->work,
        .work_count = o->work_count,
        .locals = o->locals,
        .locals_count = o->locals_count,
        .traces = o->traces,
        .traces_count = o->traces_count,
        .deadline_ms = deadline_ms,
        .identity_changed = e->new_identity,
        .claim_follows = e->new_identity && e->state == HF_STATE_CLAIMING,
        .state = (enum hf_state)e->state,
        .state_changed = e->state_changed,
    };
}

void *hf__scratch(struct hf_engine *e, size_t len)
{
    void *p;
    int r = hf_arena_alloc(&e->shared->arena, 1, len, &p);
    hf_assert(r == 0);
    return p;
}

struct hf_bytes hf__encode(struct hf_engine *e, const struct hf_wire_type *type,
                           const void *message)
{
    hf_assert(type != NULL && message != NULL);
    struct hf_bytes ret;
    int r = e->shared->codec->encode_in(type, message, &e->shared->arena, &ret);
    hf_assert(r == 0);
    return ret;
}

int hf__decode(struct hf_engine *e, const struct hf_wire_type *type, struct hf_bytes bytes,
               void *ret)
{
    hf_assert(type != NULL && ret != NULL);
    return e->shared->codec->decode(type, bytes, &e->shared->arena, ret, NULL);
}

static struct hf_write *add_write(struct hf_engine *e, uint8_t collection, struct hf_bytes key)
{
    hf_assert(collection >= HF_ROW_ACCOUNT && collection < HF_ROW_COLLECTIONS);
    struct hf__outbox *o = e->shared->outbox;
    /* The first write of a step opens its transaction. */
    if (o->writes_count == 0)
        e->write_seq++;
    struct hf_write *w = PUSH(o, writes);
    hf_assert(key.len <= sizeof w->key);
    w->collection = collection;
    w->key_len = (uint8_t)key.len;
    if (key.len > 0)
        memcpy(w->key, key.data, key.len);
    return w;
}

bool hf__writing(const struct hf_engine *e)
{
    hf_assert(e->shared->outbox != NULL);
    return e->shared->outbox->writes_count > 0;
}

/*
 * What a message was decoded from outlives its row until the step ends: decoded messages borrow
 * their bytes, and a handler that has replaced a row goes on reading what it decoded from it.
 */
void hf__keep_for_step(struct hf_engine *e, struct hf_blob *before)
{
    struct hf__outbox *o = e->shared->outbox;
    if (before != NULL)
        *(struct hf_blob **)PUSH(o, replaced) = before;
}

void hf__put_blob(struct hf_engine *e, uint8_t collection, struct hf_bytes key,
                  struct hf_blob *value)
{
    hf_assert(value != NULL && (e->active.has_root || collection == HF_ROW_PUBLIC));
    add_write(e, collection, key)->value = hf_blob_ref(value);
    if (collection == HF_ROW_PUBLIC)
        return;
    hf__keep_for_step(e, hf__rows_put(&e->rows, collection, key, value));
    hf__rows_find(&e->rows, collection, key)->seq = e->write_seq;
}

void hf__put(struct hf_engine *e, uint8_t collection, struct hf_bytes key,
             const struct hf_wire_type *type, const void *message)
{
    struct hf_blob *value = hf_blob_new(hf__encode(e, type, message));
    hf_assert(value != NULL);
    hf__put_blob(e, collection, key, value);
    hf_blob_unref(value);
}

void hf__del(struct hf_engine *e, uint8_t collection, struct hf_bytes key)
{
    hf_assert(e->active.has_root || collection == HF_ROW_PUBLIC);
    add_write(e, collection, key);
    if (collection != HF_ROW_PUBLIC)
        hf__keep_for_step(e, hf__rows_del(&e->rows, collection, key));
}

void hf__put_vault_state(struct hf_engine *e, enum hf_vault_state state)
{
    hf_assert(state != HF_VAULT_NONE);
    hf_assert(e->shared->outbox->writes_count > 0);
    e->shared->outbox->vault_state = state;
}

void hf__put_rekey(struct hf_engine *e)
{
    hf_assert(e->open && e->active.has_root);
    e->shared->outbox->rekeys = e->rekeyed = true;
}

static size_t calls_of(const struct hf_engine *e, enum hf__task task)
{
    size_t count = 0;
    for (size_t i = 0; i < e->calls_count; i++)
        count += e->calls[i].task == task;
    hf_assert(count <= calls_max[task]);
    return count;
}

bool hf__id_after(uint32_t id, uint32_t other)
{
    hf_assert(id != 0);
    return id != other && id - other < UINT32_MAX / 2;
}

uint32_t hf__id_next(struct hf_engine *e)
{
    if (++e->next_id == 0)
        e->next_id = 1;
    hf_assert(e->next_id != 0);
    return e->next_id;
}

static struct hf__pending *add_pending(struct hf_engine *e, enum hf__task task)
{
    hf_assert(task < HF__TASKS && calls_max[task] > 0);
    if (calls_of(e, task) >= calls_max[task])
        return NULL;
    if (e->calls_count == e->calls_cap) {
        e->calls_cap = (uint16_t)(e->calls_cap < 4 ? 4 : e->calls_cap * 2);
        e->calls = realloc(e->calls, e->calls_cap * sizeof *e->calls);
        hf_assert(e->calls != NULL);
    }
    struct hf__pending *p = &e->calls[e->calls_count++];
    hf_assert(e->calls_count <= e->calls_cap);
    *p = (struct hf__pending){.id = hf__id_next(e), .task = (uint8_t)task};
    return p;
}

int hf__call_address(struct hf_engine *e, const struct hf__ask *ask,
                     const struct hf_account *account, const char *address, struct hf_bytes body)
{
    hf_assert(ask->method >= HF_METHOD_DOCUMENTS && ask->method <= HF_METHODS);
    hf_assert(address != NULL);
    struct hf__pending *p = add_pending(e, ask->task);
    if (p == NULL)
        return HF_EBUSY;
    p->method = ask->method;
    p->slot = ask->slot;
    p->audit = ask->audit;
    p->sealed = ask->sealed;
    p->arg = ask->arg;
    struct hf_call *c = PUSH(e->shared->outbox, calls);
    c->id = p->id;
    c->method = ask->method;
    /* Any node may pass documents on, a locked one too: they speak for themselves. */
    c->has_account = account != NULL && ask->method != HF_METHOD_DOCUMENTS;
    if (account != NULL) {
        p->account = *account;
        c->account = *account;
    }
    c->address = address;
    c->timeout_ms = e->timing.call_ms;
    c->body = body;
    c->after = ask->at_once ? 0 : e->write_seq;
    hf_assert(c->after <= e->write_seq && c->timeout_ms > 0);
    return 0;
}

bool hf__answered(struct hf_engine *e, uint32_t id, struct hf__pending *ret)
{
    hf_assert((e->calls_count > 0) == (e->calls != NULL));
    for (size_t i = 0; i < e->calls_count; i++) {
        if (e->calls[i].id != id)
            continue;
        *ret = e->calls[i];
        e->calls[i] = e->calls[--e->calls_count];
        if (e->calls_count == 0) {
            free(e->calls);
            e->calls = NULL;
            e->calls_cap = 0;
        }
        return true;
    }
    return false;
}

bool hf__calling(const struct hf_engine *e, uint8_t method, const struct hf_account *account,
                 const uint32_t *arg)
{
    hf_assert(method >= HF_METHOD_DOCUMENTS && method <= HF_METHODS);
    for (size_t i = 0; i < e->calls_count; i++) {
        const struct hf__pending *p = &e->calls[i];
        if (p->method == method && (account == NULL || hf_account_equal(&p->account, account)) &&
            (arg == NULL || p->arg == *arg))
            return true;
    }
    return false;
}

void hf__datagram_put(struct hf_engine *e, const char *address, struct hf_bytes bytes,
                      uint64_t after)
{
    hf_assert(address != NULL && after <= e->write_seq);
    struct hf_datagram_out *d = PUSH(e->shared->outbox, datagrams);
    hf_assert(bytes.len <= HF_DATAGRAM_MAX);
    *d = (struct hf_datagram_out){.address = address, .body = bytes, .after = after};
}

void hf__reply(struct hf_engine *e, uint64_t id, int error, struct hf_bytes body, bool at_once)
{
    hf_assert(error <= 0 && (error == 0 || body.len == 0));
    struct hf_reply *r = PUSH(e->shared->outbox, replies);
    *r = (struct hf_reply){
        .id = id, .error = error, .body = body, .after = at_once ? 0 : e->write_seq};
}

void hf__reply_after(struct hf_engine *e, uint64_t id, struct hf_bytes body, uint64_t after)
{
    hf_assert(after <= e->write_seq && body.len > 0);
    struct hf_reply *r = PUSH(e->shared->outbox, replies);
    *r = (struct hf_reply){.id = id, .body = body, .after = after};
}

struct hf_local_reply *hf__local_reply(struct hf_engine *e, uint64_t id, int error)
{
    hf_assert(error <= 0);
    struct hf_local_reply *r = PUSH(e->shared->outbox, locals);
    r->id = id;
    r->error = error;
    return r;
}

struct hf_work *hf__work(struct hf_engine *e, enum hf_work_type type)
{
    hf_assert(type >= HF_WORK_VAULT_CREATE && type <= HF_WORK_JUDGE);
    struct hf_work *w = PUSH(e->shared->outbox, work);
    w->type = type;
    w->id = hf__id_next(e);
    return w;
}

uint32_t hf__quote(struct hf_engine *e, enum hf__task task, const char *label,
                   struct hf_bytes bytes)
{
    hf_assert(label[0] != '\0');
    struct hf_work *w = hf__work(e, HF_WORK_QUOTE);
    struct hf__quoting *q = malloc(sizeof *q);
    hf_assert(q != NULL && task < HF__TASKS);
    w->label = label;
    e->suite->hash(label, bytes, &w->hash);
    e->suite->report_data(label, bytes, w->report_data);
    *q = (struct hf__quoting){.next = e->quoting, .work = w->id, .task = (uint8_t)task};
    e->quoting = q;
    return w->id;
}

bool hf__quote_made(struct hf_engine *e, uint32_t work, enum hf__task *ret)
{
    for (struct hf__quoting **at = &e->quoting; *at != NULL; at = &(*at)->next) {
        struct hf__quoting *q = *at;
        if (q->work != work)
            continue;
        hf_assert(q->task < HF__TASKS);
        *ret = (enum hf__task)q->task;
        *at = q->next;
        free(q);
        return true;
    }
    return false;
}

void hf__quotes_forget(struct hf_engine *e)
{
    while (e->quoting != NULL) {
        struct hf__quoting *q = e->quoting;
        e->quoting = q->next;
        free(q);
    }
}

struct hf_trace *hf__trace(struct hf_engine *e, enum hf_trace_type type, int error,
                           const struct hf_account *account, uint64_t a, uint64_t b)
{
    struct hf_trace *t = PUSH(e->shared->outbox, traces);
    t->type = type;
    t->error = error;
    t->foreign = e->shared->step.foreign;
    t->a = a;
    t->b = b;
    if (account != NULL)
        t->account = *account;
    return t;
}
