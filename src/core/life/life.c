/* Who this node is: made fresh, or found again in the vault that its providers' shares open. */
#include "life/life.h"

#include "base/error.h"
#include "base/secret.h"

enum { FRESH_RETRY_MS = 500, FIRST_VERSION = 1 };

/* The root secret and the account of a new node. */
static void draw_self(struct hf_engine *e)
{
    struct hf__secrets *s = e->secrets;
    struct hf_rng *from = &s->rng;
#ifndef HF_PRODUCTION
    static const struct hf_hash none;
    struct hf_rng fixed;
    hf_rng_init(&fixed, s->fixed.bytes);
    if (!hf_hash_equal(&s->fixed, &none))
        from = &fixed;
#endif
    e->suite->scalar_random(from, s->active.root);
    e->suite->sign_keypair(from, e->account.bytes, s->account);
#ifndef HF_PRODUCTION
    hf_wipe(&fixed, sizeof fixed);
    hf_wipe(&s->fixed, sizeof s->fixed);
#endif
}

/* A node that has nothing to lose: a new root secret, a new account, a new vault. */
static void begin_fresh(struct hf_engine *e)
{
    hf_assert(e->state == HF_STATE_STARTING && !e->has_account && !e->told);
    hf__state_set(e, HF_STATE_FRESH, 0);
    draw_self(e);
    e->active.has_root = e->has_account = true;
    e->active.number = FIRST_VERSION;
    e->claim = e->claim_asked = 1; /* the vault's maker holds it */
    e->generation_next = 1;
    hf__vault_ask(e, HF_WORK_VAULT_CREATE);
}

void hf__life_lock(struct hf_engine *e)
{
    hf__takeover_lock(e);
    hf__quorum_lock(e);
    hf__owner_lock(e);
    hf__provider_lock(e);
    hf__members_lock(e);
    hf__trust_lock(e);
    hf__rows_done(&e->rows);
    hf_assert(e->owner->holders_count == 0 && e->provider->drain == NULL);
    if (e->open)
        e->new_identity = true;
    e->open = e->active.has_root = e->claimed = e->inherited = false;
    e->sequence = (struct hf__sequence){0};
    /* All but the generator, which a locked node still needs. */
    struct hf_rng rng = e->secrets->rng;
    hf_wipe(e->secrets, sizeof *e->secrets);
    e->secrets->rng = rng;
    hf_wipe(&rng, sizeof rng);
    hf_assert(e->rows.count == 0 && e->quorum->request == NULL && e->trust->identity == NULL);
    /* Documents are all that a locked node goes on with. */
    for (int timer = 0; timer < HF__TIMERS; timer++)
        if (timer != HF__TIMER_DOCUMENTS)
            hf__timer_clear(e, (enum hf__timer)timer);
}

void hf__life_block(struct hf_engine *e, int reason)
{
    hf_assert(reason != 0);
    hf__life_lock(e);
    hf__state_set(e, HF_STATE_BLOCKED, reason);
}

static bool find_hint(struct hf_engine *e, const struct hf_event *event, struct hf_public_hint *ret)
{
    hf_assert(event->type == HF_EVENT_START);
    struct hf_bytes name = hf_bytes_of("hint", 4);
    for (size_t i = 0; i < event->u.start.rows_count; i++) {
        const struct hf_row_in *row = &event->u.start.rows[i];
        if (hf_bytes_equal(row->key, name))
            return hf__decode(e, &hf_wire_public_hint, hf_blob_bytes(row->value), ret) == 0;
    }
    return false;
}

/* hint: NULL where the folder has none: all members that may hold a share are asked. */
static void begin_recovery(struct hf_engine *e, const struct hf_public_hint *hint, bool placed)
{
    hf_assert(placed || e->told); /* or nothing would say whose shares they are */
    struct hf_bytes record = {0};
    if (hint != NULL)
        e->account = hint->account;
    if (hint != NULL && hint->has_tickets)
        hf__tickets_take(e, hint->tickets);
    if (hint != NULL && hint->has_record)
        record = hf__encode(e, &hf_wire_signed_record, &hint->record);
    e->has_account = true;
    e->lost = !placed;
    e->active.number = hint != NULL ? (uint32_t)hint->version : FIRST_VERSION;
    hf_assert(e->active.number > 0 && !e->active.has_root);
    hf__state_set(e, HF_STATE_RECOVERING, 0);
    hf__recover_begin(e, record);
}

/* Of those whom the set has at this node's address, the one that was registered last; NULL: the set
 * has none there. */
static const struct hf_validator *member_here(const struct hf_engine *e)
{
    const struct hf_validator_set *set = &e->trust->set->u.set;
    struct hf_bytes here = hf_bytes_of(e->members->address, strlen(e->members->address));
    const struct hf_validator *found = NULL;
    for (size_t i = 0; i < set->validators_count; i++) {
        const struct hf_validator *v = &set->validators[i];
        if (hf_bytes_equal(v->address, here) &&
            (found == NULL || v->registered_epoch > found->registered_epoch))
            found = v;
    }
    hf_assert(found == NULL || found->address.len > 0);
    return found;
}

/* An empty folder: whose it was says the set, by the address. */
static void find_account(struct hf_engine *e)
{
    hf_assert(e->state == HF_STATE_STARTING && !e->has_account && e->members->address != NULL);
    if (e->trust->set == NULL) {
        hf__state_set(e, HF_STATE_STARTING, HF_ENODOCUMENTS);
        return;
    }
    const struct hf_validator *found = member_here(e);
    e->finding = false;
    if (found == NULL) {
        begin_fresh(e);
        return;
    }
    e->account = found->account;
    e->told = true;
    begin_recovery(e, NULL, false);
}

void hf__life_start(struct hf_engine *e, const struct hf_event *event)
{
    hf_assert(event->type == HF_EVENT_START && e->trust->roots_count == 0);
    struct hf_public_hint hint;
    hf_assert(e->state == HF_STATE_STARTING && !e->open);
    hf__documents_load(e, event->u.start.rows, event->u.start.rows_count);
    hf__quorum_load(e, event->u.start.rows, event->u.start.rows_count);
    hf__timer_set(e, HF__TIMER_DOCUMENTS, 0);
    bool hinted = find_hint(e, event, &hint);
    bool placed = event->u.start.vault == HF_VAULT_PLACED;
    int wrong = 0;
    if (hinted && !hf_network_id_equal(&hint.network, &e->network))
        wrong = HF_EDOCUMENT_NETWORK;
    else if (hinted && e->told && !hf_account_equal(&hint.account, &e->account))
        wrong = HF_EACCOUNT;
    /* What was placed is never abandoned: a folder that lost its vault is a matter for a person,
     * who says in the configuration whose it was. */
    else if (!e->told && !placed && hinted && hint.has_record)
        wrong = HF_EVAULT_GONE;
    else if (!e->told && placed && !hinted)
        wrong = HF_EMISSING;
    if (wrong == HF_EVAULT_GONE) {
        e->account = hint.account; /* to be shown */
        e->has_account = true;
    }
    if (wrong != 0)
        hf__life_block(e, wrong);
    else if (placed || e->told)
        begin_recovery(e, hinted ? &hint : NULL, placed);
    else if (e->handover->from != NULL)
        hf__taking_begin(e);
    else if (e->finding)
        find_account(e);
    else
        begin_fresh(e);
}

/* Opens the vault with the root secret that is back or, where the folder is lost, makes it anew
 * for the old account. */
static void open_vault(struct hf_engine *e)
{
    hf_assert(e->active.has_root && e->owner->recovery != NULL);
    if (e->vault_work)
        return;
    int r = e->lost ? hf__recover_account(e) : 0;
    if (r != 0)
        hf__life_block(e, r);
    else
        hf__vault_ask(e, e->lost ? HF_WORK_VAULT_CREATE : HF_WORK_VAULT_OPEN);
}

/* What the vault must not go behind any more. */
static void keep_documents(struct hf_engine *e)
{
    struct hf_versions now;
    hf__versions(e, &now);
    hf_assert(e->open);
    hf__sequence_documents(e, &now);
}

void hf__life_opened(struct hf_engine *e)
{
    hf_assert(e->has_account && e->active.has_root && !e->open);
    e->open = true;
    hf_assert(e->rows.count > 0); /* the account's, at least */
    e->new_identity = true;
    e->owner->deposited_ms = e->now_ms; /* by the process before, at the latest */
    e->provider->handed_ms = e->now_ms; /* what the process before this one sent may still arrive */
    hf_wipe(e->secrets->active.vault_key, sizeof e->secrets->active.vault_key);
    hf__marks_open(e);
    keep_documents(e);
    hf__holders_rebuild(e);
    hf__chain_count(e);
    hf__owners_age(e);
    hf__members_open(e);
    hf__quorum_opened(e);
    hf__identity_renew(e);
    hf__timer_set(e, HF__TIMER_KEYS, 0);
}

void hf__life_fresh(struct hf_engine *e)
{
    if (e->state != HF_STATE_FRESH)
        return;
    if (!e->open) {
        if (!e->vault_work)
            hf__vault_ask(e, HF_WORK_VAULT_CREATE);
        return;
    }
    int r = hf__documents_ready(e);
    if (r == 0 && !hf__is_member(e, &e->account))
        r = HF_ENOTMEMBER;
    hf__state_set(e, HF_STATE_FRESH, r);
    if (r != 0)
        return;
    if (!hf__identity_current(e)) {
        hf__timer_set(e, HF__TIMER_FRESH,
                      FRESH_RETRY_MS); /* its quote is under way and comes sooner */
        return;
    }
    hf__state_set(e, HF_STATE_PLACING, 0);
    hf_assert(e->claimed && e->claim == 1);
    hf__deal_begin(e);
}

static void made_fresh(struct hf_engine *e, int error)
{
    hf_assert(e->state == HF_STATE_FRESH && !e->open && e->active.has_root);
    if (error != 0) {
        /* Nothing was promised to any peer yet: make all anew, as soon as the disk lets us. */
        hf__state_set(e, HF_STATE_FRESH, error);
        hf__timer_set(e, HF__TIMER_FRESH, FRESH_RETRY_MS);
        return;
    }
    hf__roots_begin(e);
    hf__sealing_begin(e);
    hf__account_save(e);
    e->claimed = true;
    hf__life_opened(e);
    hf__sequence_stands(e);
    e->sequence.firm = true; /* there is no other vault of this account */
    hf__life_fresh(e);
}

int hf__life_load(struct hf_engine *e, const struct hf_event *event)
{
    hf_assert(e->rows.count == 0 && !e->open);
    for (size_t i = 0; i < event->u.vault.rows_count; i++) {
        const struct hf_row_in *row = &event->u.vault.rows[i];
        hf_blob_unref(hf__rows_put(&e->rows, row->collection, row->key, row->value));
    }
    int r = hf__account_load(e);
    if (r != 0)
        hf__rows_done(&e->rows);
    return r;
}

/* The vault of this node as it was, with what its shares gave back. */
static int opened(struct hf_engine *e, const struct hf_event *event)
{
    int r = hf__life_load(e, event);
    hf_assert(!e->open);
    if (r == 0)
        r = hf__sequence_judge(e, false);
    if (r == 0)
        hf__roots_merge(e, hf__recover_roots(e), false);
    return r;
}

/*
 * A vault in place of a lost one. It says `placing` until the claim, which begins in this step, has
 * put the record into it: a crash before that is written finds an empty folder once more. Which
 * numbers were asked for is lost too: the answers of the recovery name those that were heard.
 */
static int made_again(struct hf_engine *e)
{
    hf_assert(e->lost && !e->open);
    hf_assert(e->rows.count == 0);
    e->claim_asked = e->generation_next = 1;
    hf__roots_begin(e);
    hf__roots_merge(e, hf__recover_roots(e), true);
    hf__sealing_begin(e);
    hf__account_save(e);
    e->lost = false;
    return hf__sequence_judge(e, true);
}

void hf__life_vault(struct hf_engine *e, const struct hf_event *event)
{
    hf_assert(event->type == HF_EVENT_VAULT);
    int error = event->u.vault.error;
    e->vault_work = false;
    if (e->handover->taking != NULL) {
        hf__life_inherited(e, event);
        return;
    }
    if (e->state == HF_STATE_FRESH) {
        made_fresh(e, error);
        return;
    }
    if (e->state != HF_STATE_RECOVERING || !e->active.has_root)
        return;
    if (error == 0)
        error = e->lost ? made_again(e) : opened(e, event);
    if (error == 0) {
        hf__life_opened(e);
        hf__sequence_opened(e);
        hf__claim_begin(e);
    } else if (hf_error_transient(error)) {
        e->reason = error;
        hf__retry(e, HF__TIMER_RECOVER, false);
    } else {
        /* The shares agree and the vault does not open: it is damaged, planted or rolled back by
         * row. */
        hf__life_block(e, error);
    }
}

void hf__life_recover(struct hf_engine *e)
{
    hf_assert(e->owner->recovery != NULL);
    hf_assert(e->state == HF_STATE_RECOVERING);
    if (e->active.has_root)
        open_vault(e);
    else
        hf__recover_round(e);
}

/* A document was adopted: what it may change for owners of shares, and for this node's own. */
static void adopted(struct hf_engine *e)
{
    hf_assert(e->trust->roots_count > 0);
    e->settled = e->trust->adopted;
    if (e->finding && e->state == HF_STATE_STARTING && e->handover->taking == NULL)
        find_account(e);
    hf__taking_soon(e);
    if (!e->open)
        return;
    keep_documents(e);
    hf__owners_age(e);
    hf__chain_count(e);
    hf__claim_floor(e);
    hf__members_adopted(e);
    hf__leave_adopted(e);
    hf__timer_set(e, HF__TIMER_KEYS, 0); /* the policy may have other durations */
    hf__mending_look(e);
}

/* Something was told of a member. Where that holds a share of this node its holders are asked soon:
 * but as who talks all the time pays for its own voice alone, only so often. */
static void told(struct hf_engine *e)
{
    hf_assert(e->settled_members != e->members->changed);
    e->settled_members = e->members->changed;
    hf__mending_look(e);
    if (!e->claimed || !hf__holders_changed(e))
        return;
    /* Owners of one leaver do not deal at the same moment. */
    uint64_t at_ms = e->now_ms + hf__random_below(e, e->timing.standing_ms);
    uint64_t after_ms = e->owner->hurried_ms + e->timing.watch_ms / 4;
    at_ms = at_ms > after_ms ? at_ms : after_ms;
    if (e->timers[HF__TIMER_STANDING] <= at_ms)
        return;
    e->owner->hurried_ms = at_ms;
    hf__timer_set(e, HF__TIMER_STANDING, at_ms - e->now_ms);
}

/* Others vote than was thought: those are asked for what is under way. */
static void settle_moves(struct hf_engine *e)
{
    hf_assert(e->open || !e->owner->moved);
    if (!e->owner->moved)
        return;
    e->owner->moved = false;
    if (e->fenced)
        return;
    hf__chain_count(e);
    hf__claim_recount(e);
    hf__releases_recount(e);
    hf__seal_free(e);
    hf__seal_send(e);
    hf_assert(e->owner->unsealed <= HF_CHAIN_MAX);
    if (e->claimed)
        hf__timer_set(e, HF__TIMER_RETIRE, e->timing.standing_ms);
}

void hf__life_settle(struct hf_engine *e)
{
    if (e->settled != e->trust->adopted)
        adopted(e);
    if (e->settled_members != e->members->changed)
        told(e);
    settle_moves(e);
    enum hf__outcome outcome = (enum hf__outcome)e->owner->outcome;
    e->owner->outcome = HF__OUTCOME_NONE;
    hf_assert(outcome != HF__OUTCOME_REBUILT || (e->owner->recovery != NULL && !e->open));
    hf_assert(outcome != HF__OUTCOME_FENCED || e->fenced);
    hf_assert(e->settled == e->trust->adopted);
    if (outcome == HF__OUTCOME_REBUILT)
        open_vault(e);
    else if (outcome == HF__OUTCOME_FENCED)
        hf__life_block(e, HF_EFENCED);
    else if (outcome == HF__OUTCOME_HANDED_OVER)
        hf__life_block(e, HF_EHANDEDOVER);
    else if (outcome == HF__OUTCOME_BEHIND)
        hf__life_block(e, HF_EVAULTBEHIND);
    hf__life_handover(e);
}
