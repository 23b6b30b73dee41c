/* What a set signer does in a round, once it has looked and asked. Nothing is signed that is not
 * remembered first. */
#include "follow.h"

#include "base/error.h"
#include "base/file.h"
#include "follow_exchange.h"
#include "follow_rules.h"
#include "set_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>

/* ---- the set in force */

static bool is_authoritys(const struct hf__round *r, const struct hf_document *d)
{
    const struct hf_root *root = &r->a.root->u.root;
    return hf_document_signers(d, &r->a.network, root) >= root->threshold;
}

static int find_base(struct hf__round *r)
{
    struct hf_document *base = NULL;
    r->by_authority = is_authoritys(r, r->a.set);
    int error = 0;
    if (r->by_authority)
        base = hf_document_ref(r->a.set);
    else if (r->a.set->u.set.base.len > 0)
        error = hf_document_read(r->a.pool, r->a.set->u.set.base, &base);
    if (error == 0 && (base != NULL ? !is_authoritys(r, base) : hf_set_decides(r->a.set)))
        error = HF_ENODOCUMENTS;
    if (error == 0) {
        hf_document_unref(r->base);
        r->base = base;
    } else {
        hf_document_unref(base);
    }
    return error;
}

int hf__follow_take_up(struct hf__round *r)
{
    uint32_t epoch = hf_document_version(r->a.set);
    int error = find_base(r);
    if (error == HF_ENODOCUMENTS)
        fprintf(stderr, "holdfast authority: the floors in force are of an older root's authority: "
                        "that of the newest signs a set first: `holdfast set sign`\n");
    if (error == 0)
        error = hf__follow_note_set(&r->state, r->a.set, r->now_s);
    /* The authority's own form says more than its set: what comes next. */
    if (error == 0 && !r->by_authority && r->state.form_epoch != epoch) {
        error = hf__set_write_form(&r->a);
        if (error == 0)
            r->state.form_epoch = epoch;
    }
    return error;
}

/*
 * The set first, then what follows from it: the round after a crash finds that the form was written
 * for another epoch, and writes it.
 */
static int put_in_force(struct hf__round *r, struct hf_document *d)
{
    char path[HF__PATH_LEN], old[HF__PATH_LEN], name[64];
    snprintf(name, sizeof name, "old/set-%u.doc", hf_document_version(r->a.set));
    if (!hf__path(path, r->a.folder, "old") || !hf__path(old, r->a.folder, name))
        return HF_ETOOBIG;
    (void)mkdir(path, 0755); /* it may be there */
    int error = hf_file_replace(old, hf_blob_bytes(r->a.set->envelope), 0644);
    if (error == 0 && !hf__path(path, r->a.folder, "documents/set.doc"))
        error = HF_ETOOBIG;
    if (error == 0)
        error = hf_file_replace(path, hf_blob_bytes(d->envelope), 0644);
    if (error != 0)
        return error;
    hf__follow_say_time(r->now_s);
    printf("set %u, with %zu signatures, is in force: %s\n", hf_document_version(d),
           d->signatures.signatures_count, path);
    hf_document_unref(r->a.set);
    r->a.set = hf_document_ref(d);
    r->state.waits_since_s = 0;
    error = hf__follow_take_up(r);
    return error != 0 ? error : hf__exchange_show(r->exchange, r->key, d);
}

/* Whether a set may take the place of the one in force. */
static bool is_better(const struct hf__round *r, const struct hf_document *d)
{
    return hf_document_verify(d, &r->a.network, r->a.root) == 0 &&
           hf_document_expires_s(d) > r->now_s && hf_set_floors_kept(r->a.set, d, NULL) == 0 &&
           hf__follow_replaces(d, is_authoritys(r, d), r->a.set, r->by_authority);
}

/* Keeps the later of what may take that place; of one epoch the authority's. */
static void prefer(const struct hf__round *r, struct hf_document *d, struct hf_document **best)
{
    if (d == NULL || !is_better(r, d) ||
        (*best != NULL &&
         !hf__follow_replaces(d, is_authoritys(r, d), *best, is_authoritys(r, *best))))
        return;
    hf_document_unref(*best);
    *best = hf_document_ref(d);
}

/* A proposal with all the signatures that it has; NULL: too few. */
static int complete(const struct hf__round *r, const struct hf__exchange *x,
                    const struct hf_document *proposal, struct hf_document **ret)
{
    struct hf_buf whole;
    size_t count = 0;
    hf_buf_init(&whole, HF__DOCUMENT_MAX);
    int error = hf__exchange_merge(&r->a, x, proposal, &whole, &count);
    if (error == 0 && count >= r->a.root->u.root.set_threshold)
        error = hf_document_read(r->a.pool, hf_buf_bytes(&whole), ret);
    hf_buf_done(&whole);
    return error;
}

/* Puts in force what enough have signed. */
static int finish(struct hf__round *r, const struct hf__exchange *x, bool *ret_done)
{
    struct hf_document *best = NULL;
    int error = 0;
    for (size_t i = 0; error == 0 && i < x->count; i++) {
        struct hf_document *whole = NULL;
        prefer(r, x->signers[i].in_force, &best);
        if (x->signers[i].proposal != NULL)
            error = complete(r, x, x->signers[i].proposal, &whole);
        prefer(r, whole, &best);
        hf_document_unref(whole);
    }
    *ret_done = error == 0 && best != NULL;
    if (*ret_done)
        error = put_in_force(r, best);
    hf_document_unref(best);
    return error;
}

/* ---- words */

/* Says in what the chain differs. ret_differs: in something. */
static int say(struct hf__round *r, bool *ret_differs)
{
    const struct hf__witness w = {.set = r->a.set,
                                  .policy = r->a.policy,
                                  .view = hf__chain_view(r->chain),
                                  .accounts = r->state.accounts,
                                  .accounts_count = r->state.count,
                                  .fresh_s = r->o->reattest_s,
                                  .now_s = r->now_s};
    struct hf_chain_word word = {.network = r->a.network,
                                 .set = r->a.set->body_hash,
                                 .made_s = r->now_s,
                                 .changes = calloc(HF__WORD_CHANGES_MAX, sizeof *word.changes)};
    if (word.changes == NULL)
        return HF_ENOMEM;
    word.changes_count = hf__follow_differences(&w, word.changes, HF__WORD_CHANGES_MAX);
    *ret_differs = word.changes_count > 0;
    int error = hf__exchange_say(&r->a, r->o->key_file, r->exchange, &word);
    free(word.changes);
    return error;
}

/* In what enough of those who have spoken agree. */
static int hear(const struct hf__round *r, const struct hf__exchange *x, struct hf__backed *ret)
{
    const struct hf_chain_word *words[HF__SET_SIGNERS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < x->count; i++) {
        const struct hf__heard *h = x->signers[i].heard;
        if (h != NULL && hf__follow_word_counts(&h->word, &r->a.network, r->a.set, r->now_s))
            words[count++] = &h->word;
    }
    return hf__follow_back(words, count, r->a.root->u.root.set_threshold, ret);
}

/* ---- signing */

/* Signs a body: that this epoch was signed is durable before the signature is. */
static int sign(struct hf__round *r, uint32_t epoch, struct hf_bytes body, struct hf__exchange *x)
{
    r->state.signed_epoch = epoch;
    r->state.signed_s = r->now_s;
    int error = hf__follow_remember(r);
    return error != 0 ? error
                      : hf__exchange_propose(&r->a, r->o->key_file, r->exchange, body, x, r->own);
}

/* Signs a proposal that may be signed, of several the one with the lowest hash. */
static int sign_other(struct hf__round *r, const struct hf__following *f, struct hf__exchange *x,
                      bool *ret_signed)
{
    const struct hf_document *best = NULL;
    for (size_t i = 0; i < x->count; i++) {
        const struct hf_document *d = x->signers[i].proposal;
        if (d != NULL && hf__follow_accepts(f, d, r->state.signed_epoch) == 0 &&
            (best == NULL || memcmp(d->body_hash.bytes, best->body_hash.bytes, HF_ID_LEN) < 0))
            best = d;
    }
    *ret_signed = best != NULL;
    if (best == NULL)
        return 0;
    hf__follow_say_time(r->now_s);
    printf("set %u, as another signer proposes it, is signed\n", hf_document_version(best));
    return sign(r, hf_document_version(best), best->signatures.body, x);
}

/* Whether this signer is to propose a set now; and since when something waits. */
static bool is_turn(struct hf__round *r, bool changes, uint32_t *ret_epoch)
{
    struct hf__follow_turn t = {.in_force = hf_document_version(r->a.set),
                                .signed_epoch = r->state.signed_epoch,
                                .signed_s = r->state.signed_s,
                                .turn_s = r->o->turn_s,
                                .now_s = r->now_s,
                                .signers = r->a.root->u.root.set_signers_count,
                                .own = r->own};
    if (!changes)
        r->state.waits_since_s = 0;
    else if (r->state.waits_since_s == 0)
        r->state.waits_since_s = r->now_s;
    t.waits_since_s = r->state.waits_since_s;
    return hf__follow_is_turn(&t, ret_epoch) && changes;
}

/* Makes the next set where enough ask for one and it is this signer's turn. */
static int propose(struct hf__round *r, const struct hf__following *f, struct hf__exchange *x,
                   bool *ret_waits)
{
    struct hf_buf body;
    struct hf__follow_choice c = {.epoch = hf_document_version(r->a.set) + 1, .issued_s = r->now_s};
    bool changes = false;
    if (c.issued_s < r->a.set->u.set.issued_s)
        c.issued_s = r->a.set->u.set.issued_s;
    hf_buf_init(&body, HF__DOCUMENT_MAX);
    int error = hf__follow_body(f, &c, NULL, &body, &changes);
    bool turn = error == 0 && is_turn(r, changes, &c.epoch);
    *ret_waits = changes;
    hf_buf_clear(&body);
    /* The list is closed by what the signers have said: only now the beacon is drawn. */
    if (turn && getrandom(c.beacon, sizeof c.beacon, 0) != sizeof c.beacon)
        error = HF_EINTERNAL;
    if (error == 0 && turn)
        error = hf__follow_body(f, &c, NULL, &body, &changes);
    if (error == 0 && turn) {
        hf__follow_say_time(r->now_s);
        printf("set %u is proposed\n", c.epoch);
        error = sign(r, c.epoch, hf_buf_bytes(&body), x);
    }
    hf_buf_done(&body);
    return error;
}

/* Signs what may be signed. ret_waits: something waits for others. */
static int consider(struct hf__round *r, struct hf__exchange *x, bool *ret_waits)
{
    struct hf__backed backed;
    bool other = false, waits = false;
    int error = hear(r, x, &backed);
    if (error != 0)
        return error;
    const struct hf__following f = {.set = r->a.set,
                                    .policy = r->a.policy,
                                    .base = r->base,
                                    .backed = &backed,
                                    .left_s = r->state.left_s,
                                    .now_s = r->now_s};
    error = sign_other(r, &f, x, &other);
    if (error == 0 && !other)
        error = propose(r, &f, x, &waits);
    *ret_waits = other || waits;
    hf__follow_backed_done(&backed);
    return error;
}

/* What its own proposal says that it has signed counts, though follow.json was lost. */
static void recall_signed(struct hf__round *r, const struct hf__exchange *x)
{
    const struct hf_document *own = x->signers[r->own].proposal;
    if (own == NULL || hf_document_version(own) <= r->state.signed_epoch)
        return;
    r->state.signed_epoch = hf_document_version(own);
    r->state.signed_s = r->now_s;
}

int hf__follow_act(struct hf__round *r, bool *ret_waits)
{
    struct hf__exchange x;
    bool done = false, differs = false, waits = false;
    int error = hf__exchange_show(r->exchange, r->key, r->a.set);
    if (error == 0 && r->chain != NULL)
        error = say(r, &differs);
    if (error == 0)
        error = hf__exchange_read(&r->a, r->exchange, &x);
    if (error != 0)
        return error;
    if (x.strange > 0)
        fprintf(stderr, "holdfast authority: %s: %zu files are not what their names say\n",
                r->exchange, x.strange);
    recall_signed(r, &x);
    error = finish(r, &x, &done);
    if (error == 0 && !done && r->chain != NULL) {
        error = consider(r, &x, &waits);
        if (error == 0)
            error = finish(r, &x, &done);
    }
    *ret_waits = !done && (differs || waits);
    hf__exchange_done(&x);
    return error;
}
