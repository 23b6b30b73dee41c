/* What two signed words of a provider prove against it (proto/EVIDENCE.md, 2). */
#include "document/broken.h"

#include "base/error.h"

enum { STATEMENT_MAX = 256 }; /* as in acknowledged */

/* A question and the word for it, opened. */
struct word {
    struct hf_standing asked;
    struct hf_ack_statement said;
};

void hf_acknowledged_hash(const struct hf_suite *suite, const struct hf_acknowledged *a,
                          struct hf_hash *ret)
{
    uint8_t bytes[STATEMENT_MAX + HF_SIGNATURE_LEN];
    hf_assert(a->statement.len > 0 && a->statement.len <= STATEMENT_MAX);
    memcpy(bytes, a->statement.data, a->statement.len);
    memcpy(bytes + a->statement.len, a->signature, HF_SIGNATURE_LEN);
    suite->hash("holdfast/v1/acknowledged", hf_bytes_of(bytes, a->statement.len + HF_SIGNATURE_LEN),
                ret);
}

static int word_open(const struct hf_suite *suite, const struct hf_acknowledged *a,
                     struct hf_arena *arena, struct word *ret)
{
    struct hf_hash hash;
    int r = hf_wire_decode(&hf_wire_standing, a->question, arena, &ret->asked, NULL);
    if (r == 0)
        r = hf_wire_decode(&hf_wire_ack_statement, a->statement, arena, &ret->said, NULL);
    if (r != 0)
        return r;
    suite->hash("holdfast/v1/request", a->question, &hash);
    if (!hf_hash_equal(&hash, &ret->said.request_hash) ||
        !hf_account_equal(&ret->said.provider, &ret->asked.header.provider))
        return HF_ESIGNATURE;
    return suite->verify(ret->said.provider.bytes, "holdfast/v1/ack", a->statement, a->signature);
}

static bool is_dated(const struct hf_ack_statement *s)
{
    return s->at_s > 0 && s->has_sealing_key && s->set_issued_s > 0;
}

/* Whether both are asked about the same share of the same owner, at the same provider. */
static bool same_share(const struct hf_standing *a, const struct hf_standing *b)
{
    return hf_network_id_equal(&a->header.network, &b->header.network) &&
           hf_account_equal(&a->header.owner, &b->header.owner) &&
           hf_account_equal(&a->header.provider, &b->header.provider) &&
           a->generation.version == b->generation.version &&
           a->generation.number == b->generation.number &&
           memcmp(a->generation.id, b->generation.id, sizeof a->generation.id) == 0 &&
           a->index == b->index;
}

/* One word that refutes itself. */
static int check_proof(const struct hf_suite *suite, struct hf_bytes commitments,
                       const struct word *w, struct hf_arena *arena)
{
    struct hf_audit_context c = {.generation = w->asked.generation, .index = w->asked.index};
    struct hf_hash hash;
    struct hf_bytes context;
    size_t k = commitments.len / HF_POINT_LEN;
    if (!w->asked.has_challenge || !w->asked.has_commitments_hash || k == 0 || k > HF_SHARES_MAX ||
        commitments.len % HF_POINT_LEN != 0)
        return HF_EUNPROVEN;
    suite->hash("holdfast/v1/commitments", commitments, &hash);
    if (!hf_hash_equal(&hash, &w->asked.commitments_hash))
        return HF_EUNPROVEN;
    if (!w->said.has_proof)
        return 0;
    c.network = w->asked.header.network;
    memcpy(c.challenge, w->asked.challenge, sizeof c.challenge);
    c.provider = w->asked.header.provider;
    c.owner = w->asked.header.owner;
    int r = hf_wire_encode_in(&hf_wire_audit_context, &c, arena, &context);
    if (r != 0)
        return r;
    /* Of commitments that are none nothing can be kept, and nothing is proved. */
    r = suite->proof_check(w->said.proof, (uint8_t)w->asked.index, (uint8_t)k, commitments.data,
                           context);
    return r == HF_EPROOF ? 0 : HF_EUNPROVEN;
}

/* Two words that are not both true of one who keeps its disk. */
static int check_denial(const struct hf_suite *suite, const struct hf_acknowledged *promise,
                        const struct word *p, const struct word *w)
{
    struct hf_hash hash;
    hf_assert(!w->said.holds);
    hf_acknowledged_hash(suite, promise, &hash);
    bool promised = p->said.holds && p->asked.has_commitments_hash && is_dated(&p->said);
    bool later = w->asked.has_earlier && hf_hash_equal(&w->asked.earlier, &hash) &&
                 w->said.set_issued_s < p->said.set_issued_s + HF_PROMISE_S_MAX;
    bool same = same_share(&p->asked, &w->asked) &&
                (!w->asked.has_commitments_hash ||
                 hf_hash_equal(&w->asked.commitments_hash, &p->asked.commitments_hash)) &&
                memcmp(p->said.sealing_key, w->said.sealing_key, sizeof w->said.sealing_key) == 0;
    return promised && later && same && !w->said.released ? 0 : HF_EUNPROVEN;
}

int hf_broken_check(const struct hf_suite *suite, const struct hf_broken_promise *m,
                    struct hf_arena *arena, struct hf_broken *ret)
{
    struct word w, p;
    int r = word_open(suite, &m->breach, arena, &w);
    if (r == 0 && !is_dated(&w.said))
        r = HF_EUNPROVEN;
    bool denies = r == 0 && !w.said.holds;
    if (r == 0 && !denies)
        r = check_proof(suite, m->commitments, &w, arena);
    if (denies && !m->has_promise)
        r = HF_EUNPROVEN;
    if (r == 0 && denies)
        r = word_open(suite, &m->promise, arena, &p);
    if (r == 0 && denies)
        r = check_denial(suite, &m->promise, &p, &w);
    if (r != 0)
        return r;
    *ret = (struct hf_broken){.breach = denies ? HF_BREACH_DENIAL : HF_BREACH_PROOF,
                              .network = w.asked.header.network,
                              .owner = w.asked.header.owner,
                              .provider = w.asked.header.provider,
                              .generation = w.asked.generation,
                              .index = (uint8_t)w.asked.index,
                              .promised_s = denies ? p.said.at_s : 0,
                              .broken_s = w.said.at_s,
                              .unknown = w.said.unknown};
    return 0;
}

int hf_broken_read(const struct hf_suite *suite, struct hf_bytes file, struct hf_arena *arena,
                   struct hf_broken *ret)
{
    struct hf_broken_promise m;
    struct hf_broken_repair repair;
    int r = hf_wire_decode(&hf_wire_broken_promise, file, arena, &m, NULL);
    if (r == 0)
        return hf_broken_check(suite, &m, arena, ret);
    if (r != HF_EVERSION)
        return r;
    r = hf_wire_decode(&hf_wire_broken_repair, file, arena, &repair, NULL);
    return r == 0 ? hf_broken_repair_check(suite, &repair, arena, ret) : r;
}
