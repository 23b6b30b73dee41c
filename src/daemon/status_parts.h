/* What the parts of the status are made of as JSON. Private to status*.c. */
#ifndef HF_DAEMON_STATUS_PARTS_H
#define HF_DAEMON_STATUS_PARTS_H

#include "base/error.h"
#include "base/hex.h"
#include "daemon.h"

#include <jansson.h>

enum { HF__STATUS_HEX_MAX = 64, HF__STATUS_TEXT_MAX = 1024 };

/* Hexadecimal digits of at most 64 bytes. */
static inline json_t *hex(const uint8_t *data, size_t len)
{
    char text[2 * HF__STATUS_HEX_MAX + 1];
    hf_assert(len <= HF__STATUS_HEX_MAX);
    hf_hex_encode(data, len, text);
    return json_string(text);
}

/* A number. */
static inline json_t *number(uint64_t v)
{
    return json_integer((json_int_t)v);
}

/* A Unix time; null: 0. */
static inline json_t *time_or_null(uint64_t s)
{
    return s != 0 ? number(s) : json_null();
}

/* The name of an error; null: 0. */
static inline json_t *error_name(int error)
{
    return error == 0 ? json_null() : json_string(hf_error_name(error));
}

/* How long ago something was; 0: never, or not yet. */
static inline uint64_t ago(uint64_t now_ms, uint64_t since_ms)
{
    return since_ms == 0 || since_ms > now_ms ? 0 : now_ms - since_ms;
}

/* A text of the configuration, of a file's name or of the kernel: what is not UTF-8 in it is shown
 * as question marks, and so is a character that was cut. */
static inline json_t *text(const char *value)
{
    char shown[HF__STATUS_TEXT_MAX];
    size_t len = strnlen(value, sizeof shown - 1);
    json_t *whole = json_string(value);
    if (whole != NULL)
        return whole;
    for (size_t i = 0; i < len; i++)
        shown[i] = (value[i] & 0x80) != 0 ? '?' : value[i];
    shown[len] = '\0';
    return json_string(shown);
}

/* Sets a member, and takes the value over. */
static inline void set(json_t *o, const char *name, json_t *value)
{
    int r = json_object_set_new_nocheck(o, name, value);
    hf_assert(r == 0);
}

/* Older generations that not all have deleted: the member `retiring`. */
json_t *hf__status_retiring(const struct hf_status *s);
/* Whose word is waited for: the member `waits`. */
json_t *hf__status_waits(const struct hf_status *s, uint64_t now_ms);
/* What an authority decides a floor by, the member `record`; null before the first record. */
json_t *hf__status_record(const struct hf_status *s);
/* What an authority decides a sequence floor by, the member `vault_behind`; null: it is not. */
json_t *hf__status_behind(const struct hf_status *s);
/* The node's own leave, the member `leaving`; null while it stays. */
json_t *hf__status_leaving(const struct hf_status *s);

#endif
