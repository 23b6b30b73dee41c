/*
 * A log of messages: who asked whom for what, for which owner, under which ballot, and what came of
 * it. A line of JSON for each request and each answer as it is sent; the two have one number. And
 * one when either has arrived.
 */
#include "trial/messages.h"

#include "network/network.h"
#include "world/world.h"

#include "base/hex.h"

#include <stdlib.h>

/* What a request says of its owner; number 0: it names no ballot. */
struct said {
    bool has_owner, has_generation;
    struct hf_account owner;
    struct hf_ballot ballot;
    uint64_t generation;
};

static bool decode(struct hf__messages *l, const struct hf_wire_type *type, struct hf_bytes in,
                   void *ret)
{
    return hf__direct.decode(type, in, &l->arena, ret, NULL) == 0;
}

static void header(const struct hf_owner_header *h, const struct hf_generation_id *generation,
                   struct said *ret)
{
    ret->has_owner = true;
    ret->owner = h->owner;
    ret->ballot = h->ballot;
    ret->has_generation = generation != NULL;
    ret->generation = generation != NULL ? generation->number : 0;
}

/* Of the requests that an owner signs. */
static void read_owner(struct hf__messages *l, const struct hf_message *m, struct said *ret)
{
    struct hf_owner_request request;
    struct hf_offer offer;
    struct hf_deposit deposit;
    struct hf_deposit_transcript t;
    struct hf_record_request record;
    struct hf_deletion deletion;
    struct hf_standing standing;
    if (!decode(l, &hf_wire_owner_request, m->body, &request))
        return;
    if (m->method == HF_METHOD_OFFER && decode(l, &hf_wire_offer, request.body, &offer))
        header(&offer.header, &offer.generation, ret);
    else if (m->method == HF_METHOD_DEPOSIT &&
             decode(l, &hf_wire_deposit, request.body, &deposit) &&
             decode(l, &hf_wire_deposit_transcript, deposit.transcript, &t))
        header(&t.header, &t.generation, ret);
    else if (m->method == HF_METHOD_RECORD &&
             decode(l, &hf_wire_record_request, request.body, &record))
        header(&record.header, NULL, ret);
    else if (m->method == HF_METHOD_DELETE && decode(l, &hf_wire_deletion, request.body, &deletion))
        header(&deletion.header, &deletion.generation, ret);
    else if (m->method == HF_METHOD_STANDING &&
             decode(l, &hf_wire_standing, request.body, &standing))
        header(&standing.header, &standing.generation, ret);
}

static void read_request(struct hf__messages *l, const struct hf_message *m, struct said *ret)
{
    struct hf_nonce_request nonce;
    struct hf_recover_request recover;
    struct hf_recover_transcript t;
    struct hf_claim_request claim;
    struct hf_claim_statement s;
    if (m->method == HF_METHOD_NONCE && decode(l, &hf_wire_nonce_request, m->body, &nonce)) {
        ret->has_owner = true;
        ret->owner = nonce.account;
    } else if (m->method == HF_METHOD_RECOVER &&
               decode(l, &hf_wire_recover_request, m->body, &recover) &&
               decode(l, &hf_wire_recover_transcript, recover.transcript, &t)) {
        ret->has_owner = true;
        ret->owner = t.account;
    } else if (m->method == HF_METHOD_CLAIM && decode(l, &hf_wire_claim_request, m->body, &claim) &&
               decode(l, &hf_wire_claim_statement, claim.claim.statement, &s)) {
        ret->has_owner = true;
        ret->owner = s.owner;
        ret->ballot = s.ballot;
    } else {
        read_owner(l, m, ret);
    }
}

/* What an answer without an error comes to. */
static const char *outcome(struct hf__messages *l, const struct hf_message *m)
{
    struct hf_claim_response response;
    struct hf_claim_answer answer;
    if (m->error != 0)
        return hf_error_name(m->error);
    if (m->method != HF_METHOD_CLAIM || !decode(l, &hf_wire_claim_response, m->body, &response) ||
        !decode(l, &hf_wire_claim_answer, response.answer, &answer))
        return "ok";
    if (!answer.accepted)
        return response.has_newest && !response.has_promised ? "refused_for_a_record" : "refused";
    return answer.provisional ? "accepted_provisionally" : "accepted";
}

static void print_request(struct hf__messages *l, struct hf_world *w, const struct hf_message *m)
{
    struct said said = {0};
    char instance[33];
    read_request(l, m, &said);
    if (said.has_owner)
        fprintf(l->out, ",\"owner\":%ld", hf_world_find(w, &said.owner));
    if (said.has_generation)
        fprintf(l->out, ",\"generation\":%llu", (unsigned long long)said.generation);
    if (said.ballot.number == 0)
        return;
    hf_hex_encode(said.ballot.instance, 16, instance);
    fprintf(l->out, ",\"claim\":%llu,\"instance\":\"%.8s\"", (unsigned long long)said.ballot.number,
            instance);
}

static int sent(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret)
{
    struct hf__messages *l = ctx;
    (void)ret;
    hf_arena_reset(&l->arena);
    fprintf(l->out, "{\"at_us\":%llu,\"call\":%llu,\"from\":%ld,\"to\":%ld,\"method\":\"%s\"",
            (unsigned long long)m->at_us, (unsigned long long)m->call,
            m->from == HF__NOBODY ? -1L : (long)m->from, m->to == HF__NOBODY ? -1L : (long)m->to,
            m->datagram ? "datagram" : hf_method_name(m->method));
    if (m->response)
        fprintf(l->out, ",\"outcome\":\"%s\"", outcome(l, m));
    else
        print_request(l, w, m);
    fprintf(l->out, ",\"bytes\":%llu}\n", (unsigned long long)hf__wire_len(w, m->body));
    return HF_FATE_PASS;
}

static void delivered(void *ctx, struct hf_world *w, const struct hf_message *m)
{
    const struct hf__messages *l = ctx;
    if (!m->datagram)
        fprintf(l->out, "{\"at_us\":%llu,\"call\":%llu,\"arrived\":\"%s\"}\n",
                (unsigned long long)w->now_us, (unsigned long long)m->call,
                m->response ? "answer" : "request");
}

static void done(void *ctx, struct hf_world *w)
{
    struct hf__messages *l = ctx;
    (void)w;
    hf_arena_done(&l->arena);
}

void hf__messages_watch(struct hf__messages *l, struct hf_world *w)
{
    struct hf__observer observer = {.ctx = l, .sent = sent, .delivered = delivered, .done = done};
    hf_arena_init(&l->arena, 1 << 22);
    hf__observe(w, &observer);
}
