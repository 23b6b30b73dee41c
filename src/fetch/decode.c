#include "decode.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/hex.h"

static bool starts_with(struct hf_bytes b, const char *text)
{
    size_t len = strlen(text);
    return b.len >= len && memcmp(b.data, text, len) == 0;
}

int hf__decode_chain(struct hf_bytes text, struct hf_buf *ret)
{
    size_t before = ret->len;
    for (size_t i = 0; i < text.len; i++) {
        int c = text.data[i];
        if (c == '%') {
            int high = text.len - i > 2 ? hf_hex_digit((char)text.data[i + 1]) : -1;
            int low = high >= 0 ? hf_hex_digit((char)text.data[i + 2]) : -1;
            if (low < 0)
                return HF_EMALFORMED;
            c = high << 4 | low;
            i += 2;
        }
        if (c != '\n' && c != '\r' && (c < ' ' || c > '~'))
            return HF_EMALFORMED;
        hf_buf_append_u8(ret, (uint8_t)c);
    }
    if (ret->error != 0)
        return ret->error;
    if (text.len == 0)
        return HF_EMALFORMED;
    struct hf_bytes pem = hf_bytes_of(ret->data + before, ret->len - before);
    return starts_with(pem, "-----BEGIN CERTIFICATE-----") ? 0 : HF_EMALFORMED;
}

static bool is_space(uint8_t c)
{
    return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

static int decode_hex(struct hf_bytes body, struct hf_buf *ret)
{
    if (body.len % 2 != 0)
        return HF_EMALFORMED;
    for (size_t i = 0; i < body.len; i += 2) {
        int high = hf_hex_digit((char)body.data[i]), low = hf_hex_digit((char)body.data[i + 1]);
        if (high < 0 || low < 0)
            return HF_EMALFORMED;
        hf_buf_append_u8(ret, (uint8_t)(high << 4 | low));
    }
    return ret->error;
}

/* Between the two lines of a PEM block. The parser of the DER checks what is decoded here. */
static int decode_pem(struct hf_bytes body, struct hf_buf *ret)
{
    static const char begin[] = "-----BEGIN X509 CRL-----", end[] = "-----END X509 CRL-----";
    struct hf_bytes text = hf_bytes_of(body.data + sizeof begin - 1, body.len - sizeof begin + 1);
    size_t len = 0, taken = 0;
    uint8_t *room = hf_buf_room(ret, 3 * (text.len / 4 + 1));
    if (room == NULL)
        return ret->error;
    int r = hf_base64_decode(text, room, &len, &taken);
    if (r != 0 || !starts_with(hf_bytes_of(text.data + taken, text.len - taken), end))
        return HF_EMALFORMED;
    ret->len += len;
    return 0;
}

int hf__decode_crl(struct hf_bytes body, struct hf_buf *ret)
{
    /* The byte with which DER begins; its hexadecimal form begins with the digit 3. */
    const uint8_t tag_sequence = 0x30;
    while (body.len > 0 && body.data[0] != tag_sequence && is_space(body.data[body.len - 1]))
        body.len--;
    if (body.len == 0)
        return HF_EMALFORMED;
    if (starts_with(body, "-----BEGIN X509 CRL-----"))
        return decode_pem(body, ret);
    if (body.data[0] == tag_sequence) {
        hf_buf_append(ret, body.data, body.len);
        return ret->error;
    }
    return decode_hex(body, ret);
}
