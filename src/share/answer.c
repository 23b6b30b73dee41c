/*
 * holdfast-share answer: by itself it makes every check of proto/QUORUM.md, section 5, which no
 * word of a person can waive; then it shows who asks, and what will happen; then it answers. What
 * it has answered is durable before the answer leaves.
 */
#include "share.h"

#include "attest/verify.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { AHEAD_S = 300 }; /* how far a document may be issued ahead of this machine's clock */

/* A request under way. */
struct answering {
    const struct hf__share_options *o;
    const char *path;
    struct hf_buf bytes;
    struct hf_arena arena;
    struct hf_request q;
    struct hf__memory memory;
    struct hf__papers papers;
    struct hf_request_documents d;
    const struct hf_quorum_key *key;
    struct hf_verdict verdict;
    const struct hf_measurement *release;
    uint64_t now_s;
};

static int verify_quote(struct answering *a)
{
    uint8_t key[HF_ROOT_KEY_LEN];
    struct hf_roots roots;
    int r = hf_policy_roots(&a->papers.policy->u.policy, key, &roots);
    if (r != 0)
        return r;
    return hf_quote_verify_by(a->o->collateral, a->q.file.quote, &roots, a->now_s, &a->verdict);
}

/* The quote against the policy, and the machine against what was sealed. */
static int judge_quote(struct answering *a)
{
    uint8_t report_data[HF_REPORT_DATA_LEN];
    struct hf_judgement judgement;
    hf_request_report_data(&hf_suite_real, &a->q, report_data);
    const struct hf_judge_request request = {.at_s = a->now_s,
                                             .report_data = report_data,
                                             .dated = true,
                                             .quoted_at_s = a->q.transcript.made_s};
    int r = hf_judge(&a->verdict, a->papers.policy->judge, &request, &judgement);
    if (r != 0)
        return r;
    size_t at = (size_t)(judgement.measurement - a->papers.policy->judge->measurements);
    a->release = &a->papers.policy->u.policy.measurements[at];
    return hf_request_platform_check(&a->q, &a->d, a->verdict.ppid, judgement.rank);
}

/* A clock that is behind what the documents prove, or far behind the request, judges nothing. */
static int check_clock(const struct answering *a)
{
    const struct hf_document *all[] = {a->d.policy, a->d.set, a->d.shares};
    for (size_t i = 0; i < HF_ARRAY_LEN(all); i++)
        if (hf_document_issued_s(all[i]) > a->now_s + AHEAD_S)
            return HF_ECLOCK;
    return a->q.transcript.made_s > a->now_s + AHEAD_S ? HF_ECLOCK : 0;
}

static int check(struct answering *a)
{
    struct hf_network_id network;
    uint64_t at_s = 0;
    int r = hf__memory_network(&a->memory, a->o->network, &network);
    if (r == 0)
        r = hf__papers_read(&a->q, &network, &a->papers);
    if (r != 0)
        return r;
    a->d = (struct hf_request_documents){.network = &a->papers.network,
                                         .policy = a->papers.policy,
                                         .set = a->papers.set,
                                         .shares = a->papers.shares};
    r = hf__memory_check(&a->memory, a->papers.root, &a->d);
    if (r == 0)
        r = check_clock(a);
    if (r == 0)
        r = hf_request_check(&hf_suite_real, &a->q, &a->d, a->now_s, &a->key);
    if (r == 0)
        r = verify_quote(a);
    if (r == 0)
        r = judge_quote(a);
    if (r == 0)
        r = hf__memory_second(&a->memory, &a->q, &at_s);
    return r == HF_ESECONDREQUEST && a->o->again ? 0 : r;
}

static void print_text(const char *what, struct hf_bytes text)
{
    printf("  %-12s %.*s\n", what, (int)text.len, text.len > 0 ? (const char *)text.data : "");
}

static void print_hex(const char *what, const uint8_t *bytes, size_t len)
{
    char digits[129];
    hf_hex_encode(bytes, len, digits);
    printf("  %-12s %s\n", what, digits);
}

static void print_time(const char *what, uint64_t s)
{
    char text[32] = "";
    struct tm tm;
    time_t t = (time_t)s;
    if (gmtime_r(&t, &tm) != NULL)
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm);
    printf("  %-12s %s\n", what, text);
}

/* Everything that a person may hold against what the operator says on the telephone. */
static void show(const struct answering *a, char ret_digest[static 65])
{
    const struct hf_validator_set *set = &a->d.set->u.set;
    const struct hf_share_set *shares = &a->d.shares->u.shares;
    const struct hf_validator *v =
        &set->validators[hf_set_find(a->d.set, &a->q.transcript.account)];
    hf_hex_encode(a->q.hash.bytes, sizeof a->q.hash.bytes, ret_digest);
    puts("A validator has lost its key and asks for help. Every check has passed:");
    print_hex("network", a->papers.network.bytes, 32);
    print_text("operator", v->operator_name);
    print_text("address", v->address);
    print_hex("account", v->account.bytes, 32);
    print_hex("machine", a->verdict.ppid, HF_PPID_LEN);
    print_text("software", a->release->name);
    print_hex("measurement", a->verdict.measurement, HF_MEASUREMENT_LEN);
    print_text("quorum key", a->key->name);
    print_time("asked at", a->q.transcript.made_s);
    printf("  %-12s %llu since its key was there last\n", "request",
           (unsigned long long)a->q.transcript.number);
    printf("With the answers of %llu of %zu share holders it gets its own key back, and no other.\n"
           "digest: %s\n",
           (unsigned long long)shares->threshold, shares->holders_count, ret_digest);
    fflush(stdout);
}

static int write_answer(struct answering *a, const struct hf__person *person)
{
    const struct hf_share_set *set = &a->d.shares->u.shares;
    size_t key = (size_t)(a->key - set->keys);
    uint8_t index = hf__share_index(person, set);
    struct hf_buf answer;
    struct {
        struct hf_rng rng;
        uint8_t share[HF_SCALAR_LEN];
    } *s = hf_secret_alloc(sizeof *s);
    int r = s == NULL ? HF_ENOMEM : index == 0 ? HF_ENOTHOLDER : 0;
    if (r == 0)
        r = hf_rng_fresh(&s->rng);
    if (r == 0)
        r = hf_share_open(person->secret_key, &a->papers.network, set, key, index, s->share);
    hf_buf_init(&answer, 4096);
    if (r == 0)
        r = hf_answer_make(&hf_suite_real, &s->rng, &a->q, index, s->share, &answer);
    hf_secret_free(s);
    if (r == 0)
        r = hf__memory_save(&a->memory, a->papers.root, &a->d, &a->q, a->now_s);
    if (r == 0)
        r = hf__share_write(a->o, hf_buf_bytes(&answer));
    hf_buf_done(&answer);
    return r;
}

static int refused(const char *what, int error)
{
    int status = hf__share_say(what, error);
    return status == HF__SHARE_ERROR ? HF__SHARE_REFUSED : status;
}

/* What follows once the files are read. The exit status. */
static int judge_and_answer(struct answering *a)
{
    struct hf__person *person = NULL;
    char digest[65];
    int r = check(a);
    if (r != 0)
        return refused(a->path, r);
    show(a, digest);
    if (!hf__ask_yes(digest, a->o->digest))
        return hf__share_say(a->path, HF_ECANCELED);
    r = hf__person_open(a->o, &person);
    if (r == 0)
        r = write_answer(a, person);
    hf_secret_free(person);
    if (r != 0)
        return hf__share_say(a->o->key, r);
    printf("%s: the answer; give it to the operator\n", a->o->out);
    return HF__SHARE_OK;
}

int hf__share_answer(const struct hf__share_options *o)
{
    if (o->words_count != 2 || o->key == NULL || o->out == NULL || o->collateral == NULL)
        return HF__SHARE_USAGE;
    struct answering *a = calloc(1, sizeof *a);
    if (a == NULL)
        return hf__share_say(o->words[1], HF_ENOMEM);
    a->o = o;
    a->path = o->words[1];
    a->now_s = (uint64_t)time(NULL);
    hf_buf_init(&a->bytes, HF__SHARE_FILE_MAX);
    hf_arena_init(&a->arena, 2 * HF__SHARE_FILE_MAX);
    int status, r = hf__memory_open(o->key, &a->memory);
    if (r != 0) {
        if (r == HF_EBUSY)
            fputs("holdfast-share: another call answers with this key; end that one first\n",
                  stderr);
        status = hf__share_say(a->memory.path, r);
    } else {
        r = hf_file_read_regular(a->path, &a->bytes);
        if (r == 0)
            r = hf_request_read(&hf_suite_real, hf_buf_bytes(&a->bytes), &a->arena, &a->q);
        status = r != 0 ? hf__share_say(a->path, r) : judge_and_answer(a);
    }
    hf__memory_done(&a->memory);
    hf__papers_done(&a->papers);
    hf_arena_done(&a->arena);
    hf_buf_done(&a->bytes);
    free(a);
    return status;
}
