/*
 * Corrupt providers that remember: each votes for every ballot that it is asked for, also for those
 * that it has refused and for generations that it has deleted; or it refuses with a word, a proof
 * and a record of an earlier time, all of them genuine. What it votes for twice must harm no owner
 * while there are at most f of its kind; what it shows again must stop none.
 */
#include "hostile/hostile.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS = 48, ASKED = 16 };

/* An answer of the past: what it voted for, and what it showed. */
struct word {
    struct hf_account owner;
    struct hf_blob *body; /* encoded claim_response */
};

/* A claim that waits for its answer. */
struct asked {
    uint64_t call;
    struct hf_claim_statement statement;
};

struct recall {
    struct word words[WORDS];
    struct asked asked[ASKED];
    size_t words_next, asked_next;
};

static void forget(struct hf__strategy_run *run)
{
    struct recall *c = run->more;
    for (size_t i = 0; i < WORDS; i++)
        hf_blob_unref(c->words[i].body);
}

static void delivered(void *ctx, struct hf_world *w, const struct hf_message *m)
{
    struct hf__strategy_run *run = ctx;
    struct recall *c = run->more;
    struct hf_claim_request request;
    struct hf_claim_statement s;
    (void)w;
    if (!run->on || m->response || m->method != HF_METHOD_CLAIM || !hf__hostile_has(run, m->to))
        return;
    hf_arena_reset(&run->arena);
    if (!hf__hostile_decode(run, &hf_wire_claim_request, m->body, &request) ||
        !hf__hostile_decode(run, &hf_wire_claim_statement, request.claim.statement, &s))
        return;
    struct asked *a = &c->asked[c->asked_next++ % ASKED];
    a->call = m->call;
    a->statement = s;
}

static const struct asked *asked_of(const struct recall *c, uint64_t call)
{
    for (size_t i = 0; i < ASKED; i++)
        if (c->asked[i].call == call)
            return &c->asked[i];
    return NULL;
}

static void remember(struct recall *c, const struct hf_account *owner, struct hf_bytes body)
{
    struct word *word = &c->words[c->words_next++ % WORDS];
    hf_blob_unref(word->body);
    word->owner = *owner;
    word->body = hf_blob_new(body);
    hf_assert(word->body != NULL);
}

/* An answer that some provider of the run once gave this owner, decoded; false: none. */
static bool recollect(struct hf__strategy_run *run, const struct hf_account *owner,
                      struct hf_claim_response *ret)
{
    const struct recall *c = run->more;
    size_t first = hf__draw_below(&run->r, WORDS);
    for (size_t i = 0; i < WORDS; i++) {
        const struct word *word = &c->words[(first + i) % WORDS];
        if (word->body != NULL && hf_account_equal(&word->owner, owner))
            return hf__hostile_decode(run, &hf_wire_claim_response, hf_blob_bytes(word->body), ret);
    }
    return false;
}

/* Votes for the ballot that is asked for, of the generations that an earlier answer voted for. */
static void vote(struct hf__strategy_run *run, uint32_t node, const struct asked *a,
                 const struct hf_claim_response *old, struct hf_claim_response *response)
{
    struct hf_acceptance_statement s = {.ballot = a->statement.ballot};
    s.network = a->statement.network;
    s.owner = a->statement.owner;
    response->votes = old->votes;
    response->votes_count = 0;
    for (size_t i = 0; i < old->votes_count; i++) {
        struct hf_vote *v = &response->votes[response->votes_count];
        struct hf_buf bytes;
        *v = old->votes[i];
        memcpy(s.generation, v->generation, 16);
        hf_buf_init(&bytes, 1024);
        if (hf__encode_into(&hf_wire_acceptance_statement, &s, &bytes) == 0 &&
            hf__hostile_sign(run, node, "holdfast/v1/acceptance", hf_buf_bytes(&bytes),
                             v->signature))
            response->votes_count++;
        hf_buf_done(&bytes);
    }
}

static bool lie(struct hf__strategy_run *run, const struct hf_message *m, const struct asked *a,
                struct hf_claim_response *response, struct hf_claim_answer *answer)
{
    struct hf_claim_response old;
    if (!recollect(run, &a->statement.owner, &old))
        return false;
    uint64_t how = hf__draw_below(&run->r, 4);
    if (how == 0)
        return false; /* the truth, for once */
    answer->accepted = how != 3;
    answer->provisional = false;
    response->has_promised = !answer->accepted && old.has_promised;
    response->promised = old.promised;
    response->has_newest = !answer->accepted && old.has_newest;
    response->newest = old.newest;
    response->has_proof = old.has_proof;
    response->proof = old.proof;
    response->votes_count = 0;
    response->certificates_count = 0;
    if (answer->accepted)
        vote(run, m->from, a, &old, response);
    return true;
}

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__strategy_run *run = ctx;
    struct recall *c = run->more;
    struct hf_claim_response response;
    struct hf_claim_answer answer;
    struct hf_buf encoded;
    (void)w;
    if (!run->on || !m->response || m->error != 0 || m->method != HF_METHOD_CLAIM ||
        !hf__hostile_has(run, m->from))
        return HF_FATE_PASS;
    const struct asked *a = asked_of(c, m->call);
    hf_arena_reset(&run->arena);
    if (a == NULL || !hf__hostile_decode(run, &hf_wire_claim_response, m->body, &response) ||
        !hf__hostile_decode(run, &hf_wire_claim_answer, response.answer, &answer))
        return HF_FATE_PASS;
    bool lies = lie(run, m, a, &response, &answer);
    remember(c, &a->statement.owner, m->body);
    if (!lies)
        return HF_FATE_PASS;
    hf_buf_init(&encoded, 4096);
    bool done = hf__encode_into(&hf_wire_claim_answer, &answer, &encoded) == 0 &&
                hf__hostile_sign(run, m->from, "holdfast/v1/claim-answer", hf_buf_bytes(&encoded),
                                 response.signature);
    response.answer = hf_buf_bytes(&encoded);
    done = done && hf__encode_into(&hf_wire_claim_response, &response, ret->body) == 0;
    hf_buf_done(&encoded);
    run->acts += done;
    return done ? HF_FATE_REPLACE : HF_FATE_PASS;
}

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {.sent = sent, .delivered = delivered};
    struct hf__strategy_run *run =
        hf__hostile_new(w, nodes, count, observer, sizeof(struct recall));
    run->forget = forget;
    return run;
}

const struct hf__strategy hf__strategy_recall = {
    .name = "remembered-words",
    .doc = "corrupt providers vote for every ballot, or refuse with words of an earlier time",
    .corrupts = true,
    .forgets = true,
    .begin = begin,
    .end = hf__hostile_end,
};
