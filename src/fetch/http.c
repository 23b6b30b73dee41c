#include "http.h"
#include "base/error.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

struct hf__http {
    CURL *curl;
    uint64_t request_ms;
    uint64_t until_ms; /* CLOCK_MONOTONIC; for all requests */
};

/* What one answer's callbacks work on. */
struct answer {
    struct hf_buf *body;
    struct hf_buf *value; /* of the wanted header */
    const char *header;   /* its name; NULL: none is wanted */
    size_t headers_len;
    bool seen; /* the wanted header was there */
    int error; /* why a callback ended the transfer */
    const char *what;
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static size_t refuse(struct answer *a, int error, const char *what)
{
    a->error = error;
    a->what = what;
    return 0; /* fewer bytes than were given: libcurl ends the transfer */
}

static size_t body_take(char *data, size_t size, size_t count, void *arg)
{
    struct answer *a = arg;
    hf_buf_append(a->body, data, size * count);
    if (a->body->error != 0)
        return refuse(a, a->body->error, "a body that is larger than its bound");
    return size * count;
}

/* Whether a header line has this name; its trimmed value. */
static bool header_is(struct hf_bytes line, const char *name, struct hf_bytes *ret)
{
    size_t len = strlen(name);
    if (line.len <= len || strncasecmp((const char *)line.data, name, len) != 0 ||
        line.data[len] != ':')
        return false;
    size_t from = len + 1, to = line.len;
    while (from < to && (line.data[from] == ' ' || line.data[from] == '\t'))
        from++;
    while (to > from && strchr("\r\n \t", line.data[to - 1]) != NULL)
        to--;
    *ret = hf_bytes_of(line.data + from, to - from);
    return true;
}

static size_t header_take(char *data, size_t size, size_t count, void *arg)
{
    struct answer *a = arg;
    struct hf_bytes line = hf_bytes_of(data, size * count), value;
    a->headers_len += line.len;
    if (a->headers_len > HF__FETCH_HEADERS_MAX)
        return refuse(a, HF_ETOOBIG, "headers that are larger than their bound");
    if (line.len >= 5 && memcmp(line.data, "HTTP/", 5) == 0) {
        /* A new answer begins, after a redirect. */
        a->seen = false;
        hf_buf_clear(a->value);
        return line.len;
    }
    if (header_is(line, "content-encoding", &value) &&
        !hf_bytes_equal(value, hf_bytes_of("identity", 8)))
        return refuse(a, HF_EMALFORMED, "a coded body, which was not asked for");
    if (a->header == NULL || !header_is(line, a->header, &value))
        return line.len;
    if (a->seen)
        return refuse(a, HF_EMALFORMED, "the issuer chain twice");
    a->seen = true;
    hf_buf_append(a->value, value.data, value.len);
    if (a->value->error != 0)
        return refuse(a, a->value->error, "an issuer chain that is larger than its bound");
    return line.len;
}

/* Everything that is the same for all requests. */
static CURLcode configure(CURL *curl, const struct hf__fetch_options *options)
{
    CURLcode rc = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)HF__FETCH_REDIRECTS_MAX);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(curl, CURLOPT_USERAGENT, "holdfast-collateral");
    if (rc == CURLE_OK && options->ca_file != NULL)
        rc = curl_easy_setopt(curl, CURLOPT_CAINFO, options->ca_file);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_take);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, header_take);
    return rc;
}

int hf__http_new(const struct hf__fetch_options *options, struct hf__http **ret)
{
    struct hf__http *http = calloc(1, sizeof *http);
    if (http == NULL)
        return HF_ENOMEM;
    http->request_ms = 1000 * options->request_s;
    http->until_ms = now_ms() + 1000 * options->total_s;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        http->curl = curl_easy_init();
    if (http->curl == NULL || configure(http->curl, options) != CURLE_OK) {
        hf__http_free(http);
        return HF_ENOMEM;
    }
    *ret = http;
    return 0;
}

void hf__http_free(struct hf__http *http)
{
    if (http == NULL)
        return;
    curl_easy_cleanup(http->curl);
    curl_global_cleanup();
    free(http);
}

static int error_of_curl(CURLcode code)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return HF_ETIMEOUT;
    case CURLE_OUT_OF_MEMORY:
        return HF_ENOMEM;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
        return HF_ETLS;
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return HF_ECONNRESET;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_WEIRD_SERVER_REPLY:
        return HF_EMALFORMED;
    default:
        return HF_ECONNECT;
    }
}

static int error_of_status(long status)
{
    switch (status) {
    case 200:
        return 0;
    case 400:
    case 404:
    case 410:
        return HF_ENOTFOUND;
    case 401:
    case 403:
        return HF_EPERMISSION;
    case 429:
        return HF_EBUSY;
    default:
        return status >= 500 ? HF_EBUSY : HF_EMALFORMED;
    }
}

/* What of the URL a person needs: all of it, bounded. */
static int report(int error, const char *url, const char *what, char *ret_reason)
{
    snprintf(ret_reason, HF__FETCH_REASON_MAX, "%.300s: %.180s", url, what);
    return error;
}

static int perform(struct hf__http *http, const char *url, struct answer *a, char *ret_reason)
{
    char error_text[CURL_ERROR_SIZE] = "", status_text[32];
    uint64_t now = now_ms();
    if (now >= http->until_ms)
        return report(HF_ETIMEOUT, url, "the time for all requests is over", ret_reason);
    uint64_t left = http->until_ms - now;
    long ms = (long)(left < http->request_ms ? left : http->request_ms);
    curl_easy_setopt(http->curl, CURLOPT_ERRORBUFFER, error_text);
    curl_easy_setopt(http->curl, CURLOPT_TIMEOUT_MS, ms);
    curl_easy_setopt(http->curl, CURLOPT_CONNECTTIMEOUT_MS, ms);
    curl_easy_setopt(http->curl, CURLOPT_WRITEDATA, a);
    curl_easy_setopt(http->curl, CURLOPT_HEADERDATA, a);
    if (curl_easy_setopt(http->curl, CURLOPT_URL, url) != CURLE_OK)
        return report(HF_ENOMEM, url, "out of memory", ret_reason);
    CURLcode code = curl_easy_perform(http->curl);
    curl_easy_setopt(http->curl, CURLOPT_ERRORBUFFER, NULL);
    if (a->error != 0)
        return report(a->error, url, a->what, ret_reason);
    if (code != CURLE_OK)
        return report(error_of_curl(code), url,
                      error_text[0] != '\0' ? error_text : curl_easy_strerror(code), ret_reason);
    long status = 0;
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
    snprintf(status_text, sizeof status_text, "HTTP status %ld", status);
    int r = error_of_status(status);
    return r == 0 ? 0 : report(r, url, status_text, ret_reason);
}

int hf__http_get(struct hf__http *http, const char *url, const char *header,
                 struct hf_buf *ret_body, struct hf_buf *ret_header, char *ret_reason)
{
    struct answer a = {.body = ret_body, .value = ret_header, .header = header};
    int r = perform(http, url, &a, ret_reason);
    if (r == 0 && header != NULL && !a.seen)
        r = report(HF_EMALFORMED, url, "no issuer chain came with it", ret_reason);
    return r;
}
