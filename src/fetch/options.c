#include "options.h"
#include "base/error.h"
#include "base/hex.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

const char hf__fetch_usage[] =
    "usage: holdfast-collateral --url URL --fmspc HEX [--fmspc HEX ...] --output DIR [options]\n"
    "\n"
    "Fetches the collateral that quotes are verified with from a PCS or PCCS (API version 4), "
    "checks it, and\n"
    "replaces DIR with it whole. DIR is never replaced by an older set.\n"
    "\n"
    "  --url URL            the service, as https://pccs.example:8081\n"
    "  --fmspc HEX          12 digits: a kind of platform whose TCB information is wanted\n"
    "  --output DIR         the folder\n"
    "  --ca NAME            whose revocation list: platform (default), processor, or both\n"
    "  --root-crl-url URL   where the root's revocation list is, if not at the service\n"
    "  --ca-file FILE       certificates to trust for TLS, instead of the system's\n"
    "  --dev-root HEX       128 digits: a development root's public key, instead of Intel's\n"
    "  --timeout SECONDS    for one request, 1 to 600 (default 20)\n"
    "  --total SECONDS      for all requests, 1 to 3600 (default 120)\n"
    "  --at SECONDS         Unix time to judge dates by (default: now)\n"
    "  --help\n"
    "\n"
    "Exit 0: DIR holds the new set; 1: failed, and trying again may help; 2: usage; 3: refused, "
    "and trying again\n"
    "will not help by itself. The reason is one line on standard error.\n";

enum {
    OPT_URL = 1,
    OPT_FMSPC,
    OPT_OUTPUT,
    OPT_CA,
    OPT_ROOT_CRL_URL,
    OPT_CA_FILE,
    OPT_DEV_ROOT,
    OPT_TIMEOUT,
    OPT_TOTAL,
    OPT_AT,
    OPT_HELP,
};

static const struct option long_options[] = {
    {"url", required_argument, NULL, OPT_URL},
    {"fmspc", required_argument, NULL, OPT_FMSPC},
    {"output", required_argument, NULL, OPT_OUTPUT},
    {"ca", required_argument, NULL, OPT_CA},
    {"root-crl-url", required_argument, NULL, OPT_ROOT_CRL_URL},
    {"ca-file", required_argument, NULL, OPT_CA_FILE},
    {"dev-root", required_argument, NULL, OPT_DEV_ROOT},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"total", required_argument, NULL, OPT_TOTAL},
    {"at", required_argument, NULL, OPT_AT},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static bool number_take(const char *text, uint64_t max, uint64_t *ret)
{
    char *end;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || v < 1 || v > max)
        return false;
    *ret = v;
    return true;
}

static bool url_ok(const char *url)
{
    static const char scheme[] = "https://";
    return strncmp(url, scheme, sizeof scheme - 1) == 0 && url[sizeof scheme - 1] != '\0' &&
           strlen(url) <= HF__FETCH_URL_MAX && strpbrk(url, " \t\r\n") == NULL;
}

static bool url_take(const char *url, struct hf__fetch_options *o)
{
    if (!url_ok(url) || strpbrk(url, "?#") != NULL)
        return false;
    o->url = url;
    o->url_len = strlen(url);
    while (url[o->url_len - 1] == '/')
        o->url_len--;
    return true;
}

static bool fmspc_take(const char *text, struct hf__fetch_options *o)
{
    if (o->fmspc_count >= HF_COLLATERAL_PLATFORMS_MAX)
        return false;
    uint8_t fmspc[HF_FMSPC_LEN];
    if (hf_hex_decode(text, fmspc, sizeof fmspc) != 0)
        return false;
    for (size_t i = 0; i < o->fmspc_count; i++)
        if (memcmp(o->fmspc[i], fmspc, sizeof fmspc) == 0)
            return true;
    memcpy(o->fmspc[o->fmspc_count++], fmspc, sizeof fmspc);
    return true;
}

static bool dev_root_take(const char *text, struct hf__fetch_options *o)
{
    if (hf_hex_decode(text, o->dev_key, sizeof o->dev_key) != 0)
        return false;
    o->roots = (struct hf_roots){.trust = HF_TRUST_DEV, .dev_key = o->dev_key};
    return true;
}

static bool ca_take(const char *text, struct hf__fetch_options *o)
{
    bool both = strcmp(text, "both") == 0;
    o->ca[0] = both ? "platform" : text;
    o->ca[1] = both ? "processor" : NULL;
    o->ca_count = both ? 2 : 1;
    return both || strcmp(text, "platform") == 0 || strcmp(text, "processor") == 0;
}

/* Whether the option's value is acceptable. */
static bool option_take(int option, const char *value, struct hf__fetch_options *o)
{
    switch (option) {
    case OPT_URL:
        return url_take(value, o);
    case OPT_FMSPC:
        return fmspc_take(value, o);
    case OPT_OUTPUT:
        o->output = value;
        return value[0] != '\0';
    case OPT_CA:
        return ca_take(value, o);
    case OPT_ROOT_CRL_URL:
        o->root_crl_url = value;
        return url_ok(value);
    case OPT_CA_FILE:
        o->ca_file = value;
        return value[0] != '\0';
    case OPT_DEV_ROOT:
        return dev_root_take(value, o);
    case OPT_TIMEOUT:
        return number_take(value, 600, &o->request_ms) && (o->request_ms *= 1000) != 0;
    case OPT_TOTAL:
        return number_take(value, 3600, &o->total_ms) && (o->total_ms *= 1000) != 0;
    case OPT_AT:
        return number_take(value, INT64_MAX, &o->at_s);
    default:
        hf_unreachable();
    }
}

static int complete(const struct hf__fetch_options *o, char *reason, size_t len)
{
    const char *missing = o->url == NULL        ? "--url"
                          : o->fmspc_count == 0 ? "--fmspc"
                          : o->output == NULL   ? "--output"
                                                : NULL;
    if (missing == NULL)
        return 0;
    snprintf(reason, len, "%s is missing; see --help", missing);
    return HF_EINVAL;
}

int hf__fetch_options_parse(int argc, char **argv, struct hf__fetch_options *ret, char *ret_reason,
                            size_t len)
{
    *ret = (struct hf__fetch_options){.ca = {"platform"},
                                      .ca_count = 1,
                                      .roots = {.trust = HF_TRUST_INTEL},
                                      .request_ms = 20000,
                                      .total_ms = 120000};
    opterr = 0;
    int index = 0;
    for (int c; (c = getopt_long(argc, argv, ":", long_options, &index)) != -1;) {
        if (c == OPT_HELP) {
            ret->help = true;
            return 0;
        }
        if (c == '?' || c == ':') {
            snprintf(ret_reason, len, "%.200s: %s; see --help", argv[optind - 1],
                     c == '?' ? "not an option" : "needs a value");
            return HF_EINVAL;
        }
        if (!option_take(c, optarg, ret)) {
            snprintf(ret_reason, len, "--%s %.200s: not acceptable; see --help",
                     long_options[index].name, optarg);
            return HF_EINVAL;
        }
    }
    if (optind < argc) {
        snprintf(ret_reason, len, "%.200s: not an option; see --help", argv[optind]);
        return HF_EINVAL;
    }
    return complete(ret, ret_reason, len);
}
