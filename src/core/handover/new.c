/*
 * The new one of a handover (proto/HANDOVER.md): asks the old one for a challenge, has its own
 * quote over it judged as the old one will judge it, shows it, judges the old one's, and then has
 * all that the old one was. An exchange ends within a minute of when it began, by the monotonic
 * clock: what comes later is of an old one that may have started again, and counts for nothing.
 */
#include "handover/handover.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/secret.h"

enum { WAIT_MS = 200 /* between looks at documents and the time, which bring it forward */ };

static const uint64_t MINUTE_MS = HF_HANDOVER_S * UINT64_C(1000);
static const char label_new[] = "holdfast/v1/handover-new";
static const char label_old[] = "holdfast/v1/handover-old";

bool hf__taking_late(const struct hf_engine *e)
{
    const struct hf__taking *t = e->handover->taking;
    hf_assert(t != NULL && t->asked_ms <= e->now_ms);
    return e->now_ms - t->asked_ms > MINUTE_MS;
}

/* Forgets what this exchange has brought; that there is something to take stays. */
static void clear(struct hf_engine *e, struct hf__taking *t)
{
    hf_assert(t != NULL && (!e->open || t->phase == HF__TAKING_DURABLE));
    if (!e->open) {
        hf_wipe(&e->secrets->active, sizeof e->secrets->active);
        e->active.has_root = false;
    }
    e->secret_free(t->secret);
    e->secret_free(t->key);
    t->secret = t->key = NULL;
    hf_blob_unref(t->transcript);
    hf_blob_unref(t->quote);
    hf_blob_unref(t->proof);
    t->transcript = t->quote = t->proof = NULL;
    hf__rows_done(&t->rows);
    t->digest = (struct hf_hash){{0}};
    t->rows_wanted = 0;
    t->work = 0;
    hf__taking_move(t, HF__TAKING_IDLE);
}

void hf__taking_free(struct hf_engine *e)
{
    struct hf__taking *t = e->handover->taking;
    if (t == NULL)
        return;
    hf_assert(e->handover->given == NULL);
    clear(e, t);
    free(t);
    e->handover->taking = NULL;
    hf__timer_clear(e, HF__TIMER_HANDOVER);
}

void hf__taking_failed(struct hf_engine *e, int reason)
{
    struct hf__taking *t = e->handover->taking;
    const struct hf_timing *timing = &e->timing;
    hf_assert(reason < 0 && t != NULL);
    clear(e, t);
    hf__trace(e, HF_TRACE_HANDOVER_FAILED, reason, NULL, 0, 0);
    hf__state_set(e, HF_STATE_STARTING, reason);
    /* Who has given up has given to another, or to an exchange of this node that came to nothing.
     * Its vault is where it was: started again, it recovers with all that it kept for others. */
    t->pause_ms = t->pause_ms < timing->retry_ms_min ? timing->retry_ms_min : t->pause_ms * 2;
    if (t->pause_ms > timing->retry_ms_max)
        t->pause_ms = timing->retry_ms_max;
    hf__timer_set(e, HF__TIMER_HANDOVER, t->pause_ms);
}

/* Asks the old one. Only one call is out at a time. */
static void ask(struct hf_engine *e, uint8_t method, struct hf_bytes body)
{
    struct hf__taking *t = e->handover->taking;
    struct hf__ask how = {.task = HF__TASK_TAKE_OVER, .method = method, .arg = t->arg};
    hf_assert(e->handover->from != NULL && !e->open);
    int r = hf__call_address(e, &how, NULL, e->handover->from, body);
    if (r != 0)
        hf__taking_failed(e, r);
}

static void ask_challenge(struct hf_engine *e)
{
    struct hf__taking *t = e->handover->taking;
    struct hf_challenge_request m = {0};
    hf_assert(t->phase == HF__TAKING_IDLE && t->secret == NULL);
    t->secret = e->secret_alloc(HF_KEY_LEN);
    if (t->secret == NULL) {
        hf__taking_failed(e, HF_ENOMEM);
        return;
    }
    hf__taking_move(t, HF__TAKING_CHALLENGE);
    t->asked_ms = e->now_ms;
    t->arg = hf__id_next(e);
    e->suite->seal_keypair(&e->secrets->rng, t->response_key, t->secret);
    e->suite->random(&e->secrets->rng, t->nonce, sizeof t->nonce);
    hf__versions(e, &m.versions);
    memcpy(m.response_key, t->response_key, sizeof m.response_key);
    memcpy(m.nonce, t->nonce, sizeof m.nonce);
    ask(e, HF_METHOD_CHALLENGE, hf__encode(e, &hf_wire_challenge_request, &m));
}

static void ask_rows(struct hf_engine *e)
{
    const struct hf__taking *t = e->handover->taking;
    struct hf_inherit_request m = {.transcript = t->transcript_hash, .from = t->rows.count};
    hf_assert(t->phase == HF__TAKING_ROWS && t->quote != NULL);
    ask(e, HF_METHOD_INHERIT, hf__encode(e, &hf_wire_inherit_request, &m));
}

void hf__taking_begin(struct hf_engine *e)
{
    hf_assert(e->handover->from != NULL && e->handover->taking == NULL);
    hf_assert(e->state == HF_STATE_STARTING && !e->open);
    e->handover->taking = calloc(1, sizeof *e->handover->taking);
    hf_assert(e->handover->taking != NULL);
    hf__timer_set(e, HF__TIMER_HANDOVER, 0);
}

void hf__taking_soon(struct hf_engine *e)
{
    const struct hf__taking *t = e->handover->taking;
    hf_assert(t == NULL || !e->open);
    if (t != NULL && t->phase == HF__TAKING_IDLE)
        hf__timer_set(e, HF__TIMER_HANDOVER, 0);
}

void hf__taking_due(struct hf_engine *e)
{
    struct hf__taking *t = e->handover->taking;
    bool timed;
    hf_assert(t != NULL && e->state == HF_STATE_STARTING);
    if (t->phase == HF__TAKING_VAULT || t->phase == HF__TAKING_DURABLE) {
        e->handover->outcome = HF__HANDOVER_GOT; /* the disk failed: once more */
        return;
    }
    if (t->phase == HF__TAKING_ROWS && !hf__calling(e, HF_METHOD_INHERIT, NULL, &t->arg)) {
        if (hf__taking_late(e))
            hf__taking_failed(e, HF_EHANDOVERTIME);
        else
            ask_rows(e);
        return;
    }
    if (t->phase != HF__TAKING_IDLE)
        return; /* what it waits for ends by its own deadline */
    int r = hf__takeover_ready(e, &timed);
    if (r == 0) {
        ask_challenge(e);
        return;
    }
    /* The old one has the documents, and takes those of this node. */
    if (r == HF_ENODOCUMENTS || r == HF_EEXPIRED)
        hf__documents_exchange(e, e->handover->from);
    hf__state_set(e, HF_STATE_STARTING, r);
    hf__timer_set(e, HF__TIMER_HANDOVER, WAIT_MS);
}

/* ---- the challenge */

static int check_challenge(struct hf_engine *e, const struct hf__taking *t,
                           const struct hf_handover_transcript *m)
{
    struct hf_versions own;
    bool timed;
    hf_assert(t->phase == HF__TAKING_CHALLENGE && t->secret != NULL);
    int r = hf__takeover_ready(e, &timed);
    if (r != 0)
        return r;
    if (!hf_network_id_equal(&m->network, &e->network))
        return HF_EDOCUMENT_NETWORK;
    if (memcmp(m->response_key, t->response_key, sizeof m->response_key) != 0 ||
        memcmp(m->nonce_new, t->nonce, sizeof m->nonce_new) != 0)
        return HF_ENONCE;
    r = hf__versions_check(e, &m->versions);
    if (r != 0)
        return r;
    hf__versions(e, &own);
    if (own.root > m->versions.root || own.policy > m->versions.policy ||
        own.epoch > m->versions.epoch) {
        hf__documents_exchange(e, e->handover->from);
        return HF_EBEHIND;
    }
    if (!m->timed && !hf__policy(e)->handover_untimed)
        return HF_EHANDOVERUNTIMED;
    return hf__takeover_dated(e, m->made_s);
}

static int challenged(struct hf_engine *e, struct hf_bytes body)
{
    struct hf__taking *t = e->handover->taking;
    struct hf_challenge_response m;
    struct hf_handover_transcript transcript;
    hf_assert(t->phase == HF__TAKING_CHALLENGE && t->transcript == NULL);
    int r = hf__decode(e, &hf_wire_challenge_response, body, &m);
    if (r == 0)
        r = hf__decode(e, &hf_wire_handover_transcript, m.transcript, &transcript);
    if (r == 0)
        r = check_challenge(e, t, &transcript);
    if (r != 0)
        return r;
    t->transcript = hf_blob_new(m.transcript);
    hf_assert(t->transcript != NULL);
    e->suite->hash("holdfast/v1/handover-transcript", m.transcript, &t->transcript_hash);
    t->account = transcript.account;
    t->ballot = transcript.ballot;
    hf__taking_move(t, HF__TAKING_QUOTE);
    t->work = hf__quote(e, HF__TASK_TAKE_OVER, label_new, m.transcript);
    return 0;
}

/* ---- the own quote */

/* What this node is itself, as the old one will judge it; then it shows it. HF__PARK: the verdict
 * is not there yet. */
static int show(struct hf_engine *e)
{
    struct hf__taking *t = e->handover->taking;
    struct hf_present_request m = {.transcript = hf_blob_bytes(t->transcript),
                                   .quote = hf_blob_bytes(t->quote)};
    struct hf__seen seen;
    struct hf_verdict v;
    uint8_t report_data[HF_REPORT_DATA_LEN];
    hf_assert(t->phase == HF__TAKING_QUOTE && t->work == 0);
    e->suite->report_data(label_new, m.transcript, report_data);
    int r = hf__quote_look(e, m.quote, &seen);
    if (r == 0)
        r = hf__verdict(e, NULL, &seen, report_data, &v);
    if (r == 0)
        r = hf__judge(e, &v, report_data, false, 0, &t->rank);
    if (r != 0)
        return r;
    memcpy(t->ppid, v.ppid, sizeof t->ppid);
    t->quote_new = seen.hash;
    hf__taking_move(t, HF__TAKING_PRESENT);
    hf__versions(e, &m.versions);
    ask(e, HF_METHOD_PRESENT, hf__encode(e, &hf_wire_present_request, &m));
    return 0;
}

void hf__taking_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote)
{
    struct hf__taking *t = e->handover->taking;
    if (t == NULL || t->phase != HF__TAKING_QUOTE || t->work != work)
        return;
    hf_assert(t->quote == NULL && work != 0);
    t->work = 0;
    if (error != 0) {
        hf__taking_failed(e, error);
        return;
    }
    t->quote = hf_blob_new(quote);
    hf_assert(t->quote != NULL);
    hf__taking_judged(e);
}

void hf__taking_judged(struct hf_engine *e)
{
    struct hf__taking *t = e->handover->taking;
    if (t == NULL || t->phase != HF__TAKING_QUOTE || t->quote == NULL)
        return;
    int r = show(e);
    hf_assert(r <= 0 || r == HF__PARK);
    hf_assert(r != 0 || t->phase != HF__TAKING_QUOTE);
    if (r != 0 && r != HF__PARK)
        hf__taking_failed(e, r);
}

/* ---- the old one's quote */

static int presented(struct hf_engine *e, struct hf_bytes body)
{
    struct hf__taking *t = e->handover->taking;
    struct hf_present_response m;
    struct hf__seen seen;
    struct hf_verdict v;
    uint8_t report_data[HF_REPORT_DATA_LEN];
    uint32_t rank = 0;
    hf_assert(t->phase == HF__TAKING_PRESENT && t->transcript != NULL);
    int r = hf__decode(e, &hf_wire_present_response, body, &m);
    if (r == 0)
        r = hf__quote_look(e, m.quote, &seen);
    e->suite->report_data(label_old, hf_blob_bytes(t->transcript), report_data);
    if (r == 0)
        r = hf__verdict(e, NULL, &seen, report_data, &v);
    if (r == 0)
        r = hf__judge(e, &v, report_data, false, 0, &rank);
    if (r == 0)
        r = hf__takeover_machine(v.ppid, t->ppid);
    if (r == 0 && rank > t->rank)
        r = HF_ERANK;
    if (r == 0 && hf__taking_late(e))
        r = HF_EHANDOVERTIME;
    if (r != 0)
        return r;
    t->quote_old = seen.hash;
    hf__takeover_bound(e, &t->transcript_hash, &t->quote_new, &t->quote_old, &t->bound);
    hf__taking_move(t, HF__TAKING_ROWS);
    ask_rows(e);
    return 0;
}

/* ---- what is inherited */

/* The root secret of the active version, for the account in the transcript. */
static int take_root(struct hf_engine *e, struct hf__taking *t, const struct hf_handover_head *head)
{
    static const char info[] = "holdfast/v1/handover";
    const struct hf_sealed_root *found = NULL;
    for (size_t i = 0; i < head->roots_count; i++)
        if (head->roots[i].version == head->version)
            found = &head->roots[i];
    if (found == NULL)
        return HF_EMISSING;
    const struct hf_root_context c = {.bound = t->bound, .version = found->version};
    hf_assert(!e->active.has_root && t->secret != NULL);
    int r = e->suite->open(
        t->secret, hf_bytes_of(info, strlen(info)), hf__encode(e, &hf_wire_root_context, &c),
        hf_bytes_of(found->sealed, sizeof found->sealed), e->secrets->active.root);
    if (r != 0)
        return r;
    e->active = (struct hf__version){.number = (uint32_t)head->version, .has_root = true};
    e->account = t->account;
    e->has_account = true;
    t->key = hf__takeover_key(e, &t->bound);
    return t->key != NULL ? 0 : HF_ENOMEM;
}

static int take_head(struct hf_engine *e, struct hf__taking *t, const struct hf_inherit_response *m)
{
    struct hf_handover_head head;
    hf_assert(t->key == NULL && t->rows.count == 0);
    if (!m->has_signature)
        return HF_EMISSING;
    int r = e->suite->verify(t->account.bytes, "holdfast/v1/handover-head", m->head, m->signature);
    if (r == 0)
        r = hf__decode(e, &hf_wire_handover_head, m->head, &head);
    if (r != 0)
        return r;
    if (!hf_hash_equal(&head.bound, &t->bound) || head.ballot.number != t->ballot.number ||
        memcmp(head.ballot.instance, t->ballot.instance, sizeof head.ballot.instance) != 0)
        return HF_EBOUND;
    r = take_root(e, t, &head);
    if (r != 0)
        return r;
    if (head.has_proof) {
        t->proof = hf_blob_new(hf__encode(e, &hf_wire_claim_proof, &head.proof));
        hf_assert(t->proof != NULL);
    }
    t->rows_wanted = (uint32_t)head.rows;
    t->digest_wanted = head.digest;
    return 0;
}

static int take_page(struct hf_engine *e, struct hf__taking *t, const struct hf_inherit_response *m)
{
    const struct hf_page_context c = {.bound = t->bound, .from = t->rows.count};
    hf_assert(t->phase == HF__TAKING_ROWS && t->rows.count <= HF_HANDOVER_ROWS_MAX);
    if (t->key == NULL)
        return HF_EMISSING;
    if (m->page.len <= HF_WRAP_OVERHEAD)
        return HF_EMALFORMED;
    size_t len = m->page.len - HF_WRAP_OVERHEAD;
    uint8_t *plain = hf__scratch(e, len);
    int r = e->suite->unwrap(t->key, hf__encode(e, &hf_wire_page_context, &c), m->page, plain);
    if (r == 0)
        r = hf__page_take(e, hf_bytes_of(plain, len), &t->rows, &t->digest);
    if (r != 0)
        return r;
    hf_assert(t->rows.count > c.from);
    bool last = m->next == 0;
    if (last ? t->rows.count != t->rows_wanted || !hf_hash_equal(&t->digest, &t->digest_wanted)
             : m->next != t->rows.count || t->rows.count >= t->rows_wanted)
        return HF_EBOUND;
    return 0;
}

static int inherited(struct hf_engine *e, struct hf_bytes body)
{
    struct hf__taking *t = e->handover->taking;
    struct hf_inherit_response m;
    hf_assert(t->phase == HF__TAKING_ROWS);
    int r = hf__taking_late(e) ? HF_EHANDOVERTIME : 0;
    if (r == 0)
        r = hf__decode(e, &hf_wire_inherit_response, body, &m);
    if (r == 0 && t->key == NULL)
        r = take_head(e, t, &m);
    if (r == 0)
        r = take_page(e, t, &m);
    if (r != 0)
        return r;
    if (m.next != 0) {
        ask_rows(e);
        return 0;
    }
    hf__taking_move(t, HF__TAKING_VAULT);
    e->handover->outcome = HF__HANDOVER_GOT;
    return 0;
}

/* Whether the same request may be answered otherwise, and is sent again within the minute. Where
 * the transcript says no more what is, only another can. */
static bool goes_on(const struct hf_engine *e, const struct hf__taking *t, int error)
{
    bool over = error == HF_EHANDEDOVER || error == HF_EHANDOVERBALLOT || error == HF_ENONCE;
    hf_assert(error != 0);
    return t->phase == HF__TAKING_ROWS && !hf__taking_late(e) && !over && hf_error_transient(error);
}

static int answer(struct hf_engine *e, uint8_t method, struct hf_bytes body)
{
    const struct hf__taking *t = e->handover->taking;
    hf_assert(t != NULL);
    switch (method) {
    case HF_METHOD_CHALLENGE:
        return t->phase == HF__TAKING_CHALLENGE ? challenged(e, body) : 0;
    case HF_METHOD_PRESENT:
        return t->phase == HF__TAKING_PRESENT ? presented(e, body) : 0;
    default:
        return t->phase == HF__TAKING_ROWS ? inherited(e, body) : 0;
    }
}

int hf__taking_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                        struct hf_bytes body)
{
    struct hf__taking *t = e->handover->taking;
    hf_assert(call->task == HF__TASK_TAKE_OVER);
    hf_assert(t == NULL || !e->open);
    if (t == NULL || call->arg != t->arg)
        return 0;
    int r = error != 0 ? error : answer(e, call->method, body);
    if (r == HF__PARK || r == 0)
        return r;
    if (error == HF_EBEHIND)
        hf__documents_exchange(e, e->handover->from);
    if (error != 0 && goes_on(e, t, error)) {
        hf__state_set(e, HF_STATE_STARTING, error);
        hf__timer_set(e, HF__TIMER_HANDOVER, e->timing.retry_ms_min);
    } else {
        hf__taking_failed(e, r);
    }
    return error == 0 && r != HF_EIDENTITY ? r : 0;
}
