/* What chronyd's client prints: two texts, an empty line between them. */
#include "base/error.h"
#include "sample.h"
#include "wire/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(const struct hf__source *s, uint64_t clock_us)
{
    const struct hf__reading at = {.clock_us = clock_us, .within_us = 7, .later_s = 1};
    struct hf_time_sample sample;
    hf__sample_of(s, &at, &sample);
    hf_assert(sample.state >= 1 && sample.state <= 3);
    hf_assert(sample.low_us <= sample.high_us && sample.high_us <= HF_WIRE_TIME_US_MAX);
    hf_assert(sample.age_s <= UINT32_MAX);
    hf_assert(sample.high_us == 0 || (s->keyed && s->sampled));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hf__source list[HF__SOURCES_MAX];
    size_t count = 0, cut = 0;
    while (cut < len && !(data[cut] == '\n' && cut + 1 < len && data[cut + 1] == '\n'))
        cut++;
    struct hf_bytes first = hf_bytes_of(data, cut < len ? cut + 1 : len);
    struct hf_bytes second = hf_bytes_of(data + first.len, len - first.len);
    if (second.len > 0)
        second = hf_bytes_of(second.data + 1, second.len - 1);
    int r = hf__sources_read(first, second, list, &count);
    hf_assert(r == 0 || r == HF_EMALFORMED || r == HF_EBOUND);
    hf_assert(count <= HF__SOURCES_MAX);
    for (size_t i = 0; r == 0 && i < count; i++) {
        hf_assert(list[i].name.len > 0);
        check(&list[i], 0);
        check(&list[i], UINT64_C(1700000000000000));
        check(&list[i], HF_WIRE_TIME_US_MAX);
    }
    return 0;
}
