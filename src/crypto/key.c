#include "crypto/key.h"

#include "base/error.h"

static size_t append(uint8_t *info, size_t len, const void *data, size_t data_len)
{
    if (data_len > 0)
        memcpy(info + len, data, data_len);
    return len + data_len;
}

static size_t append_counted(uint8_t *info, size_t len, struct hf_bytes text)
{
    info[len] = (uint8_t)text.len;
    return append(info, len + 1, text.data, text.len);
}

int hf_key_derive(const struct hf_suite *suite, const uint8_t root[static HF_SCALAR_LEN],
                  const struct hf_key_name *name, uint8_t *ret, size_t ret_len)
{
    uint8_t info[HF_KEY_INFO_LEN_MAX];
    const uint32_t v = name->version;
    const uint8_t version[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                                (uint8_t)v};

    if (name->purpose.len == 0 || name->purpose.len > HF_KEY_TEXT_LEN_MAX ||
        name->name.len > HF_KEY_TEXT_LEN_MAX)
        return HF_EINVAL;
    size_t len = append(info, 0, name->account->bytes, HF_KEY_LEN);
    len = append(info, len, version, sizeof version);
    len = append_counted(info, len, name->purpose);
    len = append_counted(info, len, name->name);
    suite->kdf(name->network->bytes, hf_bytes_of(root, HF_SCALAR_LEN), hf_bytes_of(info, len), ret,
               ret_len);
    return 0;
}
