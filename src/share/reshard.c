/*
 * holdfast-share reshard: a ceremony asks for the shares of this holder, to share the same keys
 * anew among others (proto/QUORUM.md, 3). What is refused by itself comes first; then it shows what
 * will happen and what will not; then it gives the shares, sealed to the ceremony that asked.
 */
#include "share.h"

#include "attest/verify.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "crypto/words.h"
#include "document/reshard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A call under way. */
struct resharding {
    const struct hf__share_options *o;
    struct hf__memory memory;
    struct hf_pool *pool;
    struct hf_network_id network;
    struct hf_buf bytes;
    struct hf_arena arena;
    struct hf_reshard r;
    uint64_t now_s;
};

/* Of software that the policy accepts for ceremonies, over this very statement. */
static int judge_quote(const struct resharding *s)
{
    const struct hf_policy *policy = &s->r.policy->u.policy;
    uint8_t report_data[HF_REPORT_DATA_LEN], key[HF_ROOT_KEY_LEN];
    struct hf_judge_measurement *m = calloc(policy->measurements_count + 1, sizeof *m);
    struct hf_judge_evaluation *e = calloc(policy->tcb_evaluations_count + 1, sizeof *e);
    struct hf_verdict verdict = {0};
    struct hf_judge_policy judge;
    struct hf_roots roots;
    struct hf_hash hash;
    int r = m == NULL || e == NULL ? HF_ENOMEM : hf_policy_roots(policy, key, &roots);
    if (r == 0)
        r = hf_quote_verify_by(s->o->collateral, s->r.file.quote, &roots, s->now_s, &verdict);
    if (r == 0) {
        hf_reshard_names(s->r.file.statement, report_data, &hash);
        const struct hf_judge_request request = {.at_s = s->now_s, .report_data = report_data};
        hf_policy_judge(policy, HF_ROLE_CEREMONY, m, e, &judge);
        r = hf_judge(&verdict, &judge, &request, NULL);
    }
    free(m);
    free(e);
    return r;
}

static int check(struct resharding *s)
{
    const struct hf_request_documents d = {
        .network = &s->network, .policy = s->r.policy, .shares = s->r.shares};
    int r = hf__memory_seen(&s->memory, s->r.root, &d);
    if (r == 0)
        r = hf__memory_check(&s->memory, s->r.root, &d);
    if (r == 0 && (hf_document_issued_s(s->r.policy) > s->now_s + HF_CLOCK_AHEAD_S ||
                   hf_document_issued_s(s->r.proposal) > s->now_s + HF_CLOCK_AHEAD_S))
        r = HF_ECLOCK;
    if (r == 0 && hf_document_expires_s(s->r.policy) < s->now_s)
        r = HF_EEXPIRED;
    /* The old share set may have expired: by the proposal, which names it, the authority has said
     * since that it means these keys. After a power cut nothing else could open what is sealed. */
    if (r == 0 && hf_document_expires_s(s->r.proposal) < s->now_s)
        r = HF_EEXPIRED;
    return r == 0 ? judge_quote(s) : r;
}

static void show(const struct resharding *s, uint8_t index, const char *digest)
{
    const struct hf_share_set *old = &s->r.shares->u.shares, *to = &s->r.proposal->u.shares;
    char network[2 * sizeof s->network.bytes + 1], words[HF_FINGERPRINT_LEN];
    struct hf_hash hash;
    const struct hf_request_documents d = {
        .network = &s->network, .policy = s->r.policy, .shares = s->r.shares};
    hf_hex_encode(s->network.bytes, sizeof s->network.bytes, network);
    printf("A ceremony asks for your shares, to share the same keys anew. Every check has passed:\n"
           "  %-12s %s\n",
           "network", network);
    hf__show_documents(s->r.root, &d);
    hf__show_holder(old, index);
    for (size_t i = 0; i < to->keys_count; i++)
        hf__show_text("quorum key", to->keys[i].name);
    printf("Now %llu of %zu open; then %llu of these %zu:\n", (unsigned long long)old->threshold,
           old->holders_count, (unsigned long long)to->threshold, to->holders_count);
    for (size_t i = 0; i < to->holders_count; i++) {
        hf_suite_real.hash("holdfast/v1/share-key", to->holders[i].key, &hash);
        hf_fingerprint(hash.bytes, words);
        printf("  %.*s: %s\n", (int)to->holders[i].alias.len,
               (const char *)to->holders[i].alias.data, words);
    }
    printf(
        "It takes nothing from anybody: whoever keeps %llu of the old shares can still open what "
        "was\nsealed to these keys. Who is to lose that needs a new key.\ndigest: %s\n",
        (unsigned long long)old->threshold, digest);
    fflush(stdout);
}

static int make_answer(const struct resharding *s, struct hf__person *person, struct hf_buf *ret)
{
    const struct hf_share_set *old = &s->r.shares->u.shares, *to = &s->r.proposal->u.shares;
    struct hf_reshard_share shares[HF_SHARES_MAX];
    struct hf_reshard_answer a = {.format = 1,
                                  .request = s->r.hash,
                                  .index = hf__share_index(&person->public, old),
                                  .shares = shares,
                                  .shares_count = to->keys_count};
    struct {
        struct hf_rng rng;
        uint8_t share[HF_SCALAR_LEN];
    } *secret = hf_secret_alloc(sizeof *secret);
    int r = secret == NULL ? HF_ENOMEM : a.index == 0 ? HF_ENOTHOLDER : 0;
    if (r == 0)
        r = hf_rng_fresh(&secret->rng);
    for (size_t i = 0; i < to->keys_count && r == 0; i++) {
        const struct hf_quorum_key *key = hf_share_set_key(old, to->keys[i].name);
        r = hf__person_share(person, &s->network, old, (size_t)(key - old->keys), (uint8_t)a.index,
                             secret->share);
        if (r == 0)
            r = hf_reshard_seal(&secret->rng, s->r.statement.response_key, &s->r.hash, key->name,
                                (uint8_t)a.index, secret->share, &shares[i]);
    }
    hf_secret_free(secret);
    return r == 0 ? hf_wire_encode(&hf_wire_reshard_answer, &a, ret) : r;
}

static int write_answer(struct resharding *s, struct hf__person *person)
{
    struct hf_buf answer;
    hf_buf_init(&answer, HF__SHARE_FILE_MAX);
    int r = make_answer(s, person, &answer);
    if (r == 0)
        r = hf__share_write(s->o, hf_buf_bytes(&answer));
    hf_buf_done(&answer);
    return r;
}

/* The request is read and verified. The exit status. */
static int answer(struct resharding *s)
{
    struct hf__person *person = NULL;
    char digest[2 * sizeof s->r.hash.bytes + 1];
    uint8_t index = 0;
    int r = check(s);
    if (r != 0)
        return hf__share_refused(s->o->words[1], r);
    r = hf__person_index(s->o->key, &s->r.shares->u.shares, &index);
    if (r != 0)
        return hf__share_say(s->o->key, r);
    hf_hex_encode(s->r.hash.bytes, sizeof s->r.hash.bytes, digest);
    show(s, index, digest);
    if (!hf__ask_yes(digest, s->o->digest))
        return hf__share_unsure(digest, s->o->digest);
    r = hf__person_open(s->o, &person);
    if (r == 0)
        r = write_answer(s, person);
    hf__person_close(person);
    if (r != 0)
        return hf__share_say(s->o->key, r);
    printf("%s: give it to the ceremony, where its name is typed\n", s->o->out);
    return HF_EXIT_OK;
}

static int read_request(struct resharding *s)
{
    int r = hf__memory_network(&s->memory, s->o->network, &s->network);
    if (r == 0)
        r = hf_file_read_regular(s->o->words[1], &s->bytes);
    if (r == 0)
        r = hf_pool_new(&hf_suite_real, &s->pool);
    return r == 0 ? hf_reshard_read(s->pool, &s->network, hf_buf_bytes(&s->bytes), &s->arena, &s->r)
                  : r;
}

int hf__share_reshard(const struct hf__share_options *o)
{
    struct resharding s = {.o = o, .now_s = (uint64_t)time(NULL)};
    if (o->words_count != 2 || o->key == NULL || o->out == NULL || o->collateral == NULL)
        return HF_EXIT_USAGE;
    hf_buf_init(&s.bytes, HF__SHARE_FILE_MAX);
    hf_arena_init(&s.arena, 2 * HF__SHARE_FILE_MAX);
    int status, r = hf__memory_open(o->key, o->without_memory, &s.memory);
    if (r != 0) {
        status = hf__share_say(s.memory.path[0] != '\0' ? s.memory.path : o->key, r);
    } else {
        r = read_request(&s);
        status = r == 0 ? answer(&s) : hf__share_refused(o->words[1], r);
    }
    hf__memory_done(&s.memory);
    hf_reshard_done(&s.r);
    hf_pool_free(s.pool);
    hf_arena_done(&s.arena);
    hf_buf_done(&s.bytes);
    return status;
}
