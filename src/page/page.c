#include "page/page.h"

#include "base/check.h"
#include "base/date.h"

#include <stdlib.h>
#include <string.h>

/* Made from page.html, page.css and page.js by embed.py: what stands before the essentials, between
 * them and the data, and behind the data; and the policy by which a browser runs nothing else. */
extern const char hf__page_begin[], hf__page_middle[], hf__page_end[], hf__page_policy[];

static void put_text(struct hf_buf *b, const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        switch (*c) {
        case '&':
            hf_buf_printf(b, "&amp;");
            break;
        case '<':
            hf_buf_printf(b, "&lt;");
            break;
        case '>':
            hf_buf_printf(b, "&gt;");
            break;
        case '"':
            hf_buf_printf(b, "&quot;");
            break;
        case '\'':
            hf_buf_printf(b, "&#39;");
            break;
        default:
            /* A name may hold what a terminal would obey; here it is a mark. */
            if ((unsigned char)*c < ' ' && *c != '\n')
                hf_buf_printf(b, "\xef\xbf\xbd");
            else
                hf_buf_append_u8(b, (uint8_t)*c);
        }
}

static void put_script(struct hf_buf *b, const char *json)
{
    for (const char *c = json; *c != '\0'; c++)
        if (*c == '<' || *c == '>' || *c == '&')
            hf_buf_printf(b, "\\u%04x", (unsigned)(unsigned char)*c);
        else
            hf_buf_append_u8(b, (uint8_t)*c);
}

static const char *text_of(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));
    return text != NULL ? text : "";
}

static long long number_of(const json_t *o, const char *name)
{
    return (long long)json_integer_value(json_object_get(o, name));
}

static void put(struct hf_buf *b, const char *before, const char *text, const char *after)
{
    hf_buf_printf(b, "%s", before);
    put_text(b, text);
    hf_buf_printf(b, "%s", after);
}

static void write_explained(struct hf_buf *b, const json_t *data, const char *code)
{
    const json_t *r = json_object_get(json_object_get(data, "reasons"), code);
    if (r == NULL)
        return;
    put(b, "<p><b>What to do:</b> ", text_of(r, "do"), "</p>");
    put(b, "<p><b>Otherwise:</b> ", text_of(r, "otherwise"), "</p>");
}

static void write_verdict(struct hf_buf *b, const json_t *data, const json_t *status)
{
    static const char *const verdicts[] = {"ready", "cannot tell", "not ready", "in danger"};
    const json_t *key = json_object_get(status, "key");
    const json_t *reason = json_object_get(status, "reason");
    long long exit_status = number_of(status, "exit_status");
    if (json_is_true(json_object_get(status, "dev")))
        hf_buf_printf(b, "<p><strong>DEVELOPMENT MODE: nothing is protected</strong></p>");
    put(b, "<p>", text_of(status, "operator"), " ");
    put(b, "", text_of(status, "registered_address"), "</p>");
    hf_buf_printf(b, "<h1>Can this key come back? <strong>");
    put(b, "", text_of(key, "says"), "</strong></h1>");
    put(b, "<p>", verdicts[exit_status & 3], ": ");
    put(b, "", text_of(status, "state"), ", ");
    put(b, "", text_of(status, "says"), "</p>");
    put(b, "<p>", text_of(key, "advice"), "</p>");
    if (json_is_object(reason)) {
        put(b, "<p>Why: ", text_of(reason, "message"), "</p>");
        write_explained(b, data, text_of(reason, "code"));
    }
    put(b, "<p>", text_of(status, "start_text"), "</p>");
}

static void write_warnings(struct hf_buf *b, const json_t *data, const json_t *status)
{
    const json_t *list = json_object_get(status, "warnings");
    hf_buf_printf(b, "<h2>Warnings</h2>");
    if (json_array_size(list) == 0)
        hf_buf_printf(b, "<p>None.</p>");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *w = json_array_get(list, i);
        put(b, "<h3>", text_of(w, "text"),
            json_is_true(json_object_get(w, "muted")) ? " (muted)</h3>" : "</h3>");
        write_explained(b, data, text_of(w, "code"));
    }
}

static void write_holders(struct hf_buf *b, const json_t *status)
{
    const json_t *key = json_object_get(status, "key"),
                 *list = json_object_get(status, "providers");
    hf_buf_printf(b,
                  "<h2>Who keeps this node's shares</h2><p>%lld of %lld answer; a restart needs "
                  "%lld for the shares and %lld for the claim.</p>"
                  "<table><tr><th>operator</th><th>address</th><th>share</th><th>state</th></tr>",
                  number_of(key, "answering"), number_of(key, "holders"), number_of(key, "needed"),
                  number_of(key, "quorum"));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *p = json_array_get(list, i);
        put(b, "<tr><td>", text_of(p, "operator"), "</td>");
        put(b, "<td>", text_of(p, "address"), "</td>");
        hf_buf_printf(b, "<td>%lld</td>", number_of(p, "index"));
        put(b, "<td>",
            json_is_string(json_object_get(p, "message"))  ? text_of(p, "message")
            : json_is_true(json_object_get(p, "answered")) ? "answers"
                                                           : "no answer yet",
            "</td></tr>");
    }
    hf_buf_printf(b, "</table>");
}

static void write_expiries(struct hf_buf *b, const json_t *status)
{
    static const struct {
        const char *name, *says;
    } dates[] = {{"policy_s", "policy"},
                 {"set_s", "validator set"},
                 {"share_set_s", "share set"},
                 {"collateral_s", "collateral"},
                 {"identity_s", "own identity"}};
    const json_t *o = json_object_get(status, "expires");
    hf_buf_printf(b, "<h2>What expires</h2><ul>");
    for (size_t i = 0; i < HF_ARRAY_LEN(dates); i++) {
        char day[HF_DATE_TEXT];
        long long s = number_of(o, dates[i].name);
        if (s > 0)
            hf_buf_printf(b, "<li>%s: %s</li>", dates[i].says,
                          hf_date_text((uint64_t)s, HF_DATE_DAY, day));
    }
    hf_buf_printf(b, "</ul>");
}

void hf_page_write(const json_t *data, struct hf_buf *b)
{
    const json_t *status = json_object_get(data, "status");
    char *json = json_dumps(data, JSON_COMPACT);
    hf_buf_printf(b, "%s", hf__page_begin);
    write_verdict(b, data, status);
    write_warnings(b, data, status);
    write_holders(b, status);
    write_expiries(b, status);
    hf_buf_printf(b, "%s", hf__page_middle);
    if (json != NULL)
        put_script(b, json);
    hf_buf_printf(b, "%s", hf__page_end);
    free(json);
}

static void put_head(struct hf_buf *b, const char *type)
{
    hf_buf_printf(b,
                  "HTTP/1.0 200 OK\r\nContent-Type: %s; charset=utf-8\r\nConnection: close\r\n"
                  "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                  "Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n"
                  "Content-Security-Policy: %s; frame-ancestors 'none'\r\n\r\n",
                  type, hf__page_policy);
}

void hf_page_answer(const json_t *data, bool data_alone, struct hf_buf *b)
{
    char *json = data_alone ? json_dumps(data, JSON_COMPACT) : NULL;
    put_head(b, data_alone ? "application/json" : "text/html");
    if (json != NULL)
        hf_buf_append(b, json, strlen(json));
    else if (!data_alone)
        hf_page_write(data, b);
    free(json);
}
