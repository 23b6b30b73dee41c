#include "extension.h"
#include "base/error.h"
#include "base/hex.h"

/* GeneralNames with one uniformResourceIdentifier (tag 6): all lengths are fixed. */
static const uint8_t head[] = {0x30, 0x81, HF__EXTENSION_URI_LEN + 3,
                               0x86, 0x81, HF__EXTENSION_URI_LEN};
static const char scheme[] = "holdfast:v1:";
static const char name[] = "holdfast:";

enum {
    ACCOUNT_AT = sizeof head + sizeof scheme - 1,
    COLON_AT = ACCOUNT_AT + 2 * HF_NET_ACCOUNT_LEN,
    SIGNATURE_AT = COLON_AT + 1,
};

void hf__extension_encode(const struct hf__extension *e, uint8_t ret[static HF__EXTENSION_LEN])
{
    char text[2 * HF_NET_SIGNATURE_LEN + 1];
    memcpy(ret, head, sizeof head);
    memcpy(ret + sizeof head, scheme, sizeof scheme - 1);
    hf_hex_encode(e->account.bytes, HF_NET_ACCOUNT_LEN, text);
    memcpy(ret + ACCOUNT_AT, text, 2 * HF_NET_ACCOUNT_LEN);
    ret[COLON_AT] = ':';
    hf_hex_encode(e->signature, HF_NET_SIGNATURE_LEN, text);
    memcpy(ret + SIGNATURE_AT, text, 2 * HF_NET_SIGNATURE_LEN);
}

/* Digits of lower case alone, so that what is read has one encoding. */
static bool read_hex(const uint8_t *from, uint8_t *ret, size_t len)
{
    char text[2 * HF_NET_SIGNATURE_LEN + 1];
    for (size_t i = 0; i < 2 * len; i++)
        if (from[i] >= 'A' && from[i] <= 'F')
            return false;
    memcpy(text, from, 2 * len);
    text[2 * len] = '\0';
    return hf_hex_decode(text, ret, len) == 0;
}

static bool has_form(struct hf_bytes der)
{
    return der.len == HF__EXTENSION_LEN && memcmp(der.data, head, sizeof head) == 0 &&
           memcmp(der.data + sizeof head, scheme, sizeof scheme - 1) == 0 &&
           der.data[COLON_AT] == ':';
}

int hf__extension_decode(struct hf_bytes der, struct hf__extension *ret)
{
    struct hf__extension e;
    if (der.len == 0 || memmem(der.data, der.len, name, sizeof name - 1) == NULL)
        return HF_ENOTFOUND;
    if (!has_form(der) || !read_hex(der.data + ACCOUNT_AT, e.account.bytes, HF_NET_ACCOUNT_LEN) ||
        !read_hex(der.data + SIGNATURE_AT, e.signature, HF_NET_SIGNATURE_LEN))
        return HF_EMALFORMED;
    *ret = e;
    return 0;
}
