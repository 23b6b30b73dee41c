#include "quorum_ceremony.h"

#include "ask.h"
#include "attest/verify.h"
#include "base/date.h"
#include "base/error.h"
#include "base/exit.h"
#include "base/file.h"
#include "base/hex.h"
#include "command.h"
#include "difference.h"
#include "crypto/words.h"
#include "document/reshard.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILE_LEN_MAX = 1 << 20 };

bool hf__holder_key(const char *digits, uint8_t buffer[static HF_HOLDER_KEY_MAX],
                    struct hf_share_holder *ret)
{
    bool point = strlen(digits) == 2 * (size_t)HF_HOLDER_KEY_MAX;
    size_t len = point ? HF_HOLDER_KEY_MAX : HF_KEY_LEN;
    ret->kind = point ? HF_HOLDER_P256 : HF_HOLDER_X25519;
    ret->key = hf_bytes_of(buffer, len);
    return hf_hex_decode(digits, buffer, len) == 0;
}

void hf__holders_print(const struct hf_share_holder *holders, size_t count)
{
    struct hf_hash hash;
    char words[HF_FINGERPRINT_LEN];
    for (size_t i = 0; i < count; i++) {
        hf_suite_real.hash("holdfast/v1/share-key", holders[i].key, &hash);
        hf_fingerprint(hash.bytes, words);
        printf("%2zu %.*s: %s\n", i + 1, (int)holders[i].alias.len,
               (const char *)holders[i].alias.data, words);
    }
}

bool hf__pending(const struct hf__authority *a, const char *name)
{
    char path[HF__PATH_LEN], relative[64];
    snprintf(relative, sizeof relative, "pending-%s.doc", name);
    return hf__path(path, a->folder, relative) && access(path, F_OK) == 0;
}

static bool ack_path(const struct hf__authority *a, const struct hf__ceremony_state *s,
                     size_t index, char ret[static HF__PATH_LEN])
{
    char relative[32];
    snprintf(relative, sizeof relative, "ceremony/%s-%zu", s->drill ? "drill" : "ack", index);
    return hf__path(ret, a->folder, relative);
}

/* An acknowledgement in a file, held against the output. */
static int read_ack(const struct hf__ceremony_state *s, const char *path, struct hf_buf *b,
                    uint64_t *ret_index)
{
    struct hf_arena arena;
    struct hf_share_ack ack;
    hf_arena_init(&arena, FILE_LEN_MAX);
    int r = hf_file_read_regular(path, b);
    if (r == 0)
        r = hf_wire_decode(&hf_wire_share_ack, hf_buf_bytes(b), &arena, &ack, NULL);
    if (r == 0)
        r = hf_ack_check(&s->c, s->drill ? s->challenge : NULL, &ack);
    if (r == 0)
        *ret_index = ack.index;
    hf_arena_done(&arena);
    return r;
}

/* When a file was written; 0: it is not there. */
static uint64_t written_s(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_mtim.tv_sec > 0 ? (uint64_t)st.st_mtim.tv_sec : 0;
}

/* What others may have put into the folder is checked as if it came just now. */
static void count_acks(const struct hf__authority *a, struct hf__ceremony_state *s)
{
    char path[HF__PATH_LEN];
    uint64_t index;
    struct hf_buf b;
    if (hf__path(path, a->folder, s->drill ? "ceremony/challenge" : "ceremony/output"))
        s->since_s = written_s(path);
    for (size_t i = 1; i <= s->c.set.holders_count; i++) {
        hf_buf_init(&b, FILE_LEN_MAX);
        if (ack_path(a, s, i, path) && read_ack(s, path, &b, &index) == 0 && index == i) {
            s->acks |= UINT32_C(1) << i;
            s->acks_s[i] = written_s(path);
            s->acks_count++;
        }
        hf_buf_done(&b);
    }
}

static int read_output(const char *path, struct hf__ceremony_state *s)
{
    hf_buf_init(&s->bytes, FILE_LEN_MAX);
    hf_arena_init(&s->arena, 4 * FILE_LEN_MAX);
    int r = hf_file_read_regular(path, &s->bytes);
    return r != 0 ? r : hf_ceremony_read(hf_buf_bytes(&s->bytes), &s->arena, &s->c);
}

/* Whether it has the very keys of the share set in force or, once it is signed, is in force. */
static int check_reshard(const struct hf__authority *a, const struct hf__ceremony_state *s,
                         const struct hf_document *proposal)
{
    if (a->shares == NULL)
        return HF_ENODOCUMENTS;
    if (hf_document_version(a->shares) == s->c.set.version)
        return 0;
    int r = hf_reshard_fits(proposal, a->shares);
    return r == 0 ? hf_reshard_same(&s->c.set, &a->shares->u.shares) : r;
}

int hf__proposal_read(const struct hf__authority *a, struct hf_document **ret)
{
    char path[HF__PATH_LEN];
    struct hf_document *d = NULL;
    struct hf_buf b;
    hf_buf_init(&b, FILE_LEN_MAX);
    int r = hf__path(path, a->folder, "proposal.doc") ? hf_file_read(path, &b) : HF_ETOOBIG;
    if (r == 0)
        r = hf_document_read(a->pool, hf_buf_bytes(&b), &d);
    if (r == 0 && d->kind != HF_DOCUMENT_PROPOSAL)
        r = HF_EDOCUMENT;
    if (r == 0)
        r = hf_document_verify(d, &a->network, a->root);
    if (r == 0)
        *ret = hf_document_ref(d);
    hf_document_unref(d);
    hf_buf_done(&b);
    return r;
}

/* Whether the output is of this network, and of the proposal that the authority has signed. */
static int check_output(const struct hf__authority *a, const struct hf__ceremony_state *s)
{
    struct hf_document *d = NULL;
    struct hf_buf proposal;
    if (!hf_network_id_equal(&s->c.file.network, &a->network))
        return HF_EDOCUMENT_NETWORK;
    hf_buf_init(&proposal, FILE_LEN_MAX);
    int r = hf__proposal_read(a, &d);
    if (r == 0)
        r = hf_share_set_proposal(&s->c.set, &proposal);
    if (r == 0 && (!hf_hash_equal(&s->c.set.proposal, &d->body_hash) ||
                   !hf_bytes_equal(hf_buf_bytes(&proposal), d->signatures.body)))
        r = HF_EDOCUMENT;
    if (r == 0 && d->u.shares.has_reshards)
        r = check_reshard(a, s, d);
    hf_document_unref(d);
    hf_buf_done(&proposal);
    return r;
}

/* The challenge of the drill under way. HF_ENOTFOUND: there is none. */
static int read_challenge(const struct hf__authority *a, struct hf__ceremony_state *s)
{
    char path[HF__PATH_LEN];
    struct hf_buf b;
    if (!hf__path(path, a->folder, "ceremony/challenge"))
        return HF_ETOOBIG;
    hf_buf_init(&b, sizeof s->challenge);
    int r = hf_file_read(path, &b);
    if (r == 0 && b.len != sizeof s->challenge)
        r = HF_EMALFORMED;
    if (r == 0)
        memcpy(s->challenge, b.data, sizeof s->challenge);
    hf_buf_done(&b);
    return r;
}

int hf__ceremony_open(const struct hf__authority *a, struct hf__ceremony_state *ret)
{
    char path[HF__PATH_LEN];
    if (!hf__path(path, a->folder, "ceremony/output"))
        return HF_ETOOBIG;
    int r = read_output(path, ret);
    if (r == 0)
        r = check_output(a, ret);
    if (r == 0 && ret->drill)
        r = read_challenge(a, ret);
    if (r == 0)
        count_acks(a, ret);
    return r;
}

void hf__ceremony_close(struct hf__ceremony_state *s)
{
    hf_buf_done(&s->bytes);
    hf_arena_done(&s->arena);
}

static void print_since(const char *before, uint64_t s)
{
    char text[HF_DATE_TEXT];
    if (s != 0)
        printf("%s%s", before, hf_date_text(s, HF_DATE_SECOND, text));
    puts("");
}

void hf__ceremony_print(const struct hf__ceremony_state *s)
{
    printf("%zu of %zu share holders have %s", s->acks_count, s->c.set.holders_count,
           s->drill ? "proved that they still have their shares" : "acknowledged their shares");
    print_since(s->drill ? "; the drill began " : "; the output is here since ", s->since_s);
    for (size_t i = 0; i < s->c.set.holders_count; i++) {
        const struct hf_bytes alias = s->c.set.holders[i].alias;
        bool there = (s->acks >> (i + 1) & 1) != 0;
        printf("%2zu %.*s: %s", i + 1, (int)alias.len, (const char *)alias.data,
               !there     ? "missing"
               : s->drill ? "has it"
                          : "acknowledged");
        print_since(", here since ", there ? s->acks_s[i + 1] : 0);
    }
}

int hf__ceremony_share_set(const struct hf__authority *a, void *ctx, const struct hf_document *like,
                           struct hf_buf *ret_body)
{
    const struct hf__ceremony_state *s = ctx;
    struct hf_share_set set = s->c.set;
    (void)a;
    (void)like; /* its dates are the proposal's */
    set.has_quote = true;
    hf_suite_real.hash("holdfast/v1/quote", s->c.file.quote, &set.quote);
    return hf_wire_encode(&hf_wire_share_set, &set, ret_body);
}

/* The quote over proposal and output, of software that the policy accepts for ceremonies. */
static int judge_quote(const struct hf__authority *a, const char *folder,
                       const struct hf_ceremony *c)
{
    const struct hf_policy *policy = &a->policy->u.policy;
    struct hf_verdict verdict = {0};
    struct hf_judge_policy judge;
    struct hf_roots roots;
    uint8_t report_data[HF_REPORT_DATA_LEN], key[HF_ROOT_KEY_LEN];
    char digits[2 * HF_MEASUREMENT_LEN + 1];
    uint64_t now_s = (uint64_t)time(NULL);
    struct hf_judge_measurement *m = calloc(policy->measurements_count + 1, sizeof *m);
    struct hf_judge_evaluation *e = calloc(policy->tcb_evaluations_count + 1, sizeof *e);
    int r = m == NULL || e == NULL ? HF_ENOMEM : hf_ceremony_report_data(c, report_data);
    if (r == 0)
        r = hf_policy_roots(policy, key, &roots);
    if (r == 0)
        r = hf_quote_verify_by(folder, c->file.quote, &roots, now_s, &verdict);
    if (r == 0) {
        const struct hf_judge_request request = {.at_s = now_s, .report_data = report_data};
        hf_policy_judge(policy, HF_ROLE_CEREMONY, m, e, &judge);
        r = hf_judge(&verdict, &judge, &request, NULL);
    }
    if (r == HF_EMEASUREMENT) {
        hf_hex_encode(verdict.measurement, sizeof verdict.measurement, digits);
        fprintf(stderr,
                "holdfast quorum: the policy accepts no such software for ceremonies: %s\n"
                "if that is the measurement of your ceremony's image, have the policy accept it, "
                "and begin this step again:\n"
                "  holdfast policy measurement add NAME %s --role ceremony --authority %s\n"
                "  holdfast policy sign --authority %s\n",
                digits, digits, a->folder, a->folder);
    }
    free(m);
    free(e);
    return r;
}

int hf__ceremony_judge(const struct hf__authority *a, const char *collateral,
                       const struct hf__ceremony_state *s)
{
    char folder[HF__PATH_LEN];
    if (a->policy == NULL)
        return HF_ENODOCUMENTS;
    if (!hf__path(folder, a->folder, "collateral"))
        return HF_ETOOBIG;
    return judge_quote(a, collateral != NULL ? collateral : folder, &s->c);
}

static int keep_output(const struct hf__authority *a, const struct hf__ceremony_state *s)
{
    char folder[HF__PATH_LEN], path[HF__PATH_LEN];
    if (!hf__path(folder, a->folder, "ceremony") || !hf__path(path, folder, "output"))
        return HF_ETOOBIG;
    (void)mkdir(folder, 0755); /* it may be there */
    return hf_file_replace(path, hf_buf_bytes(&s->bytes), 0644);
}

int hf__ceremony_deal(struct hf__authority *a, const char *path, const char *collateral)
{
    struct hf__ceremony_state s = {0};
    int r = read_output(path, &s);
    if (r == 0)
        r = check_output(a, &s);
    if (r == 0)
        r = hf__ceremony_judge(a, collateral, &s);
    if (r == 0)
        r = keep_output(a, &s);
    if (r == 0) {
        count_acks(a, &s);
        puts("dealt as proposed, by software that the policy accepts for ceremonies");
        hf__ceremony_print(&s);
    }
    hf__ceremony_close(&s);
    if (r == 0)
        hf__quorum_next(a->folder);
    if (r != 0)
        (void)hf__say("quorum", path, r);
    return r == 0 ? HF_CLI_OK : r == HF_EDOCUMENT_NETWORK ? HF_EXIT_NETWORK : HF_CLI_ERROR;
}

static int take_ack(const struct hf__authority *a, const struct hf__ceremony_state *s,
                    const char *from)
{
    char path[HF__PATH_LEN];
    struct hf_buf b;
    uint64_t index = 0;
    hf_buf_init(&b, FILE_LEN_MAX);
    int r = read_ack(s, from, &b, &index);
    /* One that is here already stays: since when it is here is shown. */
    if (r == 0 && (s->acks >> index & 1) == 0)
        r = ack_path(a, s, index, path) ? hf_file_replace(path, hf_buf_bytes(&b), 0644)
                                        : HF_ETOOBIG;
    hf_buf_done(&b);
    if (r != 0)
        (void)hf__say("quorum", from, r);
    return r == 0 ? HF_CLI_OK : hf_exit_of_answer(r);
}

/* Of two exit statuses that of the first trouble. */
static int first_of(int status, int next)
{
    return status != HF_CLI_OK ? status : next;
}

int hf__ceremony_ack(struct hf__authority *a, bool drill, int count, char **paths)
{
    struct hf__ceremony_state s = {.drill = drill};
    int r = hf__ceremony_open(a, &s), status = HF_CLI_OK;
    if (r != 0)
        status = hf__say("quorum", "the ceremony's output", r);
    for (int i = 0; i < count && r == 0; i++)
        status = first_of(status, take_ack(a, &s, paths[i]));
    if (r == 0) {
        s.acks = 0;
        s.acks_count = 0;
        count_acks(a, &s);
        hf__ceremony_print(&s);
        if (status == HF_CLI_OK && s.acks_count < s.c.set.holders_count)
            status = HF_CLI_NOT_READY;
    }
    hf__ceremony_close(&s);
    if (r == 0 && !drill)
        hf__quorum_next(a->folder);
    return status;
}

int hf__ceremony_show(struct hf__authority *a)
{
    struct hf__ceremony_state s = {0};
    int status = HF_CLI_OK;
    /* One whose share set has been signed is over. */
    if (hf__ceremony_open(a, &s) == 0 &&
        (a->shares == NULL || s.c.set.version > hf_document_version(a->shares)))
        hf__ceremony_print(&s);
    else if (a->shares == NULL)
        status = hf__say("quorum", "there is no share set, and no ceremony is under way", 0);
    hf__ceremony_close(&s);
    if (a->shares != NULL) {
        hf__holders_print(a->shares->u.shares.holders, a->shares->u.shares.holders_count);
        status = hf__show("quorum", a->shares, hf__document_print);
    }
    hf__quorum_next(a->folder);
    return status;
}

int hf__ceremony_drill(struct hf__authority *a)
{
    struct hf__ceremony_state s = {0};
    char path[HF__PATH_LEN], digits[65];
    int r = hf__ceremony_open(a, &s);
    if (r == 0 && getrandom(s.challenge, sizeof s.challenge, 0) != sizeof s.challenge)
        r = HF_EINTERNAL;
    if (r == 0)
        r = hf__path(path, a->folder, "ceremony/challenge")
                ? hf_file_replace(path, hf_bytes_of(s.challenge, sizeof s.challenge), 0644)
                : HF_ETOOBIG;
    hf__ceremony_close(&s);
    if (r != 0)
        return hf__say("quorum", "the drill", r);
    hf_hex_encode(s.challenge, sizeof s.challenge, digits);
    printf("next: every share holder, with the OUTPUT of the ceremony, which lies here as "
           "%s/ceremony/output:\n"
           "  holdfast-share open OUTPUT --key FILE --out PROOF --challenge %s\n"
           "then here:\n"
           "  holdfast quorum drill PROOF... --authority %s\n",
           a->folder, digits, a->folder);
    return HF_CLI_OK;
}
