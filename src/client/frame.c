#include "client/frame.h"

#include "base/error.h"

long hf_frame_next(struct hf_bytes in, size_t max, struct hf_bytes *ret_body)
{
    if (in.len < HF_FRAME_HEAD_LEN)
        return 0;
    size_t len = (size_t)in.data[0] << 24 | (size_t)in.data[1] << 16 | (size_t)in.data[2] << 8 |
                 (size_t)in.data[3];
    if (len == 0)
        return HF_EMALFORMED;
    if (len > max)
        return HF_ETOOBIG;
    if (in.len - HF_FRAME_HEAD_LEN < len)
        return 0;
    *ret_body = hf_bytes_of(in.data + HF_FRAME_HEAD_LEN, len);
    return (long)(HF_FRAME_HEAD_LEN + len);
}

void hf_frame_head(size_t len, uint8_t ret[static HF_FRAME_HEAD_LEN])
{
    hf_assert(len > 0 && len <= HF_FRAME_MAX);
    ret[0] = (uint8_t)(len >> 24);
    ret[1] = (uint8_t)(len >> 16);
    ret[2] = (uint8_t)(len >> 8);
    ret[3] = (uint8_t)len;
}
