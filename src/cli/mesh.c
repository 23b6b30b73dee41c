/* holdfast peers, events, watch: the other members, as this node sees them. */
#include "answer.h"
#include "ask.h"
#include "backup.h"
#include "base/date.h"
#include "base/duration.h"
#include "base/options.h"
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { POLL_MS = 1000, FOR_S = 86400 };

static const char peers_usage[] =
    "usage: holdfast peers [--json]\n"
    "\n"
    "Every member of the newest set as this node sees it: state, how its last answer\n"
    "came and when, its newest word, what one keeps for the other, and which of its\n"
    "shares are known to have moved while it was down.\n"
    "exit status: 0 all are there, 1 error, 2 some are suspect or unreachable\n";

static const char events_usage[] =
    "usage: holdfast events [--json]\n"
    "\n"
    "What members have said of themselves and of each other, as it is kept here.\n";

static const char watch_usage[] =
    "usage: holdfast watch [--json] [--for SECONDS]\n"
    "\n"
    "Prints a line whenever a member's state changes, until it is stopped or the\n"
    "seconds are over; with --json, the member as an object.\n";

static const char *who(const json_t *o, const char *operator_name, const char *account,
                       char ret[static 80])
{
    const char *name = text_of(o, operator_name);
    snprintf(ret, 80, "%.40s (%.8s)", name[0] != '\0' ? name : "-", text_of(o, account));
    return ret;
}

/* What this node keeps for the member, and the member for this node. */
static const char *between(const json_t *p, char ret[static 80])
{
    char ago[24], proved[40] = "";
    const json_t *audited = json_object_get(p, "audited_ago_ms");
    if (json_is_integer(audited))
        snprintf(proved, sizeof proved, ", proved %s ago",
                 hf_duration_text((uint64_t)json_integer_value(audited), ago));
    if (number_of(p, "index") > 0)
        snprintf(ret, 80, "%skeeps share %lld%s", is_true(p, "kept") ? "is kept for; " : "",
                 number_of(p, "index"), proved);
    else
        snprintf(ret, 80, "%s", is_true(p, "kept") ? "is kept for" : "");
    return ret;
}

static bool is_absent(const json_t *p)
{
    const char *state = text_of(p, "state");
    return strcmp(state, "suspect") == 0 || strcmp(state, "unreachable") == 0;
}

static void print_peer(const json_t *p)
{
    char heard[24], last[64] = "not heard yet", shares[80];
    const json_t *ago = json_object_get(p, "heard_ago_ms");
    if (is_true(p, "self"))
        snprintf(last, sizeof last, "this node");
    else if (json_is_integer(ago))
        snprintf(last, sizeof last, "%s ago, %lld ms by %s",
                 hf_duration_text((uint64_t)json_integer_value(ago), heard),
                 number_of(p, "trip_ms"), text_of(p, "way"));
    printf("  %-11s  %-12s %-21s  %.8s  %5lld.%-5lld  %-28s  %s%s%s\n", text_of(p, "state"),
           text_of(p, "operator")[0] != '\0' ? text_of(p, "operator") : "-", text_of(p, "address"),
           text_of(p, "account"), number_of(p, "claim"), number_of(p, "incarnation"), last,
           between(p, shares), is_true(p, "draining") ? "; draining" : "",
           is_true(p, "broke") ? "; BROKE A PROMISE (holdfast evidence)" : "");
    if (!is_true(p, "self"))
        hf__moved_print(json_object_get(p, "moved"), false);
}

static void print_mesh(const json_t *mesh)
{
    if (!json_is_object(mesh))
        return;
    printf("%lld probed: %lld answer by datagram, %lld by connection, %lld suspect, %lld "
           "unreachable%s\n",
           number_of(mesh, "probed"), number_of(mesh, "by_datagram"),
           number_of(mesh, "by_connection"), number_of(mesh, "suspect"),
           number_of(mesh, "unreachable"),
           is_true(mesh, "datagrams") ? "" : "; THIS NODE HAS NO DATAGRAMS");
    if (is_true(mesh, "cut_off"))
        printf("so many are unreachable that this node may be cut off: nothing is dealt anew for "
               "their silence\n");
}

int hf_cli_peers(int argc, char **argv)
{
    json_t *root;
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (hf__help(argc, argv, peers_usage))
        return HF_CLI_OK;
    if (argc > 1 && !json)
        return hf__usage(peers_usage);
    if (hf__ask_now(json_pack("{s:s}", "request", "peers"), false, &root) != 0)
        return HF_CLI_ERROR;
    const json_t *peers = json_object_get(root, "peers");
    bool absent = false;
    if (json)
        print_json(root);
    else
        printf("  state        operator     address                account   said last    heard\n");
    for (size_t i = 0; i < json_array_size(peers); i++) {
        absent = absent || is_absent(json_array_get(peers, i));
        if (!json)
            print_peer(json_array_get(peers, i));
    }
    if (!json)
        print_mesh(json_object_get(root, "mesh"));
    json_decref(root);
    return absent ? HF_CLI_NOT_READY : HF_CLI_OK;
}

static const char *moment(long long s, char ret[static HF_DATE_TEXT])
{
    return hf_date_text((uint64_t)s, HF_DATE_ISO, ret);
}

static void print_event(const json_t *e)
{
    char subject[80], author[80], issued[HF_DATE_TEXT], until[HF_DATE_TEXT], more[96] = "";
    const char *kind = text_of(e, "kind");
    bool suspect = strcmp(kind, "suspect") == 0;
    if (suspect)
        snprintf(more, sizeof more, "by %s", who(e, "author_operator", "author", author));
    else if (is_true(e, "done"))
        snprintf(more, sizeof more, "done");
    else if (is_true(e, "over"))
        snprintf(more, sizeof more, "taken back");
    else if (json_is_integer(json_object_get(e, "until_s")))
        snprintf(more, sizeof more, "until %s", moment(number_of(e, "until_s"), until));
    printf("  %-21s  %-8s  %-28s  %5lld.%-5lld  %s\n", moment(number_of(e, "issued_s"), issued),
           kind, who(e, "subject_operator", "subject", subject), number_of(e, "claim"),
           number_of(e, "incarnation"), more);
}

int hf_cli_events(int argc, char **argv)
{
    json_t *root;
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (hf__help(argc, argv, events_usage))
        return HF_CLI_OK;
    if (argc > 1 && !json)
        return hf__usage(events_usage);
    if (hf__ask_now(json_pack("{s:s}", "request", "events"), false, &root) != 0)
        return HF_CLI_ERROR;
    const json_t *events = json_object_get(root, "events");
    if (json)
        print_json(root);
    for (size_t i = 0; !json && i < json_array_size(events); i++)
        print_event(json_array_get(events, i));
    json_decref(root);
    return HF_CLI_OK;
}

/* The state in which a member was seen before; "": it was not there. */
static const char *before(const json_t *seen, const char *account)
{
    const char *state = json_string_value(json_object_get(seen, account));
    return state != NULL ? state : "";
}

/* Prints what has changed, and remembers it. */
static void compare(const json_t *root, json_t *seen, bool first, bool json)
{
    const json_t *peers = json_object_get(root, "peers");
    char name[80], now[HF_DATE_TEXT];
    for (size_t i = 0; i < json_array_size(peers); i++) {
        json_t *p = json_array_get(peers, i);
        const char *account = text_of(p, "account"), *state = text_of(p, "state");
        if (!first && strcmp(before(seen, account), state) != 0) {
            if (json) {
                json_dumpf(p, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
                putchar('\n');
            } else {
                printf("%s  %s: %s, was %s\n", moment((long long)time(NULL), now),
                       who(p, "operator", "account", name), state,
                       before(seen, account)[0] != '\0' ? before(seen, account) : "none");
            }
            fflush(stdout);
        }
        json_object_set_new(seen, account, json_string(state));
    }
}

struct watch_options {
    bool json;
    uint64_t for_s;
};

int hf_cli_watch(int argc, char **argv)
{
    static const struct hf_option table[] = {
        HF_FLAG_OF("json", struct watch_options, json),
        HF_NUMBER_OF("for", struct watch_options, for_s, 0, INT64_MAX),
    };
    struct watch_options o = {.for_s = FOR_S};
    char **words;
    int count;
    if (hf__help(argc, argv, watch_usage))
        return HF_CLI_OK;
    if (!hf__options(argc, argv, table, HF_ARRAY_LEN(table), &o, &words, &count) || count > 0)
        return hf__usage(watch_usage);
    json_t *seen = json_object();
    for (uint64_t s = 0; s <= o.for_s; s++) {
        const struct timespec pause = {.tv_sec = POLL_MS / 1000};
        json_t *root;
        if (hf__ask_now(json_pack("{s:s}", "request", "peers"), false, &root) != 0) {
            json_decref(seen);
            return HF_CLI_ERROR;
        }
        compare(root, seen, s == 0, o.json);
        json_decref(root);
        if (s < o.for_s)
            nanosleep(&pause, NULL);
    }
    json_decref(seen);
    return HF_CLI_OK;
}
