/*
 * A black start (proto/QUORUM.md, 5): a locked node makes a request, a quote over what it wants
 * opened and by which key to answer; share holders answer it one by one, by hand; each answer is
 * checked as it comes, a wrong one is named and costs nothing else, and m of distinct holders open.
 * A restart forgets the response key: the node asks anew, and no answer from before counts.
 */
#include "quorum/quorum.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "document/request.h"

struct hf__blackstart {
    uint64_t local;    /* who waits for the file; 0: it has been given */
    uint64_t before_s; /* when the request before it was made; 0: it is the first */
    uint32_t work;     /* the quote; 0: it is there */
    uint8_t count;     /* answers that count */
    uint8_t need;      /* m */
    uint8_t last;      /* holder of the newest answer, good or not; 0: none */
    int last_error;    /* of it */
    uint32_t number;
    uint32_t policy;                /* version of the one in the transcript */
    struct hf_hash hash;            /* by which answers name it */
    uint8_t indices[HF_SHARES_MAX]; /* of the holders whose answers count */
    uint8_t *partials;              /* theirs; secret */
    struct hf_blob *transcript;
    struct hf_blob *sealed;          /* signed_sealed that is to be opened */
    struct hf_document *shares;      /* by which it is answered */
    const struct hf_quorum_key *key; /* in that */
};

void hf__blackstart_free(struct hf_engine *e)
{
    struct hf__blackstart *b = e->quorum->request;
    if (b == NULL)
        return;
    hf_assert(b->partials != NULL && b->sealed != NULL && b->shares != NULL);
    if (b->local != 0)
        hf__local_reply(e, b->local, HF_ECANCELED);
    hf_wipe(e->secrets->blackstart, sizeof e->secrets->blackstart);
    hf_wipe(b->partials, HF__PARTIALS_LEN);
    e->secret_free(b->partials);
    hf_blob_unref(b->transcript);
    hf_blob_unref(b->sealed);
    hf_document_unref(b->shares);
    free(b);
    e->quorum->request = NULL;
}

size_t hf__blackstart_memory(const struct hf_engine *e)
{
    const struct hf__blackstart *b = e->quorum->request;
    hf_assert(b == NULL || b->count <= b->need);
    return b == NULL ? 0
                     : sizeof *b + HF__PARTIALS_LEN + hf__blob_memory(b->transcript) +
                           hf__blob_memory(b->sealed);
}

/* What was sealed, as the request has it. */
static int decode_sealed(struct hf_engine *e, struct hf_bytes bytes, struct hf_signed_sealed *ret,
                         struct hf_sealed_statement *ret_statement,
                         struct hf_sealed_context *ret_context)
{
    hf_assert(!e->open);
    int r = hf__decode(e, &hf_wire_signed_sealed, bytes, ret);
    if (r == 0)
        r = hf__decode(e, &hf_wire_sealed_statement, ret->statement, ret_statement);
    if (r == 0)
        r = hf__decode(e, &hf_wire_sealed_context, ret_statement->context, ret_context);
    return r;
}

/* Whether a request can be made now, and for what. A holder refuses what this does not see. */
static int check(struct hf_engine *e, struct hf__chosen *ret)
{
    if (e->state != HF_STATE_RECOVERING || e->active.has_root || e->owner->recovery == NULL)
        return HF_ENOTLOCKED;
    /* The account of a lost vault is in its placement record, which those have who keep its shares:
     * one of them is enough. */
    if (e->lost && hf__recover_record(e).len == 0)
        return HF_EVAULT_GONE;
    /* The host keeps the count of requests, and has spent it. */
    if (e->quorum->asked == UINT32_MAX)
        return HF_EBOUND;
    int r = hf__documents_ready(e);
    if (r == 0 && e->trust->shares == NULL)
        r = HF_ENODOCUMENTS;
    if (r == 0 && hf__quorum_expired(e, e->trust->shares))
        r = HF_ESHARES_EXPIRED;
    hf_assert(r != 0 || (e->has_account && !e->open));
    if (r == 0 && (!hf__quorum_choose(e, true, ret) || ret->key == NULL))
        r = HF_EUNSEALED;
    return r;
}

/* What the quote is over, with a fresh response key. */
static void make_transcript(struct hf_engine *e, struct hf__blackstart *b,
                            struct hf_bytes statement)
{
    hf_assert(b->work == 0 && b->transcript == NULL && b->shares != NULL);
    struct hf_blackstart_transcript t = {.network = e->network,
                                         .account = e->account,
                                         .share_set = b->shares->body_hash,
                                         .policy = b->policy,
                                         .number = b->number,
                                         .made_s = hf__now_s(e)};
    e->suite->seal_keypair(&e->secrets->rng, t.response_key, e->secrets->blackstart);
    hf_sealed_hash(e->suite, statement, &t.sealed);
    b->transcript = hf_blob_new(hf__encode(e, &hf_wire_blackstart_transcript, &t));
    hf_assert(b->transcript != NULL);
    e->suite->hash("holdfast/v1/blackstart-request", hf_blob_bytes(b->transcript), &b->hash);
    b->work =
        hf__quote(e, HF__TASK_BLACKSTART, "holdfast/v1/blackstart", hf_blob_bytes(b->transcript));
}

void hf__blackstart_begin(struct hf_engine *e, uint64_t local)
{
    struct hf__chosen chosen;
    int r = check(e, &chosen);
    uint8_t *partials = r == 0 ? e->secret_alloc(HF__PARTIALS_LEN) : NULL;
    if (r == 0 && partials == NULL)
        r = HF_ENOMEM;
    if (r != 0) {
        hf__local_reply(e, local, r);
        return;
    }
    hf__blackstart_free(e); /* one at a time: the asker of the one before is told */
    struct hf__blackstart *b = calloc(1, sizeof *b);
    hf_assert(b != NULL);
    *b = (struct hf__blackstart){
        .local = local,
        .before_s = e->quorum->asked_s,
        .number = e->quorum->asked + 1,
        .policy = hf_document_version(e->trust->policy),
        .need = (uint8_t)e->trust->shares->u.shares.threshold,
        .partials = partials,
        .sealed = hf_blob_new(hf__encode(e, &hf_wire_signed_sealed, &chosen.sealed)),
        .shares = hf_document_ref(e->trust->shares),
        .key = chosen.key};
    e->quorum->request = b;
    hf_assert(b->sealed != NULL && b->need > 0 && b->need <= HF_SHARES_MAX);
    make_transcript(e, b, chosen.sealed.statement);
}

/* Every document by which the request can be judged, roots first. */
static void list_documents(struct hf_engine *e, const struct hf__blackstart *b,
                           struct hf_blackstart_request *ret)
{
    hf_assert(e->trust->policy != NULL && e->trust->set != NULL && b->shares != NULL);
    struct hf_encoded *list = hf__scratch(e, (HF_ROOTS_MAX + 3) * sizeof *list);
    const struct hf_document *others[] = {e->trust->policy, e->trust->set, b->shares};
    size_t count = 0;
    for (size_t i = 0; i < e->trust->roots_count; i++)
        list[count++].bytes = hf_blob_bytes(e->trust->roots[i]->envelope);
    for (size_t i = 0; i < HF_ARRAY_LEN(others); i++)
        list[count++].bytes = hf_blob_bytes(others[i]->envelope);
    hf_assert(count <= HF_ROOTS_MAX + 3u);
    ret->documents = list;
    ret->documents_count = count;
}

/* The file is given out when it is durable that there was this request: after a restart the
 * operator is told that answers to it are worth nothing any more. */
static void give(struct hf_engine *e, struct hf__blackstart *b, struct hf_bytes quote)
{
    hf_assert(b->work == 0 && b->count == 0);
    struct hf_blackstart_row asked = {.number = b->number, .made_s = hf__now_s(e)};
    struct hf_blackstart_request m = {
        .format = 1, .transcript = hf_blob_bytes(b->transcript), .quote = quote};
    struct hf_signed_sealed sealed;
    struct hf_sealed_statement statement;
    struct hf_sealed_context context;
    int r = decode_sealed(e, hf_blob_bytes(b->sealed), &sealed, &statement, &context);
    hf_assert(r == 0);
    m.sealed = sealed;
    list_documents(e, b, &m);
    struct hf_bytes record = hf__recover_record(e);
    m.has_record = record.len > 0 && hf__decode(e, &hf_wire_signed_record, record, &m.record) == 0;
    hf__put(e, HF_ROW_PUBLIC, hf_bytes_of("blackstart", 10), &hf_wire_blackstart_row, &asked);
    e->quorum->asked = b->number;
    e->quorum->asked_s = asked.made_s;
    struct hf_trace *trace = hf__trace(e, HF_TRACE_BLACKSTART_ASKED, 0, NULL, b->number, b->need);
    trace->hash = b->hash;
    struct hf_bytes file = hf__encode(e, &hf_wire_blackstart_request, &m);
    struct hf_local_reply *reply = hf__local_reply(e, b->local, 0);
    reply->blackstart = (struct hf_blackstart_report){.file = file,
                                                      .hash = b->hash,
                                                      .number = b->number,
                                                      .before_s = b->before_s,
                                                      .need = b->need};
    reply->after = e->write_seq;
    b->local = 0;
}

void hf__blackstart_quote(struct hf_engine *e, uint32_t work, int error, struct hf_bytes quote)
{
    struct hf__blackstart *b = e->quorum->request;
    if (b == NULL || b->work != work)
        return;
    b->work = 0;
    hf_assert(b->transcript != NULL);
    /* Documents that changed meanwhile go with the request, and holders refuse it by those. */
    if (error == 0 &&
        (b->shares != e->trust->shares || b->policy != hf_document_version(e->trust->policy)))
        error = HF_EBEHIND;
    if (error == 0) {
        give(e, b, quote);
        return;
    }
    hf__local_reply(e, b->local, error);
    b->local = 0;
    hf__blackstart_free(e);
}

/* Which versions of the root secret a statement holds: its own, or those that it lists, ascending,
 * its own among them. HF_EMALFORMED: its body is not of so many. */
static int given_of(const struct hf_sealed_context *c, struct hf_bytes body,
                    struct hf__given_roots *ret)
{
    static_assert(sizeof ret->root == HF_QUORUM_PLAIN_MAX, "one after the other");
    bool own = c->kept_count == 0;
    hf_assert(c->kept_count <= HF_ROOTS_KEPT_MAX && c->version > 0);
    ret->count = own ? 1 : (uint8_t)c->kept_count;
    ret->version[0] = (uint32_t)c->version;
    for (size_t i = 0; i < c->kept_count; i++) {
        ret->version[i] = (uint32_t)c->kept[i].version;
        own = own || c->kept[i].version == c->version;
        if (i > 0 && ret->version[i] <= ret->version[i - 1])
            return HF_EMALFORMED;
    }
    bool fits = body.len == HF_QUORUM_OVERHEAD + (size_t)ret->count * HF_SCALAR_LEN;
    return own && fits ? 0 : HF_EMALFORMED;
}

/* With m answers: the root secrets. HF_ECRYPTO: they do not open them. */
static int open_sealed(struct hf_engine *e, struct hf__blackstart *b)
{
    hf_assert(b->count >= b->need && b->need > 0);
    struct hf_signed_sealed sealed;
    struct hf_sealed_statement statement;
    struct hf_sealed_context context;
    int r = decode_sealed(e, hf_blob_bytes(b->sealed), &sealed, &statement, &context);
    hf_assert(r == 0 && !e->active.has_root && !e->open);
    struct hf__given_roots *given = hf__recover_room(e);
    if (given == NULL)
        return HF_ENOMEM;
    r = given_of(&context, statement.body, given);
    if (r == 0)
        r = hf_quorum_open(b->count, b->indices, b->partials, statement.c1, statement.context,
                           statement.body, given->root[0]);
    struct hf_trace *trace = hf__trace(e, HF_TRACE_BLACKSTART_OPENED, r, NULL, b->count, b->need);
    trace->hash = b->hash;
    if (r != 0)
        return r;
    hf__recover_given(e, (uint32_t)context.version);
    return 0;
}

static bool has_answered(const struct hf__blackstart *b, uint8_t index)
{
    hf_assert(b->count <= HF_SHARES_MAX);
    return memchr(b->indices, index, b->count) != NULL;
}

/* Checks an answer; a good one counts. */
static int take(struct hf_engine *e, struct hf__blackstart *b, struct hf_bytes answer)
{
    hf_assert(b->work == 0 && b->local == 0);
    struct hf_signed_sealed sealed;
    struct hf_sealed_statement statement;
    struct hf_sealed_context context;
    uint8_t *partial = e->secret_alloc(HF_PARTIAL_LEN);
    if (partial == NULL)
        return HF_ENOMEM;
    int r = decode_sealed(e, hf_blob_bytes(b->sealed), &sealed, &statement, &context);
    hf_assert(r == 0);
    r = hf_answer_open(e->suite, answer, &b->hash, e->secrets->blackstart, statement.c1, b->shares,
                       b->key, &b->last, partial);
    if (r == 0 && has_answered(b, b->last))
        r = HF_EREPEATED;
    if (r == 0) {
        hf_assert(b->count < b->need && b->last >= 1 && b->last <= HF_SHARES_MAX);
        memcpy(b->partials + (size_t)b->count * HF_PARTIAL_LEN, partial, HF_PARTIAL_LEN);
        b->indices[b->count++] = b->last;
    }
    hf_wipe(partial, HF_PARTIAL_LEN);
    e->secret_free(partial);
    b->last_error = r;
    hf__trace(e, HF_TRACE_BLACKSTART_ANSWER, r, NULL, b->last, b->count);
    return r;
}

void hf__blackstart_add(struct hf_engine *e, uint64_t local, struct hf_bytes answer)
{
    struct hf__blackstart *b = e->quorum->request;
    if (b == NULL || b->work != 0 || e->active.has_root) {
        hf__local_reply(e, local, HF_ENOREQUEST);
        return;
    }
    if (b->count == b->need) {
        /* m answers did not open it, and no further one can. */
        hf__local_reply(e, local, HF_ECRYPTO);
        return;
    }
    b->last = 0;
    int r = hf__quorum_expired(e, b->shares) ? HF_ESHARES_EXPIRED : take(e, b, answer);
    hf_assert(b->count <= b->need);
    if (r == 0 && b->count >= b->need)
        r = open_sealed(e, b);
    struct hf_local_reply *reply = hf__local_reply(e, local, r);
    reply->blackstart = (struct hf_blackstart_report){
        .number = b->number, .holder = b->last, .have = b->count, .need = b->need};
    if (b->last >= 1 && b->last <= b->shares->u.shares.holders_count)
        reply->blackstart.alias = b->shares->u.shares.holders[b->last - 1].alias;
}

void hf__blackstart_status(const struct hf_engine *e, struct hf_status *ret)
{
    const struct hf__blackstart *b = e->quorum->request;
    ret->blackstart_number = e->quorum->asked;
    ret->blackstart_s = e->quorum->asked_s;
    if (b == NULL)
        return;
    hf_assert(b->count <= b->need && b->need <= HF_SHARES_MAX);
    ret->blackstart_open = b->work == 0;
    ret->blackstart_request = b->hash;
    ret->blackstart_have = b->count;
    ret->blackstart_need = b->need;
    for (size_t i = 0; i < b->count; i++)
        ret->blackstart_holders |= UINT32_C(1) << b->indices[i];
}
