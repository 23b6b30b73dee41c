/* What comes over the local socket: frames, and the requests in them. */
#include "client/frame.h"
#include "credentials.h"
#include "local.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hf_bytes in = hf_bytes_of(data, len), body;
    struct hf__local_request request;
    for (;;) {
        long taken = hf_frame_next(in, HF_FRAME_REQUEST_MAX, &body);
        if (taken <= 0)
            break;
        hf_assert((size_t)taken <= in.len && body.len + HF_FRAME_HEAD_LEN == (size_t)taken);
        uint8_t head[HF_FRAME_HEAD_LEN];
        hf_frame_head(body.len, head);
        hf_assert(memcmp(head, in.data, sizeof head) == 0);
        if (hf__local_decode(body, &request) == 0)
            hf_assert(request.name[sizeof request.name - 1] == '\0');
        in = hf_bytes_of(in.data + taken, in.len - (size_t)taken);
    }
    struct hf__credential_name name;
    if (hf__credential_name(hf_bytes_of(data, len), &name) == 0)
        hf_assert(name.unit[0] != '\0' && name.key[0] != '\0' &&
                  strlen(name.unit) + strlen(name.key) < len);
    /* Without its frame, a request is reached more often. */
    if (hf__local_decode(hf_bytes_of(data, len), &request) == 0)
        hf_assert(request.type >= HF__LOCAL_STATUS && request.type <= HF__LOCAL_PAGE);
    return 0;
}
