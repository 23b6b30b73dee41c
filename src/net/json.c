#include "json.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

enum { MESSAGE_MAX = 320 /* escaped; the name and the rest fit beside it */ };

/* Writes text as the inside of a JSON string (RFC 8259, 7); what is not printable ASCII becomes
 * '?'. */
static size_t escape(const char *text, char *ret, size_t ret_len)
{
    size_t len = 0;
    for (; *text != '\0' && len + 2 <= ret_len; text++) {
        char c = *text;
        if (c == '"' || c == '\\')
            ret[len++] = '\\';
        ret[len++] = c >= ' ' && c <= '~' ? c : '?';
    }
    return len;
}

size_t hf__error_json(int error, const char *message, char ret[static HF__ERROR_JSON_MAX])
{
    char escaped[MESSAGE_MAX];
    size_t len = escape(message == NULL ? hf_error_sentence(error) : message, escaped, MESSAGE_MAX);
    int n = snprintf(
        ret, HF__ERROR_JSON_MAX, "{\"code\":\"%s\",\"message\":\"%.*s\",\"retryable\":%s}",
        hf_error_name(error), (int)len, escaped, hf_error_transient(error) ? "true" : "false");
    return (size_t)n;
}
