/* What a reason means, for those who ask by name and for the status page. */
#include "base/error.h"
#include "daemon.h"

#include <jansson.h>

static const struct {
    int number;
    const char *what, *todo, *otherwise;
} reasons[] = {
#define HF_REASON(constant, number, name, transient, what, todo, otherwise, test)                  \
    {number, what, todo, otherwise},
#include "base/reasons.def"
#undef HF_REASON
};

json_t *hf__reasons_json(int reason)
{
    json_t *list = json_array();
    for (size_t i = 0; i < HF_ARRAY_LEN(reasons); i++)
        if (reason == 0 || reason == reasons[i].number)
            json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s,s:b}", "code",
                                                  hf_error_name(reasons[i].number), "what",
                                                  reasons[i].what, "do", reasons[i].todo,
                                                  "otherwise", reasons[i].otherwise, "retryable",
                                                  (int)hf_error_transient(reasons[i].number)));
    return list;
}
