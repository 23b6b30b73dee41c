/* /v1/standing: is this provider placed itself, and does it hold the share that is named? What it
 * says can be held against it: proto/EVIDENCE.md. */
#include "base/error.h"
#include "provider/provider.h"

/*
 * Answers an audit. HF_ENOTFOUND: the share that lies here cannot be had, so that none is held. The
 * proof is verified before it is signed: a fault of this machine is a share that is lost, and no
 * lie. HF_ENOMEM: nothing can be said now.
 */
static int prove(struct hf_engine *e, const struct hf_standing *m,
                 uint8_t ret_proof[static HF_PROOF_LEN])
{
    hf_assert(e->open && m->has_challenge);
    struct hf_held_row held;
    struct hf_audit_context c = {.generation = m->generation, .index = m->index};
    if (!hf__held_row(e, &m->header.owner, m->generation.id, &held))
        return HF_ENOTFOUND;
    hf_assert(held.index > 0);
    c.network = e->network;
    memcpy(c.challenge, m->challenge, sizeof c.challenge);
    c.provider = e->account;
    c.owner = m->header.owner;
    struct hf_bytes context = hf__encode(e, &hf_wire_audit_context, &c);
    uint8_t *share = NULL;
    int r = hf__held_open(e, &held, &share);
    if (r == HF_ENOMEM)
        return r;
    if (r == 0)
        r = e->suite->prove(&e->secrets->rng, share, context, ret_proof);
    e->secret_free(share);
    if (r == 0)
        r = e->suite->proof_check(ret_proof, (uint8_t)held.index,
                                  (uint8_t)(held.commitments.len / HF_POINT_LEN),
                                  held.commitments.data, context);
    if (r == 0)
        return 0;
    hf__held_spoil(e, &m->header.owner, m->generation.id);
    return HF_ENOTFOUND;
}

/* Whether the recorded share that is kept here is the very one that is asked about. */
static bool is_kept(struct hf_engine *e, const struct hf_standing *m)
{
    struct hf_held_row held;
    struct hf_hash hash;
    hf_assert(e->open && m->index > 0);
    if (!hf__held_row(e, &m->header.owner, m->generation.id, &held) || !held.has_record)
        return false;
    hf_assert(held.index > 0);
    if (m->has_commitments_hash) {
        e->suite->hash("holdfast/v1/commitments", held.commitments, &hash);
        if (!hf_hash_equal(&hash, &m->commitments_hash))
            return false;
    }
    return held.index == m->index && held.generation.version == m->generation.version &&
           held.generation.number == m->generation.number;
}

/* Fills in whether the share is held, with its proof, or was let go by the rules. HF_ENOMEM. */
static int say(struct hf_engine *e, const struct hf_standing *m, const struct hf_owner_row *row,
               struct hf_ack_statement *s)
{
    int r = 0;
    hf_assert(row->generation_newest > 0);
    s->votes = hf__votes_for(e, &m->header.owner, row, m->generation.id);
    s->holds = hf__held_index(e, &m->header.owner, m->generation.id) == m->index &&
               (!m->has_commitments_hash || is_kept(e, m));
    if (s->holds && m->has_challenge)
        r = prove(e, m, s->proof);
    if (r == HF_ENOMEM)
        return r;
    hf_assert(r == 0 || (s->holds && m->has_challenge));
    s->has_proof = s->holds && m->has_challenge && r == 0;
    s->holds = s->holds && r == 0;
    s->released = !s->holds && row->generation_newest >= m->generation.number && !is_kept(e, m);
    hf_assert(!s->has_proof || (s->holds && m->has_challenge));
    return 0;
}

/* What is said for or against a promise has a date, and names the vault. */
static void date(const struct hf_engine *e, const struct hf_standing *m, struct hf_ack_statement *s)
{
    hf_assert(e->trust->set != NULL);
    if (!m->has_commitments_hash && !m->has_earlier)
        return;
    s->has_sealing_key = true;
    memcpy(s->sealing_key, e->vault_name, sizeof s->sealing_key);
    s->at_s = hf__now_s(e);
    s->set_issued_s = e->trust->set->u.set.issued_s;
}

/*
 * Nothing is acknowledged for an owner that is unknown: a holder that lost its row would speak for
 * an instance that was superseded here. Who shows that it was promised something gets that signed.
 */
static int deny(struct hf_engine *e, const struct hf__owner_message *o, const struct hf_standing *m)
{
    struct hf_ack_statement s = {.unknown = true};
    hf_assert(!o->known);
    if (!m->has_earlier)
        return HF_ENOSHARE;
    int r = hf__owner_identity(e, o);
    if (r != 0)
        return r;
    date(e, m, &s);
    hf__ack(e, o, &s, NULL);
    return 0;
}

/*
 * Keeps what share holders open of the owner beside its share: the owner has signed for it twice,
 * and only they can make anything of it. False: it is none of this owner's, or cannot be kept now.
 */
static bool keep_sealed(struct hf_engine *e, const struct hf_standing *m, struct hf_owner_row *row,
                        bool *ret_news)
{
    hf_assert(m->has_sealed && ret_news != NULL);
    struct hf_sealed_context c;
    if (hf__sealed_read(e, &m->sealed, &m->header.owner, &c) != 0)
        return false;
    if (row->has_sealed && hf_bytes_equal(row->sealed.statement, m->sealed.statement))
        return true;
    if (e->store_error != 0)
        return false;
    row->has_sealed = true;
    row->sealed = m->sealed;
    *ret_news = true;
    return true;
}

int hf__recv_standing(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && e->claimed);
    struct hf_standing m = {0};
    struct hf__owner_message o;
    struct hf_ack_statement s = {0};
    bool news = false;
    int r = hf__owner_admit(e, from, body, &hf_wire_standing, &m, &m.header, &o);
    if (r == HF_ENOSHARE)
        return deny(e, &o, &m);
    if (r == 0)
        r = say(e, &m, &o.row, &s);
    if (r != 0)
        return r;
    s.sealed = m.has_sealed ? s.holds && keep_sealed(e, &m, &o.row, &news) : o.row.has_sealed;
    hf__owner_keep(e, &o, news);
    date(e, &m, &s);
    hf__ack(e, &o, &s, NULL);
    return 0;
}
