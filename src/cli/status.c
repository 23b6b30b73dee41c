/* holdfast status: what the daemon says of itself, in words. */
#include "answer.h"
#include "ask.h"
#include "backup.h"
#include "base/date.h"
#include "base/duration.h"
#include "command.h"
#include "named.h"
#include "status_all.h"
#include "waits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char status_usage[] =
    "usage: holdfast status [--all] [--json]\n"
    "\n"
    "Can this key come back, and what is to be done in time.\n"
    "--all asks every member of the network and shows what each says of itself, in\n"
    "one table; it ends with the worst of all, and who does not answer is not ready.\n"
    "exit status: 0 ready, 1 cannot tell: the daemon does not answer or is\n"
    "starting, 2 not ready, 3 in danger: a warning stands that is not muted\n";

static void print_error(const json_t *root, const char *name, const char *label)
{
    const json_t *error = json_object_get(root, name);
    if (!json_is_object(error))
        return;
    const char *more = text_of(error, "text");
    printf("%s %s (%s)%s%s\n", label, text_of(error, "message"), text_of(error, "code"),
           more[0] != '\0' ? ": " : "", more);
}

/* What a person at night needs to know first. */
static void print_outlook(const json_t *root)
{
    const json_t *key = json_object_get(root, "key");
    const json_t *warnings = json_object_get(root, "warnings");
    printf("can this key come back?  %s\n", text_of(key, "says"));
    if (number_of(root, "generation") > 0 ||
        json_array_size(json_object_get(root, "providers")) > 0)
        printf("providers  %lld of %lld %s; a restart needs %lld for the shares and %lld for the "
               "claim\n",
               number_of(key, "answering"), number_of(key, "holders"),
               number_of(key, "refusing") > 0 ? "count, of those that answer" : "answer",
               number_of(key, "needed"), number_of(key, "quorum"));
    if (is_true(root, "open") && number_of(root, "generation") > 0)
        hf__spare_print(number_of(key, "spare_claim"), number_of(key, "spare_recovery"));
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        const json_t *w = json_array_get(warnings, i);
        printf("%s %s (%s)\n", is_true(w, "muted") ? "(muted)   " : "WARNING   ",
               text_of(w, "text"), text_of(w, "code"));
    }
}

static void print_advice(const json_t *root)
{
    const char *advice = text_of(json_object_get(root, "key"), "advice");
    if (advice[0] != '\0')
        printf("\n%s", advice);
    if (text_of(root, "other_network")[0] != '\0')
        printf(
            "\nThis node's configuration names the network\n  %s\n"
            "and the documents that it gets are those of\n  %s\n"
            "If that is the one that is meant, write it into the configuration as `network`, and "
            "restart\nthe daemon; if it is not, `seeds` or `documents` there are another "
            "network's.\n",
            text_of(root, "network"), text_of(root, "other_network"));
    else if (advice[0] == '\0' && strcmp(text_of(root, "state"), "fresh") == 0 &&
             !is_true(root, "registered"))
        printf("\nTo register it: `holdfast identity` here, `holdfast set add` and "
               "`set sign` at the authority.\n");
    if (is_true(root, "open") && number_of(root, "generation") > 0)
        printf("\nThe data folder is ciphertext: copy it now and then. An old copy brings the node "
               "back\nas long as %lld of the providers that it names still hold their shares.\n",
               number_of(root, "k"));
}

/* Whether there is such a date. */
static bool print_date(const char *before, const char *label, const json_t *o, const char *name)
{
    char day[HF_DATE_TEXT];
    long long s = number_of(o, name);
    if (s > 0)
        printf("%s%s %s", before, label, hf_date_text((uint64_t)s, HF_DATE_DAY, day));
    return s > 0;
}

static void print_expiry(const json_t *root)
{
    const json_t *o = json_object_get(root, "expires");
    printf("expires   ");
    static const struct {
        const char *label, *name;
    } dates[] = {{"policy", "policy_s"},
                 {"set", "set_s"},
                 {"share set", "share_set_s"},
                 {"collateral", "collateral_s"},
                 {"own identity", "identity_s"}};
    bool any = false;
    for (size_t i = 0; i < HF_ARRAY_LEN(dates); i++)
        any |= print_date(any ? ", " : " ", dates[i].label, o, dates[i].name);
    puts(any ? "" : " nothing yet");
}

static void print_who(const json_t *root)
{
    char since[24];
    const char *registered = text_of(root, "registered_address");
    const json_t *reached = json_object_get(root, "reached_ms");
    printf("account    %s%s\n",
           text_of(root, "account")[0] != '\0' ? text_of(root, "account") : "-",
           is_true(root, "registered") ? "" : " (not registered)");
    if (registered[0] != '\0')
        printf("registered %s at %s\n", text_of(root, "operator"), registered);
    printf("reached    %s%s\n",
           json_is_integer(reached) ? "by a peer, ago: " : "by no peer since the start",
           json_is_integer(reached) ? hf_duration_text((uint64_t)json_integer_value(reached), since)
                                    : "");
    printf("network    %s\n", text_of(root, "network"));
    printf("listen     %s\n", text_of(root, "listen"));
    const json_t *formats = json_object_get(root, "formats");
    printf("version    %s on %s; data folder %lld, protocol %lld, documents %lld\n",
           text_of(root, "version"), text_of(root, "platform"), number_of(formats, "data"),
           number_of(formats, "protocol"), number_of(formats, "documents"));
    if (json_is_integer(json_object_get(formats, "found")) &&
        number_of(formats, "found") != number_of(formats, "data"))
        printf("format     %lld until the vault is opened, then %lld: no older release reads it "
               "then\n",
               number_of(formats, "found"), number_of(formats, "data"));
    if (json_is_string(json_object_get(formats, "kept")))
        printf("format     %s is kept until this node is ready\n", text_of(formats, "kept"));
    printf("measured   %s\n", text_of(root, "measurement")[0] != '\0' ? text_of(root, "measurement")
                                                                      : "no quote made yet");
    if (text_of(root, "platform_id")[0] != '\0')
        printf("machine    platform id %s\n", text_of(root, "platform_id"));
}

/* Only what needs a look: a set that serves and is fetched as it should be is no news. */
static void print_collateral(const json_t *root)
{
    const json_t *c = json_object_get(root, "collateral");
    const char *set = text_of(c, "set"), *failure = text_of(c, "last_failure");
    bool unread = strcmp(set, "missing") == 0 && failure[0] == '\0' &&
                  !json_is_object(json_object_get(c, "error"));
    if (unread)
        puts("collateral not read yet: no quote was judged since the start");
    else if (strcmp(set, "current") != 0 || failure[0] != '\0')
        printf("collateral %s%s%s\n", set, failure[0] != '\0' ? "; the last fetch failed: " : "",
               failure);
    print_error(c, "error", "collateral");
}

/* Where the policy lists time servers. */
static void print_time(const json_t *root)
{
    const json_t *t = json_object_get(root, "time");
    char off[24];
    if (!json_is_object(t))
        return;
    printf("time       %lld of %lld operators agree, %lld are needed: ", number_of(t, "agreeing"),
           number_of(t, "listed"), number_of(t, "needed"));
    if (is_true(t, "known"))
        printf("known to %s\n",
               hf_duration_text((uint64_t)number_of(t, "uncertainty_us") / 1000 + 1, off));
    else
        printf("NOT KNOWN, dates go by the machine's clock\n");
    print_error(t, "error", "          ");
}

/* A node without documents can ask the seeds only. */
static void print_seeds(const json_t *root)
{
    const json_t *seeds = json_object_get(root, "seeds");
    bool complete = number_of(root, "root") > 0 && number_of(root, "policy") > 0 &&
                    number_of(root, "epoch") > 0;
    for (size_t i = 0; i < json_array_size(seeds) && !complete; i++) {
        const json_t *seed = json_array_get(seeds, i);
        char label[128];
        snprintf(label, sizeof label, "seed       %s:", text_of(seed, "address"));
        print_error(seed, "error", label);
    }
}

/* Members that ask or tell more than they may: out of order, or up to something. */
static void print_excess(const json_t *root)
{
    const json_t *list = json_object_get(root, "excess");
    for (size_t i = 0; i < json_array_size(list); i++) {
        char ago[24], name[HF__NAMED_LEN];
        const json_t *one = json_array_get(list, i);
        printf("excess     of %s: refused %lld times, the last one %s ago\n",
               hf__named_of(one, name), number_of(one, "refused"),
               hf_duration_text((uint64_t)number_of(one, "ago_ms"), ago));
    }
}

static void print_state(const json_t *root)
{
    char since[24], retry[24];
    const json_t *retry_in = json_object_get(root, "retry_in_ms");
    bool theirs = strcmp(text_of(root, "reason_of"), "providers") == 0;
    printf("state      %s, for %s: %s\n", text_of(root, "state"),
           hf_duration_text((uint64_t)number_of(root, "since_ms"), since), text_of(root, "says"));
    print_error(root, "reason", theirs ? "providers say:" : "reason    ");
    if (text_of(root, "start_text")[0] != '\0')
        printf("           %s\n", text_of(root, "start_text"));
    if (json_is_integer(retry_in))
        printf("next try   in %s\n",
               hf_duration_text((uint64_t)json_integer_value(retry_in), retry));
    print_error(root, "store_error", "DISK      ");
    print_error(root, "listen_error", "PORT      ");
    print_error(root, "last_refusal", "refused   ");
    print_excess(root);
    print_seeds(root);
    print_collateral(root);
    print_time(root);
}

/* Whether share holders could open this node when no provider can. */
static void print_quorum(const json_t *root)
{
    const json_t *q = json_object_get(root, "quorum");
    char day[HF_DATE_TEXT];
    long long since_s = number_of(q, "since_s");
    if (since_s != 0)
        printf(
            "sealed     since %s, under share set %lld%s\n",
            hf_date_text((uint64_t)since_s, HF_DATE_MINUTE, day), number_of(q, "sealed_share_set"),
            is_true(q, "openable") ? ""
            : number_of(q, "sealed_share_set") != number_of(q, "share_set") || !is_true(q, "wanted")
                ? "; the share holders of now cannot open that"
                : "; the share set has expired");
    if (since_s != 0 && is_true(root, "open") && number_of(root, "n") > 0)
        printf("           left with %lld of %lld providers, for a folder that is lost\n",
               number_of(q, "left_with"), number_of(root, "n"));
    else if (since_s == 0 && is_true(q, "lost"))
        printf("sealed     not here: what share holders open of a lost folder lies with its "
               "providers\n");
    else if (since_s == 0 && is_true(q, "wanted"))
        printf("sealed     not: share holders could not open this node\n");
    else if (since_s == 0 && is_true(root, "open") && number_of(root, "policy") > 0)
        printf("sealed     not: the network has no quorum key, and a power cut of all of it loses "
               "every key\n");
    if (is_true(q, "open"))
        printf("blackstart %lld of %lld answers are here\n", number_of(q, "have"),
               number_of(q, "need"));
}

/* What keeps a node with an old vault, and what would not. */
static void print_behind(const json_t *root)
{
    const json_t *of = json_object_get(root, "vault_behind");
    const json_t *seen = json_object_get(of, "seen"), *had = json_object_get(of, "had");
    if (!json_is_object(of))
        return;
    printf(
        "vault      of claim %lld, change %lld; holders have seen claim %lld, change %lld\n"
        "           what lies between would be forgotten. If the newer folder is lost, send this\n"
        "           to the authority: holdfast status --json > vault.json\n"
        "           It decides by: holdfast set sequence-floor %.8s --record vault.json\n",
        number_of(had, "claim"), number_of(had, "number"), number_of(seen, "claim"),
        number_of(seen, "number"), text_of(root, "account"));
}

static void print_table(const json_t *root)
{
    if (is_true(root, "dev"))
        printf("DEVELOPMENT MODE: nothing is protected\n");
    print_outlook(root);
    print_state(root);
    print_expiry(root);
    print_quorum(root);
    print_who(root);
    printf("documents  root %lld, policy %lld, epoch %lld with %lld validators\n",
           number_of(root, "root"), number_of(root, "policy"), number_of(root, "epoch"),
           number_of(root, "validators"));
    if (is_true(root, "open"))
        printf("backup     generation %lld, %lld of %lld rebuild%s; claim %lld%s%s\n"
               "keeps      %lld shares for %lld validators\n",
               number_of(root, "generation"), number_of(root, "k"), number_of(root, "n"),
               is_true(root, "confirmed") ? ", confirmed by all" : "", number_of(root, "claim"),
               is_true(root, "claimed") ? "" : " (not accepted yet)",
               is_true(root, "draining") ? "; draining" : "", number_of(root, "shares"),
               number_of(root, "owners"));
    else
        printf("backup     not known while locked\n");
    print_behind(root);
    if (json_array_size(json_object_get(root, "moved")) > 0)
        printf("moved      %zu of its shares while it was down: holdfast backup show\n",
               json_array_size(json_object_get(root, "moved")));
    if (number_of(root, "broken_promises") > 0)
        printf("evidence   of %lld broken promises of others is kept: holdfast evidence\n",
               number_of(root, "broken_promises"));
    if (json_is_integer(json_object_get(root, "renews_in_ms")))
        printf("renewal    the policy asks for another backup than this: dealt anew in %lld s\n",
               number_of(root, "renews_in_ms") / 1000);
    hf__backup_print(root);
    hf__waits_print(root);
    print_advice(root);
}

struct status_options {
    bool json, all;
};

int hf_cli_status(int argc, char **argv)
{
    json_t *root;
    static const struct hf_option table[] = {HF_FLAG_OF("json", struct status_options, json),
                                             HF_FLAG_OF("all", struct status_options, all)};
    struct status_options o = {0};
    char **words;
    int count;
    if (hf__help(argc, argv, status_usage))
        return HF_CLI_OK;
    if (!hf__options(argc, argv, table, HF_ARRAY_LEN(table), &o, &words, &count) || count > 0)
        return hf__usage(status_usage);
    if (o.all)
        return hf__status_all(o.json);
    if (hf__ask_now(json_pack("{s:s}", "request", "status"), false, &root) != 0)
        return HF_CLI_ERROR;
    int status = (int)number_of(root, "exit_status");
    if (o.json) {
        print_json(root);
    } else {
        print_table(root);
    }
    json_decref(root);
    return status;
}
