#include "sample.h"

#include "base/error.h"
#include "wire/limits.h"

enum {
    FIELDS = 10,
    US = 1000000,
    /* Of a number in chronyd's protocol, whose coefficient has 24 bits and a sign. */
    ROUNDED = 1 << 23,
    CUT_US = 2, /* what rounding to microseconds adds */
    /* Far more than any clock can be off, and far from the ends of the type. */
    SECONDS_MAX_DIGITS = 11,
};

/* ---- lines and fields */

static struct hf_bytes take_until(struct hf_bytes *rest, uint8_t end)
{
    const uint8_t *at = rest->len > 0 ? memchr(rest->data, end, rest->len) : NULL;
    size_t len = at != NULL ? (size_t)(at - rest->data) : rest->len;
    struct hf_bytes taken = hf_bytes_of(rest->data, len);
    size_t used = at != NULL ? len + 1 : len;
    *rest = hf_bytes_of(rest->data + used, rest->len - used);
    return taken;
}

/* Every line of chronyc's has ten fields. */
static bool split(struct hf_bytes line, struct hf_bytes ret[static FIELDS])
{
    size_t count = 0;
    do {
        if (count == FIELDS)
            return false;
        ret[count++] = take_until(&line, ',');
    } while (line.len > 0);
    return count == FIELDS;
}

static bool whole_number(struct hf_bytes text, unsigned base, uint64_t *ret)
{
    uint64_t v = 0;
    if (text.len == 0 || text.len > SECONDS_MAX_DIGITS)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)text.data[i] - '0';
        if (text.data[i] < '0' || digit >= base)
            return false;
        v = v * base + digit;
    }
    *ret = v;
    return true;
}

/* Seconds with nine digits behind the point, to microseconds: away from 0 by what is cut off. */
static bool seconds(struct hf_bytes text, bool *ret_negative, uint64_t *ret_us)
{
    uint64_t s, ns;
    bool negative = text.len > 0 && text.data[0] == '-';
    struct hf_bytes rest = negative ? hf_bytes_of(text.data + 1, text.len - 1) : text;
    struct hf_bytes before = take_until(&rest, '.');
    if (rest.len != 9 || !whole_number(before, 10, &s) || !whole_number(rest, 10, &ns))
        return false;
    *ret_negative = negative;
    *ret_us = s * US + (ns + 999) / 1000;
    return true;
}

/* ---- the two texts */

/* Mode, state, name, stratum, poll, reach, last answer, offset, offset as measured, error. */
static bool read_source(struct hf_bytes line, struct hf__source *ret)
{
    struct hf_bytes f[FIELDS];
    struct hf__source s = {0};
    uint64_t reach, off_us;
    bool behind, below;
    if (!split(line, f) || f[2].len == 0 || !whole_number(f[5], 8, &reach) ||
        !whole_number(f[6], 10, &s.age_s) || !seconds(f[7], &behind, &off_us) ||
        !seconds(f[9], &below, &s.error_us) || below)
        return false;
    s.name = f[2];
    s.silent = reach == 0;
    s.sampled = s.age_s < UINT32_MAX;
    s.off_us = behind ? -(int64_t)off_us : (int64_t)off_us;
    s.off_max_us = off_us / ROUNDED + 1;
    *ret = s;
    return true;
}

/* Name, mode, number of the keys, type and length, last exchange, tries, refusals, cookies. */
static bool read_keys(struct hf_bytes line, struct hf_bytes *ret_name, bool *ret_keyed)
{
    struct hf_bytes f[FIELDS];
    uint64_t number;
    if (!split(line, f) || f[0].len == 0 || !whole_number(f[2], 10, &number))
        return false;
    *ret_name = f[0];
    *ret_keyed = hf_bytes_equal(f[1], hf_bytes_of("NTS", 3)) && number > 0;
    return true;
}

/* Whether a source of this name is there; it moves to the place behind those that were found. */
static bool find(struct hf__source *sources, size_t count, size_t found, struct hf_bytes name)
{
    for (size_t i = found; i < count; i++)
        if (hf_bytes_equal(sources[i].name, name)) {
            struct hf__source moved = sources[i];
            sources[i] = sources[found];
            sources[found] = moved;
            return true;
        }
    return false;
}

int hf__sources_read(struct hf_bytes sources, struct hf_bytes authdata,
                     struct hf__source ret[static HF__SOURCES_MAX], size_t *ret_count)
{
    size_t count = 0, found = 0, lines = 0;
    for (; sources.len > 0; count++) {
        if (count == HF__SOURCES_MAX)
            return HF_EBOUND;
        if (!read_source(take_until(&sources, '\n'), &ret[count]))
            return HF_EMALFORMED;
    }
    while (authdata.len > 0) {
        struct hf_bytes name;
        bool keyed;
        if (lines++ == HF__SOURCES_MAX)
            return HF_EBOUND;
        if (!read_keys(take_until(&authdata, '\n'), &name, &keyed))
            return HF_EMALFORMED;
        if (find(ret, count, found, name))
            ret[found++].keyed = keyed;
    }
    *ret_count = found;
    return 0;
}

/* ---- a sample */

void hf__sample_of(const struct hf__source *s, const struct hf__reading *at,
                   struct hf_time_sample *ret)
{
    uint64_t width_us = s->error_us + s->off_max_us + at->within_us + CUT_US;
    const int64_t most = HF_WIRE_TIME_US_MAX;
    int64_t middle = at->clock_us <= HF_WIRE_TIME_US_MAX ? (int64_t)at->clock_us - s->off_us : -1;
    *ret = (struct hf_time_sample){.name = s->name, .state = 1};
    if (s->keyed)
        ret->state = s->silent ? 2 : 3;
    /* What no clock can be off by, and no network can take, is no sample. */
    if (!s->keyed || !s->sampled || middle < 0 || middle > most || width_us > HF_WIRE_TIME_US_MAX)
        return;
    uint64_t us = (uint64_t)middle, age_s = s->age_s + at->later_s;
    ret->low_us = us > width_us ? us - width_us : 0;
    ret->high_us = width_us > HF_WIRE_TIME_US_MAX - us ? HF_WIRE_TIME_US_MAX : us + width_us;
    ret->age_s = age_s > UINT32_MAX ? UINT32_MAX : age_s;
}
