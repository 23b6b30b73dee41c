/* What comes on the port of 127.0.0.1: the same at once and byte by byte, and within bounds. */
#include "base/error.h"
#include "page/question.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hf_question whole = {0}, pieces = {0};
    enum hf_question_state at_once = hf_question_take(&whole, hf_bytes_of(data, len));
    enum hf_question_state state = HF_QUESTION_UNDER_WAY;
    for (size_t i = 0; i < len && state == HF_QUESTION_UNDER_WAY; i++)
        state = hf_question_take(&pieces, hf_bytes_of(data + i, 1));
    hf_assert(state == at_once && pieces.len == whole.len && pieces.kept == whole.kept);
    hf_assert(memcmp(&pieces, &whole, sizeof whole) == 0);
    hf_assert(whole.kept <= whole.len && whole.len <= len && whole.kept <= sizeof whole.in);
    if (hf_question_asks(&whole, "/metrics"))
        hf_assert(memcmp(data, "GET /metrics", 12) == 0);
    (void)hf_question_at_home(&whole);
    return 0;
}
