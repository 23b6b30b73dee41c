/*
 * Handing a share over, the leaver's side (proto/REPAIR.md): a holder that leaves while an owner is
 * down gives its share and its vote to the owner's next candidate. What must hold: it has durably
 * ceased to vote before its transfer leaves, it signs one transfer of an index and no more,
 * and it forgets the share only when the other has it and votes.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/secret.h"
#include "document/domain.h"
#include "provider/handing.h"

/* What a handover goes by, read anew in each step: its owner may be back. */
struct context {
    struct hf_owner_row row;
    struct hf_held_row held;
    struct hf_placement_record record;
    struct hf__electorate acceptors;
    bool is_signed;
    struct hf_signed_transfer transfer; /* once it is */
    struct hf_transfer_statement t;
};

void hf__handing_free(struct hf_engine *e)
{
    free(e->provider->handing);
    e->provider->handing = NULL;
}

size_t hf__handing_memory(const struct hf_engine *e)
{
    hf_assert(e->open || e->provider->handing == NULL);
    return e->provider->handing == NULL ? 0 : sizeof *e->provider->handing;
}

/*
 * The others keep a transfer while they vote, and q of them must: so a holder that hands its share
 * over says no to one that comes later with another of the same generation, and while both are
 * asking the lower index goes first.
 */
bool hf__handover_yields(struct hf_engine *e, const struct hf_account *owner,
                         const uint8_t generation[static 16], uint8_t index)
{
    struct hf__handing *h = e->provider->handing;
    hf_assert(e->claimed && index > 0);
    if (h == NULL || !hf_account_equal(&h->owner, owner) ||
        memcmp(h->generation, generation, sizeof h->generation) != 0)
        return true;
    bool yields = h->phase == HF__HANDING_ASK && index < h->index;
    h->yields = h->yields || yields;
    return yields;
}

/* Whether the share is one that can be handed over: of the newest record that is known here, which
 * names this node. */
static bool read_context(struct hf_engine *e, const struct hf_account *owner,
                         const uint8_t id[static 16], struct context *ret)
{
    if (!hf__held_row(e, owner, id, &ret->held) || !ret->held.has_record ||
        !hf__owner_row(e, owner, &ret->row) || !ret->row.has_newest ||
        hf__held_spoilt(e, owner, id))
        return false;
    int r = hf__record_check(e, &ret->row.newest, owner, &ret->record);
    if (r != 0 || memcmp(ret->record.generation.id, id, 16) != 0)
        return false;
    size_t index = ret->held.index;
    hf_assert(index > 0);
    if (index > ret->record.holders_count ||
        !hf_account_equal(&ret->record.holders[index - 1].account, &e->account))
        return false;
    hf__acceptors(e, &ret->record, &ret->acceptors);
    ret->is_signed = hf__transfer_find(e, &ret->row, id, index, false, &ret->transfer);
    if (ret->is_signed)
        hf__transfer_read(e, &ret->transfer, &ret->t);
    /* What the row has of this index, the owner may have shown of an older disk of this node. */
    return ret->is_signed ? ret->held.ceased && hf_account_equal(&ret->t.from, &e->account)
                          : hf__held_votes(e, owner, id);
}

/* Whether an owner is down, as this node sees it: for the policy's grace, or at the deadline; or it
 * has left, and deals nothing anew. */
static bool is_down(const struct hf_engine *e, const struct hf_account *owner)
{
    const struct hf__told *told = hf__view_leave(e, &e->account);
    struct hf__view view = hf__view(e, owner);
    hf_assert(view.since_ms <= e->now_ms);
    if (told == NULL || view.state != HF_MEMBER_UNREACHABLE)
        return told != NULL && view.state == HF_MEMBER_LEFT;
    return hf__now_s(e) >= told->until_s ||
           e->now_ms - view.since_ms >= hf__policy(e)->holder_grace_s * 1000;
}

static int call(struct hf_engine *e, uint8_t method, const struct hf_account *to,
                struct hf_bytes body)
{
    struct hf__handing *h = e->provider->handing;
    struct hf__ask ask = {.task = HF__TASK_HANDOVER, .method = method, .arg = h->number};
    hf_assert(h != NULL && h->waiting < 2 * HF_SHARES_MAX);
    int r = hf__call(e, &ask, to, body);
    h->waiting = (uint8_t)(h->waiting + (r == 0));
    return r;
}

/* Asks the other holders whether they reach the owner. */
static void ask_others(struct hf_engine *e, const struct context *c)
{
    struct hf_remains_request m = {0};
    hf_assert(e->provider->handing->phase == HF__HANDING_ASK);
    hf__versions(e, &m.versions);
    m.owner = c->record.owner;
    memcpy(m.generation, c->record.generation.id, sizeof m.generation);
    struct hf_bytes body = hf__encode(e, &hf_wire_remains_request, &m);
    for (size_t i = 0; i < c->acceptors.n; i++)
        if (c->acceptors.indices[i] != c->held.index) {
            int r = call(e, HF_METHOD_REMAINS, &c->acceptors.acceptors[i], body);
            (void)r; /* who cannot be asked says nothing */
        }
}

/* Whether a member of the set may be the new holder: it stays and answers, is none of the holders,
 * and the domain rule does not part it from one of them. */
static bool is_candidate(const struct hf_engine *e, const struct context *c,
                         const struct hf_validator *v)
{
    const struct hf_document *set = e->trust->set;
    struct hf__view view = hf__view(e, &v->account);
    hf_assert(set != NULL && c->acceptors.n > 0);
    if (hf_account_equal(&v->account, &e->account) || view.state != HF_MEMBER_MEMBER ||
        view.draining || hf_account_equal(&v->account, &c->record.owner) ||
        hf__electorate_index(&c->acceptors, &v->account) != 0)
        return false;
    for (size_t i = 0; i < c->acceptors.n; i++) {
        long at = hf_set_find(set, &c->acceptors.acceptors[i]);
        if (c->acceptors.indices[i] != c->held.index && at >= 0 &&
            hf_domain_parts((enum hf_domain_rule)hf__policy(e)->domain_rule,
                            &set->u.set.validators[at], v))
            return false;
    }
    return true;
}

/* The next candidate by the owner's order; false: there is none left. */
static bool next_candidate(struct hf_engine *e, const struct context *c, struct hf_account *ret)
{
    struct hf__handing *h = e->provider->handing;
    uint32_t order[HF_RANK_FACTOR * HF_SHARES_MAX];
    const struct hf_document *set = e->trust->set;
    size_t count = hf__view_places(e, set, &c->record.owner, (uint32_t)c->record.generation.version,
                                   (uint8_t)hf__policy(e)->shares, order);
    hf_assert(count <= HF_ARRAY_LEN(order));
    while (h->rank < count) {
        const struct hf_validator *v = &set->u.set.validators[order[h->rank++]];
        if (!is_candidate(e, c, v))
            continue;
        *ret = v->account;
        return true;
    }
    return false;
}

/* Asks the one to whom the transfer is signed, or the next candidate; false: there is none. */
static bool ask_candidate(struct hf_engine *e, const struct context *c)
{
    struct hf__handing *h = e->provider->handing;
    struct hf_take_request m = {.record = c->row.newest,
                                .owner = c->record.owner,
                                .index = c->held.index,
                                .epoch = hf_document_version(e->trust->set),
                                .has_transfer = c->is_signed};
    hf_assert(h->waiting == 0);
    hf__handing_move(h, HF__HANDING_TAKE);
    if (!hf__identity_own(e, &m.identity))
        return false;
    hf__versions(e, &m.versions);
    if (c->is_signed) {
        m.transfer = c->transfer;
        h->to = c->t.to;
        return hf__is_member(e, &h->to) &&
               call(e, HF_METHOD_TAKE, &h->to, hf__encode(e, &hf_wire_take_request, &m)) == 0;
    }
    while (next_candidate(e, c, &h->to))
        if (call(e, HF_METHOD_TAKE, &h->to, hf__encode(e, &hf_wire_take_request, &m)) == 0)
            return true;
    return false;
}

bool hf__handing_begin(struct hf_engine *e, const struct hf_held_row *held)
{
    struct context *c = hf__scratch(e, sizeof *c);
    hf_assert(e->claimed && e->provider->handing == NULL);
    if (!read_context(e, &held->header.owner, held->generation.id, c) ||
        hf__documents_ready(e) != 0)
        return false;
    /* What is signed is carried through, whether the owner is back or not, and though this node
     * stays after all: until then the index has no vote. */
    if (!c->is_signed &&
        (!is_down(e, &c->record.owner) || c->row.moves_count == HF_WIRE_MOVES_MAX ||
         hf__moves_count(e, c->row.moves, c->row.moves_count, c->record.generation.id) >=
             c->record.holders_count - c->record.threshold))
        return false;
    struct hf__handing *h = calloc(1, sizeof *h);
    hf_assert(h != NULL);
    h->number = ++e->provider->handovers;
    h->owner = c->record.owner;
    h->index = (uint8_t)c->held.index;
    memcpy(h->generation, c->record.generation.id, sizeof h->generation);
    e->provider->handing = h;
    if (c->is_signed)
        (void)ask_candidate(e, c);
    else
        ask_others(e, c);
    if (h->waiting == 0)
        hf__handing_free(e);
    return e->provider->handing != NULL;
}

/* Ceases to vote and signs, in one transaction: the transfer leaves when both are durable. From now
 * on there is no way back. */
static void cease(struct hf_engine *e, struct context *c)
{
    struct hf__handing *h = e->provider->handing;
    uint8_t key[48];
    hf_assert(!c->is_signed && !c->held.ceased && e->store_error == 0);
    struct hf_transfer_statement t = {.generation = c->record.generation,
                                      .index = c->held.index,
                                      .promised = c->row.promised,
                                      .rank = c->row.rank,
                                      .made_s = hf__now_s(e)};
    t.network = e->network;
    t.owner = c->record.owner;
    t.from = e->account;
    t.to = h->to;
    hf__record_order(&c->record, &t.newest);
    memcpy(t.ppid, c->row.ppid, sizeof t.ppid);
    c->transfer.statement = hf__encode(e, &hf_wire_transfer_statement, &t);
    e->suite->sign(e->secrets->account, "holdfast/v1/transfer", c->transfer.statement,
                   c->transfer.signature);
    c->is_signed = true;
    c->t = t;
    bool kept = hf__transfer_keep(e, &c->row, &t.owner, &c->transfer);
    hf_assert(kept); /* there was room, and none of this index */
    c->held.ceased = true;
    hf__held_key(&t.owner, t.generation.id, key);
    hf__put(e, HF_ROW_HELD, hf_bytes_of(key, sizeof key), &hf_wire_held_row, &c->held);
    hf__owner_put(e, &t.owner, &c->row);
    hf_assert(!hf__votes_for(e, &t.owner, &c->row, t.generation.id));
    hf__members_forgot(e, true);
    hf__trace(e, HF_TRACE_VOTE_CEASED, 0, &t.owner, t.generation.number, t.index);
    hf__acceptors(e, &c->record, &c->acceptors);
}

/* Sends the share, sealed, with what it takes to vote for its index. */
static int send_share(struct hf_engine *e, const struct context *c)
{
    static const char info[] = "holdfast/v1/handover";
    struct hf__handing *h = e->provider->handing;
    struct hf_deposit_aad aad = {.generation = c->record.generation, .index = c->held.index};
    struct hf_handover_request m = {.transfer = c->transfer,
                                    .record = c->row.newest,
                                    .certificates = c->row.certificates,
                                    .certificates_count = c->row.certificates_count,
                                    .has_proof = c->row.has_proof,
                                    .proof = c->row.proof,
                                    .has_sequence = c->row.has_sequence,
                                    .sequence = c->row.sequence,
                                    .moves = c->row.moves,
                                    .moves_count = c->row.moves_count};
    struct hf_transfer_kept kept[HF_SHARES_MAX] = {0};
    hf_assert(c->is_signed && hf_account_equal(&c->t.to, &h->to));
    for (size_t i = 0; i < c->acceptors.n; i++) {
        uint8_t index = c->acceptors.indices[i];
        if ((h->kept >> index & 1) == 0)
            continue;
        kept[m.kept_count].holder = c->acceptors.acceptors[i];
        memcpy(kept[m.kept_count++].signature, h->words[index], sizeof kept->signature);
    }
    m.kept = kept;
    aad.network = e->network;
    aad.owner = c->record.owner;
    aad.provider = h->to;
    memcpy(m.nonce, h->nonce, sizeof m.nonce);
    uint8_t *share = NULL;
    int r = hf__held_open(e, &c->held, &share);
    if (r == 0)
        r = hf__sealing_seal(e, h->sealing_suite, h->sealing_key, hf_bytes_of(info, strlen(info)),
                             hf__encode(e, &hf_wire_deposit_aad, &aad),
                             hf_bytes_of(share, HF_SCALAR_LEN), m.sealed);
    e->secret_free(share);
    if (r != 0)
        return r;
    hf__versions(e, &m.versions);
    e->provider->handed_ms = e->now_ms;
    return call(e, HF_METHOD_HANDOVER, &h->to, hf__encode(e, &hf_wire_handover_request, &m));
}

/* The transfer to the other holders, and the share to the new one. */
static void tell(struct hf_engine *e, const struct context *c)
{
    struct hf__handing *h = e->provider->handing;
    struct hf_transfer_request m = {.transfer = c->transfer};
    hf_assert(h->waiting == 0 && c->is_signed);
    hf__handing_move(h, HF__HANDING_TELL);
    hf__versions(e, &m.versions);
    struct hf_bytes body = hf__encode(e, &hf_wire_transfer_request, &m);
    for (size_t i = 0; i < c->acceptors.n; i++)
        if (c->acceptors.indices[i] != c->held.index) {
            int r = call(e, HF_METHOD_TRANSFER, &c->acceptors.acceptors[i], body);
            (void)r; /* told in the next round */
        }
    int r = send_share(e, c);
    (void)r;
}

/* ---- answers */

static int take_silence(struct hf_engine *e, struct hf_bytes body)
{
    struct hf_remains_response m;
    struct hf__handing *h = e->provider->handing;
    hf_assert(h != NULL);
    int r = hf__decode(e, &hf_wire_remains_response, body, &m);
    if (r == 0)
        r = hf__versions_check(e, &m.versions);
    h->silent = (uint8_t)(h->silent + (r == 0 && m.silent));
    return r;
}

static int take_yes(struct hf_engine *e, const struct hf__pending *asked, struct hf_bytes body)
{
    struct hf_take_response m;
    const struct hf__peer *peer;
    struct hf__handing *h = e->provider->handing;
    hf_assert(hf_account_equal(&asked->account, &h->to));
    int r = hf__decode(e, &hf_wire_take_response, body, &m);
    if (r == 0)
        r = hf__versions_check(e, &m.versions);
    if (r == 0)
        r = hf__identity_check(e, NULL, &m.identity, &asked->account, &peer, NULL);
    if (r != 0)
        return r;
    h->sealing_suite = hf__peer_sealing(e, peer, h->sealing_key);
    memcpy(h->nonce, m.nonce, sizeof h->nonce);
    return 0;
}

static int take_word(struct hf_engine *e, const struct hf__pending *asked, const struct context *c,
                     struct hf_bytes body)
{
    struct hf_transfer_response m;
    struct hf__handing *h = e->provider->handing;
    int r = hf__decode(e, &hf_wire_transfer_response, body, &m);
    if (r == 0)
        r = hf__versions_check(e, &m.versions);
    if (r == 0)
        r = e->suite->verify(asked->account.bytes, "holdfast/v1/transfer-kept",
                             hf__transfer_word(e, &c->transfer, &asked->account), m.signature);
    uint8_t index = hf__electorate_index(&c->acceptors, &asked->account);
    hf_assert(index <= HF_SHARES_MAX);
    if (r != 0 || index == 0 || index == c->held.index)
        return r;
    hf_assert(index < HF_ARRAY_LEN(h->words));
    h->kept |= UINT32_C(1) << index;
    memcpy(h->words[index], m.signature, sizeof h->words[index]);
    return 0;
}

static int take_receipt(struct hf_engine *e, const struct hf__pending *asked,
                        const struct context *c, struct hf_bytes body, bool *ret_votes)
{
    struct hf_handover_response m;
    hf_assert(c->is_signed);
    int r = hf__decode(e, &hf_wire_handover_response, body, &m);
    if (r == 0)
        r = hf__versions_check(e, &m.versions);
    if (r == 0)
        r = e->suite->verify(asked->account.bytes, "holdfast/v1/handed-over",
                             hf__handover_word(e, &c->transfer, &asked->account, m.votes),
                             m.signature);
    if (r != 0)
        return r;
    e->provider->handing->given = true;
    *ret_votes = m.votes;
    return 0;
}

/* The other has the share and votes: it goes here, and only what the owner must find stays. */
static void finish(struct hf_engine *e, const struct context *c)
{
    hf_assert(c->held.ceased && c->is_signed);
    hf__trace(e, HF_TRACE_HANDED_OVER, 0, &c->record.owner, c->record.generation.number,
              c->held.index);
    hf__leave_forget(e, &c->held);
    e->provider->handed_over++;
    if (e->provider->leaving.at > 0)
        e->provider->leaving.at--;
}

/* Goes on when all who were asked have answered; what came to nothing is tried again with the
 * timer. */
static void advance(struct hf_engine *e, struct context *c, bool votes, int error)
{
    struct hf__handing *h = e->provider->handing;
    size_t kept = 0;
    for (size_t i = 1; i <= HF_SHARES_MAX; i++)
        kept += h->kept >> i & 1;
    hf_assert(h->waiting == 0 && (kept == 0 || c->is_signed));
    switch ((enum hf__handing_phase)h->phase) {
    case HF__HANDING_ASK:
        if (h->silent >= c->record.quorum && !h->yields)
            (void)ask_candidate(e, c);
        break;
    case HF__HANDING_TAKE:
        if (error != 0 && !c->is_signed) {
            (void)ask_candidate(e, c);
        } else if (error == 0 && e->store_error == 0) {
            if (!c->is_signed)
                cease(e, c);
            tell(e, c);
        }
        break;
    case HF__HANDING_TELL:
        if (h->given && !votes && kept >= c->record.quorum) {
            hf__handing_move(h, HF__HANDING_FINISH);
            int r = send_share(e, c);
            (void)r;
        }
        break;
    default:
        break;
    }
    if (h->waiting > 0)
        return;
    hf__handing_free(e);
    if (!c->is_signed)
        hf__leave_keeps(e);
    hf__leave_advance(e);
}

int hf__handing_answered(struct hf_engine *e, const struct hf__pending *asked, int error,
                         struct hf_bytes body)
{
    struct hf__handing *h = e->provider->handing;
    struct context *c = hf__scratch(e, sizeof *c);
    bool votes = false;
    int r = error;
    hf_assert(asked->task == HF__TASK_HANDOVER);
    if (h == NULL || asked->arg != h->number)
        return 0;
    /* It claims anew, or the share is gone by the owner's order. */
    if (!e->claimed || !read_context(e, &h->owner, h->generation, c) ||
        (!c->is_signed && e->state != HF_STATE_LEAVING)) {
        hf__handing_free(e);
        return 0;
    }
    hf_assert(h->waiting > 0);
    if (r == 0 && asked->method == HF_METHOD_REMAINS)
        r = take_silence(e, body);
    else if (r == 0 && asked->method == HF_METHOD_TAKE)
        r = take_yes(e, asked, body);
    else if (r == 0 && asked->method == HF_METHOD_TRANSFER && c->is_signed)
        r = take_word(e, asked, c, body);
    else if (r == 0 && c->is_signed)
        r = take_receipt(e, asked, c, body, &votes);
    if (r == HF__PARK)
        return r;
    h->waiting--;
    if (votes) {
        finish(e, c);
        hf__handing_free(e);
        hf__leave_advance(e);
    } else if (h->waiting == 0) {
        advance(e, c, votes, r);
    }
    return error == 0 ? r : 0;
}
