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
    WAIT_MS_MAX = 3600000,
    REQUEST_LEN = 160,
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
    int r = HOLDFAST_PROTOCOL;
    if (value_of(json, "error") != NULL) {
        const char *retryable = value_of(json, "retryable");
        if (value_of(json, "code") != NULL && retryable != NULL)
            r = strncmp(retryable, "true", 4) == 0 ? HOLDFAST_NOT_READY : HOLDFAST_REFUSED;
        return r;
    }
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

/* wait_ms: how long the daemon may hold a refusal back. */
static int ask(const char *socket_path, const char *name, uint32_t wait_ms,
               struct holdfast_key *ret)
{
    char request[REQUEST_LEN];
    struct hf_client_answer answer = {0};
    int len = snprintf(request, sizeof request,
                       "{\"request\":\"key\",\"name\":\"%s\",\"wait_ms\":%u}", name, wait_ms);
    hf_assert(len > 0 && (size_t)len < sizeof request);
    int r =
        hf_client_call(socket_path, hf_bytes_of(request, (size_t)len), wait_ms + ASK_MS, &answer);
    r = r != 0 ? from_call(r) : decode(answer.text, ret);
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

int holdfast_key_get_with(const char *name, const struct holdfast_options *options,
                          struct holdfast_key *ret_key)
{
    static const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    const char *socket_path = options->socket;
    struct holdfast_key key;
    if (!name_valid(name))
        return HOLDFAST_NAME;
    if (socket_path == NULL)
        socket_path = secure_getenv("HOLDFAST_SOCKET");
    if (socket_path == NULL || socket_path[0] == '\0')
        socket_path = HOLDFAST_SOCKET;
    uint64_t now, end_ms = now_ms() + options->wait_ms;
    int r = ask(socket_path, name, capped(options->wait_ms), &key);
    /* The daemon waits for its own recovery; this waits for a daemon. */
    while (r != 0 && passes(r) && (now = now_ms()) < end_ms) {
        nanosleep(&pause, NULL);
        r = ask(socket_path, name, capped(end_ms - now), &key);
    }
    if (r != 0)
        return r;
    if (options->network != NULL && memcmp(key.network, options->network, sizeof key.network) != 0)
        r = HOLDFAST_OTHER_NETWORK;
    else
        *ret_key = key;
    holdfast_key_wipe(&key);
    return r;
}

int holdfast_key_get(const char *name, uint32_t wait_ms, struct holdfast_key *ret_key)
{
    const struct holdfast_options options = {.wait_ms = wait_ms};
    return holdfast_key_get_with(name, &options, ret_key);
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
        "the daemon does not release the key yet",
        "not a key's name: 1 to 64 characters of a-z 0-9 - _ .",
        "the daemon refuses for good: see `holdfast status`",
        "the daemon's answer makes no sense to this library",
        "out of memory",
        "the key is of another network than the one expected",
    };
    size_t at = error <= 0 ? (size_t) - (long)error : SIZE_MAX;
    return at < HF_ARRAY_LEN(texts) ? texts[at] : "an unknown error";
}

const char *holdfast_version(void)
{
    return HF_RELEASE;
}
