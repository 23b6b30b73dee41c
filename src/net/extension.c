#include "extension.h"
#include "base/error.h"

/* SEQUENCE { account OCTET STRING (SIZE(32)), signature OCTET STRING (SIZE(64)) }: all lengths are
 * fixed. */
static const uint8_t head[] = {0x30, HF__EXTENSION_LEN - 2, 0x04, HF_NET_ACCOUNT_LEN};
static const uint8_t middle[] = {0x04, HF_NET_SIGNATURE_LEN};

enum { MIDDLE_AT = sizeof(head) + HF_NET_ACCOUNT_LEN };

void hf__extension_encode(const struct hf__extension *e, uint8_t ret[static HF__EXTENSION_LEN])
{
    memcpy(ret, head, sizeof(head));
    memcpy(ret + sizeof(head), e->account, HF_NET_ACCOUNT_LEN);
    memcpy(ret + MIDDLE_AT, middle, sizeof(middle));
    memcpy(ret + MIDDLE_AT + sizeof(middle), e->signature, HF_NET_SIGNATURE_LEN);
}

int hf__extension_decode(struct hf_bytes der, struct hf__extension *ret)
{
    if (der.len != HF__EXTENSION_LEN || memcmp(der.data, head, sizeof(head)) != 0 ||
        memcmp(der.data + MIDDLE_AT, middle, sizeof(middle)) != 0)
        return HF_EMALFORMED;
    memcpy(ret->account, der.data + sizeof(head), HF_NET_ACCOUNT_LEN);
    memcpy(ret->signature, der.data + MIDDLE_AT + sizeof(middle), HF_NET_SIGNATURE_LEN);
    return 0;
}
