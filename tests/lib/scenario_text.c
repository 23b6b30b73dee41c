#include "scenario_text.h"

#include "scenario/scenario.h"

#include <criterion/criterion.h>
#include <string.h>

struct hf__result scenario_text_run(const char *text)
{
    static struct hf_config_errors errors;
    struct hf__scenario s;
    struct hf_config_doc *doc;
    struct hf__result result;
    struct hf__trial_hooks hooks = {0};
    cr_assert_eq(hf_config_load(hf_bytes_of(text, strlen(text)), "scenario.yaml",
                                &hf__scenario_schema, &s, &doc, &errors),
                 0, "line %u: %s", errors.items[0].line, errors.items[0].text);
    s.world.wall_s = 1800000000;
    hf__trial_run(&s, &hooks, &result);
    hf_config_doc_free(doc);
    return result;
}
