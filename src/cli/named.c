#include "named.h"

#include "answer.h"
#include "ask.h"

#include <string.h>

enum { PREFIX_MIN = 4, ACCOUNT_DIGITS = 64 };

json_t *hf__named_members(void)
{
    json_t *root, *members = NULL;
    if (hf__ask_now(json_pack("{s:s}", "request", "peers"), true, &root) != 0)
        return NULL;
    members = json_incref(json_object_get(root, "peers"));
    json_decref(root);
    return members;
}

static const char *operator_of(const json_t *members, const char *account)
{
    for (size_t i = 0; i < json_array_size(members); i++)
        if (strcmp(text_of(json_array_get(members, i), "account"), account) == 0)
            return text_of(json_array_get(members, i), "operator");
    return "";
}

/* name: "" for one in no set. */
static const char *text_for(const char *name, const char *account, char ret[static HF__NAMED_LEN])
{
    snprintf(ret, HF__NAMED_LEN, "%.60s%s%.8s%s", name, name[0] != '\0' ? " (" : "", account,
             name[0] != '\0' ? ")" : "");
    return ret;
}

const char *hf__named_text(const json_t *members, const char *account,
                           char ret[static HF__NAMED_LEN])
{
    return text_for(operator_of(members, account), account, ret);
}

const char *hf__named_of(const json_t *who, char ret[static HF__NAMED_LEN])
{
    return text_for(text_of(who, "operator"), text_of(who, "account"), ret);
}

bool hf__named_fits(const char *word, const char *account, const char *operator_name)
{
    size_t len = strlen(word);
    return (len >= PREFIX_MIN && len <= ACCOUNT_DIGITS && strncmp(word, account, len) == 0) ||
           strcmp(word, operator_name) == 0;
}

bool hf__named_one(const char *command, const json_t *members, const json_t *accounts,
                   const char *word, char ret[static 65])
{
    const char *found = NULL;
    char first[HF__NAMED_LEN], second[HF__NAMED_LEN];
    for (size_t i = 0; i < json_array_size(accounts); i++) {
        const char *account = json_string_value(json_array_get(accounts, i));
        if (account == NULL || strlen(account) != ACCOUNT_DIGITS ||
            !hf__named_fits(word, account, operator_of(members, account)))
            continue;
        if (found != NULL) {
            fprintf(stderr, "holdfast %s: %s names %s and %s: give more digits of the account\n",
                    command, word, hf__named_text(members, found, first),
                    hf__named_text(members, account, second));
            return false;
        }
        found = account;
    }
    if (found != NULL)
        snprintf(ret, 65, "%s", found);
    return found != NULL;
}
