#include "quotes.h"

#include "attest/binding.h"
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
    struct hf_network_id network;
    struct hf_verify_cache *cache;
    struct hf__collateral_cache *collateral;
    uint64_t stale_s; /* how long expired documents may serve, by the configuration */
    bool learns;      /* platforms, from quotes: collateral is fetched for them */
    bool reloading;
    struct hf__own_quote own;
    struct hf_buf newest; /* own quote */
};

/* One piece of work on its way to a thread and back. */
struct job {
    uv_work_t uv;
    struct hf__quotes *q;
    uint32_t work;
    int error;
    struct hf_buf quote; /* made, or to be judged */
    const char *label;
    struct hf_hash hash;
    uint8_t report_data[64];
    uint8_t trust;
    uint8_t dev_root[200];
    size_t dev_root_len;
    uint64_t wall_s, stale_s;
    struct hf_verdict verdict, early;
    bool announced; /* early is what an announced evaluation makes of it */
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
    hf_dev_td_bind_network(&td, hf_bytes_of(s->network.bytes, sizeof s->network));
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
    q->network = settings->network;
    hf_buf_init(&q->newest, HF_QUOTE_MAX);
    q->learns = settings->service != NULL;
    q->stale_s = q->learns ? settings->service->stale_s : 0;
    int r = hf__collateral_cache_new(settings->collateral, settings->platform == HF__PLATFORM_TDX,
                                     &q->collateral);
    if (r == 0)
        r = hf_verify_cache_new(CACHE_ENTRIES, &q->cache);
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
    hf__collateral_cache_free(q->collateral);
    hf_buf_done(&q->newest);
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

/* The threads of libuv are for this: names are looked up on the loop, the disk has a thread of its
 * own, and the operator's folders take one at most, so that none of these can keep a quote waiting.
 * tests/tidy holds it. */
static void queue(struct job *j, uv_work_cb work, uv_after_work_cb after)
{
    int r = uv_queue_work(j->q->loop, &j->uv, work, after);
    hf_assert(r == 0);
}

/* Neither changes while the process runs: the first quote tells. */
static void note_own(struct hf__quotes *q, struct hf_bytes bytes)
{
    struct hf_quote quote;
    struct hf_fault fault;
    struct hf_quote_platform platform;
    struct hf__own_quote *own = &q->own;
    if (own->has || hf_quote_parse(bytes, &quote, &fault) != 0)
        return;
    own->has = true;
    hf_quote_measurement(&quote, own->measurement);
    own->has_ppid = hf_quote_read_platform(&quote, &platform) == 0;
    if (own->has_ppid)
        memcpy(own->ppid, platform.ppid, sizeof own->ppid);
}

void hf__quotes_own(const struct hf__quotes *q, struct hf__own_quote *ret)
{
    *ret = q->own;
}

/* By what counts, and by what is announced; the roots' key is on the stack of this thread alone. */
static void ahead_work(uv_work_t *uv)
{
    struct job *j = uv->data;
    uint8_t key[HF_ROOT_KEY_LEN];
    struct hf_roots roots;
    struct hf_collateral *now, *early;
    struct hf_evaluation_seen seen[HF_MARKS_EVALUATIONS_MAX];
    j->error = HF_ECOLLMISSING;
    if (!hf__collateral_cache_both(j->q->collateral, key, &roots, &now, &early))
        return;
    struct hf_verify_params params = {.at_s = j->wall_s,
                                      .roots = roots,
                                      .collateral = now,
                                      .cache = j->q->cache,
                                      .evaluations = seen};
    params.evaluations_count = hf__collateral_cache_evaluations(j->q->collateral, seen);
    j->error = hf_quote_verify(hf_buf_bytes(&j->quote), &params, &j->verdict, NULL);
    params.collateral = early;
    j->announced = early != NULL;
    if (j->error == 0 && early != NULL)
        j->error = hf_quote_verify(hf_buf_bytes(&j->quote), &params, &j->early, NULL);
    hf_collateral_unref(now);
    hf_collateral_unref(early);
}

static void ahead_done(uv_work_t *uv, int status)
{
    struct job *j = uv->data;
    bool told = status == 0 && j->error == 0;
    if (status == 0 && (told || j->error == HF_ECOLLMISSING))
        j->q->hooks.looked_ahead(j->q->hooks.user, told ? &j->verdict : NULL,
                                 told && j->announced ? &j->early : NULL);
    job_free(j);
}

/* Sees what this machine will be: after each own quote, and after each reading of the folder. */
static void look_ahead(struct hf__quotes *q)
{
    if (q->newest.len == 0)
        return;
    struct job *j = job_new(q, 0);
    hf_buf_append(&j->quote, q->newest.data, q->newest.len);
    j->wall_s = q->hooks.now_s(q->hooks.user);
    queue(j, ahead_work, ahead_done);
}

static void make_work(uv_work_t *uv)
{
    struct job *j = uv->data;
    j->error = hf_producer_make_for(j->q->producer, j->label, &j->hash, j->report_data,
                                    hf_clock_monotonic_ms() + MAKE_MS_MAX, &j->quote);
    /* A configuration that names another network than what was measured at boot gets no quote. */
    if (j->error == 0)
        j->error = hf_network_bound(hf_buf_bytes(&j->quote), &j->q->network, HF_CMDLINE_PATH);
}

static void make_done(uv_work_t *uv, int status)
{
    struct job *j = uv->data;
    int error = status != 0 ? HF_ECANCELED : j->error;
    if (error == 0) {
        note_own(j->q, hf_buf_bytes(&j->quote));
        hf_buf_clear(&j->q->newest);
        hf_buf_append(&j->q->newest, j->quote.data, j->quote.len);
        look_ahead(j->q);
    }
    j->q->hooks.made(j->q->hooks.user, j->work, error, hf_buf_bytes(&j->quote));
    job_free(j);
}

void hf__quotes_make(struct hf__quotes *q, uint32_t work, const char *label,
                     const struct hf_hash *hash, const uint8_t report_data[static 64])
{
    struct job *j = job_new(q, work);
    j->label = label;
    j->hash = *hash;
    memcpy(j->report_data, report_data, sizeof j->report_data);
    queue(j, make_work, make_done);
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
    bool genuine = error == 0 || hf_error_of_collateral(error);
    if (!q->learns || !genuine || hf_quote_parse(bytes, &quote, &fault) != 0 ||
        hf_quote_read_platform(&quote, &platform) != 0)
        return;
    hf__collateral_cache_learn(q->collateral, platform.fmspc);
}

/* When the first document ends by which this quote is judged; 0: one of them is not there. */
static uint64_t end_of(const struct hf_collateral *c, struct hf_bytes bytes)
{
    static const enum hf_collateral_kind kinds[] = {HF_DOCUMENT_TCB_INFO, HF_DOCUMENT_QE_IDENTITY,
                                                    HF_DOCUMENT_PCK_CRL, HF_DOCUMENT_ROOT_CRL};
    struct hf_quote quote;
    struct hf_quote_platform platform;
    struct hf_document_info info;
    uint64_t end_s = UINT64_MAX;
    if (hf_quote_parse(bytes, &quote, NULL) != 0 || hf_quote_read_platform(&quote, &platform) != 0)
        return 0;
    for (size_t i = 0; i < HF_ARRAY_LEN(kinds); i++) {
        if (hf_collateral_info(c, kinds[i], platform.fmspc, &info) != 0)
            return 0;
        end_s = info.not_after_s < end_s ? info.not_after_s : end_s;
    }
    return end_s;
}

/*
 * Verifies, where documents have expired and may serve still for the time at which the first of
 * those that this quote needs ended (attest/refresh.h says at what price).
 */
static int verify(struct job *j, const struct hf_roots *roots, struct hf_collateral *collateral)
{
    struct hf_evaluation_seen seen[HF_MARKS_EVALUATIONS_MAX];
    struct hf_verify_params params = {.at_s = j->wall_s,
                                      .roots = *roots,
                                      .collateral = collateral,
                                      .cache = j->q->cache,
                                      .evaluations = seen};
    params.evaluations_count = hf__collateral_cache_evaluations(j->q->collateral, seen);
    struct hf_bytes quote = hf_buf_bytes(&j->quote);
    int r = hf_quote_verify(quote, &params, &j->verdict, NULL);
    if (r != 0 || j->verdict.error != HF_ECOLLEXPIRED || j->stale_s == 0)
        return r;
    uint64_t end_s = end_of(collateral, quote);
    if (end_s == 0 || end_s >= j->wall_s || j->wall_s - end_s > j->stale_s)
        return 0;
    struct hf_verdict stale;
    params.at_s = end_s;
    r = hf_quote_verify(quote, &params, &stale, NULL);
    if (r == 0 && stale.error != HF_ECOLLEARLY) /* others may be newer than that */
        j->verdict = stale;
    return r;
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
        j->error = hf__collateral_cache_get(j->q->collateral, &roots, j->wall_s, &collateral);
    if (j->error == 0) {
        j->error = verify(j, &roots, collateral);
        learn(j->q, hf_buf_bytes(&j->quote), j->error != 0 ? j->error : j->verdict.error);
    }
    hf_collateral_unref(collateral);
}

/* Tells of marks that have risen; on the loop's thread. */
static void tell_marks(struct hf__quotes *q)
{
    struct hf_marks marks;
    if (hf__collateral_cache_risen(q->collateral, &marks))
        q->hooks.marked(q->hooks.user, &marks);
}

static void judge_done(uv_work_t *uv, int status)
{
    struct job *j = uv->data;
    if (status != 0)
        j->error = HF_ECANCELED;
    if (j->error != 0)
        j->verdict = (struct hf_verdict){.error = j->error};
    tell_marks(j->q);
    j->q->hooks.judged(j->q->hooks.user, j->work, &j->verdict);
    job_free(j);
}

void hf__quotes_judge(struct hf__quotes *q, const struct hf_work *w)
{
    struct job *j = job_new(q, w->id);
    hf_buf_append(&j->quote, w->quote.data, w->quote.len);
    j->error = j->quote.error;
    j->trust = w->trust;
    j->wall_s = w->wall_s;
    /* The host may have less of it than the policy gives, never more. */
    j->stale_s = w->stale_s < q->stale_s ? w->stale_s : q->stale_s;
    hf_assert(w->dev_root.len <= sizeof j->dev_root);
    if (w->dev_root.len > 0)
        memcpy(j->dev_root, w->dev_root.data, w->dev_root.len);
    j->dev_root_len = w->dev_root.len;
    queue(j, judge_work, judge_done);
}

static void reload_work(uv_work_t *uv)
{
    struct job *j = uv->data;
    j->error = hf__collateral_cache_read(j->q->collateral, j->wall_s);
}

static void reload_done(uv_work_t *uv, int status)
{
    struct job *j = uv->data;
    j->q->reloading = false;
    tell_marks(j->q);
    j->q->hooks.reloaded(j->q->hooks.user, status != 0 ? HF_ECANCELED : j->error);
    look_ahead(j->q);
    job_free(j);
}

static void check_work(uv_work_t *uv)
{
    struct job *j = uv->data;
    j->error = hf__collateral_cache_check(j->q->collateral);
}

static void check_done(uv_work_t *uv, int status)
{
    struct job *j = uv->data;
    tell_marks(j->q);
    if (status == 0 && j->error != 0)
        j->q->hooks.reloaded(j->q->hooks.user, j->error);
    job_free(j);
}

void hf__quotes_marks(struct hf__quotes *q, const struct hf_marks *marks)
{
    if (hf__collateral_cache_raise(q->collateral, marks))
        queue(job_new(q, 0), check_work, check_done);
}

void hf__quotes_reload(struct hf__quotes *q)
{
    if (q->reloading)
        return;
    struct job *j = job_new(q, 0);
    j->wall_s = q->hooks.now_s(q->hooks.user);
    q->reloading = true;
    queue(j, reload_work, reload_done);
}

void hf__quotes_held(struct hf__quotes *q, struct hf__held *ret)
{
    hf__collateral_cache_held(q->collateral, ret);
}

void hf__quotes_forget_fmspcs(struct hf__quotes *q)
{
    hf__collateral_cache_forget(q->collateral);
}

void hf__quotes_facts(struct hf__quotes *q, struct hf_producer_facts *ret)
{
    hf_producer_facts(q->producer, ret);
}

const char *hf__quotes_platform(const struct hf__quotes *q)
{
    return hf_producer_platform(q->producer);
}
