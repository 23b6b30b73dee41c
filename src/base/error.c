#include "base/check.h"
#include "base/error.h"

#include <stddef.h>
#include <string.h>

static const struct row {
    int code;
    bool transient;
    const char *name;
    const char *sentence;
} rows[] = {
#define HF_REASON(constant, number, name, transient, what, todo, otherwise, test)                  \
    {number, transient, name, what},
#include "base/reasons.def"
#undef HF_REASON
};

static const struct row *find(int code)
{
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++)
        if (rows[i].code == code)
            return &rows[i];
    return NULL;
}

const char *hf_error_name(int code)
{
    if (code == 0)
        return "ok";
    const struct row *r = find(code);
    return r != NULL ? r->name : "unknown_error";
}

const char *hf_error_sentence(int code)
{
    if (code == 0)
        return "success";
    const struct row *r = find(code);
    return r != NULL ? r->sentence : "an error that this release does not know";
}

bool hf_error_transient(int code)
{
    const struct row *r = find(code);
    return r != NULL && r->transient;
}

int hf_error_from_name(const char *name)
{
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].code;
    return HF_EINTERNAL;
}
