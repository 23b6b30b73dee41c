/* holdfast quote show|verify|make. */
#include "quote.h"
#include "quote_application.h"
#include "ask.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/hex.h"
#include "command.h"
#include "base/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    EXIT_VALID = 0,
    EXIT_REFUSED = 1,
    EXIT_UNREADABLE = 2,
    QUOTE_FILE_MAX = 1 << 20, /* bytes; what follows the quote is ignored, but read */
};

static const char usage[] =
    "usage: holdfast quote show FILE [--json]\n"
    "       holdfast quote verify FILE --collateral DIR [--at RFC3339]\n"
    "                             [--policy FILE] [--report-data HEX] [--json]\n"
    "       holdfast quote verify FILE ... --application HEX --nonce HEX\n"
    "                             [--account ACCOUNT] [--network ID] [--authority DIR]\n"
    "       holdfast quote make --bytes HEX --nonce HEX FILE\n"
    "\n"
    "FILE is a quote, or what `holdfast identity` wrote, which has one in it.\n"
    "--authority DIR has the network's documents: the quote must be of a validator of\n"
    "the newest set there.\n"
    "exit status: 0 valid, and accepted where a policy is given, 1 refused,\n"
    "2 something cannot be read\n";

struct options {
    const char *file;
    const char *collateral;
    const char *policy;
    const char *at;
    const char *report_data;
    const char *application, *nonce, *account, *network, *authority;
    bool json;
    bool verify;
};

static int fail_usage(const char *what)
{
    fprintf(stderr, "holdfast quote: %s\n", what);
    return hf__usage(usage);
}

static int read_options(int argc, char **argv, struct options *o)
{
    static const struct hf_option table[] = {HF_TEXT_OF("collateral", struct options, collateral),
                                             HF_TEXT_OF("policy", struct options, policy),
                                             HF_TEXT_OF("at", struct options, at),
                                             HF_TEXT_OF("report-data", struct options, report_data),
                                             HF_TEXT_OF("application", struct options, application),
                                             HF_TEXT_OF("nonce", struct options, nonce),
                                             HF_TEXT_OF("account", struct options, account),
                                             HF_TEXT_OF("network", struct options, network),
                                             HF_TEXT_OF("authority", struct options, authority),
                                             HF_FLAG_OF("json", struct options, json)};
    char **words;
    int count;
    if (argc < 2)
        return fail_usage("show, verify or make?");
    o->verify = strcmp(argv[1], "verify") == 0;
    if (!o->verify && strcmp(argv[1], "show") != 0)
        return fail_usage("show, verify or make?");
    if (!hf__options(argc - 1, argv + 1, table, HF_ARRAY_LEN(table), o, &words, &count))
        return hf__usage(usage);
    if (count != 1)
        return fail_usage("exactly one FILE");
    o->file = words[0];
    bool extra = o->collateral != NULL || o->policy != NULL || o->at != NULL ||
                 o->report_data != NULL || o->application != NULL || o->nonce != NULL ||
                 o->account != NULL || o->network != NULL || o->authority != NULL;
    if (!o->verify && extra)
        return fail_usage("show takes no option but --json");
    if (o->verify && o->collateral == NULL)
        return fail_usage("verify needs --collateral DIR");
    if (o->application == NULL &&
        (o->nonce != NULL || o->account != NULL || o->network != NULL || o->authority != NULL))
        return fail_usage("--nonce, --account, --network and --authority go with --application");
    if (o->application != NULL && (o->nonce == NULL || o->report_data != NULL))
        return fail_usage("--application needs --nonce, and takes no --report-data");
    return 0;
}

/* A number of exactly so many digits; moves on behind it and the character that must follow. */
static bool digits(const char **p, size_t count, char after, int max, int *ret)
{
    int v = 0;
    for (size_t i = 0; i < count; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        v = 10 * v + (**p - '0');
    }
    *ret = v;
    return v <= max && (after == '\0' || *(*p)++ == after);
}

/* An RFC 3339 time: with a fraction, which is dropped, and any offset. Times that do not exist are
 * refused: no day is judged as another. */
static bool parse_time(const char *text, uint64_t *ret_s)
{
    struct tm tm = {0}, made;
    int hours = 0, minutes = 0, sign = 0;
    const char *p = text;
    if (!digits(&p, 4, '-', 9999, &tm.tm_year) || !digits(&p, 2, '-', 12, &tm.tm_mon) ||
        !digits(&p, 2, 'T', 31, &tm.tm_mday) || !digits(&p, 2, ':', 23, &tm.tm_hour) ||
        !digits(&p, 2, ':', 59, &tm.tm_min) || !digits(&p, 2, '\0', 59, &tm.tm_sec))
        return false;
    if (*p == '.' && p[1] >= '0' && p[1] <= '9')
        p += 1 + strspn(p + 1, "0123456789");
    if (*p == '+' || *p == '-') {
        sign = *p++ == '-' ? -1 : 1;
        if (!digits(&p, 2, ':', 23, &hours) || !digits(&p, 2, '\0', 59, &minutes) || *p != '\0')
            return false;
    } else if (strcmp(p, "Z") != 0 && strcmp(p, "z") != 0) {
        return false;
    }
    tm.tm_year -= 1900;
    tm.tm_mon--;
    made = tm;
    time_t t = timegm(&made) - sign * (hours * 3600 + minutes * 60);
    if (made.tm_mday != tm.tm_mday || made.tm_mon != tm.tm_mon || t < 0)
        return false;
    *ret_s = (uint64_t)t;
    return true;
}

/* Everything that the command read before it verifies. */
struct inputs {
    struct hf_buf quote;
    uint64_t at_s;
    bool has_policy, has_report_data, has_application;
    struct hf_application_statement application;
    const char *wrong; /* the part of that which is not as wanted; NULL: none */
    bool has_set;      /* a set was looked at, and says of its account: */
    int standing;      /* 0: a validator, or why not */
    struct hf_cli_quote_policy policy;
    uint8_t report_data[HF_CLI_REPORT_DATA_LEN];
    struct hf_roots roots;
    struct hf_collateral *collateral;
};

static int fail_reading(const char *what, int error)
{
    fprintf(stderr, "holdfast quote: %s: %s\n", what, hf_error_sentence(error));
    return EXIT_UNREADABLE;
}

/* What an application's quote is over, against what is wanted. */
static int read_application(const struct options *o, struct inputs *in)
{
    struct hf_cli_application want = {.has_account = o->account != NULL,
                                      .has_network = o->network != NULL};
    if (hf_hex_decode(o->application, want.bytes, sizeof want.bytes) != 0 ||
        hf_hex_decode(o->nonce, want.nonce, sizeof want.nonce) != 0)
        return fail_usage("--application takes 128 hexadecimal digits, --nonce 64");
    if (want.has_network &&
        hf_hex_decode(o->network, want.network.bytes, sizeof want.network.bytes) != 0)
        return fail_usage("--network takes 64 hexadecimal digits");
    if (want.has_account &&
        hf_hex_decode(o->account, want.account.bytes, sizeof want.account.bytes) != 0) {
        if (o->authority == NULL)
            return fail_usage("--account takes 64 hexadecimal digits; with --authority the first "
                              "few do, and the operator's name");
        if (hf_cli_application_named(o->authority, o->account, &want.account) != 0)
            return EXIT_UNREADABLE; /* said why */
    }
    int r =
        hf_cli_application_open(&in->quote, &want, in->report_data, &in->application, &in->wrong);
    if (r != 0)
        return fail_reading(o->file, r);
    in->has_application = in->has_report_data = true;
    in->has_set = o->authority != NULL;
    if (in->has_set &&
        hf_cli_application_member(o->authority, &in->application, in->at_s, &in->standing) != 0)
        return EXIT_UNREADABLE; /* said why */
    return 0;
}

static int read_inputs(const struct options *o, struct inputs *in)
{
    in->at_s = (uint64_t)time(NULL);
    in->roots = (struct hf_roots){.trust = HF_TRUST_INTEL};
    if (o->at != NULL && !parse_time(o->at, &in->at_s))
        return fail_usage("--at takes a time such as 2026-07-01T12:00:00Z");
    if (o->report_data != NULL) {
        if (hf_hex_decode(o->report_data, in->report_data, sizeof in->report_data) != 0)
            return fail_usage("--report-data takes 128 hexadecimal digits");
        in->has_report_data = true;
    }
    int r = hf__quote_read(o->file, &in->quote);
    if (r != 0)
        return fail_reading(o->file, r);
    if (o->application != NULL) {
        int status = read_application(o, in);
        if (status != 0)
            return status;
    }
    if (o->policy != NULL) {
        if (hf_cli_quote_policy_load(o->policy, &in->policy) != 0)
            return EXIT_UNREADABLE;
        in->has_policy = true;
        in->roots.trust = in->policy.judge.trust;
        in->roots.dev_key = in->policy.has_dev_root ? in->policy.dev_root : NULL;
    }
    if (o->collateral != NULL) {
        r = hf_collateral_load(o->collateral, &in->roots, &in->collateral);
        if (r != 0)
            return fail_reading(o->collateral, r);
    }
    return 0;
}

static struct hf_check *add_line(struct hf_cli_quote_result *r, const char *name)
{
    struct hf_check *line = &r->lines[r->line_count++];
    line->name = name;
    return line;
}

/* Facts that make a policy's check plain: the status, the release or the measurement that is
 * missing. */
static void explain(const struct hf_cli_quote_result *r, const struct hf_judge_policy *policy,
                    const struct hf_judge_line *judged, struct hf_check *line)
{
    char hex[2 * HF_MEASUREMENT_LEN + 1];
    const char *sentence =
        judged->error == 0 ? "as the policy wants" : hf_error_sentence(judged->error);
    line->result = judged->error == 0 ? HF_CHECK_PASS : HF_CHECK_FAIL;
    if (strcmp(judged->name, "tcb_status") == 0) {
        snprintf(line->reason, sizeof line->reason, "%s: %s", sentence,
                 hf_tcb_status_name(r->verdict.tcb_status));
    } else if (strcmp(judged->name, "measurement") == 0) {
        const char *name = NULL;
        for (size_t i = 0; judged->error == 0 && i < policy->measurement_count; i++)
            if (memcmp(policy->measurements[i].digest, r->verdict.measurement,
                       HF_MEASUREMENT_LEN) == 0)
                name = policy->measurements[i].name;
        hf_hex_encode(r->verdict.measurement, HF_MEASUREMENT_LEN, hex);
        snprintf(line->reason, sizeof line->reason, "%s: %s", sentence, name != NULL ? name : hex);
    } else {
        snprintf(line->reason, sizeof line->reason, "%s", sentence);
    }
}

/* A policy that has expired accepts nothing, as for every validator. */
static void judge_policy(const struct inputs *in, struct hf_cli_quote_result *r)
{
    if (!in->has_policy || in->policy.expires_s == 0)
        return;
    struct hf_check *line = add_line(r, "policy_dates");
    bool expired = in->at_s > in->policy.expires_s;
    line->result = expired ? HF_CHECK_FAIL : HF_CHECK_PASS;
    snprintf(line->reason, sizeof line->reason, "%s",
             expired ? hf_error_sentence(HF_EEXPIRED) : "the policy has not expired");
    if (expired && r->error == 0)
        r->error = HF_EEXPIRED;
}

static void judge(const struct inputs *in, struct hf_cli_quote_result *r)
{
    struct hf_judge_line lines[HF_JUDGE_CHECKS];
    const struct hf_judge_request request = {
        .at_s = in->at_s, .report_data = in->has_report_data ? in->report_data : NULL};
    bool verified = r->verdict.error == 0;
    /* Without a policy nothing is asked of a quote but the report data, where they are given. */
    hf_judge_list(&r->verdict, &in->policy.judge, &request, lines);
    for (size_t i = 0; i < HF_JUDGE_CHECKS; i++) {
        bool is_report_data = strcmp(lines[i].name, "report_data") == 0;
        bool asked = is_report_data ? in->has_report_data : in->has_policy;
        if (!asked || strcmp(lines[i].name, "age") == 0) /* a bare quote has no date */
            continue;
        struct hf_check *line = add_line(r, lines[i].name);
        line->result = HF_CHECK_SKIPPED;
        snprintf(line->reason, sizeof line->reason, "an earlier check failed");
        if (!verified)
            continue;
        explain(r, &in->policy.judge, &lines[i], line);
        if (r->error == 0)
            r->error = lines[i].error;
    }
}

/* Whose application it is, and whether its statement is the one that is wanted. */
static void judge_application(const struct inputs *in, struct hf_cli_quote_result *r)
{
    char account[2 * sizeof in->application.account.bytes + 1];
    if (!in->has_application)
        return;
    struct hf_check *line = add_line(r, "application");
    hf_hex_encode(in->application.account.bytes, sizeof in->application.account.bytes, account);
    line->result = in->wrong == NULL ? HF_CHECK_PASS : HF_CHECK_FAIL;
    if (in->wrong != NULL)
        snprintf(line->reason, sizeof line->reason, "made for another %s", in->wrong);
    else
        snprintf(line->reason, sizeof line->reason, "claim %llu of %s",
                 (unsigned long long)in->application.claim, account);
    if (in->wrong != NULL && r->error == 0)
        r->error = HF_EREPORTDATA;
    if (!in->has_set)
        return;
    line = add_line(r, "validator");
    line->result = in->standing == 0 ? HF_CHECK_PASS : HF_CHECK_FAIL;
    snprintf(line->reason, sizeof line->reason, "%s",
             in->standing == 0 ? "in the newest set" : hf_error_sentence(in->standing));
    if (r->error == 0)
        r->error = in->standing;
}

static int verify(const struct inputs *in, struct hf_cli_quote_result *r)
{
    const struct hf_verify_params params = {
        .at_s = in->at_s, .roots = in->roots, .collateral = in->collateral};
    int error = hf_quote_verify(hf_buf_bytes(&in->quote), &params, &r->verdict, &r->report);
    if (error != 0)
        return error;
    r->verified = true;
    r->error = r->verdict.error;
    for (size_t i = 0; i < r->report.check_count; i++)
        r->lines[r->line_count++] = r->report.checks[i];
    judge_policy(in, r);
    judge(in, r);
    judge_application(in, r);
    return 0;
}

static int run(const struct options *o, struct inputs *in)
{
    int status = read_inputs(o, in);
    if (status != 0)
        return status;
    struct hf_cli_quote_result *r = calloc(1, sizeof *r);
    if (r == NULL)
        return fail_reading(o->file, HF_ENOMEM);
    r->error = hf_quote_parse(hf_buf_bytes(&in->quote), &r->quote, &r->fault);
    r->parsed = r->error == 0;
    r->has_platform = r->parsed && hf_quote_read_platform(&r->quote, &r->platform) == 0;
    int error = o->verify ? verify(in, r) : 0;
    if (error == 0 && o->json)
        error = hf_cli_quote_print_json(r);
    else if (error == 0)
        hf_cli_quote_print_table(r);
    status = r->error == 0 ? EXIT_VALID : EXIT_REFUSED;
    free(r);
    return error == 0 ? status : fail_reading(o->file, error);
}

int hf_cli_quote(int argc, char **argv)
{
    struct options o = {0};
    struct inputs in = {0};
    if (argc > 1 && strcmp(argv[1], "make") == 0)
        return hf_cli_quote_make(argc - 1, argv + 1);
    if (hf__help(argc, argv, usage))
        return EXIT_VALID;
    int status = read_options(argc, argv, &o);
    if (status != 0)
        return status;
    hf_buf_init(&in.quote, QUOTE_FILE_MAX);
    status = run(&o, &in);
    hf_collateral_unref(in.collateral);
    hf_cli_quote_policy_done(&in.policy);
    hf_buf_done(&in.quote);
    return status;
}
