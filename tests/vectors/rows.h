/* How the rows of crypto.json are written. */
#ifndef HF_VECTORS_ROWS_H
#define HF_VECTORS_ROWS_H

#include "crypto/suite.h"
#include "base/error.h"
#include "generated.h"

static const struct hf_suite *const suite = &hf_suite_real;

struct writer {
    struct hf_buf out;
    const char *between;
    struct hf_rng inputs;
};

static inline void begin(struct writer *w, const char *key, char bracket)
{
    hf_buf_printf(&w->out, "%s", w->between);
    if (key != NULL)
        hf_buf_printf(&w->out, "\"%s\": ", key);
    hf_buf_append_u8(&w->out, (uint8_t)bracket);
    w->between = bracket == '[' ? "\n    " : "";
}

static inline void end(struct writer *w, char bracket)
{
    hf_buf_append_u8(&w->out, (uint8_t)bracket);
    w->between = bracket == ']' ? ",\n  " : ",\n    ";
}

static inline void put_hex(struct writer *w, const char *key, const void *data, size_t len)
{
    hf_buf_printf(&w->out, "%s\"%s\": \"", w->between, key);
    for (size_t i = 0; i < len; i++)
        hf_buf_printf(&w->out, "%02x", ((const uint8_t *)data)[i]);
    hf_buf_append_u8(&w->out, '"');
    w->between = ", ";
}

static inline void put_bytes(struct writer *w, const char *key, struct hf_bytes data)
{
    put_hex(w, key, data.data, data.len);
}

static inline void put_text(struct writer *w, const char *key, const char *text)
{
    hf_buf_printf(&w->out, "%s\"%s\": \"%s\"", w->between, key, text);
    w->between = ", ";
}

static inline void put_number(struct writer *w, const char *key, uint64_t v)
{
    hf_buf_printf(&w->out, "%s\"%s\": %llu", w->between, key, (unsigned long long)v);
    w->between = ", ";
}

static inline void put_error(struct writer *w, int r)
{
    put_text(w, "result", hf_error_name(r));
}

static inline void draw(struct writer *w, const char *key, uint8_t *ret, size_t len)
{
    suite->random(&w->inputs, ret, len);
    put_hex(w, key, ret, len);
}

static inline struct hf_rng draw_seed(struct writer *w)
{
    uint8_t seed[32];
    struct hf_rng rng;

    draw(w, "seed", seed, sizeof seed);
    hf_rng_init(&rng, seed);
    return rng;
}

#endif
