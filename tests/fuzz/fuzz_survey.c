/* What another member says of itself: any JSON. What is taken is bounded and printable. */
#include "survey.h"

#include "base/check.h"

#include <jansson.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_text(const json_t *value)
{
    const char *text = json_string_value(value);
    hf_assert(json_is_null(value) || (text != NULL && strlen(text) <= 64));
    for (; text != NULL && *text != '\0'; text++)
        hf_assert(*text >= 0x20 && *text <= 0x7e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char *const texts[] = {"state", "reason", "version", "outlook"};
    json_t *row = json_object();
    if (hf__survey_take(hf_bytes_of(data, len), row)) {
        hf_assert(json_object_size(row) == 18);
        for (size_t i = 0; i < HF_ARRAY_LEN(texts); i++)
            check_text(json_object_get(row, texts[i]));
        const json_t *warnings = json_object_get(row, "warnings");
        hf_assert(json_array_size(warnings) <= 24);
        for (size_t i = 0; i < json_array_size(warnings); i++)
            check_text(json_array_get(warnings, i));
    } else {
        hf_assert(json_object_size(row) == 0);
    }
    json_decref(row);
    return 0;
}
