/*
 * holdfast authority follow: the validator set follows a chain, with no person in the loop
 * (proto/FOLLOW.md). One round: look at the chain, ask whom it is time to ask, put in force what
 * enough set signers have signed, sign what another proposes, or propose. Nothing is signed that is
 * not remembered first.
 */
#include "follow.h"

#include "ask.h"
#include "attest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "command.h"
#include "policy.h"
#include "set_change.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    EVERY_S = 60,    /* between rounds */
    TURN_S = 60,     /* each signer waits so long for the one before it to propose */
    STALE_TURNS = 5, /* an epoch that has not its signatures by then is given up */
    REATTEST_S = 3600,
};

static const char usage[] =
    "usage: holdfast authority follow --chain HASH [--every S] [--turn S]\n"
    "                                 [--reattest S] [--exchange DIR] [--key FILE]\n"
    "                                 [--collateral DIR] [--once] -- ADAPTOR ...\n"
    "\n"
    "Run by a set signer that the root names, beside its own node of the chain: the\n"
    "validator set follows the one that ADAPTOR prints (proto/FOLLOW.md). New\n"
    "accounts are asked for an attestation, and all again in each epoch; only sets\n"
    "are signed whose every change the chain has made.\n"
    "\n"
    "  --authority DIR  the folder with the network's documents; default authority\n"
    "  --chain HASH     of the chain's first block, 64 hexadecimal digits\n"
    "  --every S        seconds between rounds; default 60\n"
    "  --turn S         how long to wait for the signer before; default 60\n"
    "  --reattest S     how long an attestation is good; default 3600\n"
    "  --exchange DIR   a folder that the signers share; default proposals in the\n"
    "                   authority's folder\n"
    "  --key FILE       the set signer's key, where it is not in the folder's keys\n"
    "  --once           one round\n"
    "\n"
    "exit status: 0 the set says what the chain says, 1 error, 2 something is waited for\n";

struct options {
    const char *folder, *collateral, *key_file, *exchange, *chain_text;
    uint64_t every_s, turn_s, reattest_s;
    bool once;
    struct hf_hash chain;
    char **adaptor;
};

/* One round. */
struct round {
    const struct options *o;
    struct hf__authority a;
    struct hf__follow_state state;
    struct hf__chain *chain;
    struct hf__following f;
    struct hf_document *base; /* NULL, or one that f borrows */
    char exchange[HF__PATH_LEN];
    uint8_t key[HF_KEY_LEN]; /* of this signer */
    uint64_t now_s;
};

static void say_time(uint64_t now_s)
{
    char text[32];
    printf("%s: ", hf__minute(now_s, text));
}

/* ---- asking */

/* Whether an account is to be asked in this round. */
static bool is_due(const struct round *r, const struct hf__follow_account *k)
{
    bool member = hf_set_find(r->a.set, &k->account) >= 0;
    bool passes = k->passed_s != 0 && k->failed_since_s == 0;
    uint64_t again_s = passes ? r->o->reattest_s : r->o->every_s;
    bool epoch = member && k->asked_s < r->a.set->u.set.issued_s; /* all in each epoch */
    return k->asked_s == 0 || epoch || r->now_s >= k->asked_s + again_s;
}

static void note(struct round *r, const struct hf__attested *m)
{
    char account[65];
    struct hf__follow_account *k = hf__follow_know(&r->state, m->account);
    hf_assert(k != NULL); /* it was asked, so it is known */
    bool failed = k->failed_since_s != 0;
    k->asked_s = r->now_s;
    if (m->as == HF__PASSES) {
        k->passed_s = r->now_s;
        k->failed_since_s = 0;
    } else if (m->as == HF__FAILS && !failed) {
        k->failed_since_s = r->now_s;
    }
    if (m->as == HF__PASSES && !failed)
        return;
    hf_hex_encode(m->account->bytes, sizeof *m->account, account);
    say_time(r->now_s);
    printf("%.8s at %s %s%s\n", account, m->address,
           m->as == HF__PASSES  ? "passes again"
           : m->as == HF__FAILS ? "fails: "
                                : "has not answered: ",
           m->reason);
}

/* Asks whom it is time to ask: members where the chain has them, and who is new. */
static int attest(struct round *r)
{
    char own[HF__PATH_LEN];
    struct hf__attesting how;
    const struct hf__chain_view *view = r->f.view;
    struct hf__attested *list = calloc(view->count + 1, sizeof *list);
    char *addresses = calloc(view->count + 1, HF__ADDRESS_TEXT_LEN);
    size_t due = 0;
    int error = list != NULL && addresses != NULL ? 0 : HF_ENOMEM;
    for (size_t i = 0; error == 0 && i < view->count; i++) {
        const struct hf__chain_validator *c = &view->list[i];
        const struct hf__follow_account *k = hf__follow_know(&r->state, &c->account);
        if (k == NULL)
            error = HF_ENOMEM;
        else if (is_due(r, k)) {
            char *address = addresses + due * HF__ADDRESS_TEXT_LEN;
            memcpy(address, c->address.data, c->address.len);
            list[due++] = (struct hf__attested){.address = address, .account = &c->account};
        }
    }
    if (error == 0 && !hf__path(own, r->a.folder, "collateral"))
        error = HF_ETOOBIG;
    if (error == 0 && due > 0)
        error = hf__attesting_init(&how, &r->a, r->o->key_file,
                                   r->o->collateral != NULL ? r->o->collateral : own);
    if (error == 0 && due > 0)
        error = hf__attest(&how, list, due);
    for (size_t i = 0; error == 0 && i < due; i++)
        note(r, &list[i]);
    free(list);
    free(addresses);
    return error;
}

/* ---- signing */

static int remember(struct round *r)
{
    return hf__follow_save(r->a.folder, &r->o->chain, &r->state);
}

/* Signs a body: that this epoch was signed is durable before the signature is. */
static int sign(struct round *r, uint32_t epoch, struct hf_bytes body, struct hf__proposals *p)
{
    struct hf_document *d;
    if (p->count == HF__PROPOSALS_MAX)
        return HF_EBUSY;
    r->state.signed_epoch = epoch;
    r->state.signed_s = r->now_s;
    int error = remember(r);
    if (error == 0)
        error = hf__proposal_write(&r->a, r->o->key_file, r->exchange, body, &d);
    if (error == 0)
        p->list[p->count++] = d;
    return error;
}

/* Signs a proposal that may be signed, of several the one with the lowest hash. */
static int sign_other(struct round *r, struct hf__proposals *p, bool *ret_signed)
{
    const struct hf_document *best = NULL;
    for (size_t i = 0; i < p->count; i++) {
        const struct hf_document *d = p->list[i];
        if (hf__follow_accepts(&r->f, d, r->state.signed_epoch) == 0 &&
            (best == NULL || memcmp(d->body_hash.bytes, best->body_hash.bytes, HF_ID_LEN) < 0))
            best = d;
    }
    *ret_signed = best != NULL;
    if (best == NULL)
        return 0;
    say_time(r->now_s);
    printf("set %u, as another signer proposes it, is signed\n", hf_document_version(best));
    return sign(r, hf_document_version(best), best->signatures.body, p);
}

/* How many turns this signer leaves to others before it proposes an epoch itself. */
static uint64_t turns_before(const struct round *r, uint32_t epoch)
{
    const struct hf_root *root = &r->a.root->u.root;
    size_t n = root->set_signers_count, own = 0;
    while (own < n && memcmp(root->set_signers[own].key, r->key, sizeof r->key) != 0)
        own++;
    return (own + n - epoch % n) % n;
}

/* Makes the next set where the chain asks for one and it is this signer's turn. */
static int propose(struct round *r, struct hf__proposals *p, bool *ret_waits)
{
    struct hf_buf body;
    struct hf__follow_choice c = {.issued_s = r->now_s};
    uint32_t now = hf_document_version(r->a.set);
    bool changes = false;
    bool waiting = r->state.signed_epoch > now;
    c.epoch = (waiting ? r->state.signed_epoch : now) + 1;
    hf_buf_init(&body, HF__DOCUMENT_MAX);
    /* The list is closed by what the chain and the answers say: only now the beacon is drawn. */
    int error = getrandom(c.beacon, sizeof c.beacon, 0) == sizeof c.beacon ? 0 : HF_EINTERNAL;
    if (error == 0)
        error = hf__follow_body(&r->f, &c, &body, &changes);
    if (!changes)
        r->state.waits_since_s = 0;
    else if (r->state.waits_since_s == 0)
        r->state.waits_since_s = r->now_s;
    *ret_waits = changes;
    uint64_t since_s =
        waiting ? r->state.signed_s + STALE_TURNS * r->o->turn_s : r->state.waits_since_s;
    bool due = r->now_s >= since_s + turns_before(r, c.epoch) * r->o->turn_s;
    if (error == 0 && changes && due) {
        say_time(r->now_s);
        printf("set %u is proposed: block %llu\n", c.epoch,
               (unsigned long long)r->f.view->block.number);
        error = sign(r, c.epoch, hf_buf_bytes(&body), p);
    }
    hf_buf_done(&body);
    return error;
}

/* ---- in force */

static int put_in_force(struct round *r, struct hf_document *d)
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
    say_time(r->now_s);
    printf("set %u, signed by %zu set signers, is in force: %s\n", hf_document_version(d),
           d->signatures.signatures_count, path);
    hf_document_unref(r->a.set);
    r->a.set = hf_document_ref(d);
    r->state.waits_since_s = 0;
    /* The signatures of this one stay until the next: a signer that comes later collects them. */
    hf__proposals_clear(r->exchange, r->key, hf_document_version(d) - 1);
    return hf__set_write_form(&r->a);
}

/* Puts in force what enough set signers have signed; of several the highest. */
static int finish(struct round *r, const struct hf__proposals *p, bool *ret_done)
{
    struct hf_document *best = NULL;
    int error = 0;
    for (size_t i = 0; error == 0 && i < p->count; i++) {
        struct hf_buf whole;
        struct hf_document *d = NULL;
        size_t count = 0;
        hf_buf_init(&whole, HF__DOCUMENT_MAX);
        error = hf__proposals_merge(&r->a, p, p->list[i], &whole, &count);
        if (error == 0 && count >= r->a.root->u.root.set_threshold)
            error = hf_document_read(r->a.pool, hf_buf_bytes(&whole), &d);
        hf_buf_done(&whole);
        bool good = d != NULL && hf_document_verify(d, &r->a.network, r->a.root) == 0 &&
                    hf_set_floors_kept(r->a.set, d, NULL) == 0;
        if (good && (best == NULL || hf_document_version(d) > hf_document_version(best))) {
            hf_document_unref(best);
            best = hf_document_ref(d);
        }
        hf_document_unref(d);
    }
    *ret_done = error == 0 && best != NULL;
    if (*ret_done)
        error = put_in_force(r, best);
    hf_document_unref(best);
    return error;
}

/* ---- a round */

/* The newest set that the authority signed: the one in force, or the one that it carries. */
static int find_base(struct round *r)
{
    const struct hf_root *root = &r->a.root->u.root;
    r->base = NULL;
    if (hf_document_signers(r->a.set, &r->a.network, root) >= root->threshold)
        r->base = hf_document_ref(r->a.set);
    else if (r->a.set->u.set.base.len > 0)
        return hf_document_read(r->a.pool, r->a.set->u.set.base, &r->base);
    return 0;
}

static int begin(struct round *r)
{
    const char *exchange = r->o->exchange;
    if (r->a.policy == NULL || r->a.set == NULL)
        return HF_ENODOCUMENTS;
    if (r->a.root->u.root.set_threshold == 0) {
        fprintf(stderr, "holdfast authority: the root names no set signer: `holdfast authority "
                        "root sign --set-signer`\n");
        return HF_ENOTFOUND;
    }
    if (exchange != NULL)
        snprintf(r->exchange, sizeof r->exchange, "%s", exchange);
    else if (!hf__path(r->exchange, r->a.folder, "proposals"))
        return HF_ETOOBIG;
    if (mkdir(r->exchange, 0755) != 0 && errno != EEXIST)
        return hf_error_from_errno(errno);
    int error = hf__sign_following(&r->a, r->o->key_file, (struct hf_bytes){0}, r->key, NULL);
    if (error == 0)
        error = find_base(r);
    if (error == 0)
        error = hf__follow_load(r->a.folder, &r->o->chain, &r->state);
    return error;
}

/* What the chain says, where it may be gone by. */
static int look(struct round *r)
{
    int error = hf__chain_look(r->o->adaptor, &r->state.seen, &r->chain);
    if (error != 0)
        return error;
    const struct hf__chain_view *view = hf__chain_view(r->chain);
    error = hf__chain_check(view, &r->o->chain, &r->state.seen, r->now_s);
    if (error != 0) {
        say_time(r->now_s);
        printf("nothing is signed: block %llu: %s\n", (unsigned long long)view->block.number,
               hf_error_sentence(error));
        return error;
    }
    r->state.seen = view->block;
    r->f = (struct hf__following){
        .set = r->a.set, .policy = r->a.policy, .base = r->base, .view = view, .now_s = r->now_s};
    return remember(r); /* a block that was gone by is never another again */
}

/* ret_waits: something is not yet as the chain has it. */
static int act(struct round *r, bool *ret_waits)
{
    struct hf__proposals p;
    bool done = false, signed_other = false, waits = false;
    int error = hf__proposals_read(&r->a, r->exchange, &p);
    if (error != 0)
        return error;
    r->f.accounts = r->state.accounts;
    r->f.accounts_count = r->state.count;
    error = finish(r, &p, &done);
    if (error == 0 && !done)
        error = sign_other(r, &p, &signed_other);
    if (error == 0 && !done && !signed_other)
        error = propose(r, &p, &waits);
    if (error == 0 && !done)
        error = finish(r, &p, &done);
    *ret_waits = !done && (signed_other || waits);
    hf__proposals_done(&p);
    return error;
}

/* The exit status of --once. */
static int run_round(const struct options *o)
{
    struct round r = {.o = o, .now_s = (uint64_t)time(NULL)};
    bool waits = true;
    int error = hf__authority_open(o->folder, &r.a);
    if (error != 0)
        return hf__say("authority", o->folder, error);
    error = begin(&r);
    if (error == 0)
        error = look(&r);
    if (error == 0)
        error = attest(&r);
    if (error == 0)
        error = act(&r, &waits);
    if (error == 0)
        error = remember(&r);
    hf__chain_free(r.chain);
    hf_document_unref(r.base);
    hf__follow_forget(&r.state);
    hf__authority_close(&r.a);
    fflush(stdout);
    if (error != 0)
        return hf_error_transient(error) ? (hf__say("authority", "follow", error), HF_CLI_NOT_READY)
                                         : hf__say("authority", "follow", error);
    return waits ? HF_CLI_NOT_READY : HF_CLI_OK;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct hf_option table[] = {
        HF_TEXT_OF("authority", struct options, folder),
        HF_TEXT_OF("collateral", struct options, collateral),
        HF_TEXT_OF("key", struct options, key_file),
        HF_TEXT_OF("exchange", struct options, exchange),
        HF_TEXT_OF("chain", struct options, chain_text),
        HF_NUMBER_OF("every", struct options, every_s, 1, 86400),
        HF_NUMBER_OF("turn", struct options, turn_s, 1, 86400),
        HF_NUMBER_OF("reattest", struct options, reattest_s, 1, 2592000),
        HF_FLAG_OF("once", struct options, once)};
    char **words;
    int count;
    *o = (struct options){.folder = HF__AUTHORITY_DEFAULT,
                          .every_s = EVERY_S,
                          .turn_s = TURN_S,
                          .reattest_s = REATTEST_S};
    if (!hf__options(argc, argv, table, HF_ARRAY_LEN(table), o, &words, &count) || count < 1)
        return false;
    o->adaptor = words;
    return o->chain_text != NULL &&
           hf_hex_decode(o->chain_text, o->chain.bytes, sizeof o->chain) == 0;
}

int hf_cli_follow(int argc, char **argv)
{
    struct options o;
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    if (!read_options(argc, argv, &o))
        return hf__usage(usage);
    for (;;) {
        int status = run_round(&o);
        if (o.once)
            return status;
        sleep((unsigned)o.every_s);
    }
}
