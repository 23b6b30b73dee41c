/* holdfast status --all: what every member of the network says of itself, in one table. */
#include "answer.h"
#include "ask.h"
#include "command.h"
#include "status_all.h"

#include <string.h>

/* Of a member that has answered: what its own `holdfast status` would exit with, as far as it is
 * told; a locked one tells its state alone. */
static int verdict(const json_t *m)
{
    const json_t *said = json_object_get(m, "exit_status");
    if (json_is_null(json_object_get(m, "error")) && json_is_integer(said))
        return (int)json_integer_value(said);
    return HF_CLI_NOT_READY;
}

static void numbers(const json_t *m, char ret[static 64])
{
    if (!json_is_integer(json_object_get(m, "epoch")))
        snprintf(ret, 64, "-");
    else
        snprintf(ret, 64, "%lld/%lld/%lld", number_of(m, "root"), number_of(m, "policy"),
                 number_of(m, "epoch"));
}

static void print_member(const json_t *m)
{
    char documents[64], providers[64] = "-";
    const char *name = text_of(m, "operator"), *state = text_of(m, "state");
    const char *version = text_of(m, "version"), *outlook = text_of(m, "outlook");
    bool answered = json_is_null(json_object_get(m, "error"));
    numbers(m, documents);
    if (json_is_integer(json_object_get(m, "holders")))
        snprintf(providers, sizeof providers, "%lld of %lld", number_of(m, "answering"),
                 number_of(m, "holders"));
    printf("  %-12.40s %.8s  %-21s  %-10s  %-10s  %-8s  %-12s  %s", name[0] != '\0' ? name : "-",
           text_of(m, "account"), text_of(m, "address"), answered ? state : "NO ANSWER",
           outlook[0] != '\0' ? outlook : "-", providers, documents,
           version[0] != '\0' ? version : "-");
    if (!answered)
        printf("  %s", text_of(m, "message"));
    else if (text_of(m, "reason")[0] != '\0')
        printf("  %s", text_of(m, "reason"));
    if (answered && !is_true(m, "proved"))
        printf("  (locked: who says so is not proved)");
    printf("%s%s%s\n", is_true(m, "draining") ? "  draining" : "",
           is_true(m, "leaving") ? "  leaving" : "", is_true(m, "self") ? "  this node" : "");
    const json_t *warnings = json_object_get(m, "warnings");
    for (size_t i = 0; i < json_array_size(warnings); i++)
        printf("  %-12s %-8s  WARNING %s\n", "", "",
               json_string_value(json_array_get(warnings, i)));
}

static const char *name_of(const json_t *m)
{
    const char *name = text_of(m, "operator");
    return name[0] != '\0' ? name : text_of(m, "account");
}

/* The newest share set of which a member tells; 0: of none. */
static long long newest_share_set(const json_t *members)
{
    long long newest = 0;
    for (size_t i = 0; i < json_array_size(members); i++) {
        long long version = number_of(json_array_get(members, i), "share_set");
        newest = version > newest ? version : newest;
    }
    return newest;
}

/* Whom people could bring back after a power cut, and whom not, each by its own word. */
static void print_sealed(const json_t *members)
{
    long long newest = newest_share_set(members);
    size_t opened = 0;
    if (newest == 0)
        return;
    for (size_t i = 0; i < json_array_size(members); i++) {
        const json_t *m = json_array_get(members, i);
        opened += is_true(m, "openable") && number_of(m, "share_set") == newest;
    }
    printf("sealed: the share holders of share set %lld can open %zu of %zu\n", newest, opened,
           json_array_size(members));
    for (size_t i = 0; i < json_array_size(members); i++) {
        const json_t *m = json_array_get(members, i);
        long long under = number_of(m, "sealed_share_set");
        if (is_true(m, "openable") && number_of(m, "share_set") == newest)
            continue;
        printf("  %-12.40s %.8s  ", name_of(m), text_of(m, "account"));
        if (!json_is_integer(json_object_get(m, "sealed_share_set")))
            printf("does not say\n");
        else if (under == 0)
            printf("not sealed\n");
        else
            printf("sealed under share set %lld, knows share set %lld\n", under,
                   number_of(m, "share_set"));
    }
}

int hf__status_all(bool json)
{
    json_t *root;
    int worst = HF_CLI_OK;
    size_t silent = 0;
    if (hf__ask(json_pack("{s:s}", "request", "status_all"), false, &root) != 0)
        return HF_CLI_ERROR;
    const json_t *members = json_object_get(root, "members");
    if (json)
        print_json(root);
    else
        printf("  %-12s %-8s  %-21s  %-10s  %-10s  %-8s  %-12s  %s\n", "operator", "account",
               "address", "state", "key", "holders", "root/policy/epoch", "version");
    for (size_t i = 0; i < json_array_size(members); i++) {
        const json_t *m = json_array_get(members, i);
        int is = verdict(m);
        worst = is > worst ? is : worst;
        silent += !json_is_null(json_object_get(m, "error"));
        if (!json)
            print_member(m);
    }
    if (!json)
        print_sealed(members);
    if (!json && silent > 0)
        printf("%zu of %zu do not answer this node; others may reach them\n", silent,
               json_array_size(members));
    if (!json && number_of(root, "left_off") > 0)
        printf("and %lld more were not asked\n", number_of(root, "left_off"));
    json_decref(root);
    return worst;
}
