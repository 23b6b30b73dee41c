#include "options.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/options.h"

#include <stdio.h>

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
    "  --version\n"
    "  --help\n"
    "\n"
    "Exit 0: DIR holds the new set; 1: failed, and trying again may help; 64: usage; 3: refused, "
    "and trying again\n"
    "will not help by itself. The reason is one line on standard error.\n";

static bool url_ok(const char *url)
{
    static const char scheme[] = "https://";
    return strncmp(url, scheme, sizeof scheme - 1) == 0 && url[sizeof scheme - 1] != '\0' &&
           strlen(url) <= HF__FETCH_URL_MAX && strpbrk(url, " \t\r\n") == NULL;
}

static bool url_take(void *options, const char *url)
{
    struct hf__fetch_options *o = options;
    if (!url_ok(url) || strpbrk(url, "?#") != NULL)
        return false;
    o->url = url;
    o->url_len = strlen(url);
    while (url[o->url_len - 1] == '/')
        o->url_len--;
    return true;
}

static bool fmspc_take(void *options, const char *text)
{
    struct hf__fetch_options *o = options;
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

static bool dev_root_take(void *options, const char *text)
{
    struct hf__fetch_options *o = options;
    if (hf_hex_decode(text, o->dev_key, sizeof o->dev_key) != 0)
        return false;
    o->roots = (struct hf_roots){.trust = HF_TRUST_DEV, .dev_key = o->dev_key};
    return true;
}

static bool ca_take(void *options, const char *text)
{
    struct hf__fetch_options *o = options;
    bool both = strcmp(text, "both") == 0;
    o->ca[0] = both ? "platform" : text;
    o->ca[1] = both ? "processor" : NULL;
    o->ca_count = both ? 2 : 1;
    return both || strcmp(text, "platform") == 0 || strcmp(text, "processor") == 0;
}

static bool output_take(void *options, const char *text)
{
    ((struct hf__fetch_options *)options)->output = text;
    return text[0] != '\0';
}

static bool ca_file_take(void *options, const char *text)
{
    ((struct hf__fetch_options *)options)->ca_file = text;
    return text[0] != '\0';
}

static bool root_crl_url_take(void *options, const char *url)
{
    ((struct hf__fetch_options *)options)->root_crl_url = url;
    return url_ok(url);
}

static const struct hf_option table[] = {
    HF_TAKE_BY("url", url_take),
    HF_TAKE_BY("fmspc", fmspc_take),
    HF_TAKE_BY("output", output_take),
    HF_TAKE_BY("ca", ca_take),
    HF_TAKE_BY("root-crl-url", root_crl_url_take),
    HF_TAKE_BY("ca-file", ca_file_take),
    HF_TAKE_BY("dev-root", dev_root_take),
    HF_NUMBER_OF("timeout", struct hf__fetch_options, request_s, 1, 600),
    HF_NUMBER_OF("total", struct hf__fetch_options, total_s, 1, 3600),
    HF_NUMBER_OF("at", struct hf__fetch_options, at_s, 1, INT64_MAX),
    HF_FLAG_OF("help", struct hf__fetch_options, help),
    HF_FLAG_OF("version", struct hf__fetch_options, version),
};

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
                                      .request_s = 20,
                                      .total_s = 120};
    char reason[HF_OPTION_REASON_MAX], **words;
    int words_count;
    if (!hf_options_read(argc, argv, table, HF_ARRAY_LEN(table), ret, &words, &words_count,
                         reason)) {
        snprintf(ret_reason, len, "%s; see --help", reason);
        return HF_EINVAL;
    }
    if (ret->help || ret->version)
        return 0;
    if (words_count > 0) {
        snprintf(ret_reason, len, "%.200s: not an option; see --help", words[0]);
        return HF_EINVAL;
    }
    return complete(ret, ret_reason, len);
}
