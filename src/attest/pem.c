#include "pem.h"
#include "base/base64.h"
#include "base/error.h"

static const char begin[] = "-----BEGIN CERTIFICATE-----";
static const char end[] = "-----END CERTIFICATE-----";

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool starts_with(struct hf_bytes text, size_t at, const char *word, size_t len)
{
    return text.len - at >= len && memcmp(text.data + at, word, len) == 0;
}

static int fail(struct hf_fault *ret_fault, size_t offset, const char *expected)
{
    *ret_fault = (struct hf_fault){.offset = offset, .expected = expected};
    return HF_EMALFORMED;
}

int hf__pem_certificates(struct hf_bytes text, uint8_t *storage,
                         struct hf_bytes ret[static HF_CHAIN_CERTS_MAX], size_t *ret_count,
                         struct hf_fault *ret_fault)
{
    size_t count = 0, at = 0, len = 0, taken = 0;
    for (;;) {
        while (at < text.len && (is_space(text.data[at]) || text.data[at] == '\0'))
            at++;
        if (at == text.len)
            break;
        if (count == HF_CHAIN_CERTS_MAX)
            return fail(ret_fault, at, "no more than 4 certificates");
        if (!starts_with(text, at, begin, sizeof begin - 1))
            return fail(ret_fault, at, begin);
        at += sizeof begin - 1;
        int r = hf_base64_decode(hf_bytes_of(text.data + at, text.len - at), storage, &len, &taken);
        at += taken;
        if (r != 0)
            return fail(ret_fault, at, "a certificate in base64");
        if (!starts_with(text, at, end, sizeof end - 1))
            return fail(ret_fault, at, end);
        if (len > HF_CERT_DER_MAX)
            return fail(ret_fault, at, "a certificate of at most 4096 bytes");
        at += sizeof end - 1;
        ret[count++] = hf_bytes_of(storage, len);
        storage += len;
    }
    if (count == 0)
        return fail(ret_fault, 0, begin);
    *ret_count = count;
    return 0;
}
