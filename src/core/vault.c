/* Who this node is: made fresh, or found again in the vault that its providers' shares open. */
#include <stdlib.h>

#include "base/error.h"
#include "base/secret.h"
#include "crypto/key.h"
#include "node.h"

enum { ACCOUNT_SECRETS = HF_SIGN_SECRET_LEN + HF_KEY_LEN, FRESH_RETRY_MS = 500 };

static const struct hf_bytes no_key = {0};

void hf__derive(const struct hf_engine *e, uint32_t version, const char *purpose,
                struct hf_bytes name, uint8_t ret[static 32])
{
    struct hf_key_name key = {.network = e->network,
                              .account = e->account,
                              .version = version,
                              .purpose = hf_bytes_of(purpose, strlen(purpose)),
                              .name = name};
    hf_assert(e->has_root);
    int r = hf_key_derive(e->suite, e->s->root, &key, ret, 32);
    hf_assert(r == 0);
}

void hf__vault_ask(struct hf_engine *e, enum hf_work_type type)
{
    hf__derive(e, e->version, "vault", no_key, e->s->vault_key);
    hf__derive(e, e->version, "wrap", no_key, e->s->wrap_key);
    hf_assert(!e->vault_work);
    e->vault_work = true;
    struct hf_work *w = hf__work(e, type);
    w->key = e->s->vault_key;
    w->version = e->version;
    memcpy(w->account, e->account, 32);
}

/* A node that has nothing to lose: a new root secret, a new account, a new vault. */
static void begin_fresh(struct hf_engine *e)
{
    struct hf__secrets *s = e->s;
    hf__state_set(e, HF_STATE_FRESH, 0);
    e->suite->scalar_random(&s->rng, s->root);
    e->suite->sign_keypair(&s->rng, e->account, s->account);
    e->suite->seal_keypair(&s->rng, e->sealing_key, s->sealing);
    e->has_root = e->has_account = true;
    e->version = 1;
    e->claim = e->claim_asked = 1; /* the vault's maker holds it */
    e->generation_next = 1;
    hf__vault_ask(e, HF_WORK_VAULT_CREATE);
}

static void block(struct hf_engine *e, int reason)
{
    hf__lock(e);
    hf__state_set(e, HF_STATE_BLOCKED, reason);
}

static bool find_hint(struct hf_engine *e, const struct hf_event *event, struct hf_public_hint *ret)
{
    struct hf_bytes name = hf_bytes_of("hint", 4);
    for (size_t i = 0; i < event->u.start.rows_count; i++) {
        const struct hf_row_in *row = &event->u.start.rows[i];
        if (hf_bytes_equal(row->key, name))
            return hf__decode(e, &hf_wire_public_hint, hf_blob_bytes(row->value), ret) == 0;
    }
    return false;
}

void hf__start(struct hf_engine *e, const struct hf_event *event)
{
    struct hf_public_hint hint;
    hf__documents_load(e, event->u.start.rows, event->u.start.rows_count);
    hf__timer_set(e, HF__TIMER_DOCUMENTS, 0);
    bool hinted = find_hint(e, event, &hint);
    if (hinted && memcmp(hint.network, e->network, 32) != 0) {
        block(e, HF_EDOCUMENT_NETWORK);
        return;
    }
    if (event->u.start.vault != HF_VAULT_PLACED) {
        /* What was placed is never abandoned: a folder that lost its vault is a matter for a
         * person. */
        if (hinted && hint.has_record)
            block(e, HF_EVAULT_GONE);
        else
            begin_fresh(e);
        return;
    }
    if (!hinted) {
        block(e, HF_EMISSING);
        return;
    }
    memcpy(e->account, hint.account, 32);
    e->has_account = true;
    e->version = (uint32_t)hint.version;
    hf__state_set(e, HF_STATE_RECOVERING, 0);
    struct hf_bytes record = {0};
    if (hint.has_record)
        record = hf__encode(e, &hf_wire_signed_record, &hint.record);
    hf__recover_begin(e, record);
}

void hf__account_save(struct hf_engine *e)
{
    struct hf_account_row row = {.version = e->version,
                                 .claim_asked = e->claim_asked,
                                 .generation_next = e->generation_next};
    uint8_t *plain = e->secret_alloc(ACCOUNT_SECRETS);
    hf_assert(plain != NULL);
    memcpy(plain, e->s->account, HF_SIGN_SECRET_LEN);
    memcpy(plain + HF_SIGN_SECRET_LEN, e->s->sealing, HF_KEY_LEN);
    memcpy(row.network, e->network, 32);
    memcpy(row.account, e->account, 32);
    memcpy(row.sealing_key, e->sealing_key, 32);
    e->suite->wrap(&e->s->rng, e->s->wrap_key, hf_bytes_of(e->account, 32),
                   hf_bytes_of(plain, ACCOUNT_SECRETS), row.wrapped);
    e->secret_free(plain);
    hf__put(e, HF_ROW_ACCOUNT, no_key, &hf_wire_account_row, &row);
}

/* The account inside must be the account outside, and its secrets must be its own. */
static int account_load(struct hf_engine *e)
{
    static const char label[] = "holdfast/v1/self";
    struct hf_account_row row;
    uint8_t signature[HF_SIGNATURE_LEN];
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_ACCOUNT, no_key);
    if (value == NULL)
        return HF_EMISSING;
    int r = hf__decode(e, &hf_wire_account_row, hf_blob_bytes(value), &row);
    if (r != 0)
        return r;
    if (memcmp(row.network, e->network, 32) != 0 || memcmp(row.account, e->account, 32) != 0 ||
        row.version != e->version)
        return HF_EACCOUNT;
    uint8_t *plain = e->secret_alloc(ACCOUNT_SECRETS);
    hf_assert(plain != NULL);
    r = e->suite->unwrap(e->s->wrap_key, hf_bytes_of(e->account, 32),
                         hf_bytes_of(row.wrapped, sizeof row.wrapped), plain);
    if (r == 0) {
        memcpy(e->s->account, plain, HF_SIGN_SECRET_LEN);
        memcpy(e->s->sealing, plain + HF_SIGN_SECRET_LEN, HF_KEY_LEN);
        e->suite->sign(e->s->account, label, no_key, signature);
        if (e->suite->verify(e->account, label, no_key, signature) != 0)
            r = HF_EACCOUNT;
    }
    e->secret_free(plain);
    memcpy(e->sealing_key, row.sealing_key, 32);
    e->generation_next = (uint32_t)row.generation_next;
    e->claim_asked = row.claim_asked;
    return r;
}

static void opened(struct hf_engine *e)
{
    e->open = true;
    e->new_identity = true;
    hf_wipe(e->s->vault_key, sizeof e->s->vault_key);
    hf__watch_rebuild(e);
    hf__chain_count(e);
    hf__owners_age(e);
    hf__identity_renew(e);
}

static void made_fresh(struct hf_engine *e, int error)
{
    if (error != 0) {
        /* Nothing was promised to anyone yet: make all anew, as soon as the disk lets us. */
        hf__state_set(e, HF_STATE_FRESH, error);
        hf__timer_set(e, HF__TIMER_TASK, FRESH_RETRY_MS);
        return;
    }
    hf__account_save(e);
    e->claimed = true;
    opened(e);
    hf__fresh_advance(e);
}

void hf__vault_event(struct hf_engine *e, const struct hf_event *event)
{
    int error = event->u.vault.error;
    e->vault_work = false;
    if (e->state == HF_STATE_FRESH) {
        made_fresh(e, error);
        return;
    }
    if (e->state != HF_STATE_RECOVERING || !e->has_root)
        return;
    if (error == 0) {
        for (size_t i = 0; i < event->u.vault.rows_count; i++) {
            const struct hf_row_in *row = &event->u.vault.rows[i];
            hf_blob_unref(hf__rows_put(&e->rows, row->collection, row->key, row->value));
        }
        error = account_load(e);
        if (error != 0)
            hf__rows_done(&e->rows);
    }
    if (error == 0) {
        opened(e);
        hf__claim_begin(e);
    } else if (hf_error_transient(error)) {
        e->reason = error;
        hf__task_retry(e, false);
    } else {
        /* The shares agree and the vault does not open: it is damaged, planted or rolled back by
         * row. */
        block(e, error);
    }
}

void hf__fresh_advance(struct hf_engine *e)
{
    if (e->state != HF_STATE_FRESH)
        return;
    if (!e->open) {
        if (!e->vault_work)
            hf__vault_ask(e, HF_WORK_VAULT_CREATE);
        return;
    }
    int r = hf__documents_ready(e);
    if (r == 0 && hf_set_find(e->set, e->account) < 0)
        r = HF_ENOTMEMBER;
    hf__state_set(e, HF_STATE_FRESH, r);
    if (r != 0)
        return;
    if (!hf__identity_current(e)) {
        hf__timer_set(e, HF__TIMER_TASK,
                      FRESH_RETRY_MS); /* its quote is under way and comes sooner */
        return;
    }
    hf__state_set(e, HF_STATE_PLACING, 0);
    hf__deal_begin(e);
}

void hf__lock(struct hf_engine *e)
{
    hf__deal_free(e);
    hf__recover_free(e);
    hf__claim_free(e);
    hf__seal_free(e);
    hf__releases_end(e, e->fenced ? HF_EFENCED : HF_ELOCKED);
    hf_blob_unref(e->proof);
    e->proof = NULL;
    hf__drill_free(e);
    hf__drain_free(e, HF_ELOCKED);
    hf__quotes_done(e);
    hf__rows_done(&e->rows);
    while (e->answers != NULL) {
        struct hf__answer *a = e->answers;
        e->answers = a->next;
        hf_blob_unref(a->body);
        free(a);
    }
    e->answers_count = 0;
    free(e->watch);
    e->watch = NULL;
    e->watch_count = 0;
    if (e->open)
        e->new_identity = true;
    e->open = e->has_root = e->claimed = false;
    /* All but the generator, which a locked node still needs. */
    struct hf_rng rng = e->s->rng;
    hf_wipe(e->s, sizeof *e->s);
    e->s->rng = rng;
    hf_wipe(&rng, sizeof rng);
    hf__timer_clear(e, HF__TIMER_TASK);
    hf__timer_clear(e, HF__TIMER_GRACE);
    hf__timer_clear(e, HF__TIMER_STANDING);
    hf__timer_clear(e, HF__TIMER_IDENTITY);
    hf__timer_clear(e, HF__TIMER_RECORD);
}

bool hf__own_record(struct hf_engine *e, struct hf_placement_record *ret,
                    struct hf_signed_record *ret_signed, bool *ret_confirmed)
{
    struct hf_record_row row;
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_RECORD, no_key);
    if (value == NULL)
        return false;
    int r = hf__decode(e, &hf_wire_record_row, hf_blob_bytes(value), &row);
    hf_assert(r == 0);
    r = hf__decode(e, &hf_wire_placement_record, row.record.record, ret);
    hf_assert(r == 0);
    if (ret_signed != NULL)
        *ret_signed = row.record;
    if (ret_confirmed != NULL)
        *ret_confirmed = row.confirmed;
    return true;
}

void hf__watch_rebuild(struct hf_engine *e)
{
    struct hf_placement_record record;
    bool confirmed = false;
    struct hf__watch *old = e->watch;
    size_t old_count = e->watch_count;
    e->watch = NULL;
    e->watch_count = 0;
    if (hf__own_record(e, &record, NULL, &confirmed)) {
        e->watch = calloc(record.holders_count, sizeof *e->watch);
        hf_assert(e->watch != NULL);
        e->watch_count = (uint8_t)record.holders_count;
        e->recorded = record.generation;
    }
    for (size_t i = 0; i < e->watch_count; i++) {
        struct hf__watch *w = &e->watch[i];
        for (size_t j = 0; j < old_count; j++)
            if (memcmp(old[j].account, record.holders[i].account, 32) == 0)
                *w = old[j];
        memcpy(w->account, record.holders[i].account, 32);
        w->index = (uint8_t)record.holders[i].index;
        w->confirmed = confirmed;
        w->certificates = 0;
        w->silent_ms = 0;
    }
    free(old);
}
