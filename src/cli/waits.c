/* For whom a node waits before it can act or be ready, and the exact words that have its authority
 * decide where too few of them will ever come back. */
#include "waits.h"

#include "answer.h"
#include "base/check.h"
#include "base/duration.h"

#include <string.h>

static bool is_missing(const json_t *holder)
{
    return !is_true(holder, "gave") && !is_true(holder, "refused") &&
           (text_of(holder, "address")[0] == '\0' || text_of(holder, "error")[0] != '\0');
}

static void print_holder(const json_t *holder)
{
    char since[24];
    const char *address = text_of(holder, "address"), *message = text_of(holder, "message");
    printf("  %-21s  %.8s  ", address[0] != '\0' ? address : "(in no set)",
           text_of(holder, "account"));
    if (is_true(holder, "gave"))
        printf("%s\n", is_true(holder, "provisional") ? "given, provisionally" : "given");
    else if (is_true(holder, "refused"))
        printf("refused: it was promised more\n");
    else if (address[0] == '\0')
        printf("cannot be asked\n");
    else if (message[0] != '\0')
        printf("%s, for %s\n", message,
               hf_duration_text((uint64_t)number_of(holder, "since_ms"), since));
    else
        printf("no answer yet\n");
}

/* Whether so few may answer that only the authority can help. */
static bool may_be_lost(const json_t *wait)
{
    const json_t *holders = json_object_get(wait, "holders");
    size_t left = 0;
    for (size_t i = 0; i < json_array_size(holders); i++)
        left += !is_missing(json_array_get(holders, i));
    return (long long)left < number_of(wait, "provisional");
}

static bool is_listed(json_t *lost, const char *account)
{
    for (size_t i = 0; i < json_array_size(lost); i++)
        if (strcmp(json_string_value(json_array_get(lost, i)), account) == 0)
            return true;
    return false;
}

/* The accounts of those that are missing, each once. */
static json_t *list_missing(const json_t *waits)
{
    json_t *lost = json_array();
    for (size_t i = 0; i < json_array_size(waits); i++) {
        const json_t *holders = json_object_get(json_array_get(waits, i), "holders");
        for (size_t j = 0; j < json_array_size(holders); j++) {
            const json_t *holder = json_array_get(holders, j);
            if (is_missing(holder) && !is_listed(lost, text_of(holder, "account")))
                json_array_append_new(lost, json_string(text_of(holder, "account")));
        }
    }
    return lost;
}

static void print_way_out(const json_t *root, const json_t *waits, bool is_void)
{
    json_t *lost = list_missing(waits);
    printf(
        is_void
            ? "\nThe authority's floor goes on from another record than this copy's. If another\n"
              "machine goes on from that, destroy this copy. If this one shall go on, the\n"
              "authority can decide so, once it knows that no other machine runs this\n"
              "validator. Here, then there:\n"
            : "\nIt goes on by itself as soon as enough of them answer. If they are lost for "
              "good,\n"
              "the authority can decide without them, once it knows that no other machine runs\n"
              "this validator. Here, then there:\n");
    printf("  holdfast backup show --json > backup.json\n"
           "  holdfast set floor %s --record backup.json%s",
           text_of(root, "account"), is_void ? " --change-record" : "");
    for (size_t i = 0; i < json_array_size(lost); i++)
        printf(" \\\n    --lost %s", json_string_value(json_array_get(lost, i)));
    printf("\n  holdfast set sign\n");
    json_decref(lost);
}

void hf__waits_print(const json_t *root)
{
    char since[24];
    const json_t *waits = json_object_get(root, "waits");
    bool lost = false;
    for (size_t i = 0; i < json_array_size(waits); i++) {
        const json_t *wait = json_array_get(waits, i), *holders = json_object_get(wait, "holders");
        bool votes = strcmp(text_of(wait, "for"), "votes") == 0;
        long long q = number_of(wait, "quorum"), p = number_of(wait, "provisional");
        printf("\nwaits for %s generation %lld, for %s: %lld of %lld are there", //
               votes ? "votes for its claim, of" : "the newest record to be kept by",
               number_of(wait, "generation"),
               hf_duration_text((uint64_t)number_of(root, "since_ms"), since),
               number_of(wait, "given"), q);
        if (votes && p > q)
            printf(", or of %lld where some are provisional", p);
        printf("\n");
        for (size_t j = 0; j < json_array_size(holders); j++)
            print_holder(json_array_get(holders, j));
        lost = lost || may_be_lost(wait);
    }
    bool is_void = strcmp(text_of(json_object_get(root, "reason"), "code"), "record_void") == 0;
    if (lost || is_void)
        print_way_out(root, waits, is_void);
}

void hf__waits_json(const json_t *root)
{
    static const char *const names[] = {"account", "network", "key",
                                        "record",  "waits",   "providers"};
    json_t *part = json_object();
    for (size_t i = 0; i < HF_ARRAY_LEN(names); i++)
        json_object_set(part, names[i], json_object_get(root, names[i]));
    print_json(part);
    json_decref(part);
}
