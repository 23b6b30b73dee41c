/* The share holders of a world: people who keep shares of the quorum key, and who answer a locked
 * node's request by the checks that their program makes. */
#include "authority/authority.h"

#include "attestation/attestation.h"

#include "crypto/quorum.h"
#include "document/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 1 << 20 };

static const char key_name[] = "black-start";

/* Who has answered a request. */
struct given {
    struct hf_hash hash;
    struct hf_account account;
    uint32_t holders; /* bit of each index */
};

struct hf__people {
    struct hf_document *shares;
    struct hf__people *before; /* in whose place they came, with the shares that they kept */
    uint8_t m, n;
    uint8_t secret[HF_SCALAR_LEN]; /* the key: only a ceremony has it */
    uint8_t secrets[HF_SHARES_MAX][HF_SCALAR_LEN];
    struct given *given;
    size_t given_count, given_cap;
};

static void people_free(struct hf__people *p)
{
    if (p == NULL)
        return;
    people_free(p->before);
    hf_document_unref(p->shares);
    free(p->given);
    free(p);
}

void hf__people_free(struct hf_world *w)
{
    people_free(w->people);
    w->people = NULL;
}

const struct hf_document *hf__people_shares(const struct hf_world *w)
{
    return w->people == NULL ? NULL : w->people->shares;
}

void hf_world_shares_valid(struct hf_world *w, uint64_t valid_s)
{
    w->shares_valid_s = valid_s;
}

/* The share set as it is signed now, for as long as the authority's documents live, or less. */
static struct hf_document *sign(struct hf_world *w, struct hf_share_set *set)
{
    struct hf_buf body, envelope;
    struct hf_document *d = NULL;
    set->issued_s = w->settings.wall_s + w->now_us / 1000000;
    set->expires_s = set->issued_s +
                     (w->shares_valid_s != 0 ? w->shares_valid_s : w->settings.authority.valid_s);
    hf_buf_init(&body, UINT32_MAX);
    hf_buf_init(&envelope, UINT32_MAX);
    int r = hf_wire_encode(&hf_wire_share_set, set, &body);
    hf_assert(r == 0);
    hf_world_sign(w, HF_DOCUMENT_SHARES, hf_buf_bytes(&body), w->settings.authority.threshold,
                  &envelope);
    r = hf_document_read(w->pool, hf_buf_bytes(&envelope), &d);
    hf_assert(r == 0);
    hf_buf_done(&body);
    hf_buf_done(&envelope);
    return d;
}

/* A share set as a ceremony would have dealt it: of a new key, or of the same. What is sealed to
 * the holders stays with them. */
static struct hf_document *issue(struct hf_world *w, struct hf__people *p, uint32_t version,
                                 bool same)
{
    char aliases[HF_SHARES_MAX][16];
    struct hf_share_holder holders[HF_SHARES_MAX] = {0};
    struct hf_sealed_share sealed[HF_SHARES_MAX] = {0};
    uint8_t public_keys[HF_SHARES_MAX][HF_KEY_LEN], nothing[80] = {0};
    uint8_t commitments[HF_SHARES_MAX * HF_POINT_LEN];
    struct hf_rng rng = {0};
    hf__draw_bytes(&w->streams[HF__FOR_AUTHORITY], rng.seed, sizeof rng.seed);
    if (same)
        memcpy(p->secret, p->before->secret, sizeof p->secret);
    else
        hf_suite_real.scalar_random(&rng, p->secret);
    int r = hf_suite_real.deal(&rng, p->secret, (struct hf_sharing){.k = p->m, .n = p->n},
                               p->secrets[0], commitments);
    hf_assert(r == 0);
    for (uint8_t i = 0; i < p->n; i++) {
        snprintf(aliases[i], sizeof aliases[i], "holder-%u", i + 1u);
        holders[i].alias = hf_bytes_of(aliases[i], strlen(aliases[i]));
        holders[i].kind = HF_HOLDER_X25519;
        hf_suite_real.random(&rng, public_keys[i], HF_KEY_LEN);
        public_keys[i][HF_KEY_LEN - 1] &= 0x7f; /* reduced */
        holders[i].key = hf_bytes_of(public_keys[i], HF_KEY_LEN);
        sealed[i].sealed = hf_bytes_of(nothing, sizeof nothing);
    }
    struct hf_quorum_key key = {.name = hf_bytes_of(key_name, strlen(key_name)),
                                .commitments = hf_bytes_of(commitments, p->m * HF_POINT_LEN),
                                .shares = sealed,
                                .shares_count = p->n};
    struct hf_share_set set = {.version = version,
                               .threshold = p->m,
                               .holders = holders,
                               .holders_count = p->n,
                               .keys = &key,
                               .keys_count = 1,
                               .has_proposal = true,
                               .has_quote = true};
    return sign(w, &set);
}

static void name_key(struct hf_policy *policy, void *ctx)
{
    const bool *required = ctx;
    policy->quorum_key = hf_bytes_of(key_name, strlen(key_name));
    policy->quorum_required = *required;
}

void hf__people_renew(struct hf_world *w)
{
    struct hf_document *old = w->people == NULL ? NULL : w->people->shares;
    if (w->shares_valid_s != 0 || !hf__authority_ends(w, old))
        return;
    struct hf_share_set set = old->u.shares;
    set.version++;
    w->people->shares = sign(w, &set);
    hf_document_unref(old);
    hf__give_all(w);
}

/* Other holders, who take the place of those before; of these the last are remembered. */
static void replace(struct hf_world *w, uint8_t m, uint8_t n, bool same)
{
    struct hf__people *p = calloc(1, sizeof *p);
    hf_assert(p != NULL && m >= 1 && m <= n && n <= HF_SHARES_MAX);
    p->before = w->people;
    p->m = m;
    p->n = n;
    uint32_t version = 1;
    if (p->before != NULL) {
        version = hf_document_version(p->before->shares) + 1;
        people_free(p->before->before);
        p->before->before = NULL;
    }
    w->people = p;
    p->shares = issue(w, p, version, same);
}

void hf_world_quorum_issue(struct hf_world *w, uint8_t m, uint8_t n, bool required)
{
    replace(w, m, n, false);
    hf_world_policy_edit(w, name_key, &required);
}

void hf_world_quorum_reshard(struct hf_world *w, uint8_t m, uint8_t n)
{
    hf_assert(w->people != NULL);
    replace(w, m, n, true);
    hf__give_all(w);
}

bool hf__people_count(const struct hf_world *w, uint8_t *ret_m, uint8_t *ret_n)
{
    if (w->people == NULL)
        return false;
    *ret_m = w->people->m;
    *ret_n = w->people->n;
    return true;
}

bool hf__people_from_text(const char *text, uint8_t *ret_m, uint8_t *ret_n)
{
    static const char of[] = " of ";
    char *end;
    unsigned long m = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || strncmp(end, of, sizeof of - 1) != 0)
        return false;
    const char *rest = end + sizeof of - 1;
    unsigned long n = strtoul(rest, &end, 10);
    if (rest[0] < '0' || rest[0] > '9' || *end != '\0' || m < 1 || m > n || n > HF_SHARES_MAX)
        return false;
    *ret_m = (uint8_t)m;
    *ret_n = (uint8_t)n;
    return true;
}

void hf__people_change(struct hf_world *w, const char *text, bool same)
{
    uint8_t m, n;
    bool good = hf__people_from_text(text, &m, &n);
    hf_assert(good);
    if (same && w->people != NULL)
        hf_world_quorum_reshard(w, m, n);
    else
        hf_world_quorum_issue(w, m, n, false);
}

/* Whether a request proves approved software on a machine that may have it. */
static int check_quote(struct hf_world *w, const struct hf_request *q,
                       const struct hf_request_documents *d, uint64_t now_s)
{
    const struct hf_policy *policy = &d->policy->u.policy;
    struct hf__judged judged = {.quote = q->file.quote,
                                .trust = (uint8_t)policy->trust,
                                .dev_root = policy->dev_root,
                                .wall_s = now_s};
    struct hf_verdict verdict = {0};
    struct hf_judgement judgement;
    uint8_t report_data[HF_REPORT_DATA_LEN];
    hf_request_report_data(w->suite, q, report_data);
    const struct hf_judge_request request = {.at_s = now_s,
                                             .report_data = report_data,
                                             .dated = true,
                                             .quoted_at_s = q->transcript.made_s};
    hf__quote_judge(w, &judged, &verdict);
    int r = hf_judge(&verdict, d->policy->judge, &request, &judgement);
    return r != 0 ? r : hf_request_platform_check(q, d, verdict.ppid, judgement.rank);
}

/* What this holder has answered of the account before: HF_ESECONDREQUEST another request. */
static int check_second(const struct hf__people *p, const struct hf_request *q, uint8_t index)
{
    for (size_t i = 0; i < p->given_count; i++) {
        const struct given *g = &p->given[i];
        if (hf_account_equal(&g->account, &q->transcript.account) &&
            (g->holders >> index & 1) != 0 && !hf_hash_equal(&g->hash, &q->hash))
            return HF_ESECONDREQUEST;
    }
    return 0;
}

static void remember(struct hf__people *p, const struct hf_request *q, uint8_t index)
{
    struct given *g = NULL;
    for (size_t i = 0; i < p->given_count && g == NULL; i++)
        if (hf_hash_equal(&p->given[i].hash, &q->hash))
            g = &p->given[i];
    if (g == NULL) {
        p->given = hf__grow(p->given, p->given_count, &p->given_cap, sizeof *p->given);
        g = &p->given[p->given_count++];
        *g = (struct given){.hash = q->hash, .account = q->transcript.account};
    }
    g->holders |= UINT32_C(1) << index;
}

int hf_world_holder_answer(struct hf_world *w, uint8_t index, struct hf_bytes request,
                           struct hf_buf *ret)
{
    struct hf__people *p = w->people;
    struct hf_arena arena;
    struct hf_request q;
    struct hf_rng rng = {0};
    struct hf_blackstart_answer answer;
    const struct hf_quorum_key *key;
    hf_assert(p != NULL && index >= 1 && index <= p->n);
    const struct hf_request_documents d = {.network = &w->authority.network,
                                           .policy = w->authority.policy,
                                           .set = w->authority.set,
                                           .shares = p->shares};
    uint64_t now_s = w->settings.wall_s + w->now_us / 1000000;
    hf_arena_init(&arena, ARENA_MAX);
    int r = hf_request_read(w->suite, request, &arena, &q);
    if (r == 0)
        r = hf_request_check(w->suite, &q, &d, now_s, &key);
    if (r == 0)
        r = check_quote(w, &q, &d, now_s);
    if (r == 0)
        r = check_second(p, &q, index);
    hf__draw_bytes(&w->streams[HF__FOR_AUTHORITY], rng.seed, sizeof rng.seed);
    if (r == 0)
        r = hf_answer_make(w->suite, &rng, &q, index, p->secrets[index - 1], &answer);
    if (r == 0)
        r = hf_wire_encode(&hf_wire_blackstart_answer, &answer, ret);
    if (r == 0)
        remember(p, &q, index);
    hf_arena_done(&arena);
    for (size_t i = 0; r == 0 && i < w->observers_count; i++)
        if (w->observers[i].answered != NULL)
            w->observers[i].answered(w->observers[i].ctx, w, index, request);
    return r;
}

int hf__people_lie(struct hf_world *w, struct hf__stream *drawn, uint8_t index, uint8_t as,
                   struct hf_bytes request, struct hf_hash *ret_hash, struct hf_buf *ret)
{
    const struct hf__people *p = w->people;
    struct hf_arena arena;
    struct hf_request q;
    struct hf_rng rng = {0};
    struct hf_blackstart_answer answer;
    hf_assert(p != NULL && index >= 1 && index <= p->n && as >= 1 && as <= HF_SHARES_MAX);
    hf_arena_init(&arena, ARENA_MAX);
    hf__draw_bytes(drawn, rng.seed, sizeof rng.seed);
    int r = hf_request_read(w->suite, request, &arena, &q);
    if (r == 0)
        r = hf_answer_make(w->suite, &rng, &q, as, p->secrets[index - 1], &answer);
    if (r == 0)
        r = hf_wire_encode(&hf_wire_blackstart_answer, &answer, ret);
    if (r == 0)
        *ret_hash = q.hash;
    hf_arena_done(&arena);
    return r;
}

int hf_world_former_answer(struct hf_world *w, uint8_t index, struct hf_bytes request,
                           struct hf_buf *ret)
{
    const struct hf__people *former = w->people == NULL ? NULL : w->people->before;
    struct hf_arena arena;
    struct hf_request q;
    struct hf_rng rng = {0};
    struct hf_blackstart_answer answer;
    if (former == NULL || index < 1 || index > former->n)
        return HF_ENOTFOUND;
    /* The one share of one is the key, however often it is shared anew. */
    if (memcmp(former->secrets[index - 1], w->people->secrets[index - 1], HF_SCALAR_LEN) == 0)
        return HF_ENOTFOUND;
    hf_arena_init(&arena, ARENA_MAX);
    hf__draw_bytes(&w->streams[HF__FOR_AUTHORITY], rng.seed, sizeof rng.seed);
    int r = hf_request_read(w->suite, request, &arena, &q);
    /* What was asked by the share set that was theirs they may open: it was sealed to them. */
    if (r == 0 && !hf_hash_equal(&q.transcript.share_set, &w->people->shares->body_hash))
        r = HF_EOTHERREQUEST;
    if (r == 0)
        r = hf_answer_make(w->suite, &rng, &q, index, former->secrets[index - 1], &answer);
    if (r == 0)
        r = hf_wire_encode(&hf_wire_blackstart_answer, &answer, ret);
    hf_arena_done(&arena);
    return r;
}

uint32_t hf__people_answered(const struct hf_world *w, const struct hf_hash *request,
                             uint8_t *ret_m)
{
    *ret_m = w->people == NULL ? 0 : w->people->m;
    for (const struct hf__people *p = w->people; p != NULL; p = p->before)
        for (size_t i = 0; i < p->given_count; i++)
            if (hf_hash_equal(&p->given[i].hash, request)) {
                *ret_m = p->m;
                return p->given[i].holders;
            }
    return 0;
}
