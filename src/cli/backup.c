/* holdfast backup: who keeps this node's shares, and the proof that they do. */
#include "backup.h"
#include "answer.h"
#include "ask.h"
#include "base/date.h"
#include "base/duration.h"
#include "command.h"
#include "named.h"
#include "waits.h"

#include <stdio.h>
#include <string.h>

/* own: why this node's collateral judges no quote; "" it does. */
static void print_provider(const json_t *p, const char *own)
{
    char since[24], proved[24], said[200], who[24];
    const json_t *audited = json_object_get(p, "audited_ago_ms");
    bool answered = is_true(p, "answered");
    const char *message = text_of(p, "message"), *operator_name = text_of(p, "operator");
    if (!is_true(p, "asked"))
        snprintf(said, sizeof said, "not asked yet");
    else if (answered && message[0] == '\0')
        snprintf(said, sizeof said, "answered%s for %s%s%s%s",
                 is_true(p, "placed") ? ", is placed itself," : "",
                 hf_duration_text((uint64_t)number_of(p, "since_ms"), since),
                 json_is_integer(audited) ? "; proved its share " : "",
                 json_is_integer(audited)
                     ? hf_duration_text((uint64_t)json_integer_value(audited), proved)
                     : "",
                 json_is_integer(audited) ? " ago" : "");
    else if (own[0] != '\0' && strcmp(text_of(p, "error"), own) == 0)
        snprintf(said, sizeof said, "this node's collateral cannot judge it (%s), for %s", own,
                 hf_duration_text((uint64_t)number_of(p, "since_ms"), since));
    else
        snprintf(said, sizeof said, "%s (%s), for %s",
                 message[0] != '\0' ? message : "no answer yet", text_of(p, "error"),
                 hf_duration_text((uint64_t)number_of(p, "since_ms"), since));
    long long index = number_of(p, "index");
    char share[24] = "-";
    if (index > 0)
        snprintf(share, sizeof share, "%lld", index);
    const char *address = text_of(p, "address");
    snprintf(who, sizeof who, "%s", operator_name[0] != '\0' ? operator_name : "-");
    printf("  %5s  %-12s %-21s  %.8s  %s%s\n", share, who,
           address[0] != '\0' ? address : "(in no set)", text_of(p, "account"), said,
           is_true(p, "broke") ? "; BROKE A PROMISE (holdfast evidence)" : "");
}

void hf__backup_print(const json_t *root)
{
    const json_t *providers = json_object_get(root, "providers");
    const json_t *collateral = json_object_get(root, "collateral");
    const char *own = text_of(json_object_get(collateral, "error"), "code");
    if (json_array_size(providers) == 0)
        return;
    printf("\n  share  operator     address                account   what it says\n");
    for (size_t i = 0; i < json_array_size(providers); i++)
        print_provider(json_array_get(providers, i), own);
}

/* Why, and by whom: the holder that left, or those that restored what one that is gone had. */
static void print_movers(const json_t *m)
{
    char who[HF__NAMED_LEN];
    const json_t *helpers = json_object_get(m, "helpers");
    if (json_array_size(helpers) == 0) {
        printf("handed over by %s, which left", hf__named_of(json_object_get(m, "from"), who));
        return;
    }
    printf("%s is gone, restored by", hf__named_of(json_object_get(m, "from"), who));
    for (size_t i = 0; i < json_array_size(helpers); i++)
        printf("%s %s", i > 0 ? "," : "", hf__named_of(json_array_get(helpers, i), who));
}

void hf__moved_print(const json_t *moved, bool own)
{
    char who[HF__NAMED_LEN], when[HF_DATE_TEXT];
    for (size_t i = 0; i < json_array_size(moved); i++) {
        const json_t *m = json_array_get(moved, i);
        printf("  %5lld  of generation %lld, moved at %s to %s: ", number_of(m, "index"),
               number_of(m, "generation"),
               hf_date_text((uint64_t)number_of(m, "moved_s"), HF_DATE_MINUTE, when),
               hf__named_of(json_object_get(m, "to"), who));
        print_movers(m);
        puts(!own ? "" : is_true(m, "retired") ? "; worth nothing any more" : "; in use");
    }
}

/* The own shares that moved while this node was down. */
static void print_moved(const json_t *root)
{
    const json_t *moved = json_object_get(root, "moved");
    if (json_array_size(moved) == 0)
        return;
    printf("\n  share  that moved while this node was down\n");
    hf__moved_print(moved, true);
}

void hf__spare_print(json_int_t claim, json_int_t shares)
{
    if (claim < 0 && shares < 0)
        printf("missing    %lld for a claim, %lld for the shares\n", -claim, -shares);
    else if (claim < 0)
        printf("missing    %lld for a claim; %lld more may go before the shares fail\n", -claim,
               shares);
    else
        printf("to spare   %lld more may go before a claim fails, %lld before the shares do\n",
               claim, shares);
}

static const char usage[] =
    "usage: holdfast backup show [--json]\n"
    "       holdfast backup verify [--json]\n"
    "\n"
    "show says who keeps this node's shares, for whom it waits, and which of them\n"
    "moved while it was down; with --json, what the authority decides a floor by. verify is a "
    "drill: it proves that\n"
    "enough of them can be had and fit, and releases nothing.\n"
    "exit status: 0 enough, 1 error, 2 fewer than are needed\n";

static int backup_show(bool json)
{
    json_t *root;
    if (hf__ask_now(json_pack("{s:s}", "request", "status"), false, &root) != 0)
        return HF_CLI_ERROR;
    bool recorded = number_of(root, "generation") > 0;
    if (json)
        hf__waits_json(root);
    else if (recorded)
        printf("generation %lld: %lld of %lld shares rebuild the secret%s\n",
               number_of(root, "generation"), number_of(root, "k"), number_of(root, "n"),
               is_true(root, "confirmed") ? ", confirmed by all holders" : "");
    else if (!is_true(root, "open"))
        printf("not known while locked: %s\n", text_of(json_object_get(root, "key"), "says"));
    else
        printf("no backup yet: %s\n", text_of(root, "says"));
    const json_t *key = json_object_get(root, "key");
    if (!json && recorded && is_true(root, "open"))
        hf__spare_print(number_of(key, "spare_claim"), number_of(key, "spare_recovery"));
    if (!json) {
        hf__backup_print(root);
        print_moved(root);
        hf__waits_print(root);
    }
    json_decref(root);
    return recorded ? HF_CLI_OK : HF_CLI_NOT_READY;
}

static int backup_verify(bool json)
{
    json_t *root;
    if (hf__ask(json_pack("{s:s}", "request", "drill"), false, &root) != 0)
        return HF_CLI_ERROR;
    bool enough = number_of(root, "fit") >= number_of(root, "k");
    if (json) {
        print_json(root);
    } else {
        printf("%lld of %lld providers proved that their share fits, %lld are needed: %s\n",
               number_of(root, "fit"), number_of(root, "n"), number_of(root, "k"),
               enough ? "the key can be recovered" : "THE KEY COULD NOT BE RECOVERED NOW");
        hf__backup_print(root);
    }
    json_decref(root);
    return enough ? HF_CLI_OK : HF_CLI_NOT_READY;
}

int hf_cli_backup(int argc, char **argv)
{
    if (hf__help(argc, argv, usage))
        return HF_CLI_OK;
    bool json = argc == 3 && strcmp(argv[2], "--json") == 0;
    if ((argc == 2 || json) && strcmp(argv[1], "show") == 0)
        return backup_show(json);
    if ((argc == 2 || json) && strcmp(argv[1], "verify") == 0)
        return backup_verify(json);
    return hf__usage(usage);
}
