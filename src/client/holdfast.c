/* libholdfast: see include/holdfast/holdfast.h. */
#include <holdfast/holdfast.h>

#include "base/error.h"
#include "base/hex.h"
#include "client/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    ASK_MS = 10000,
    PAUSE_MS = 5,
    TURN_MS = 200, /* for which one daemon of several may hold a refusal back */
    QUOTE_PAUSE_MS =
        50, /* what the daemon refuses for now it does not hold back, as it does a key */
    WAIT_MS_MAX = 3600000,
    REQUEST_LEN = 320,
    SOCKET_LEN = 256,
    KEY_DIGITS = 2 * HOLDFAST_KEY_LEN
};

static bool name_valid(const char *name)
{
    size_t len = strnlen(name, HOLDFAST_NAME_MAX + 1);
    return len > 0 && len <= HOLDFAST_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == len;
}

static int from_call(int error)
{
    switch (error) {
    case HF_ENOTFOUND:
    case HF_ECONNECT:
    case HF_ECONNRESET:
        return HOLDFAST_NO_DAEMON;
    case HF_EPERMISSION:
        return HOLDFAST_DENIED;
    case HF_ETIMEOUT:
        return HOLDFAST_NOT_READY;
    case HF_ENOMEM:
        return HOLDFAST_MEMORY;
    default:
        return HOLDFAST_PROTOCOL;
    }
}

/* Where the value of a name begins in a flat JSON object without blanks; NULL: it has none. */
static const char *value_of(const char *json, const char *name)
{
    char mark[32];
    snprintf(mark, sizeof mark, "\"%s\":", name);
    const char *at = strstr(json, mark);
    return at == NULL ? NULL : at + strlen(mark);
}

/* What an object says that is no answer; 0: it is one. */
static int refusal(const char *json)
{
    const char *retryable = value_of(json, "retryable");
    if (value_of(json, "error") == NULL)
        return 0;
    const char *code = value_of(json, "code");
    if (code == NULL || retryable == NULL)
        return HOLDFAST_PROTOCOL;
    if (strncmp(code, "\"newest_key\"", 12) == 0)
        return HOLDFAST_NEWEST;
    if (strncmp(code, "\"other_key_version\"", 19) == 0)
        return HOLDFAST_VERSION;
    return strncmp(retryable, "true", 4) == 0 ? HOLDFAST_NOT_READY : HOLDFAST_REFUSED;
}

static int decode_hex(const char *json, const char *name, uint8_t *ret, size_t len)
{
    char digits[KEY_DIGITS + 1];
    const char *value = value_of(json, name);
    if (value == NULL || value[0] != '"' || strnlen(value, 2 * len + 2) < 2 * len + 2 ||
        value[2 * len + 1] != '"')
        return HOLDFAST_PROTOCOL;
    memcpy(digits, value + 1, 2 * len);
    digits[2 * len] = '\0';
    int r = hf_hex_decode(digits, ret, len) == 0 ? 0 : HOLDFAST_PROTOCOL;
    explicit_bzero(digits, sizeof digits);
    return r;
}

/*
 * The answer as proto/LOCAL.md specifies it: an object without blanks. It is read by hand, so that
 * the key is in no memory but ours.
 */
static int decode(const char *json, struct holdfast_key *ret)
{
    struct holdfast_key key = {0};
    const char *version = value_of(json, "version"), *claim = value_of(json, "claim");
    int r = refusal(json);
    if (r == 0)
        r = decode_hex(json, "key", key.bytes, sizeof key.bytes);
    if (r == 0)
        r = decode_hex(json, "network", key.network, sizeof key.network);
    if (r == 0 && (version == NULL || claim == NULL))
        r = HOLDFAST_PROTOCOL;
    if (r == 0) {
        key.version = (uint32_t)strtoul(version, NULL, 10);
        key.claim = strtoull(claim, NULL, 10);
        r = key.claim > 0 && key.claim < UINT64_MAX ? 0 : HOLDFAST_PROTOCOL;
    }
    if (r == 0)
        *ret = key;
    holdfast_key_wipe(&key);
    return r;
}

/* The same of both keys: the newer stands behind the older, in the same answer. */
static int decode_next(const char *json, const struct holdfast_key *key, struct holdfast_key *ret)
{
    const char *version = value_of(json, "next_version");
    *ret = *key;
    int r = decode_hex(json, "next", ret->bytes, sizeof ret->bytes);
    if (r == 0 && version == NULL)
        r = HOLDFAST_PROTOCOL;
    if (r == 0)
        ret->version = (uint32_t)strtoul(version, NULL, 10);
    return r == 0 && ret->version <= key->version ? HOLDFAST_PROTOCOL : r;
}

/* A quote is no secret, and the digits end where the text does at the latest. */
static int decode_quote(const char *json, uint8_t *ret_network, struct holdfast_quote *ret)
{
    char pair[3] = {0};
    const char *digits = value_of(json, "quote");
    int r = refusal(json);
    if (r == 0)
        r = decode_hex(json, "network", ret_network, HOLDFAST_NETWORK_LEN);
    if (r != 0 || digits == NULL || *digits++ != '"')
        return r != 0 ? r : HOLDFAST_PROTOCOL;
    size_t len = strspn(digits, "0123456789abcdef");
    if (len == 0 || len % 2 != 0 || len / 2 > sizeof ret->bytes || digits[len] != '"')
        return HOLDFAST_PROTOCOL;
    for (size_t i = 0; i < len / 2 && r == 0; i++) {
        memcpy(pair, digits + 2 * i, 2);
        r = hf_hex_decode(pair, ret->bytes + i, 1);
    }
    ret->len = len / 2;
    return r == 0 ? 0 : HOLDFAST_PROTOCOL;
}

/* What is asked for, and where the answer goes: a key or two, a confirmation, or a quote. */
struct question {
    const char *name;             /* of a key */
    bool both;                    /* keys are asked for */
    uint32_t confirms;            /* version that is confirmed; 0 none */
    const uint8_t *bytes, *nonce; /* of a quote */
    struct holdfast_key key, next;
    struct holdfast_quote *quote;
    uint8_t network[HOLDFAST_NETWORK_LEN]; /* of the answer */
};

static int request_of(const struct question *q, uint32_t wait_ms, char ret[static REQUEST_LEN])
{
    char bytes[2 * HOLDFAST_BYTES_LEN + 1], nonce[2 * HOLDFAST_NONCE_LEN + 1];
    if (q->confirms != 0)
        return snprintf(ret, REQUEST_LEN,
                        "{\"request\":\"confirm\",\"name\":\"%s\",\"version\":%u}", q->name,
                        q->confirms);
    if (q->name != NULL)
        return snprintf(ret, REQUEST_LEN, "{\"request\":\"%s\",\"name\":\"%s\",\"wait_ms\":%u}",
                        q->both ? "keys" : "key", q->name, wait_ms);
    hf_hex_encode(q->bytes, HOLDFAST_BYTES_LEN, bytes);
    hf_hex_encode(q->nonce, HOLDFAST_NONCE_LEN, nonce);
    return snprintf(ret, REQUEST_LEN, "{\"request\":\"quote\",\"bytes\":\"%s\",\"nonce\":\"%s\"}",
                    bytes, nonce);
}

/* wait_ms: how long the daemon may hold a refusal back. */
static int ask(const char *socket_path, struct question *q, uint32_t wait_ms)
{
    char request[REQUEST_LEN];
    struct hf_client_answer answer = {0};
    int len = request_of(q, wait_ms, request);
    hf_assert(len > 0 && (size_t)len < sizeof request);
    int r =
        hf_client_call(socket_path, hf_bytes_of(request, (size_t)len), wait_ms + ASK_MS, &answer);
    if (r != 0)
        r = from_call(r);
    else if (q->name == NULL)
        r = decode_quote(answer.text, q->network, q->quote);
    else if (q->confirms != 0)
        r = refusal(answer.text);
    else if ((r = decode(answer.text, &q->key)) == 0)
        memcpy(q->network, q->key.network, sizeof q->network);
    if (r == 0 && q->both)
        r = decode_next(answer.text, &q->key, &q->next);
    hf_client_answer_done(&answer);
    return r;
}

static uint64_t now_ms(void)
{
    struct timespec t;
    int r = clock_gettime(CLOCK_MONOTONIC, &t);
    hf_assert(r == 0);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool passes(int error)
{
    return error == HOLDFAST_NO_DAEMON || error == HOLDFAST_NOT_READY || error == HOLDFAST_MEMORY;
}

static uint32_t capped(uint64_t wait_ms)
{
    return wait_ms > WAIT_MS_MAX ? WAIT_MS_MAX : (uint32_t)wait_ms;
}

/*
 * Each of the sockets that the path names, one after another, divided by colons: an old release and
 * a new one may both run, and whichever has the account answers. The first that does not refuse for
 * now has the word; else the last.
 */
static int ask_each(const char *paths, struct question *q, uint32_t wait_ms)
{
    char path[SOCKET_LEN];
    int r = HOLDFAST_NO_DAEMON;
    bool several = strchr(paths, ':') != NULL;
    for (const char *at = paths; at != NULL; at = *at == ':' ? at + 1 : NULL) {
        size_t len = strcspn(at, ":");
        if (len >= sizeof path)
            return HOLDFAST_NO_DAEMON;
        memcpy(path, at, len);
        path[len] = '\0';
        at += len;
        r = ask(path, q, several && wait_ms > TURN_MS ? TURN_MS : wait_ms);
        if (!passes(r))
            return r;
    }
    return r;
}

static int ask_until(struct question *q, const struct holdfast_options *options)
{
    const struct timespec pause = {.tv_nsec =
                                       (q->name != NULL ? PAUSE_MS : QUOTE_PAUSE_MS) * 1000000L};
    const char *socket_path = options->socket;
    if (socket_path == NULL)
        socket_path = secure_getenv("HOLDFAST_SOCKET");
    if (socket_path == NULL || socket_path[0] == '\0')
        socket_path = HOLDFAST_SOCKET;
    uint64_t now, end_ms = now_ms() + options->wait_ms;
    int r = ask_each(socket_path, q, capped(options->wait_ms));
    /* The daemon waits for its own recovery; this waits for a daemon. */
    while (r != 0 && passes(r) && (now = now_ms()) < end_ms) {
        nanosleep(&pause, NULL);
        r = ask_each(socket_path, q, capped(end_ms - now));
    }
    if (r == 0 && options->network != NULL && q->confirms == 0 &&
        memcmp(q->network, options->network, sizeof q->network) != 0)
        r = HOLDFAST_OTHER_NETWORK;
    return r;
}

int holdfast_key_get_with(const char *name, const struct holdfast_options *options,
                          struct holdfast_key *ret_key)
{
    struct question q = {.name = name};
    if (!name_valid(name))
        return HOLDFAST_NAME;
    int r = ask_until(&q, options);
    if (r == 0)
        *ret_key = q.key;
    holdfast_key_wipe(&q.key);
    return r;
}

int holdfast_key_rotate_with(const char *name, const struct holdfast_options *options,
                             struct holdfast_keys *ret_keys)
{
    struct question q = {.name = name, .both = true};
    if (!name_valid(name))
        return HOLDFAST_NAME;
    int r = ask_until(&q, options);
    if (r == 0)
        *ret_keys = (struct holdfast_keys){.key = q.key, .next = q.next};
    holdfast_key_wipe(&q.key);
    holdfast_key_wipe(&q.next);
    return r;
}

int holdfast_key_confirm_with(const char *name, uint32_t version,
                              const struct holdfast_options *options)
{
    struct question q = {.name = name, .confirms = version};
    if (!name_valid(name))
        return HOLDFAST_NAME;
    return version == 0 ? HOLDFAST_VERSION : ask_until(&q, options);
}

int holdfast_quote_make_with(const uint8_t *bytes, const uint8_t *nonce,
                             const struct holdfast_options *options,
                             struct holdfast_quote *ret_quote)
{
    struct holdfast_quote quote;
    struct question q = {.bytes = bytes, .nonce = nonce, .quote = &quote};
    int r = ask_until(&q, options);
    if (r == 0)
        *ret_quote = quote;
    return r;
}

int holdfast_quote_make(const uint8_t *bytes, const uint8_t *nonce, uint32_t wait_ms,
                        struct holdfast_quote *ret_quote)
{
    const struct holdfast_options options = {.wait_ms = wait_ms};
    return holdfast_quote_make_with(bytes, nonce, &options, ret_quote);
}

int holdfast_key_get(const char *name, uint32_t wait_ms, struct holdfast_key *ret_key)
{
    const struct holdfast_options options = {.wait_ms = wait_ms};
    return holdfast_key_get_with(name, &options, ret_key);
}

int holdfast_key_rotate(const char *name, uint32_t wait_ms, struct holdfast_keys *ret_keys)
{
    const struct holdfast_options options = {.wait_ms = wait_ms};
    return holdfast_key_rotate_with(name, &options, ret_keys);
}

int holdfast_key_confirm(const char *name, uint32_t version, uint32_t wait_ms)
{
    const struct holdfast_options options = {.wait_ms = wait_ms};
    return holdfast_key_confirm_with(name, version, &options);
}

void holdfast_key_wipe(struct holdfast_key *key)
{
    explicit_bzero(key, sizeof *key);
}

const char *holdfast_error_text(int error)
{
    static const char *const texts[] = {
        "no error",
        "no daemon listens on the socket",
        "the daemon belongs to another user",
        "the daemon does not give it out yet",
        "not a key's name: 1 to 64 characters of a-z 0-9 - _ .",
        "the daemon refuses for good: see `holdfast status`",
        "the daemon's answer makes no sense to this library",
        "out of memory",
        "the daemon's network is another than the one expected",
        "the key is of the newest version already",
        "the key does not move to this version",
    };
    size_t at = error <= 0 ? (size_t) - (long)error : SIZE_MAX;
    return at < HF_ARRAY_LEN(texts) ? texts[at] : "an unknown error";
}

const char *holdfast_version(void)
{
    return HF_RELEASE;
}
