#include "settings.h"

#include "attest/report_helper.h"
#include "core/limits.h"
#include "times.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { SOCKET_PATH_MAX = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1 };
_Static_assert(SOCKET_PATH_MAX == 107, "as the text of its refusal says");

static const struct hf_config_choice platforms[] = {
    {"tdx", HF__PLATFORM_TDX}, {"dev", HF__PLATFORM_DEV}, {NULL, 0}};
static const struct hf_config_choice formats[] = {
    {"logfmt", HF__LOG_LOGFMT}, {"json", HF__LOG_JSON}, {NULL, 0}};
static const struct hf_config_choice levels[] = {
    {"debug", 0}, {"info", 1}, {"warning", 2}, {"error", 3}, {NULL, 0}};

static const struct hf_config_field dev_fields[] = {
    {"authority", HF_CONFIG_PATH, HF_CONFIG_AT(struct hf__settings_dev, authority),
     .required = true, .doc = "Folder of the network's development authority."},
    {"machine", HF_CONFIG_PATH, HF_CONFIG_AT(struct hf__settings_dev, machine), .required = true,
     .doc = "File of the simulated machine; made at the first start."},
    {"machine_id", HF_CONFIG_STRING, HF_CONFIG_AT(struct hf__settings_dev, machine_id),
     .required = true, .min = 1, .max = 64,
     .doc = "Names the simulated machine: its platform id follows."},
    {"image", HF_CONFIG_STRING, HF_CONFIG_AT(struct hf__settings_dev, image),
     .default_text = "holdfast", .min = 1, .max = 64,
     .doc = "Names the simulated image: its measurement follows."},
    {"seed", HF_CONFIG_STRING, HF_CONFIG_AT(struct hf__settings_dev, seed), .min = 1, .max = 64,
     .doc = "A word from which account and root secret of an empty folder follow, so that tests "
            "find the same keys again. Left out, they are random."},
};
static const struct hf_config_schema dev_schema =
    HF_CONFIG_SCHEMA(struct hf__settings_dev, dev_fields, NULL);

static const struct hf_config_field tdx_fields[] = {
    {"helper", HF_CONFIG_PATH, HF_CONFIG_AT(struct hf__settings_tdx, helper),
     .default_text = HF_REPORT_SOCKET, .doc = "Socket of holdfast-report, which makes the quotes."},
    {"report", HF_CONFIG_PATH, HF_CONFIG_AT(struct hf__settings_tdx, report),
     .doc = "The kernel's folder for reports, for a daemon that may write there: no helper is "
            "asked."},
};
static const struct hf_config_schema tdx_schema =
    HF_CONFIG_SCHEMA(struct hf__settings_tdx, tdx_fields, NULL);

static const struct hf_config_choice cas[] = {{"platform", HF__CA_PLATFORM},
                                              {"processor", HF__CA_PROCESSOR},
                                              {"both", HF__CA_BOTH},
                                              {NULL, 0}};

#define TIMES_MAX (10LL * 365 * 86400)
#define TIME(name_, member_, default_, min_, max_, doc_)                                           \
    {                                                                                              \
        .name = name_, .type = HF_CONFIG_DURATION_S,                                               \
        HF_CONFIG_AT(struct hf__settings_service, member_), .default_text = default_, .min = min_, \
        .max = max_, .doc = doc_                                                                   \
    }
static const struct hf_config_field service_fields[] = {
    {"url", HF_CONFIG_STRING, HF_CONFIG_AT(struct hf__settings_service, url), .required = true,
     .min = 9, .max = 1024,
     .doc = "Of a PCS or PCCS with API version 4, as https://pccs.example:8081."},
    {"ca", HF_CONFIG_ENUM, HF_CONFIG_AT(struct hf__settings_service, ca), .choices = cas,
     .default_text = "platform",
     .doc = "Which CA issued the machines' PCK certificates; both, where a fleet has both."},
    {"fmspcs", HF_CONFIG_LIST, HF_CONFIG_AT(struct hf__settings_service, fmspcs), .max = 64,
     .item = &(const struct hf_config_field)HF_CONFIG_ITEM("fmspc", HF_CONFIG_HEX,
                                                           struct hf__settings_fmspc),
     .doc = "Kinds of platforms, 12 digits each; those of quotes that are judged come by "
            "themselves."},
    {"root_crl_url", HF_CONFIG_STRING, HF_CONFIG_AT(struct hf__settings_service, root_crl_url),
     .min = 9, .max = 1024, .doc = "Where the root's revocation list is; left out: the service."},
    {"ca_file", HF_CONFIG_PATH, HF_CONFIG_AT(struct hf__settings_service, ca_file),
     .doc = "Certificates to trust for TLS; left out: the system's."},
#ifndef HF_PRODUCTION
    {"program", HF_CONFIG_PATH, HF_CONFIG_AT(struct hf__settings_service, program),
     .doc = "The fetcher; left out: the installed one, which alone a build for production runs."},
#endif
    TIME("every", every_s, "1d", 1, TIMES_MAX, "A set is fetched again after this time."),
    TIME("ahead", ahead_s, "7d", 0, TIMES_MAX, "And this long before it expires."),
    TIME("retry_min", retry_s_min, "1m", 1, TIMES_MAX,
         "First pause after a failure; then it doubles."),
    TIME("retry_max", retry_s_max, "1h", 1, TIMES_MAX, "Longest pause after a failure."),
    TIME("stale", stale_s, "0s", 0, TIMES_MAX,
         "How long an expired set may serve while no new one can be had."),
    TIME("timeout", timeout_s, "20s", 1, 600, "For one request to the service."),
    TIME("total", total_s, "2m", 1, 3600, "For all requests of one fetch."),
};

static void check_service(const void *value, const struct hf_config_where *where)
{
    const struct hf__settings_service *s = value;
    if (strncmp(s->url, "https://", 8) != 0)
        hf_config_refuse(where, "url", "only https:// is fetched from");
    if (s->retry_s_max < s->retry_s_min)
        hf_config_refuse(where, "retry_max", "below retry_min: it must be at least as long");
}

static const struct hf_config_schema service_schema =
    HF_CONFIG_SCHEMA(struct hf__settings_service, service_fields, check_service);

static const struct hf_config_field log_fields[] = {
    {"format", HF_CONFIG_ENUM, HF_CONFIG_AT(struct hf__settings_log, format), .choices = formats,
     .default_text = "logfmt", .doc = "Of the lines on standard error."},
    {"level", HF_CONFIG_ENUM, HF_CONFIG_AT(struct hf__settings_log, level), .choices = levels,
     .default_text = "info", .doc = "The least that is written."},
};
static const struct hf_config_schema log_schema =
    HF_CONFIG_SCHEMA(struct hf__settings_log, log_fields, NULL);

static const struct hf_config_field metrics_fields[] = {
    {"port", HF_CONFIG_UINT, HF_CONFIG_AT(struct hf__settings_metrics, port), .required = true,
     .max = 65535, .doc = "TCP port on 127.0.0.1; 0 takes a free one."},
    {"page", HF_CONFIG_BOOL, HF_CONFIG_AT(struct hf__settings_metrics, page),
     .doc = "Whether the status page is there too, for every user of this machine to read."},
};
static const struct hf_config_schema metrics_schema =
    HF_CONFIG_SCHEMA(struct hf__settings_metrics, metrics_fields, NULL);

static const struct hf_config_field operator_fields[] = {
    {"listen", HF_CONFIG_STRING, HF_CONFIG_AT(struct hf__settings_operator, listen),
     .required = true, .min = 1, .max = 64,
     .doc = "ip:port or [v6]:port, or vsock:any:port between virtual machine and host."},
    {"key", HF_CONFIG_HEX, HF_CONFIG_AT(struct hf__settings_operator, key),
     .doc = "Public key, as `holdfast node key` printed it, that may read status, metrics and "
            "events before the set names one; who may act is the set's alone to say."},
};

static void check_operator(const void *value, const struct hf_config_where *where)
{
    const struct hf__settings_operator *o = value;
    if (!hf_config_listen_valid(o->listen) && !hf_config_vsock_valid(o->listen))
        hf_config_refuse(where, "listen",
                         "not an address to listen on: write ip:port or [v6]:port, as "
                         "10.0.0.5:7710, or vsock:any:7710");
}

static const struct hf_config_schema operator_schema =
    HF_CONFIG_SCHEMA(struct hf__settings_operator, operator_fields, check_operator);

#define TIMING(name_, member_, default_, floor_, doc_)                                             \
    {                                                                                              \
        .name = name_, .type = HF_CONFIG_DURATION_MS,                                              \
        HF_CONFIG_AT(struct hf__settings_timing, member_), .default_text = default_,               \
        .min = floor_, .max = 86400000, .doc = doc_                                                \
    }
static const struct hf_config_field timing_fields[] = {
    TIMING("call", call_ms, "5s", 100, "Deadline of a call to a peer."),
    TIMING("nonce_life", nonce_life_ms, "30s", 1000, "How long a nonce given to a peer is good."),
    TIMING("round_grace", round_grace_ms, "15ms", 1,
           "How long a round of recovery waits for more once it has enough."),
    TIMING("retry_min", retry_ms_min, "100ms", 10, "First pause between tries; then it doubles."),
    TIMING("retry_max", retry_ms_max, "15s", 10, "Longest pause between tries."),
    TIMING("permanent", permanent_ms, "30s", 1000, "Pause after refusals that time does not mend."),
    TIMING("standing", standing_ms, "1s", 100, "Between rounds of asking holders, until ready."),
    TIMING("watch", watch_ms, "15s", 1000, "Between rounds of asking holders, once ready."),
    TIMING("documents", documents_ms, "1m", 1000, "Between looks for newer documents."),
    TIMING("audit", audit_ms, "5m", 1000, "Between audits of each holder."),
    TIMING("probe", probe_ms, "1s", 100, "Between probes of other members."),
    TIMING("gossip", gossip_ms, "200ms", 20,
           "Between tellings of new events, while there are any."),
    TIMING("reconcile", reconcile_ms, "30s", 1000,
           "Between comparisons of events with a random member."),
};

static void check_timing(const void *value, const struct hf_config_where *where)
{
    const struct hf__settings_timing *t = value;
    if (t->retry_ms_max < t->retry_ms_min)
        hf_config_refuse(where, "retry_max", "below retry_min: it must be at least as long");
}

static const struct hf_config_schema timing_schema =
    HF_CONFIG_SCHEMA(struct hf__settings_timing, timing_fields, check_timing);

static const struct hf_config_field application_fields[] = {
    {"user", HF_CONFIG_STRING, HF_CONFIG_AT(struct hf__settings_application, user), .min = 1,
     .max = 32, .doc = "Name or number; or `group`, or `unit`."},
    {"group", HF_CONFIG_STRING, HF_CONFIG_AT(struct hf__settings_application, group), .min = 1,
     .max = 32, .doc = "Name or number; or `user`, or `unit`."},
    {"unit", HF_CONFIG_STRING, HF_CONFIG_AT(struct hf__settings_application, unit), .min = 1,
     .max = 255, .doc = "Of systemd, as db.service, which fetches it from `credentials`."},
    {"keys", HF_CONFIG_LIST, HF_CONFIG_AT(struct hf__settings_application, keys), .required = true,
     .min = 1, .max = 256,
     .item = &(const struct hf_config_field)HF_CONFIG_ITEM("key", HF_CONFIG_STRING, const char *,
                                                           .min = 1, .max = HF_KEY_NAME_MAX),
     .doc = "Names of the keys that it may have."},
};

static void check_application(const void *value, const struct hf_config_where *where)
{
    const struct hf__settings_application *a = value;
    if ((a->user != NULL) + (a->group != NULL) + (a->unit != NULL) != 1)
        hf_config_refuse(where, "user", "either `user`, `group` or `unit`: give one of them");
}

static const struct hf_config_schema application_schema =
    HF_CONFIG_SCHEMA(struct hf__settings_application, application_fields, check_application);
#define APPLICATIONS(type, doc_)                                                                   \
    {                                                                                              \
        "applications", HF_CONFIG_LIST, HF_CONFIG_AT(type, applications),                          \
            .max = 256,                                                                            \
            .item = &(const struct hf_config_field)HF_CONFIG_ITEM("application", HF_CONFIG_MAP,    \
                                                                  struct hf__settings_application, \
                                                                  .schema = &application_schema),  \
            .doc = doc_                                                                            \
    }

static const struct hf_config_field image_fields[] = {
    APPLICATIONS(struct hf__settings_image, "Users and groups that may have keys."),
};
const struct hf_config_schema hf__settings_image_schema =
    HF_CONFIG_SCHEMA(struct hf__settings_image, image_fields, NULL);

static const struct hf_config_field fields[] = {
    {"data", HF_CONFIG_PATH, HF_CONFIG_AT(struct hf__settings, data), .required = true,
     .doc = "Folder of the vault (0700); made at the first start."},
    {"network", HF_CONFIG_HEX, HF_CONFIG_AT(struct hf__settings, network), .required = true,
     .doc = "Id of the network: 64 hexadecimal digits, as `holdfast network init` printed them."},
    {"account", HF_CONFIG_HEX, HF_CONFIG_AT(struct hf__settings, account),
     .doc =
         "Who this node is, 64 digits, when its data folder is lost; left out: the folder says."},
    {"find_account", HF_CONFIG_BOOL, HF_CONFIG_AT(struct hf__settings, find_account),
     .doc = "An empty data folder is that of the validator whom the newest set has at `address`."},
    {"handover_from", HF_CONFIG_ADDRESS, HF_CONFIG_AT(struct hf__settings, handover_from),
     .doc = "host:port of an old release on this machine, from which an empty data folder takes "
            "over."},
    {"listen", HF_CONFIG_STRING, HF_CONFIG_AT(struct hf__settings, listen), .required = true,
     .min = 1, .max = 64,
     .doc = "Where peers reach this node: ip:port or [v6]:port; port 0 takes a free one."},
    {"address", HF_CONFIG_ADDRESS, HF_CONFIG_AT(struct hf__settings, address),
     .doc = "host:port under which others reach it, for its registration; left out: listen."},
    {"seeds", HF_CONFIG_LIST, HF_CONFIG_AT(struct hf__settings, seeds), .max = HF_SEEDS_MAX,
     .item = &(const struct hf_config_field)HF_CONFIG_ITEM(
         "seed", HF_CONFIG_ADDRESS, struct hf_config_address, .doc = "host:port"),
     .doc = "Peers from which the first documents are pulled."},
    {"documents", HF_CONFIG_PATH, HF_CONFIG_AT(struct hf__settings, documents),
     .doc = "Folder of signed documents (*.doc), read at the start and on SIGHUP."},
    {"socket", HF_CONFIG_PATH, HF_CONFIG_AT(struct hf__settings, socket), .required = true,
     .min = 1, .max = SOCKET_PATH_MAX, .doc = "Local socket for the application and the operator."},
    {"credentials", HF_CONFIG_PATH, HF_CONFIG_AT(struct hf__settings, credentials), .min = 1,
     .max = SOCKET_PATH_MAX,
     .doc = "Socket from which systemd fetches keys for units: LoadCredential=NAME:PATH; left out: "
            "none."},
    {"user", HF_CONFIG_STRING, HF_CONFIG_AT(struct hf__settings, user), .min = 1, .max = 32,
     .doc = "User to become when started by root."},
    APPLICATIONS(struct hf__settings,
                 "Which of the image's applications may have which keys; left out: as the image "
                 "says. It can give nobody more."),
    {"platform", HF_CONFIG_ENUM, HF_CONFIG_AT(struct hf__settings, platform), .choices = platforms,
     .required = true, .doc = "What makes this node's quotes."},
    {"dev", HF_CONFIG_MAP_PTR, HF_CONFIG_AT(struct hf__settings, dev), .schema = &dev_schema,
     .doc = "Only with `platform: dev`."},
    {"tdx", HF_CONFIG_MAP_PTR, HF_CONFIG_AT(struct hf__settings, tdx), .schema = &tdx_schema,
     .doc = "Only with `platform: tdx`."},
    {"collateral", HF_CONFIG_PATH, HF_CONFIG_AT(struct hf__settings, collateral), .required = true,
     .doc = "Folder of the collateral by which quotes are judged."},
    {"collateral_service", HF_CONFIG_MAP_PTR, HF_CONFIG_AT(struct hf__settings, service),
     .schema = &service_schema,
     .doc = "Keeps that folder fresh, which then holds nothing else; left out: others do."},
    {"time_helper", HF_CONFIG_PATH, HF_CONFIG_AT(struct hf__settings, time_helper),
     .default_text = HF__TIME_SOCKET, .min = 1, .max = SOCKET_PATH_MAX,
     .doc = "Socket of holdfast-time, which is asked where the policy lists time servers."},
    {"log", HF_CONFIG_MAP, HF_CONFIG_AT(struct hf__settings, log), .schema = &log_schema,
     .doc = "Lines on standard error."},
    {"metrics", HF_CONFIG_MAP_PTR, HF_CONFIG_AT(struct hf__settings, metrics),
     .schema = &metrics_schema, .doc = "Counters for Prometheus; left out, no port is opened."},
    {"operator", HF_CONFIG_MAP_PTR, HF_CONFIG_AT(struct hf__settings, operator),
     .schema = &operator_schema,
     .doc = "A listener for an operator outside the trust domain; left out, no port is opened."},
    {"timing", HF_CONFIG_MAP, HF_CONFIG_AT(struct hf__settings, timing), .schema = &timing_schema,
     .doc = "Intervals; the defaults suit most networks."},
};

/* Whether an address takes a port of 127.0.0.1 for itself. */
static bool takes_port(const char *listen, uint16_t port)
{
    const char *colon = strrchr(listen, ':');
    return port != 0 && colon != NULL && strtoul(colon + 1, NULL, 10) == port &&
           (strncmp(listen, "127.0.0.1:", 10) == 0 || hf_config_address_unspecified(listen));
}

static void check(const void *value, const struct hf_config_where *where)
{
    const struct hf__settings *s = value;
    bool dev = s->platform == HF__PLATFORM_DEV;
    /* With its folder, for that is what the kernel is given. */
    if (strlen(s->socket) > SOCKET_PATH_MAX)
        hf_config_refuse(where, "socket",
                         "with its folder longer than the 107 bytes of a socket's path: write a "
                         "shorter absolute path, as /run/holdfast/socket");
    if (s->credentials != NULL && strlen(s->credentials) > SOCKET_PATH_MAX)
        hf_config_refuse(where, "credentials",
                         "with its folder longer than the 107 bytes of a "
                         "socket's path: write a shorter absolute path");
    if (!hf_config_listen_valid(s->listen))
        hf_config_refuse(
            where, "listen",
            "not an address to listen on: write ip:port or [v6]:port, as 0.0.0.0:7700");
    else if (s->address.text == NULL && hf_config_address_unspecified(s->listen))
        hf_config_refuse(where, "listen",
                         "every address of this machine, and peers need one: give `address` too");
    if (s->operator!= NULL && strcmp(s->operator->listen, s->listen) == 0)
        hf_config_refuse(where, "operator.listen",
                         "where peers are listened to already: write another port");
    if (s->metrics != NULL && takes_port(s->listen, s->metrics->port))
        hf_config_refuse(where, "metrics.port",
                         "the port where peers are listened to: write another");
    if (s->find_account && !hf_account_zero(&s->account))
        hf_config_refuse(where, "find_account",
                         "`account` says it already: leave one of the two out");
    else if (s->find_account && s->address.text == NULL)
        hf_config_refuse(where, "find_account",
                         "by the address at which the set has this node: give `address` too");
    if (s->handover_from.text != NULL && s->find_account)
        hf_config_refuse(where, "handover_from",
                         "`find_account` says whose an empty folder is: leave one of the two out");
    if (s->handover_from.text != NULL && s->address.text == NULL)
        hf_config_refuse(where, "handover_from",
                         "the others go on looking for the validator where the old release "
                         "listens: give `address`, where they reach this one");
    if (s->handover_from.text != NULL && strcmp(s->handover_from.text, s->listen) == 0)
        hf_config_refuse(where, "handover_from",
                         "where this daemon listens itself: write the old release's host:port");
    if (dev && s->dev == NULL)
        hf_config_refuse(where, "dev",
                         "`platform: dev` needs it: give authority, machine and machine_id");
    if (!dev && s->dev != NULL)
        hf_config_refuse(where, "dev", "only with `platform: dev`: leave it out");
    if (dev && s->tdx != NULL)
        hf_config_refuse(where, "tdx", "only with `platform: tdx`: leave it out");
#ifdef HF_PRODUCTION
    if (s->dev != NULL && s->dev->seed != NULL)
        hf_config_refuse(where, "dev.seed",
                         "this build is for production: it has no fixed account or root secret");
    if (dev)
        hf_config_refuse(where, "platform", "this build is for production: only tdx is possible");
#endif
}

const struct hf_config_schema hf__settings_schema =
    HF_CONFIG_SCHEMA(struct hf__settings, fields, check);
