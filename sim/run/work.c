/* Slow work that engines start: vaults, quotes, verdicts. */
#include "run/run.h"

#include "attestation/attestation.h"
#include "node/node.h"
#include "storage/storage.h"

#include <stdlib.h>
#include <string.h>

static struct hf_world_duration duration(const struct hf_world *w, enum hf_work_type type)
{
    switch (type) {
    case HF_WORK_VAULT_CREATE:
        return w->settings.storage.create;
    case HF_WORK_VAULT_OPEN:
        return w->settings.storage.open;
    case HF_WORK_QUOTE:
        return w->settings.attestation.quote;
    case HF_WORK_JUDGE:
        return w->settings.attestation.judge;
    }
    hf_unreachable();
}

void hf__work_start(struct hf_world *w, struct hf__node *n, const struct hf_work *work,
                    uint64_t at_us)
{
    uint32_t index = hf__slab_take(&w->works);
    struct hf__work *k = hf__slab_at(&w->works, index);
    k->mark = (k->mark + 1) & 0xffffff;
    k->node = n->number;
    k->incarnation = n->incarnation;
    k->id = work->id;
    k->type = (uint8_t)work->type;
    k->trust = work->trust;
    k->wall_s = work->wall_s;
    k->version = work->version;
    k->computed = false;
    k->quote = NULL;
    k->len = 0;
    k->root_len = 0;
    if (work->key != NULL)
        hf__vault_key_hash(w, work->key, &k->key_hash);
    k->account = work->account;
    memcpy(k->report_data, work->report_data, sizeof k->report_data);
    if (work->type == HF_WORK_JUDGE && work->quote.len > 0) {
        k->root_len = (uint32_t)work->dev_root.len;
        k->len = (uint32_t)work->quote.len + k->root_len;
        k->quote = malloc(k->len);
        hf_assert(k->quote != NULL);
        memcpy(k->quote, work->quote.data, work->quote.len);
        if (k->root_len > 0)
            memcpy(k->quote + work->quote.len, work->dev_root.data, k->root_len);
    }
    struct hf__stream *r =
        &w->streams[work->type <= HF_WORK_VAULT_OPEN ? HF__FOR_STORAGE : HF__FOR_ATTESTATION];
    uint64_t takes_us = hf__draw_duration(r, duration(w, work->type));
    if (n->slowness > 1)
        takes_us = (uint64_t)((double)takes_us * (double)n->slowness);
    k->due_us = at_us + takes_us;
    hf__push(w, k->due_us, hf__what(HF__WORK_DONE, k->mark, index));
}

void hf__works_hurry(struct hf_world *w)
{
    for (uint32_t i = 0; i < w->works.count; i++) {
        struct hf__work *k = hf__slab_at(&w->works, i);
        uint64_t due_us = w->now_us + duration(w, (enum hf_work_type)k->type).median_us;
        if ((k->mark & 1) == 0 || k->computed || k->due_us <= due_us)
            continue;
        k->mark = (k->mark + 2) & 0xffffff;
        k->due_us = due_us;
        hf__push(w, due_us, hf__what(HF__WORK_DONE, k->mark, i));
    }
}

static void vault_create(struct hf_world *w, struct hf__node *n, const struct hf__work *k,
                         struct hf_event *ret)
{
    ret->type = HF_EVENT_VAULT;
    if (n->write_error != 0) {
        ret->u.vault.error = n->write_error;
        return;
    }
    if (n->disk.vault == HF_VAULT_PLACED) {
        ret->u.vault.error = HF_EVAULTSTATE;
        return;
    }
    hf__disk_clear_vault(&n->disk);
    hf__disk_emptied(w, n->number, false);
    n->disk.vault = HF_VAULT_PLACING;
    n->disk.version = k->version;
    n->disk.damage = 0;
    n->disk.account = k->account;
    n->disk.key_hash = k->key_hash;
}

/* ret_rows: from malloc, or NULL. */
static void vault_open(struct hf__node *n, const struct hf__work *k, struct hf_event *ret,
                       struct hf_row_in **ret_rows)
{
    ret->type = HF_EVENT_VAULT;
    if (n->disk.vault == HF_VAULT_NONE)
        ret->u.vault.error = HF_EVAULTSTATE;
    else if (!hf_hash_equal(&n->disk.key_hash, &k->key_hash))
        ret->u.vault.error = HF_EVAULTKEY;
    else if (n->disk.damage != 0)
        ret->u.vault.error = n->disk.damage;
    if (ret->u.vault.error != 0)
        return;
    *ret_rows = hf__disk_rows(&n->disk, false, &ret->u.vault.rows_count);
    ret->u.vault.rows = *ret_rows;
}

static void quote(struct hf_world *w, struct hf__node *n, const struct hf__work *k,
                  struct hf_event *ret)
{
    ret->type = HF_EVENT_QUOTE_MADE;
    ret->u.quote_made.work = k->id;
    ret->u.quote_made.error = n->quote_error;
    if (hf__draw_chance(&w->streams[HF__FOR_QUOTE_FAILURE], w->settings.attestation.quote_fails))
        ret->u.quote_made.error = HF_EQUOTE_INTERFERED;
    if (ret->u.quote_made.error != 0)
        return;
    struct hf__made made = {.node = n->number,
                            .machine = n->machine,
                            .image = w->images[n->image],
                            .report_data = k->report_data};
    hf_buf_clear(&w->quote);
    hf__quote_make(w, &made, &w->quote);
    w->totals.quotes_made++;
    ret->u.quote_made.quote = made.quote;
}

static void judge(struct hf_world *w, const struct hf__work *k, struct hf_event *ret)
{
    ret->type = HF_EVENT_QUOTE_JUDGED;
    ret->u.quote_judged.work = k->id;
    w->totals.quotes_judged++;
    const struct hf__judged judged = {
        .quote = hf__work_quote(k),
        .trust = k->trust,
        .dev_root = hf_bytes_of(k->quote + k->len - k->root_len, k->root_len),
        .wall_s = k->wall_s,
        .no_collateral = hf__draw_chance(&w->streams[HF__FOR_JUDGE_FAILURE],
                                         w->settings.attestation.judge_fails),
    };
    hf__quote_judge(w, &judged, &ret->u.quote_judged.verdict);
}

/* Whether this life of the node has judged a quote of that machine; it has from now on. */
static bool judged_before(struct hf_world *w, const struct hf__node *n, uint32_t machine)
{
    uint32_t who[3] = {n->number, n->incarnation, machine};
    struct hf_bytes none = {0};
    size_t before = w->judged.count;
    hf__map_at(&w->judged, hf__key_of(hf_bytes_of(who, sizeof who), none, none));
    return w->judged.count == before;
}

static uint64_t judge_ns(struct hf_world *w, const struct hf__node *n, struct hf_bytes quote)
{
    const struct hf_world_processor *p = &w->settings.processor;
    uint64_t ns = p->judge;
    if (p->judge != p->judge_again && judged_before(w, n, hf__quote_machine(w, quote)))
        ns = p->judge_again;
    /* The collateral is noted as a machine that no node has. */
    if (p->collateral != 0 && !judged_before(w, n, HF__NOBODY - 1))
        ns += p->collateral;
    return ns;
}

uint64_t hf__compute_work(struct hf_world *w, const struct hf__node *n, const struct hf__work *k)
{
    const struct hf_world_processor *p = &w->settings.processor;
    switch (k->type) {
    case HF_WORK_VAULT_CREATE:
        return p->create;
    case HF_WORK_VAULT_OPEN:
        return p->open;
    case HF_WORK_QUOTE:
        return p->quote;
    default:
        return judge_ns(w, n, hf_bytes_of(k->quote, k->len));
    }
}

/* Whether the work now waits for its processor: it comes back when that has done its part. */
static bool computes(struct hf_world *w, struct hf__node *n, struct hf__work *k, uint64_t what)
{
    if (k->computed || n->paused)
        return false;
    uint64_t ns = hf__compute_work(w, n, k);
    k->computed = true;
    if (ns == 0)
        return false;
    hf__push(w, hf__compute(w, n, ns), what);
    return true;
}

/* Whether the work is to open a vault that is being written: it comes back when that is done. */
static bool is_unwritten(struct hf_world *w, const struct hf__node *n, const struct hf__work *k,
                         uint64_t what)
{
    enum { LOOK_US = 1000 };
    const struct hf__pending *p = n->pending;
    while (p != NULL && p->vault_state == HF_VAULT_NONE)
        p = p->next;
    if (k->type != HF_WORK_VAULT_OPEN || p == NULL)
        return false;
    uint64_t at_us = p->due_us > w->now_us ? p->due_us : w->now_us + LOOK_US;
    hf__push(w, n->stall_us > at_us ? n->stall_us : at_us, what);
    return true;
}

static void work_free(struct hf_world *w, uint32_t work)
{
    struct hf__work *k = hf__slab_at(&w->works, work);
    free(k->quote);
    k->quote = NULL;
    k->mark = (k->mark + 1) & 0xffffff;
    hf__slab_give(&w->works, work);
}

void hf__work_drop(struct hf_world *w, uint64_t what)
{
    const struct hf__work *k = hf__slab_at(&w->works, (uint32_t)what);
    if (k->mark == (what >> 32 & 0xffffff))
        work_free(w, (uint32_t)what);
}

void hf__work_done(struct hf_world *w, uint32_t work, uint32_t mark)
{
    struct hf__work *k = hf__slab_at(&w->works, work);
    if (k->mark != mark)
        return; /* it was done earlier */
    struct hf__node *n = hf__node(w, k->node);
    struct hf_row_in *rows = NULL;
    struct hf_event event = {0};
    bool alive = n->engine != NULL && n->incarnation == k->incarnation;
    uint64_t what = hf__what(HF__WORK_DONE, mark, work);
    if (alive &&
        (is_unwritten(w, n, k, what) || computes(w, n, k, what) || hf__node_postpones(w, n, what)))
        return;
    if (alive) {
        switch (k->type) {
        case HF_WORK_VAULT_CREATE:
            vault_create(w, n, k, &event);
            break;
        case HF_WORK_VAULT_OPEN:
            vault_open(n, k, &event, &rows);
            break;
        case HF_WORK_QUOTE:
            quote(w, n, k, &event);
            break;
        default:
            judge(w, k, &event);
        }
    }
    work_free(w, work);
    if (alive)
        hf__step(w, n, &event);
    free(rows);
}
