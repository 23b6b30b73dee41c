/*
 * holdfast-share answer: by itself it makes every check of proto/QUORUM.md, section 5, which no
 * word of a person can waive; then it shows who asks, and what will happen; then it answers all of
 * them or none. What it has answered is durable before the answers leave.
 */
#include "share.h"

#include "attest/verify.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REQUEST_AGE_S = 86400, /* how long a request is carried about, at most */
    ANSWERS_MAX = 1 << 19, /* bytes of the file */
    REQUESTS_MAX = 1024,   /* as blackstart_answers has room for */
};

/* A call under way. */
struct answering {
    const struct hf__share_options *o;
    struct hf__memory memory;
    struct hf__batch batch;
    struct hf_request_documents d;
    uint8_t root_key[HF_ROOT_KEY_LEN];
    struct hf_roots roots;
    struct hf_collateral *collateral;
};

/* The quote against the policy, and the machine against what was sealed. */
static int judge_quote(const struct answering *a, struct hf__asked *q)
{
    uint8_t report_data[HF_REPORT_DATA_LEN];
    struct hf_judgement judgement;
    const struct hf_document *policy = a->batch.newest.policy;
    const struct hf_verify_params params = {
        .at_s = a->batch.now_s, .roots = a->roots, .collateral = a->collateral};
    int r = hf_quote_verify(q->q.file.quote, &params, &q->verdict, NULL);
    if (r != 0)
        return r;
    hf_request_report_data(&hf_suite_real, &q->q, report_data);
    const struct hf_judge_request request = {.at_s = a->batch.now_s,
                                             .report_data = report_data,
                                             .dated = true,
                                             .quoted_at_s = q->q.transcript.made_s};
    r = hf_judge(&q->verdict, policy->judge, &request, &judgement);
    if (r != 0)
        return r;
    q->release =
        &policy->u.policy.measurements[judgement.measurement - policy->judge->measurements];
    return hf_request_platform_check(&q->q, &a->d, q->verdict.ppid, judgement.rank);
}

static void say_apart(const char *what, uint64_t apart_s, const char *how)
{
    fprintf(stderr, "holdfast-share: this machine's clock is %llu d %llu h %llu min %s %s\n",
            (unsigned long long)(apart_s / 86400), (unsigned long long)(apart_s / 3600 % 24),
            (unsigned long long)(apart_s / 60 % 60), how, what);
}

/* A clock that is behind what the documents prove, or behind a request, judges nothing; nor does
 * one that is so far ahead of it that everything else would seem to have expired. */
static int check_clock(const struct answering *a, const struct hf__asked *q)
{
    const struct hf_document *all[] = {a->d.policy, a->d.set, a->d.shares};
    uint64_t now_s = a->batch.now_s, newest_s = q->q.transcript.made_s;
    if (now_s > newest_s && now_s - newest_s > REQUEST_AGE_S) {
        say_apart("of this request, or the request is that old: then ask for a new one",
                  now_s - newest_s, "ahead");
        return HF_ECLOCK;
    }
    for (size_t i = 0; i < HF_ARRAY_LEN(all); i++)
        if (hf_document_issued_s(all[i]) > newest_s)
            newest_s = hf_document_issued_s(all[i]);
    if (newest_s > now_s + HF_CLOCK_AHEAD_S) {
        say_apart("what it is shown", newest_s - now_s, "behind");
        return HF_ECLOCK;
    }
    return 0;
}

/* Whether --again names this account. */
static bool is_waived(const struct hf__share_options *o, const struct hf_account *account)
{
    char digits[2 * sizeof account->bytes + 1];
    hf_hex_encode(account->bytes, sizeof account->bytes, digits);
    for (size_t i = 0; i < o->again_count; i++)
        if (strncmp(digits, o->again[i], strlen(o->again[i])) == 0)
            return true;
    return false;
}

/* What a person needs to know to say --again, or not. */
static void say_before(const struct hf__asked *q)
{
    char digits[2 * sizeof q->q.transcript.account.bytes + 1];
    hf_hex_encode(q->q.transcript.account.bytes, sizeof q->q.transcript.account.bytes, digits);
    hf__show_time("answered", q->before->at_s, ": another request of this account");
    printf("  %-12s %s\n", "account", digits);
    fflush(stdout);
}

static int check_one(const struct answering *a, struct hf__asked *q)
{
    int r = check_clock(a, q);
    if (r == 0)
        r = hf_request_check(&hf_suite_real, &q->q, &a->d, a->batch.now_s, &q->key);
    if (r == 0)
        r = judge_quote(a, q);
    if (r != 0)
        return r;
    r = hf__memory_second(&a->memory, &q->q, &q->before);
    if (r == HF_ESECONDREQUEST && is_waived(a->o, &q->q.transcript.account))
        return 0;
    if (q->before != NULL)
        say_before(q);
    return r;
}

/* All of them, so that each one at fault is named at once. The exit status. */
static int check_all(struct answering *a)
{
    int status = HF_EXIT_OK;
    const char *first = a->batch.items[0].path;
    a->d = hf_request_newest_documents(&a->batch.newest);
    int r = hf__memory_seen(&a->memory, a->batch.newest.root, &a->d);
    if (r != 0)
        return hf__share_say(a->memory.path, r);
    r = hf__memory_check(&a->memory, a->batch.newest.root, &a->d);
    if (r == 0)
        r = hf_policy_roots(&a->d.policy->u.policy, a->root_key, &a->roots);
    if (r != 0)
        return hf__share_refused(first, r);
    r = hf_collateral_load(a->o->collateral, &a->roots, &a->collateral);
    if (r != 0)
        return hf__share_refused(a->o->collateral, r);
    for (size_t i = 0; i < a->batch.count; i++) {
        r = check_one(a, &a->batch.items[i]);
        if (r != 0) {
            int of_this = hf__share_refused(a->batch.items[i].path, r);
            status = status == HF_EXIT_OK ? of_this : status;
        }
    }
    if (status != HF_EXIT_OK && a->batch.count > 1)
        fputs("holdfast-share: none of these requests is answered\n", stderr);
    return status;
}

/* What is secret while answers are made. */
struct answer_secrets {
    struct hf_rng rng;
    bool opened[HF_SHARES_MAX];
    uint8_t shares[HF_SHARES_MAX][HF_SCALAR_LEN]; /* of each quorum key */
};

static int make_one(const struct answering *a, struct hf__person *person, const struct hf__asked *q,
                    uint8_t index, struct answer_secrets *s, struct hf_blackstart_answer *ret)
{
    const struct hf_share_set *set = &a->d.shares->u.shares;
    size_t key = (size_t)(q->key - set->keys);
    int r = 0;
    if (!s->opened[key])
        r = hf__person_share(person, a->d.network, set, key, index, s->shares[key]);
    s->opened[key] = r == 0;
    return r != 0 ? r : hf_answer_make(&hf_suite_real, &s->rng, &q->q, index, s->shares[key], ret);
}

static int make_answers(const struct answering *a, struct hf__person *person, struct hf_buf *ret)
{
    struct hf_blackstart_answers file = {.format = 1, .answers_count = a->batch.count};
    uint8_t index = hf__share_index(&person->public, &a->d.shares->u.shares);
    struct answer_secrets *s = hf_secret_alloc(sizeof *s);
    file.answers = calloc(a->batch.count, sizeof *file.answers);
    int r = s == NULL || file.answers == NULL ? HF_ENOMEM : index == 0 ? HF_ENOTHOLDER : 0;
    if (r == 0)
        r = hf_rng_fresh(&s->rng);
    for (size_t i = 0; i < a->batch.count && r == 0; i++)
        r = make_one(a, person, &a->batch.items[i], index, s, &file.answers[i]);
    if (r == 0)
        r = hf_wire_encode(&hf_wire_blackstart_answers, &file, ret);
    free(file.answers);
    hf_secret_free(s);
    return r;
}

static int write_answers(struct answering *a, struct hf__person *person)
{
    struct hf_buf answers;
    hf_buf_init(&answers, ANSWERS_MAX);
    int r = make_answers(a, person, &answers);
    if (r == 0)
        r = hf__memory_save(&a->memory, &a->batch);
    if (r == 0)
        r = hf__share_write(a->o, hf_buf_bytes(&answers));
    hf_buf_done(&answers);
    return r;
}

/* What follows once the requests are read. The exit status. */
static int judge_and_answer(struct answering *a)
{
    struct hf__person *person = NULL;
    char digest[2 * sizeof a->batch.digest.bytes + 1];
    int status = check_all(a);
    if (status != HF_EXIT_OK)
        return status;
    uint8_t index = 0;
    int r = hf__person_index(a->o->key, &a->d.shares->u.shares, &index);
    if (r != 0)
        return hf__share_say(a->o->key, r);
    hf__batch_show(&a->batch, index);
    hf_hex_encode(a->batch.digest.bytes, sizeof a->batch.digest.bytes, digest);
    if (!hf__ask_yes(digest, a->o->digest))
        return hf__share_unsure(digest, a->o->digest);
    r = hf__person_open(a->o, &person);
    if (r == 0)
        r = write_answers(a, person);
    hf__person_close(person);
    if (r != 0)
        return hf__share_say(a->o->key, r);
    printf("%s: %s\n  holdfast blackstart add %s\n", a->o->out,
           a->batch.count == 1 ? "the answer; give it to the operator, who types"
                               : "the answers; give the file to each of the operators, who type",
           a->o->out);
    return HF_EXIT_OK;
}

/* With the memory open. The exit status. */
static int read_and_answer(struct answering *a)
{
    struct hf_network_id network;
    const char *path = a->o->words[1];
    int r = hf__memory_network(&a->memory, a->o->network, &network);
    if (r == 0)
        r = hf__batch_read(a->o->words + 1, (size_t)a->o->words_count - 1, &network, &a->batch,
                           &path);
    return r == 0 ? judge_and_answer(a) : hf__share_refused(path, r);
}

int hf__share_answer(const struct hf__share_options *o)
{
    if (o->words_count < 2 || o->words_count > REQUESTS_MAX + 1 || o->key == NULL ||
        o->out == NULL || o->collateral == NULL)
        return HF_EXIT_USAGE;
    struct answering *a = calloc(1, sizeof *a);
    if (a == NULL)
        return hf__share_say(o->words[1], HF_ENOMEM);
    a->o = o;
    int status, r = hf__memory_open(o->key, o->without_memory, &a->memory);
    int blocked = r == 0 ? hf__share_writable(o) : 0;
    if (blocked != 0) {
        status = hf__share_say(o->out, blocked);
    } else if (r == 0) {
        status = read_and_answer(a);
    } else {
        if (r == HF_EBUSY)
            fputs("holdfast-share: another call answers with this key; end that one first\n",
                  stderr);
        status = hf__share_say(a->memory.path[0] != '\0' ? a->memory.path : o->key, r);
    }
    hf__memory_done(&a->memory);
    hf_collateral_unref(a->collateral);
    hf__batch_done(&a->batch);
    free(a);
    return status;
}
