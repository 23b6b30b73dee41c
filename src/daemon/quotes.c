#include "quotes.h"

#include "attest/collateral.h"
#ifndef HF_PRODUCTION
#include "attest/dev.h"
#endif
#include "attest/report_helper.h"
#include "attest/tsm.h"
#include "attest/verify.h"
#include "base/error.h"
#include "clock/clock.h"

#include <stdlib.h>
#include <uv.h>

enum { MAKE_MS_MAX = 10000, CACHE_ENTRIES = 256 };

struct hf__quotes {
    struct uv_loop_s *loop;
    struct hf__quotes_hooks hooks;
    struct hf_producer *producer;
    struct hf_verify_cache *cache;
    char *folder;
    uv_mutex_t lock;  /* over what follows */
    uint64_t stale_s; /* how long an expired set may serve */
    bool learns;      /* platforms, from quotes: collateral is fetched for them */
    struct hf_collateral *collateral;
    struct hf__held held; /* what is known of it */
    bool reloading;
};
_Static_assert(sizeof((struct hf__held *)0)->dev_key == HF_ROOT_KEY_LEN, "a root's key");

/* One piece of work on its way to a thread and back. */
struct job {
    uv_work_t uv;
    struct hf__quotes *q;
    uint32_t work;
    int error;
    struct hf_buf quote; /* made, or to be judged */
    const char *label;
    uint8_t hash[32], report_data[64];
    uint8_t trust;
    uint8_t dev_root[200];
    size_t dev_root_len;
    uint64_t wall_s;
    struct hf_verdict verdict;
};

#ifndef HF_PRODUCTION
static int open_dev(const struct hf__settings *s, struct hf_producer **ret)
{
    struct hf_dev_machine *machine;
    struct hf_dev_td td;
    const struct hf__settings_dev *dev = s->dev;
    int r = hf_dev_machine_open(dev->machine, dev->authority,
                                hf_bytes_of(dev->machine_id, strlen(dev->machine_id)),
                                hf_clock_wall_ms() / 1000, &machine);
    if (r != 0)
        return r;
    hf_dev_td_init(&td, dev->image);
    hf_dev_td_bind_network(&td, hf_bytes_of(s->network, sizeof s->network));
    r = hf_dev_producer_new_takes(machine, &td, ret);
    if (r != 0)
        hf_dev_machine_free(machine);
    return r;
}
#endif

static int open_producer(const struct hf__settings *s, struct hf_producer **ret,
                         const char **ret_where)
{
    if (s->platform == HF__PLATFORM_TDX) {
        const char *folder = s->tdx != NULL ? s->tdx->report : NULL;
        if (folder == NULL) {
            *ret_where = s->tdx != NULL ? s->tdx->helper : HF_REPORT_SOCKET;
            return hf_report_helper_new(*ret_where, ret);
        }
        *ret_where = folder;
        int r = hf_tsm_producer_new(folder, ret);
        /* The kernel's module may still be loaded: it is tried again. */
        return r == HF_ENOTFOUND ? HF_ENOPLATFORM : r;
    }
#ifdef HF_PRODUCTION
    *ret_where = "platform";
    return HF_EUNSUPPORTED;
#else
    *ret_where = s->dev->machine;
    return open_dev(s, ret);
#endif
}

int hf__quotes_new(struct uv_loop_s *loop, const struct hf__settings *settings,
                   const struct hf__quotes_hooks *hooks, struct hf__quotes **ret,
                   const char **ret_where)
{
    *ret_where = "";
    struct hf__quotes *q = calloc(1, sizeof *q);
    if (q == NULL)
        return HF_ENOMEM;
    q->loop = loop;
    q->hooks = *hooks;
    if (uv_mutex_init(&q->lock) != 0) {
        free(q);
        return HF_ENOMEM;
    }
    q->folder = strdup(settings->collateral);
    q->learns = settings->service != NULL;
    q->stale_s = q->learns ? settings->service->stale_s : 0;
    q->held.has_roots = settings->platform == HF__PLATFORM_TDX;
    int r = q->folder == NULL ? HF_ENOMEM : hf_verify_cache_new(CACHE_ENTRIES, &q->cache);
    if (r == 0)
        r = open_producer(settings, &q->producer, ret_where);
    if (r != 0) {
        hf__quotes_free(q);
        return r;
    }
    *ret_where = "";
    *ret = q;
    return 0;
}

void hf__quotes_free(struct hf__quotes *q)
{
    if (q == NULL)
        return;
    hf_producer_free(q->producer);
    hf_verify_cache_free(q->cache);
    hf_collateral_unref(q->collateral);
    uv_mutex_destroy(&q->lock);
    free(q->folder);
    free(q);
}

static struct job *job_new(struct hf__quotes *q, uint32_t work)
{
    struct job *j = calloc(1, sizeof *j);
    hf_assert(j != NULL);
    j->q = q;
    j->work = work;
    j->uv.data = j;
    hf_buf_init(&j->quote, HF_QUOTE_MAX);
    return j;
}

static void job_free(struct job *j)
{
    hf_buf_done(&j->quote);
    free(j);
}

static void queue(struct job *j, uv_work_cb work, uv_after_work_cb after)
{
    int r = uv_queue_work(j->q->loop, &j->uv, work, after);
    hf_assert(r == 0);
}

static void make_work(uv_work_t *uv)
{
    struct job *j = uv->data;
    j->error = hf_producer_make_for(j->q->producer, j->label, j->hash, j->report_data,
                                    hf_clock_monotonic_ms() + MAKE_MS_MAX, &j->quote);
}

static void make_done(uv_work_t *uv, int status)
{
    struct job *j = uv->data;
    int error = status != 0 ? HF_ECANCELED : j->error;
    j->q->hooks.made(j->q->hooks.user, j->work, error, hf_buf_bytes(&j->quote));
    job_free(j);
}

void hf__quotes_make(struct hf__quotes *q, uint32_t work, const char *label,
                     const uint8_t hash[static 32], const uint8_t report_data[static 64])
{
    struct job *j = job_new(q, work);
    j->label = label;
    memcpy(j->hash, hash, sizeof j->hash);
    memcpy(j->report_data, report_data, sizeof j->report_data);
    queue(j, make_work, make_done);
}

/* Reads the folder under these roots, and holds the newer of each document. Under the lock. */
static int load(struct hf__quotes *q, const struct hf_roots *roots)
{
    struct hf_collateral *fresh = NULL, *merged = NULL;
    size_t older = 0;
    int r = hf_collateral_load(q->folder, roots, &fresh);
    if (r == 0)
        r = hf_collateral_merge(q->collateral, fresh, hf_clock_wall_ms() / 1000, &merged, &older);
    hf_collateral_unref(fresh);
    if (r != 0)
        return r;
    hf_collateral_unref(q->collateral);
    q->collateral = merged;
    q->held.has = true;
    q->held.older = older;
    q->held.expires_s = hf_collateral_expiry_s(merged);
    q->held.issued_s = hf_collateral_issue_date_s(merged);
    return 0;
}

/* Notes which root counts. What is held under another is worth nothing. Under the lock. */
static void set_roots(struct hf__quotes *q, const struct hf_roots *roots)
{
    bool dev = roots->trust == HF_TRUST_DEV;
    struct hf__held *h = &q->held;
    if (h->has_roots && h->dev == dev &&
        (!dev || memcmp(h->dev_key, roots->dev_key, sizeof h->dev_key) == 0))
        return;
    hf_collateral_unref(q->collateral);
    q->collateral = NULL;
    *h = (struct hf__held){.has_roots = true, .dev = dev};
    if (dev)
        memcpy(h->dev_key, roots->dev_key, sizeof h->dev_key);
}

/*
 * The collateral for these roots: a reference, or NULL where there is none. ret_at_s: moved back
 * into its dates when it has expired and may serve still (attest/refresh.h says at what price).
 */
static int collateral_for(struct hf__quotes *q, const struct hf_roots *roots, uint64_t *at_s,
                          struct hf_collateral **ret)
{
    int r = 0;
    uv_mutex_lock(&q->lock);
    set_roots(q, roots);
    if (q->collateral == NULL)
        r = load(q, roots);
    if (r == 0) {
        *ret = hf_collateral_ref(q->collateral);
        uint64_t expires_s = q->held.expires_s;
        if (expires_s != 0 && *at_s > expires_s && *at_s - expires_s <= q->stale_s)
            *at_s = expires_s;
    }
    uv_mutex_unlock(&q->lock);
    return r == HF_ENOTFOUND ? 0 : r;
}

/*
 * Platforms of whose quotes no more is wrong than the collateral: their chains lead to the root, so
 * that a peer cannot cause fetches for platforms that do not exist.
 */
static void learn(struct hf__quotes *q, struct hf_bytes bytes, int error)
{
    struct hf_quote quote;
    struct hf_fault fault;
    struct hf_quote_platform platform;
    bool genuine = error == 0 || (error <= HF_ECOLLMISSING && error >= HF_ECOLLEXPIRED);
    if (!q->learns || !genuine || hf_quote_parse(bytes, &quote, &fault) != 0 ||
        hf_quote_read_platform(&quote, &platform) != 0)
        return;
    uv_mutex_lock(&q->lock);
    struct hf__held *h = &q->held;
    bool known = h->fmspcs_count == HF__FMSPCS_MAX;
    for (size_t i = 0; i < h->fmspcs_count; i++)
        known = known || memcmp(h->fmspcs[i].bytes, platform.fmspc, HF_FMSPC_LEN) == 0;
    if (!known)
        memcpy(h->fmspcs[h->fmspcs_count++].bytes, platform.fmspc, HF_FMSPC_LEN);
    uv_mutex_unlock(&q->lock);
}

static void judge_work(uv_work_t *uv)
{
    struct job *j = uv->data;
    uint8_t key[HF_ROOT_KEY_LEN];
    struct hf_roots roots = {.trust = (enum hf_trust)j->trust};
    struct hf_collateral *collateral = NULL;
    if (j->trust == HF_TRUST_DEV) {
        j->error = hf_root_key_from_spki(hf_bytes_of(j->dev_root, j->dev_root_len), key);
        roots.dev_key = key;
    }
    if (j->error == 0)
        j->error = collateral_for(j->q, &roots, &j->wall_s, &collateral);
    if (j->error == 0) {
        const struct hf_verify_params params = {
            .at_s = j->wall_s, .roots = roots, .collateral = collateral, .cache = j->q->cache};
        j->error = hf_quote_verify(hf_buf_bytes(&j->quote), &params, &j->verdict, NULL);
        learn(j->q, hf_buf_bytes(&j->quote), j->error != 0 ? j->error : j->verdict.error);
    }
    hf_collateral_unref(collateral);
}

static void judge_done(uv_work_t *uv, int status)
{
    struct job *j = uv->data;
    if (status != 0)
        j->error = HF_ECANCELED;
    if (j->error != 0)
        j->verdict = (struct hf_verdict){.error = j->error};
    j->q->hooks.judged(j->q->hooks.user, j->work, &j->verdict);
    job_free(j);
}

void hf__quotes_judge(struct hf__quotes *q, uint32_t work, struct hf_bytes quote, uint8_t trust,
                      struct hf_bytes dev_root, uint64_t wall_s)
{
    struct job *j = job_new(q, work);
    hf_buf_append(&j->quote, quote.data, quote.len);
    j->error = j->quote.error;
    j->trust = trust;
    j->wall_s = wall_s;
    hf_assert(dev_root.len <= sizeof j->dev_root);
    if (dev_root.len > 0)
        memcpy(j->dev_root, dev_root.data, dev_root.len);
    j->dev_root_len = dev_root.len;
    queue(j, judge_work, judge_done);
}

static void reload_work(uv_work_t *uv)
{
    struct job *j = uv->data;
    struct hf__quotes *q = j->q;
    uv_mutex_lock(&q->lock);
    struct hf_roots roots = {.trust = q->held.dev ? HF_TRUST_DEV : HF_TRUST_INTEL};
    if (q->held.dev)
        roots.dev_key = q->held.dev_key;
    /* Not known yet: the first quote that is judged says it, and has the folder read. */
    if (q->held.has_roots)
        j->error = load(q, &roots);
    uv_mutex_unlock(&q->lock);
}

static void reload_done(uv_work_t *uv, int status)
{
    struct job *j = uv->data;
    j->q->reloading = false;
    j->q->hooks.reloaded(j->q->hooks.user, status != 0 ? HF_ECANCELED : j->error);
    job_free(j);
}

void hf__quotes_reload(struct hf__quotes *q)
{
    if (q->reloading)
        return;
    q->reloading = true;
    queue(job_new(q, 0), reload_work, reload_done);
}

void hf__quotes_held(struct hf__quotes *q, struct hf__held *ret)
{
    uv_mutex_lock(&q->lock);
    *ret = q->held;
    uv_mutex_unlock(&q->lock);
}

void hf__quotes_forget_fmspcs(struct hf__quotes *q)
{
    uv_mutex_lock(&q->lock);
    q->held.fmspcs_count = 0;
    uv_mutex_unlock(&q->lock);
}

void hf__quotes_facts(struct hf__quotes *q, struct hf_producer_facts *ret)
{
    hf_producer_facts(q->producer, ret);
}

const char *hf__quotes_platform(const struct hf__quotes *q)
{
    return hf_producer_platform(q->producer);
}
