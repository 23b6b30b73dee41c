#include "level.h"

#include <stdlib.h>

bool hf__level_status(struct hf_json *r, void *out)
{
    struct hf__level_reader *l = out;
    struct hf_bytes text;
    char name[64];
    if (!hf__json_text(r, "a TCB status", &text))
        return false;
    /* A status of the future is kept as unknown: it must not take the other levels with it. */
    size_t len = text.len < sizeof name ? text.len : 0;
    memcpy(name, text.data, len);
    name[len] = '\0';
    l->level.level.status = hf_tcb_status_from_name(name);
    return true;
}

bool hf__level_date(struct hf_json *r, void *out)
{
    struct hf__level_reader *l = out;
    return hf__json_date(r, "a TCB date", &l->level.level.date_s);
}

static bool read_advisory(struct hf_json *r, void *out)
{
    struct hf__level_reader *l = out;
    struct hf__advisories *a = l->advisories;
    struct hf_bytes text;
    struct hf_json at = *r;
    if (!hf__json_text(r, "an advisory", &text))
        return false;
    if (text.len == 0)
        return hf__json_fail(&at, "an advisory of at least 1 character");
    if (a->count == HF_TCB_ADVISORIES_MAX)
        return hf__json_fail(&at, "at most 1024 advisories in a document");
    a->item[a->count].text = text.data;
    a->item[a->count].len = text.len;
    a->count++;
    l->level.level.advisory_count++;
    return true;
}

bool hf__level_advisories(struct hf_json *r, void *out)
{
    struct hf__level_reader *l = out;
    l->level.level.advisory_first = (uint16_t)l->advisories->count;
    return hf__json_array(r, "a list of advisories", HF_TCB_LEVEL_ADVISORIES_MAX, read_advisory, l);
}

static bool read_isvsvn(struct hf_json *r, void *out)
{
    struct hf__level_reader *l = out;
    return hf__json_number(r, UINT16_MAX, "an ISVSVN of at most 65535", &l->isvsvn);
}

static bool read_svn_tcb(struct hf_json *r, void *out)
{
    static const struct hf__json_field fields[] = {{"isvsvn", read_isvsvn, "isvsvn"}};
    return hf__json_object(r, "a TCB", fields, HF_ARRAY_LEN(fields), out);
}

static bool read_svn_level(struct hf_json *r, void *out)
{
    static const struct hf__json_field fields[] = {
        {"tcb", read_svn_tcb, "tcb"},
        {"tcbDate", hf__level_date, "tcbDate"},
        {"tcbStatus", hf__level_status, "tcbStatus"},
        {"advisoryIDs", hf__level_advisories, NULL},
    };
    struct hf__svn_reader *s = out;
    struct hf__level_reader l = {.advisories = s->advisories};
    struct hf_json at = *r;
    if (!hf__json_object(r, "a TCB level", fields, HF_ARRAY_LEN(fields), &l))
        return false;
    if (*s->count == HF_TCB_SVN_LEVELS_MAX)
        return hf__json_fail(&at, "at most 128 levels in a document");
    s->levels[*s->count].level = l.level.level;
    s->levels[*s->count].isvsvn = (uint16_t)l.isvsvn;
    ++*s->count;
    return true;
}

static int compare_svn_levels(const void *pa, const void *pb)
{
    const struct hf__svn_level *a = pa, *b = pb;
    return (int)b->isvsvn - (int)a->isvsvn;
}

bool hf__svn_levels(struct hf_json *r, struct hf__svn_reader *s, struct hf__svn_levels *ret)
{
    size_t first = *s->count;
    if (!hf__json_array(r, "a list of TCB levels", HF_TCB_SVN_LEVELS_MAX, read_svn_level, s))
        return false;
    *ret = (struct hf__svn_levels){.first = first, .count = *s->count - first};
    qsort(s->levels + first, ret->count, sizeof *s->levels, compare_svn_levels);
    return true;
}

bool hf__document_evaluation(struct hf_json *r, struct hf__document_dates *ret)
{
    uint64_t number;
    if (!hf__json_number(r, UINT32_MAX, "an evaluation number", &number))
        return false;
    ret->evaluation_number = (uint32_t)number;
    return true;
}
