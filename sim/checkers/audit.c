/*
 * An owner takes a holder's share for proved only when the holder has proved it: over the challenge
 * that the owner sent it last, against the commitments of the owner's newest record. And a holder
 * that it accuses of a broken promise (proto/EVIDENCE.md) has a host or an engine that broke it.
 */
#include "checkers/checkers.h"

#include <string.h>

static struct hf__challenged *challenged(struct hf__checks *c, uint32_t owner,
                                         const struct hf_account *holder)
{
    return hf__map_at(&c->challenged, hf__key_of(hf_bytes_of(&owner, sizeof owner),
                                                 hf__b32(holder->bytes), hf_bytes_of(NULL, 0)));
}

void hf__check_challenge_sent(struct hf__checks *c, const struct hf_message *m)
{
    struct hf_owner_request request;
    struct hf_standing standing;
    if (m->method != HF_METHOD_STANDING ||
        !hf__check_decode(c, &hf_wire_owner_request, m->body, &request) ||
        !hf__check_decode(c, &hf_wire_standing, request.body, &standing) || !standing.has_challenge)
        return;
    struct hf__challenged *asked = challenged(c, m->from, &standing.header.provider);
    asked->proved = false;
    asked->index = (uint8_t)standing.index;
    asked->generation = standing.generation;
    asked->owner = standing.header.owner;
    memcpy(asked->challenge, standing.challenge, sizeof asked->challenge);
}

void hf__check_proof_delivered(struct hf__checks *c, const struct hf_message *m)
{
    struct hf_ack_response response;
    struct hf_ack_statement statement;
    struct hf_placement_record record;
    const struct hf_suite *suite = c->world->suite;
    if (m->method != HF_METHOD_STANDING || m->error != 0 || m->to == HF__NOBODY ||
        !hf__check_decode(c, &hf_wire_ack_response, m->body, &response) ||
        !hf__check_decode(c, &hf_wire_ack_statement, response.statement, &statement) ||
        !statement.has_proof)
        return;
    struct hf__challenged *asked = challenged(c, m->to, &statement.provider);
    struct hf_audit_context context = {.generation = asked->generation, .index = asked->index};
    if (asked->index == 0 || !hf__check_newest(c, m->to, &record) ||
        memcmp(record.generation.id, asked->generation.id, sizeof record.generation.id) != 0)
        return;
    context.network = c->world->authority.network;
    memcpy(context.challenge, asked->challenge, sizeof context.challenge);
    context.provider = statement.provider;
    context.owner = asked->owner;
    struct hf_bytes bytes;
    int r = hf__direct.encode_in(&hf_wire_audit_context, &context, &c->arena, &bytes);
    hf_assert(r == 0);
    asked->proved = suite->proof_check(statement.proof, asked->index, (uint8_t)record.threshold,
                                       record.commitments.data, bytes) == 0;
}

void hf__check_audited(struct hf__checks *c, uint32_t node, const struct hf_trace *t)
{
    const struct hf__challenged *asked = challenged(c, node, &t->account);
    if (!asked->proved)
        hf__violate(c->world, node, "audit",
                    "n%u counts as audited a holder that has proved nothing", node);
}

void hf__check_accused(struct hf__checks *c, uint32_t node, const struct hf_trace *t)
{
    long at = hf_world_find(c->world, &t->account);
    const struct hf__node *holder = at < 0 ? NULL : hf__node(c->world, (uint32_t)at);
    if (holder != NULL && !holder->tainted && !holder->corrupt)
        hf__violate(c->world, node, "accused",
                    "n%u has evidence against n%ld, which broke no promise", node, at);
}
