/* A release after this one, for a daemon that is linked with it: its format of data folders is the
 * next, and rows are the same in it. */
#include "internal.h"

static int as_it_was(uint8_t collection, struct hf_bytes key, uint8_t *value, size_t *len)
{
    (void)collection, (void)key, (void)value, (void)len;
    return 0;
}

const struct hf__formats *hf__formats(void)
{
    static int (*const steps[])(uint8_t, struct hf_bytes, uint8_t *, size_t *) = {as_it_was};
    static const struct hf__formats formats = {
        .oldest = HF_VAULT_FORMAT, .newest = HF_VAULT_FORMAT + 1, .steps = steps};
    return &formats;
}
