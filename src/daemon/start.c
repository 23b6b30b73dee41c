/*
 * The start: platform and store are opened by a thread, because the disk may not answer; then the
 * engine is made, and started with what the store had.
 */
#include "base/error.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "daemon.h"
#include "folders.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>

struct opening {
    uv_work_t uv;
    struct hf__daemon *d;
    struct hf__storage_hooks storage_hooks;
    struct hf__quotes_hooks quote_hooks;
    struct hf__quotes *quotes; /* the daemon's, where it has them already */
    struct hf__storage *storage;
    struct hf__storage_start start;
    int error;
    char text[HF_STORE_TEXT_LEN];
};

/* On the thread: of the daemon it looks at what does not change. */
static void open_work(uv_work_t *uv)
{
    struct opening *o = uv->data;
    const struct hf__settings *s = o->d->settings;
    const char *where = "";
    if (o->quotes == NULL)
        o->error = hf__quotes_new(&o->d->loop, s, &o->quote_hooks, &o->quotes, &where);
    if (o->error != 0)
        snprintf(o->text, sizeof o->text, "%s: %s", where, hf_error_sentence(o->error));
    else
        o->error = hf__storage_open(s->data, &s->network, &hf_suite_real, &o->storage_hooks,
                                    &o->storage, &o->start, o->text);
}

static struct hf_timing timing_of(const struct hf__settings_timing *t)
{
    return (struct hf_timing){
        .call_ms = (uint32_t)t->call_ms,
        .nonce_life_ms = (uint32_t)t->nonce_life_ms,
        .round_grace_ms = (uint32_t)t->round_grace_ms,
        .retry_ms_min = (uint32_t)t->retry_ms_min,
        .retry_ms_max = (uint32_t)t->retry_ms_max,
        .permanent_ms = (uint32_t)t->permanent_ms,
        .standing_ms = (uint32_t)t->standing_ms,
        .watch_ms = (uint32_t)t->watch_ms,
        .documents_ms = (uint32_t)t->documents_ms,
        .audit_ms = (uint32_t)t->audit_ms,
        .probe_ms = (uint32_t)t->probe_ms,
        .gossip_ms = (uint32_t)t->gossip_ms,
        .reconcile_ms = (uint32_t)t->reconcile_ms,
    };
}

static int make_engine(struct hf__daemon *d)
{
    const char *seeds[HF_SEEDS_MAX];
    const struct hf__settings *s = d->settings;
    struct hf_engine_config config = {
        .suite = &hf_suite_real,
        .shared = d->shared,
        .seeds = seeds,
        .seeds_count = s->seeds.count,
        .address = s->address.text,
        .account = !hf_account_zero(&s->account) ? &s->account : NULL,
        .find_account = s->find_account,
        .handover_from = s->handover_from.text,
        .timing = timing_of(&s->timing),
        .accept_dev = s->platform == HF__PLATFORM_DEV,
        .gcm = hf_aead_available(HF_AEAD_AES256GCM),
        .secret_alloc = hf_secret_alloc,
        .secret_free = hf_secret_free,
    };
    for (size_t i = 0; i < s->seeds.count; i++)
        seeds[i] = s->seeds.items[i].text;
    config.network = s->network;
    hf_suite_real.hash("holdfast/v1/tls-key", hf_net_identity_request(d->net), &config.tls_key);
#ifndef HF_PRODUCTION
    struct hf_hash fixed;
    if (s->dev != NULL && s->dev->seed != NULL) {
        hf_suite_real.hash("holdfast/v1/dev-seed", hf_bytes_of(s->dev->seed, strlen(s->dev->seed)),
                           &fixed);
        config.fixed = &fixed;
        hf__log(HF__WARNING, "FIXED_KEYS",
                "account and root secret follow from dev.seed: anyone "
                "who knows it has every key",
                0);
    }
#endif
    if (uv_random(NULL, NULL, config.seed, sizeof config.seed, 0, NULL) != 0)
        return HF_EINTERNAL;
    int r = hf_engine_new(&config, &d->engine);
    hf_wipe(config.seed, sizeof config.seed);
    return r;
}

static void start_engine(struct hf__daemon *d, struct hf__storage_start *start)
{
    struct hf_event event = {.type = HF_EVENT_START};
    event.u.start.vault = start->vault;
    event.u.start.rows = start->public_rows.rows;
    event.u.start.rows_count = start->public_rows.count;
    d->running = true;
    hf__quotes_reload(d->quotes);
    hf__daemon_step(d, &event);
    hf__folders_look(d, true);
}

static void open_done(uv_work_t *uv, int status)
{
    struct opening *o = uv->data;
    struct hf__daemon *d = o->d;
    int r = status != 0 ? HF_ECANCELED : o->error;
    d->opening = false;
    d->quotes = o->quotes;
    d->storage = o->storage;
    if (r == 0 && !d->stopping)
        r = make_engine(d);
    if (r != 0 && d->storage != NULL) {
        hf__storage_close(d->storage, 0);
        d->storage = NULL;
    }
    if (r != 0 && r != d->start_error)
        hf__log(HF__ERROR, "cannot_start", o->text, r);
    d->start_error = r;
    snprintf(d->start_text, sizeof d->start_text, "%s", r != 0 ? o->text : "");
    if (r == 0 && !d->stopping) {
        hf__formats_found(d);
        start_engine(d, &o->start);
    }
    hf__storage_rows_done(&o->start.public_rows);
    free(o);
    hf__daemon_begun(d);
}

void hf__daemon_begin(struct hf__daemon *d)
{
    if (d->opening)
        return;
    struct opening *o = calloc(1, sizeof *o);
    hf_assert(o != NULL);
    o->uv.data = o;
    o->d = d;
    o->quotes = d->quotes;
    hf__daemon_hooks(d, &o->storage_hooks, &o->quote_hooks);
    d->opening = true;
    int r = uv_queue_work(&d->loop, &o->uv, open_work, open_done);
    hf_assert(r == 0);
}
