/*
 * holdfast policy measurement add|withdraw|list. A release is added to policy.yaml, or marked there
 * as withdrawn, without a change to anything else that people wrote in it; the next
 * `holdfast policy sign` makes the next version from it.
 */
#include "measurement.h"

#include "ask.h"
#include "attest/binding.h"
#include "authority.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "command.h"
#include "policy_form.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { FORM_MAX = 1 << 20, NAME_MAX_LEN = 64 };

/* policy.yaml, as text and as what it says. */
struct form {
    char path[HF__PATH_LEN];
    struct hf_buf text;
    struct hf__policy_form form;
    struct hf_config_doc *doc;
    struct hf_config_errors errors;
};

static void form_close(struct form *f)
{
    hf_config_doc_free(f->doc);
    hf_buf_done(&f->text);
}

static int form_open(const char *folder, struct form *f)
{
    *f = (struct form){0};
    hf_buf_init(&f->text, FORM_MAX);
    if (!hf__path(f->path, folder, "policy.yaml"))
        return HF_ETOOBIG;
    int r = hf_file_read(f->path, &f->text);
    if (r == 0)
        r = hf_config_load(hf_buf_bytes(&f->text), f->path, &hf__policy_schema, &f->form, &f->doc,
                           &f->errors);
    if (r != 0)
        hf__form_errors(f->path, r, &f->errors);
    return r;
}

/* A version that lacks signatures was made from the form as it was: it would hide the change. */
static int nothing_pending(const char *folder)
{
    char path[HF__PATH_LEN];
    if (!hf__path(path, folder, "pending-policy.doc"))
        return HF_ETOOBIG;
    if (access(path, F_OK) != 0)
        return 0;
    fprintf(stderr, "holdfast: %s lacks signatures: sign it, or remove it, first\n", path);
    return HF_EEXIST;
}

static const struct hf__measurement_form *find(const struct form *f, const char *name)
{
    for (size_t i = 0; i < f->form.measurements.count; i++)
        if (strcmp(f->form.measurements.items[i].name, name) == 0)
            return &f->form.measurements.items[i];
    return NULL;
}

/* The end of line number `line`, from 1, in a text; its length where there are fewer lines. */
static size_t line_end(struct hf_bytes text, unsigned line)
{
    size_t at = 0;
    for (unsigned i = 0; i < line && at < text.len; i++) {
        const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
        at = end != NULL ? (size_t)(end - text.data) + 1 : text.len;
    }
    return at;
}

/* Puts lines after line number `line`, in the place of that line when `instead`. */
static void put(const struct form *f, unsigned line, bool instead, const char *lines,
                struct hf_buf *ret)
{
    struct hf_bytes text = hf_buf_bytes(&f->text);
    size_t end = line_end(text, line), cut = instead ? line_end(text, line - 1) : end;
    hf_buf_append(ret, text.data, cut);
    if (cut > 0 && text.data[cut - 1] != '\n')
        hf_buf_append_u8(ret, '\n');
    hf_buf_printf(ret, "%s", lines);
    hf_buf_append(ret, text.data + end, text.len - end);
}

/*
 * Writes the changed text, when it says what it should: the form may be laid out in a way that this
 * kind of change does not fit, such as a list in brackets.
 */
static int save(const struct form *f, const struct hf_buf *text, size_t count, const char *name,
                bool withdrawn)
{
    static struct form after;
    after = (struct form){0};
    int r = text->error;
    if (r == 0)
        r = hf_config_load(hf_buf_bytes(text), f->path, &hf__policy_schema, &after.form, &after.doc,
                           &after.errors);
    if (r == 0) {
        const struct hf__measurement_form *m = find(&after, name);
        bool good =
            after.form.measurements.count == count && m != NULL && m->withdrawn == withdrawn;
        hf_config_doc_free(after.doc);
        r = good ? 0 : HF_ECONFIG;
    }
    if (r == HF_ECONFIG)
        fprintf(stderr, "holdfast: %s is not laid out line by line: edit it by hand\n", f->path);
    else if (r == 0)
        r = hf_file_write_through(f->path, hf_buf_bytes(text), 0644);
    if (r == 0)
        printf("%s: %s %s; in force after `holdfast policy sign`\n", f->path, name,
               withdrawn ? "withdrawn" : "added");
    return r;
}

/* ---- add */

static uint32_t highest_rank(const struct form *f)
{
    uint32_t rank = 0;
    for (size_t i = 0; i < f->form.measurements.count; i++)
        if (f->form.measurements.items[i].rank > rank)
            rank = f->form.measurements.items[i].rank;
    return rank;
}

static bool name_ok(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > NAME_MAX_LEN)
        return false;
    for (size_t i = 0; i < len; i++)
        if (name[i] < ' ' || name[i] > '~' || name[i] == '"' || name[i] == '\\')
            return false;
    return true;
}

/* After which line of the form an entry is added: the last one's last line that is not blank. */
static unsigned last_line(const struct form *f)
{
    struct hf_config_errors errors = {0};
    struct hf_config_where where = hf_config_root(f->doc, &errors);
    static const char *const fields[] = {"name",           "digest",    "rank",
                                         "effective_from", "withdrawn", "role"};
    unsigned last = hf_config_line(&where, "measurements");
    for (size_t i = 0; i < f->form.measurements.count; i++)
        for (size_t j = 0; j < HF_ARRAY_LEN(fields); j++) {
            char path[64];
            snprintf(path, sizeof path, "measurements[%zu].%s", i, fields[j]);
            unsigned line = hf_config_line(&where, path);
            last = line > last ? line : last;
        }
    return last;
}

/* How far the list's entries are set in. */
static int indent_of(const struct form *f)
{
    struct hf_config_errors errors = {0};
    struct hf_config_where where = hf_config_root(f->doc, &errors);
    struct hf_bytes text = hf_buf_bytes(&f->text);
    if (f->form.measurements.count == 0)
        return 2;
    unsigned line = hf_config_line(&where, "measurements[0].name");
    size_t at = line_end(text, line - 1), spaces = 0;
    while (at + spaces < text.len && text.data[at + spaces] == ' ')
        spaces++;
    bool dash = at + spaces < text.len && text.data[at + spaces] == '-';
    return (int)(dash ? spaces : spaces >= 2 ? spaces - 2 : 0);
}

/* The digest that is given, or that of the registers of a release, bound to the network. */
static bool digest_of(const struct hf__measurement_change *c, const struct hf_network_id *network,
                      char ret[static 2 * HF_MEASUREMENT_LEN + 1])
{
    uint8_t registers[4 * HF_MR_LEN], digest[HF_MEASUREMENT_LEN];
    if (c->digest != NULL) {
        if (hf_hex_decode(c->digest, digest, sizeof digest) != 0)
            return false;
    } else {
        for (size_t i = 0; i < 4; i++)
            if (c->registers[i] == NULL ||
                hf_hex_decode(c->registers[i], registers + i * HF_MR_LEN, HF_MR_LEN) != 0)
                return false;
        hf_network_measurement(registers, network, digest);
    }
    hf_hex_encode(digest, sizeof digest, ret);
    return true;
}

static void entry(const struct hf__measurement_change *c, const char *digest, uint32_t rank,
                  int indent, struct hf_buf *ret)
{
    hf_buf_printf(ret, "%*s- name: \"%s\"\n%*s  digest: \"%s\"\n", indent, "", c->name, indent, "",
                  digest);
    if (c->ceremony)
        hf_buf_printf(ret, "%*s  role: ceremony\n", indent, "");
    if (c->has_rank || !c->ceremony)
        hf_buf_printf(ret, "%*s  rank: %u\n", indent, "", rank);
    if (c->after_s > 0) {
        char text[HF_DATE_TEXT];
        uint64_t from_s = (uint64_t)time(NULL) + c->after_s;
        hf_buf_printf(ret, "%*s  effective_from: %s\n", indent, "",
                      hf_date_text(from_s, HF_DATE_ISO, text));
    }
    hf_buf_append_u8(ret, 0);
}

static int add(struct form *f, const struct hf_network_id *network,
               const struct hf__measurement_change *c)
{
    char digest[2 * HF_MEASUREMENT_LEN + 1];
    struct hf_buf lines, text;
    if (!name_ok(c->name) || !digest_of(c, network, digest)) {
        fprintf(stderr, "holdfast: a name of up to 64 plain characters, and 64 hexadecimal "
                        "digits, as `holdfast quote show` prints a measurement, or MRTD and "
                        "RTMR0 to RTMR2, 96 digits each\n");
        return HF_EINVAL;
    }
    if (find(f, c->name) != NULL) {
        fprintf(stderr, "holdfast: %s is in %s already\n", c->name, f->path);
        return HF_EEXIST;
    }
    hf_buf_init(&lines, FORM_MAX);
    hf_buf_init(&text, FORM_MAX);
    bool first = f->form.measurements.count == 0;
    if (first)
        hf_buf_printf(&lines, "measurements:\n");
    entry(c, digest, c->has_rank ? c->rank : highest_rank(f) + 1, indent_of(f), &lines);
    int r = lines.error;
    if (r == 0) {
        put(f, last_line(f), first, (const char *)lines.data, &text);
        r = save(f, &text, f->form.measurements.count + 1, c->name, false);
    }
    hf_buf_done(&lines);
    hf_buf_done(&text);
    return r;
}

/* ---- withdraw */

static int withdraw(struct form *f, const char *name)
{
    struct hf_config_errors errors = {0};
    struct hf_config_where where = hf_config_root(f->doc, &errors);
    const struct hf__measurement_form *m = find(f, name);
    char path[64], line_text[128];
    struct hf_buf text;
    if (m == NULL || m->withdrawn) {
        fprintf(stderr, "holdfast: %s: %s is %s\n", f->path, name,
                m == NULL ? "not in it" : "withdrawn already");
        return HF_ENOTFOUND;
    }
    snprintf(path, sizeof path, "measurements[%zu].name", (size_t)(m - f->form.measurements.items));
    unsigned line = hf_config_line(&where, path);
    struct hf_bytes all = hf_buf_bytes(&f->text);
    size_t at = line_end(all, line - 1), indent = 0;
    /* The column of the word `name`: after blanks and, in an entry's first line, a dash. */
    while (at + indent < all.len && strchr(" -", all.data[at + indent]) != NULL)
        indent++;
    snprintf(line_text, sizeof line_text, "%*swithdrawn: true\n", (int)(indent < 64 ? indent : 64),
             "");
    hf_buf_init(&text, FORM_MAX);
    put(f, line, false, line_text, &text);
    int r = save(f, &text, f->form.measurements.count, name, true);
    hf_buf_done(&text);
    return r;
}

/* ---- list */

static bool in_force(const struct hf_policy *p, const struct hf__measurement_form *m)
{
    for (size_t i = 0; p != NULL && i < p->measurements_count; i++)
        if (hf_bytes_equal(p->measurements[i].name, hf_bytes_of(m->name, strlen(m->name))) &&
            memcmp(p->measurements[i].digest, m->digest, sizeof m->digest) == 0)
            return true;
    return false;
}

static const char *standing(const struct hf__measurement_form *m, bool signed_in)
{
    if (m->withdrawn)
        return signed_in ? "accepted until the next policy is signed" : "withdrawn";
    if (!signed_in)
        return "accepted once the next policy is signed";
    return m->effective_from_s > (int64_t)time(NULL) ? "accepted later" : "accepted";
}

static int list(const struct form *f, const struct hf__authority *a)
{
    const struct hf_policy *p = a->policy != NULL ? &a->policy->u.policy : NULL;
    for (size_t i = 0; i < f->form.measurements.count; i++) {
        const struct hf__measurement_form *m = &f->form.measurements.items[i];
        char digest[2 * HF_MEASUREMENT_LEN + 1], from[HF_DATE_TEXT] = "";
        hf_hex_encode(m->digest, sizeof m->digest, digest);
        bool later = m->effective_from_s > 0;
        if (later)
            hf_date_text((uint64_t)m->effective_from_s, HF_DATE_ISO, from);
        printf("%s\n  rank %u%s%s%s: %s\n  %s\n", m->name, m->rank,
               m->role == HF_ROLE_CEREMONY ? ", for ceremonies" : "", later ? ", from " : "", from,
               standing(m, in_force(p, m)), digest);
    }
    return 0;
}

int hf__measurement(const char *folder, const struct hf__measurement_change *c)
{
    static struct form f;
    struct hf__authority a;
    int r = hf__authority_open(folder, &a);
    if (r != 0)
        return hf__say("policy", folder, r);
    r = form_open(folder, &f);
    if (r == 0 && c->verb == HF__MEASUREMENT_LIST)
        r = list(&f, &a);
    else if (r == 0)
        r = nothing_pending(folder);
    if (r == 0 && c->verb == HF__MEASUREMENT_ADD)
        r = add(&f, &a.network, c);
    else if (r == 0 && c->verb == HF__MEASUREMENT_WITHDRAW)
        r = withdraw(&f, c->name);
    form_close(&f);
    hf__authority_close(&a);
    return r == 0 ? HF_CLI_OK : HF_CLI_ERROR;
}
