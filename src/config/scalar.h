/* The text of one value into its C form. */
#ifndef HF_CONFIG_SCALAR_H
#define HF_CONFIG_SCALAR_H

#include "config/schema.h"
#include "memory.h"

/* One unit of a quantity, such as {"ms", 1000} among durations in microseconds. */
struct unit {
    const char *name;
    uint64_t factor;
};

extern const struct unit hf__duration_units[];    /* in microseconds; a NULL name ends it */
extern const struct unit hf__duration_ns_units[]; /* in nanoseconds */
extern const struct unit hf__size_units[];        /* in bytes */
/* Of a type that is a duration or a size. */
const struct unit *hf__units_of(enum hf_config_type type);

/* Decimal without sign, leading zeros or anything else. HF_EINVAL. */
HF_MUST_USE int hf__decimal_parse(const char *text, uint64_t *ret_value);

/* The parts of a machine's address, as HF_CONFIG_ADDRESS takes it, with any port. ret_host:
 * borrowed from text, without brackets. */
HF_MUST_USE bool hf__address_parts(const char *text, struct hf_bytes *ret_host, uint16_t *ret_port);

/*
 * Decimal digits with an optional fraction, then a unit, exactly: "1.5s" is fine, "10" and "0.1us"
 * are not. HF_EINVAL: no such text. HF_ETOOBIG: more than 64 bits.
 */
HF_MUST_USE int hf__quantity_parse(const char *text, const struct unit *units, uint64_t *ret_value);
/* The same as short as it goes: "90s" is "90s", 60000000 us is "1m". ret_text:
 * at least 32 bytes. */
void hf__quantity_format(uint64_t value, const struct unit *units, char *ret_text, size_t size);
/* "2027-01-31T12:00:00Z" → seconds since 1970. HF_EINVAL. */
HF_MUST_USE int hf__time_parse(const char *text, int64_t *ret_seconds);

/* The bounds of a field, with the type's own where it sets none. Not for HF_CONFIG_NUMBER. */
void hf__field_bounds(const struct hf_config_field *field, int64_t *ret_min, uint64_t *ret_max);
/* Of the smallest unit that its text knows, so many in one of the member's unit. */
uint64_t hf__duration_scale(enum hf_config_type type);
/* Appends what the field accepts: "an integer from 1 to 16". */
void hf__expected(const struct hf_config_field *field, struct hf_buf *out);

/*
 * Writes the value of text[0..len) to the member at ret_member. plain: it stood without quotes.
 * folder: where relative paths start. Strings go to the arena. HF_EINVAL: refused, the member
 * untouched. HF_ENOMEM.
 */
HF_MUST_USE int hf__scalar_parse(const struct hf_config_field *field, const char *text, size_t len,
                                 bool plain, const char *folder, struct hf_arena *arena,
                                 void *ret_member);
/* -1, of a field with `none` that the text leaves out. */
void hf__scalar_none(const struct hf_config_field *field, void *member);

#endif
