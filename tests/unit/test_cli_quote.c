/* holdfast quote, as an operator runs it: exit status, JSON, policies, and what is wrong with the
 * command line. */
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "dev_world.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A folder with a quote, its collateral and a policy that accepts it. */
struct desk {
    char folder[HF_SCRATCH_PATH_LEN];
    struct dev_world w;
    int status;
    char output[65536];
};

static void write_file(const struct desk *d, const char *name, struct hf_bytes content)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", d->folder, name);
    cr_assert_eq(hf_file_replace(path, content, 0600), 0, "%s", path);
}

static void write_policy(const struct desk *d, const char *name, const char *trust, bool with_root,
                         uint8_t flip)
{
    /* SubjectPublicKeyInfo of a key on P-256, up to the point's coordinates. */
    static const char spki[] = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";
    uint8_t measurement[HF_MEASUREMENT_LEN];
    char root[2 * HF_ROOT_KEY_LEN + 1], digest[2 * HF_MEASUREMENT_LEN + 1], text[1024];
    hf_dev_td_measurement(&d->w.td, measurement);
    measurement[0] ^= flip;
    hf_hex_encode(d->w.root_key, HF_ROOT_KEY_LEN, root);
    hf_hex_encode(measurement, sizeof measurement, digest);
    int len = snprintf(text, sizeof text,
                       "trust: %s\n%s%s%s%smeasurements:\n  - name: first\n    digest: %s\n", trust,
                       with_root ? "dev_root: " : "", with_root ? spki : "", with_root ? root : "",
                       with_root ? "\n" : "", digest);
    write_file(d, name, hf_bytes_of(text, (size_t)len));
}

static void set_up(struct desk *d)
{
    char path[256];
    hf_scratch_make(d->folder);
    dev_world_init(&d->w);
    dev_world_make(&d->w);
    write_file(d, "quote", hf_buf_bytes(&d->w.quote));
    snprintf(path, sizeof path, "%s/collateral", d->folder);
    cr_assert_eq(hf_dev_collateral_write(&d->w.documents, path), 0);
    write_policy(d, "policy", "dev", true, 0);
}

static void tear_down(struct desk *d)
{
    dev_world_done(&d->w);
    hf_scratch_remove(d->folder);
}

/* In the child: the words, which one space separates, in the desk's folder, all output into the
 * pipe. */
static void become(const struct desk *d, const char *words, int output)
{
    char copy[1024], *argv[16] = {getenv("HOLDFAST_CLI"), "quote"};
    size_t argc = 2;
    snprintf(copy, sizeof copy, "%s", words);
    for (char *rest = copy, *word; (word = strtok_r(rest, " ", &rest)) != NULL && argc < 15;)
        argv[argc++] = word;
    if (chdir(d->folder) == 0 && dup2(output, STDOUT_FILENO) >= 0 &&
        dup2(output, STDERR_FILENO) >= 0)
        execv(argv[0], argv);
    _exit(127);
}

/* Runs `holdfast quote` with these words; the exit status. */
static int run(struct desk *d, const char *words)
{
    int ends[2], status;
    size_t len = 0;
    cr_assert_not_null(getenv("HOLDFAST_CLI"), "it names the program; meson test sets it");
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0)
        become(d, words, ends[1]);
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], d->output + len, sizeof d->output - 1 - len)) > 0;)
        len += (size_t)got;
    close(ends[0]);
    d->output[len] = '\0';
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status), "%s", words);
    return WEXITSTATUS(status);
}

static json_t *run_json(struct desk *d, const char *words, int want_status)
{
    json_error_t error;
    int status = run(d, words);
    cr_assert_eq(status, want_status, "%s: %d\n%s", words, status, d->output);
    json_t *o = json_loads(d->output, JSON_REJECT_DUPLICATES, &error);
    cr_assert_not_null(o, "%s: %s", words, d->output);
    return o;
}

static void expect_text(const json_t *o, const char *key, const char *want)
{
    const json_t *v = json_object_get(o, key);
    cr_assert_not_null(v, "%s", key);
    if (want == NULL)
        cr_assert(json_is_null(v), "%s", key);
    else
        cr_assert_str_eq(json_string_value(v), want, "%s", key);
}

#define AT "--at 2026-07-01T12:00:00Z "

Test(holdfast_quote, verify_accepts_with_every_field)
{
    static const char *const keys[] = {
        "version", "tdx_module", "debug",      "td_attributes", "xfam",  "tee_tcb_svn",
        "mrseam",  "mrtd",       "mrconfigid", "mrowner",       "rtmr0", "mrownerconfig",
        "rtmr1",   "rtmr2",      "rtmr3",      "report_data",   "fmspc", "ppid",
        "pceid",   "pcesvn",     "cpusvn",     "trailing_bytes"};
    struct desk d;
    set_up(&d);
    json_t *o = run_json(&d, "verify quote --collateral collateral --policy policy --json " AT, 0);
    cr_assert(json_is_true(json_object_get(o, "valid")));
    expect_text(o, "error", NULL);
    expect_text(o, "tcb_status", "UpToDate");
    expect_text(o, "platform_status", "UpToDate");
    expect_text(o, "tdx_module_status", "UpToDate");
    expect_text(o, "qe_status", "UpToDate");
    expect_text(o, "tcb_date", "2024-03-13");
    cr_assert_eq(json_array_size(json_object_get(o, "advisories")), 0);
    const json_t *quote = json_object_get(o, "quote");
    for (size_t i = 0; i < HF_ARRAY_LEN(keys); i++)
        cr_assert_not_null(json_object_get(quote, keys[i]), "%s", keys[i]);
    const json_t *checks = json_object_get(o, "checks");
    cr_assert_eq(json_array_size(checks), 30);
    for (size_t i = 0; i < json_array_size(checks); i++)
        expect_text(json_array_get(checks, i), "result", "pass");
    json_decref(o);
    cr_assert_eq(run(&d, "verify --collateral=collateral --policy=policy " AT "quote"), 0);
    cr_assert_not_null(strstr(d.output, "valid: UpToDate"));
    tear_down(&d);
}

static void expect_refusal(struct desk *d, const char *words, const char *error)
{
    json_t *o = run_json(d, words, 1);
    cr_assert(json_is_false(json_object_get(o, "valid")));
    expect_text(o, "error", error);
    json_decref(o);
}

Test(holdfast_quote, verify_refuses_with_the_code)
{
    struct desk d;
    set_up(&d);
    write_policy(&d, "intel", "intel", false, 0);
    write_policy(&d, "other", "dev", true, 1);
    write_file(&d, "empty", hf_bytes_of("", 0));
    cr_assert_eq(run(&d, "show empty"), 1);
    char words[512], data[129];
    hf_hex_encode(d.w.report_data, 64, data);
    data[0] = data[0] == '0' ? '1' : '0';
#define JSON "--collateral collateral --json "
    expect_refusal(&d, "verify quote " JSON AT, "dev_quote_refused");
    expect_refusal(&d, "verify quote " JSON AT "--policy intel", "dev_quote_refused");
    expect_refusal(&d, "verify quote " JSON AT "--policy other", "measurement_refused");
    expect_refusal(&d, "verify quote " JSON "--at 2027-01-01T00:00:00+01:00 --policy policy",
                   "collateral_expired");
    expect_refusal(&d, "verify quote " JSON "--at 2020-01-01T00:00:00.5Z --policy policy",
                   "pck_not_yet_valid");
    expect_refusal(&d, "verify empty " JSON AT "--policy policy", "quote_malformed");
    snprintf(words, sizeof words, "verify quote " JSON AT "--policy policy --report-data %s", data);
    expect_refusal(&d, words, "report_data_mismatch");
    hf_hex_encode(d.w.report_data, 64, data);
    snprintf(words, sizeof words, "verify quote " JSON AT "--policy policy --report-data %s", data);
    json_decref(run_json(&d, words, 0));
    tear_down(&d);
}

Test(holdfast_quote, debug_trust_domain_is_refused_by_a_policy_only)
{
    struct desk d;
    set_up(&d);
    dev_world_done(&d.w);
    dev_world_init(&d.w);
    d.w.td.td_attributes |= HF_DEV_TD_DEBUG;
    dev_world_make(&d.w);
    write_file(&d, "quote", hf_buf_bytes(&d.w.quote));
    expect_refusal(&d, "verify quote " JSON AT "--policy policy", "debug_td");
    json_t *o = run_json(&d, "show quote --json", 0);
    cr_assert(json_is_true(json_object_get(json_object_get(o, "quote"), "debug")));
    json_decref(o);
    tear_down(&d);
}

/* Adds lines to the desk's policy under another name. */
static void write_policy_with(struct desk *d, const char *name, const char *lines)
{
    char path[256];
    struct hf_buf text;
    snprintf(path, sizeof path, "%s/policy", d->folder);
    hf_buf_init(&text, 4096);
    cr_assert_eq(hf_file_read(path, &text), 0);
    hf_buf_printf(&text, "%s", lines);
    write_file(d, name, hf_buf_bytes(&text));
    hf_buf_done(&text);
}

/* A register of 48 bytes as a line of a policy. */
static void register_line(char ret[160], const char *name, const uint8_t value[static 48])
{
    char hex[97];
    hf_hex_encode(value, 48, hex);
    snprintf(ret, 160, "%s: \"%s\"\n", name, hex);
}

Test(holdfast_quote, what_a_host_chose_is_shown_and_refused_unless_named)
{
    static const char migratable[] = "td_attributes_mask: 0000003000000000\n"
                                     "td_attributes_value: 0000003000000000\n";
    struct desk d;
    char line[160];
    set_up(&d);
    dev_world_done(&d.w);
    dev_world_init(&d.w);
    d.w.format = HF_DEV_QUOTE_V5_TDX15;
    d.w.td.td_attributes |= UINT64_C(1) << 29;
    memset(d.w.td.mrservicetd, 0xab, sizeof d.w.td.mrservicetd);
    memset(d.w.td.mrconfigid, 0xcd, sizeof d.w.td.mrconfigid);
    dev_world_make(&d.w);
    write_policy(&d, "policy", "dev", true, 0);
    write_file(&d, "quote", hf_buf_bytes(&d.w.quote));
    expect_refusal(&d, "verify quote " JSON AT "--policy policy", "migratable_td_refused");
    write_policy_with(&d, "named", migratable);
    expect_refusal(&d, "verify quote " JSON AT "--policy named", "mrservicetd_refused");
    register_line(line, "mrservicetd", d.w.td.mrservicetd);
    char both[1024];
    snprintf(both, sizeof both, "%s%s", migratable, line);
    write_policy_with(&d, "named", both);
    json_decref(run_json(&d, "verify quote " JSON AT "--policy named", 0));
    register_line(line, "mrconfigid", d.w.td.mrservicetd);
    snprintf(both + strlen(both), sizeof both - strlen(both), "%s", line);
    write_policy_with(&d, "named", both);
    expect_refusal(&d, "verify quote " JSON AT "--policy named", "mrconfigid_refused");
    tear_down(&d);
}

Test(holdfast_quote, show_prints_every_field_of_a_quote)
{
    static const char *const fields[] = {
        "version",      "body_type",   "qe_vendor_id",    "user_data", "td_attributes",
        "xfam",         "tee_tcb_svn", "seam_attributes", "mrseam",    "mrsignerseam",
        "tee_tcb_svn2", "mrservicetd", "mrconfigid",      "mrowner",   "mrownerconfig",
        "mrtd",         "rtmr0",       "rtmr1",           "rtmr2",     "rtmr3",
        "measurement",  "report_data"};
    struct desk d;
    set_up(&d);
    dev_world_done(&d.w);
    dev_world_init(&d.w);
    d.w.format = HF_DEV_QUOTE_V5_TDX15;
    dev_world_make(&d.w);
    write_file(&d, "quote", hf_buf_bytes(&d.w.quote));
    json_t *o = run_json(&d, "show quote --json", 0);
    for (size_t i = 0; i < HF_ARRAY_LEN(fields); i++)
        cr_assert_not_null(json_object_get(json_object_get(o, "quote"), fields[i]), "%s",
                           fields[i]);
    json_decref(o);
    cr_assert_eq(run(&d, "show quote"), 0);
    for (size_t i = 0; i < HF_ARRAY_LEN(fields); i++) {
        char line[32];
        snprintf(line, sizeof line, "\n%s ", fields[i]);
        cr_assert(i == 0 || strstr(d.output, line) != NULL, "%s", fields[i]);
    }
    tear_down(&d);
}

Test(holdfast_quote, usage_is_64_and_what_cannot_be_read_2)
{
    static const char *const wrong[] = {
        "",
        "look quote",
        "show",
        "show quote quote",
        "show quote --collateral collateral",
        "show quote --unknown",
        "verify quote",
        "verify quote --collateral",
        "verify quote --collateral collateral --at yesterday",
        "verify quote --collateral collateral --at 2026-07-01T12:00:00",
        "verify quote --collateral collateral --at 2025-09-31T12:00:00Z",
        "verify quote --collateral collateral --at 2025-02-29T12:00:00Z",
        "verify quote --collateral collateral --at 2026-13-01T12:00:00Z",
        "verify quote --collateral collateral --at 2026-06-30T23:59:61Z",
        "verify quote --collateral collateral --at 2026-7-1T12:00:00Z",
        "verify quote --collateral collateral --at 2026-07-01T12:00:00-99:99",
        "verify quote --collateral collateral --at 2026-07-01T12:00:00.Z",
        "verify quote --collateral collateral --report-data 00",
    };
    static const char *const unreadable[] = {
        "show none",
        "verify quote --collateral none",
        "verify none --collateral collateral",
        "verify quote --collateral collateral --policy none",
    };
    struct desk d;
    set_up(&d);
    for (size_t i = 0; i < HF_ARRAY_LEN(wrong); i++)
        cr_assert_eq(run(&d, wrong[i]), 64, "%s\n%s", wrong[i], d.output);
    for (size_t i = 0; i < HF_ARRAY_LEN(unreadable); i++)
        cr_assert_eq(run(&d, unreadable[i]), 2, "%s\n%s", unreadable[i], d.output);
    tear_down(&d);
}

Test(holdfast_quote, impossible_policies_are_refused_with_their_line)
{
    static const struct {
        const char *text, *told;
    } rows[] = {
        {"trust: intel\ntcb_accepted: [UpToDate, Perfect]\nmeasurements: []\n", "bad:2:"},
        {"trust: intel\ntcb_accepted: [Revoked]\nmeasurements: []\n", "bad:2:"},
        {"trust: intel\nmeasurements: []\ndev_root: 00\n", "bad:3:"},
        {"trust: dev\nmeasurements: []\n", "dev_root"},
        {"trust: dev\nmeasurements: []\ndev_root: 3000\n", "bad:3:"},
        {"trust: intel\nmeasurements: []\ntime_servers: [{name: a.example, operator: a}]\n",
         "bad:3:15: time_servers: of 1 operator: list servers of at least 3"},
        {"trust: intel\nmeasurements: []\ntime_servers: [{name: a.example, operator: a},\n"
         " {name: b.example, operator: b}, {name: c.example, operator: b}]\n",
         "time_servers: of 2 operators: list servers of at least 3"},
        {"trust: intel\nmeasurements: []\ntime_servers: [{name: a.example, operator: a},\n"
         " {name: b.example, operator: b},\n {name: 'c.example:4460', operator: c}]\n",
         "bad:5:9: time_servers[2].name: `c.example:4460` is no host name"},
        {"trust: intel\nmeasurements: []\ntime_servers: [{name: a.example, operator: a},\n"
         " {name: b.example, operator: b}, {name: c.example, operator: c},\n"
         " {name: a.example, operator: d, port: 4461}]\n",
         "bad:5:9: time_servers[3].name: `a.example` is listed twice"},
        {"trust: intel\nmeasurements: []\ntime_servers: [{name: a.example}]\n", "operator"},
        {"trust: both\nmeasurements: []\n", "bad:1:"},
        {"trust: intel\n", "measurements"},
    };
    struct desk d;
    set_up(&d);
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        write_file(&d, "bad", hf_bytes_of(rows[i].text, strlen(rows[i].text)));
        cr_assert_eq(run(&d, "verify quote --collateral collateral --policy bad"), 2, "%zu", i);
        cr_assert_not_null(strstr(d.output, rows[i].told), "%zu: %s", i, d.output);
    }
    tear_down(&d);
}
