/* Numbers of which it matters whether they were given. */
#include "config/schema.h"

#include <criterion/criterion.h>
#include <string.h>

Test(hf_config_load, a_number_that_may_be_missing_is_minus_one_and_nobody_can_say_so)
{
    static struct hf_config_errors errors;
    struct hf_config_doc *doc = NULL;
    struct few {
        int64_t count;
        double share;
    } few;
    static const struct hf_config_field fields[] = {
        {"count", HF_CONFIG_INT, HF_CONFIG_AT(struct few, count), .none = true, .max = 9},
        {"share", HF_CONFIG_NUMBER, HF_CONFIG_AT(struct few, share), .none = true, .number_max = 1},
    };
    static const struct hf_config_schema schema = HF_CONFIG_SCHEMA(struct few, fields, NULL);
    static const struct {
        const char *text;
        bool right;
        int64_t count;
        double share;
    } rows[] = {{"{}", true, -1, -1},
                {"count: 0\nshare: 0%\n", true, 0, 0},
                {"count: -1\n", false, 0, 0},
                {"share: -1\n", false, 0, 0}};
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        struct hf_bytes text = hf_bytes_of(rows[i].text, strlen(rows[i].text));
        int r = hf_config_load(text, "a.yaml", &schema, &few, &doc, &errors);
        cr_assert_eq(r == 0, rows[i].right, "%s", rows[i].text);
        if (r == 0)
            cr_assert(few.count == rows[i].count && few.share - rows[i].share < 1e-9 &&
                      rows[i].share - few.share < 1e-9);
        hf_config_doc_free(doc);
        doc = NULL;
    }
}
