#include "scalar.h"
#include "base/error.h"
#include "base/hex.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>

uint64_t hf__duration_scale(enum hf_config_type type)
{
    switch (type) {
    case HF_CONFIG_DURATION_MS:
        return 1000;
    case HF_CONFIG_DURATION_S:
        return 1000000;
    default:
        return 1;
    }
}

const struct unit *hf__units_of(enum hf_config_type type)
{
    switch (type) {
    case HF_CONFIG_SIZE:
        return hf__size_units;
    case HF_CONFIG_DURATION_NS:
        return hf__duration_ns_units;
    default:
        return hf__duration_units;
    }
}

void hf__field_bounds(const struct hf_config_field *f, int64_t *ret_min, uint64_t *ret_max)
{
    *ret_min = f->min;
    *ret_max = (uint64_t)f->max;
    if (f->min != 0 || f->max != 0) {
        /* Only strings and bytes are of use without an upper bound of their own. */
        bool text = f->type == HF_CONFIG_STRING || f->type == HF_CONFIG_PATH ||
                    f->type == HF_CONFIG_HEX_BYTES;
        if (text && f->max == 0)
            *ret_max = HF_CONFIG_STRING_MAX;
        return;
    }
    unsigned bits = f->size < 8 ? (unsigned)f->size * 8 : 64;
    switch (f->type) {
    case HF_CONFIG_INT:
        *ret_min = f->size < 8 ? -(INT64_C(1) << (bits - 1)) : INT64_MIN;
        *ret_max = (UINT64_C(1) << (bits - 1)) - 1;
        break;
    case HF_CONFIG_UINT:
        *ret_max = f->size < 8 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
        break;
    case HF_CONFIG_STRING:
    case HF_CONFIG_PATH:
    case HF_CONFIG_HEX_BYTES:
        *ret_min = 1;
        *ret_max = HF_CONFIG_STRING_MAX;
        break;
    case HF_CONFIG_ADDRESS:
        *ret_min = 1;
        *ret_max = 65535;
        break;
    case HF_CONFIG_LIST:
        *ret_max = 65536;
        break;
    case HF_CONFIG_TIME:
        *ret_max = INT64_MAX;
        break;
    default:
        *ret_max = UINT64_MAX;
        break;
    }
}

static bool within(const struct hf_config_field *f, uint64_t value)
{
    int64_t min;
    uint64_t max;
    hf__field_bounds(f, &min, &max);
    return (min <= 0 || value >= (uint64_t)min) && value <= max;
}

/* Any unsigned value into a member of its own size. */
static void store_unsigned(const struct hf_config_field *f, uint64_t value, void *member)
{
    uint8_t u8 = (uint8_t)value;
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;
    switch (f->size) {
    case 1:
        memcpy(member, &u8, sizeof u8);
        break;
    case 2:
        memcpy(member, &u16, sizeof u16);
        break;
    case 4:
        memcpy(member, &u32, sizeof u32);
        break;
    default:
        hf_assert(f->size == 8);
        memcpy(member, &value, sizeof value);
        break;
    }
}

void hf__scalar_none(const struct hf_config_field *f, void *member)
{
    double number = -1;
    if (f->type == HF_CONFIG_NUMBER)
        memcpy(member, &number, sizeof number);
    else
        store_unsigned(f, UINT64_MAX, member);
}

int hf__decimal_parse(const char *text, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (*text == '\0' || (text[0] == '0' && text[1] != '\0'))
        return HF_EINVAL;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return HF_EINVAL;
    }
    *ret_value = value;
    return 0;
}

static int parse_uint(const struct hf_config_field *f, const char *text, void *member)
{
    uint64_t value;
    if (hf__decimal_parse(text, &value) != 0 || !within(f, value))
        return HF_EINVAL;
    store_unsigned(f, value, member);
    return 0;
}

static int parse_int(const struct hf_config_field *f, const char *text, void *member)
{
    bool negative = *text == '-';
    uint64_t size;
    int64_t min;
    uint64_t max;
    if (hf__decimal_parse(text + negative, &size) != 0)
        return HF_EINVAL;
    if (size > (uint64_t)INT64_MAX + negative)
        return HF_EINVAL;
    int64_t value = negative ? (int64_t)(0 - size) : (int64_t)size;
    hf__field_bounds(f, &min, &max);
    if (value < min || value > (int64_t)max)
        return HF_EINVAL;
    store_unsigned(f, (uint64_t)value, member);
    return 0;
}

/* 1, 0.25, -1.5e-3, 20%: what strtod takes less hexadecimal, infinities and leading blanks. */
static int parse_number(const struct hf_config_field *f, const char *text, void *member)
{
    char *end = NULL;
    if (text[0] == '\0' || strspn(text, "0123456789.eE+-%") != strlen(text) || text[0] == '+')
        return HF_EINVAL;
    double value = strtod(text, &end);
    if (end == text)
        return HF_EINVAL;
    if (*end == '%') {
        value /= 100;
        end++;
    }
    bool bounded = f->number_min != 0 || f->number_max != 0;
    if (*end != '\0' || !isfinite(value) ||
        (bounded && (value < f->number_min || value > f->number_max)))
        return HF_EINVAL;
    memcpy(member, &value, sizeof value);
    return 0;
}

static int parse_quantity(const struct hf_config_field *f, const char *text, void *member)
{
    uint64_t value;
    if (hf__quantity_parse(text, hf__units_of(f->type), &value) != 0)
        return HF_EINVAL;
    uint64_t scale = hf__duration_scale(f->type);
    if (value % scale != 0 || !within(f, value / scale))
        return HF_EINVAL;
    store_unsigned(f, value / scale, member);
    return 0;
}

static int parse_bool(const char *text, void *member)
{
    bool value = strcmp(text, "true") == 0;
    if (!value && strcmp(text, "false") != 0)
        return HF_EINVAL;
    memcpy(member, &value, sizeof value);
    return 0;
}

static int parse_enum(const struct hf_config_field *f, const char *text, void *member)
{
    for (const struct hf_config_choice *c = f->choices; c->name != NULL; c++) {
        if (strcmp(c->name, text) == 0) {
            memcpy(member, &c->value, sizeof c->value);
            return 0;
        }
    }
    return HF_EINVAL;
}

static int parse_time(const struct hf_config_field *f, const char *text, void *member)
{
    int64_t value;
    if (hf__time_parse(text, &value) != 0 || !within(f, (uint64_t)value))
        return HF_EINVAL;
    memcpy(member, &value, sizeof value);
    return 0;
}

/* A string holds no control characters: they would travel into logs and messages. */
static int parse_string(const struct hf_config_field *f, const char *text, size_t len,
                        const char *folder, struct hf_arena *arena, void *member)
{
    if (!within(f, len))
        return HF_EINVAL;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return HF_EINVAL;
    const char *value = NULL;
    if (f->type == HF_CONFIG_PATH && len > 0 && text[0] != '/' && folder[0] != '\0') {
        size_t folder_len = strlen(folder);
        char *joined = hf__alloc(arena, folder_len + len + 2);
        if (joined != NULL) {
            memcpy(joined, folder, folder_len);
            joined[folder_len] = '/';
            memcpy(joined + folder_len + 1, text, len);
        }
        value = joined;
    } else {
        value = hf__copy_text(arena, text, len);
    }
    if (value == NULL)
        return HF_ENOMEM;
    memcpy(member, &value, sizeof value);
    return 0;
}

static int parse_hex(const struct hf_config_field *f, const char *text, size_t len,
                     struct hf_arena *arena, void *member)
{
    if (f->type == HF_CONFIG_HEX)
        return hf_hex_decode(text, member, f->size);
    if (len % 2 != 0 || !within(f, len / 2))
        return HF_EINVAL;
    uint8_t *data = hf__alloc(arena, len / 2);
    if (data == NULL)
        return HF_ENOMEM;
    if (hf_hex_decode(text, data, len / 2) != 0)
        return HF_EINVAL;
    struct hf_bytes value = hf_bytes_of(data, len / 2);
    memcpy(member, &value, sizeof value);
    return 0;
}

static int parse_address(const struct hf_config_field *f, const char *text, size_t len,
                         struct hf_arena *arena, void *member)
{
    struct hf_bytes host;
    struct hf_config_address value;
    if (!hf__address_parts(text, &host, &value.port) || !within(f, value.port))
        return HF_EINVAL;
    value.host = hf__copy_text(arena, (const char *)host.data, host.len);
    value.text = hf__copy_text(arena, text, len);
    if (value.host == NULL || value.text == NULL)
        return HF_ENOMEM;
    memcpy(member, &value, sizeof value);
    return 0;
}

static bool takes_quotes(enum hf_config_type type)
{
    return type == HF_CONFIG_STRING || type == HF_CONFIG_PATH || type == HF_CONFIG_HEX ||
           type == HF_CONFIG_HEX_BYTES || type == HF_CONFIG_ADDRESS || type == HF_CONFIG_TIME ||
           type == HF_CONFIG_ENUM;
}

int hf__scalar_parse(const struct hf_config_field *f, const char *text, size_t len, bool plain,
                     const char *folder, struct hf_arena *arena, void *ret_member)
{
    if (strlen(text) != len || (!plain && !takes_quotes(f->type)))
        return HF_EINVAL;
    switch (f->type) {
    case HF_CONFIG_BOOL:
        return parse_bool(text, ret_member);
    case HF_CONFIG_INT:
        return parse_int(f, text, ret_member);
    case HF_CONFIG_UINT:
        return parse_uint(f, text, ret_member);
    case HF_CONFIG_NUMBER:
        return parse_number(f, text, ret_member);
    case HF_CONFIG_DURATION_NS:
    case HF_CONFIG_DURATION_US:
    case HF_CONFIG_DURATION_MS:
    case HF_CONFIG_DURATION_S:
    case HF_CONFIG_SIZE:
        return parse_quantity(f, text, ret_member);
    case HF_CONFIG_TIME:
        return parse_time(f, text, ret_member);
    case HF_CONFIG_STRING:
    case HF_CONFIG_PATH:
        return parse_string(f, text, len, folder, arena, ret_member);
    case HF_CONFIG_ENUM:
        return parse_enum(f, text, ret_member);
    case HF_CONFIG_HEX:
    case HF_CONFIG_HEX_BYTES:
        return parse_hex(f, text, len, arena, ret_member);
    case HF_CONFIG_ADDRESS:
        return parse_address(f, text, len, arena, ret_member);
    case HF_CONFIG_MAP:
    case HF_CONFIG_MAP_PTR:
    case HF_CONFIG_LIST:
        break;
    }
    return HF_EINVAL;
}
