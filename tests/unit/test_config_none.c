/* Values that mean nothing: numbers that were left out, addresses of no machine. */
#include "base/error.h"
#include "config/schema.h"

#include <criterion/criterion.h>
#include <stdio.h>
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

/* The error of a load of an address of a machine. */
static int load_address(const char *text)
{
    static struct hf_config_errors errors;
    static const struct hf_config_field fields[] = {
        {"address", HF_CONFIG_ADDRESS, .size = sizeof(struct hf_config_address)}};
    static const struct hf_config_schema schema =
        HF_CONFIG_SCHEMA(struct hf_config_address, fields, NULL);
    struct hf_config_address address;
    struct hf_config_doc *doc = NULL;
    char yaml[64];
    int len = snprintf(yaml, sizeof yaml, "address: '%s'\n", text);
    int r =
        hf_config_load(hf_bytes_of(yaml, (size_t)len), "a.yaml", &schema, &address, &doc, &errors);
    hf_config_doc_free(doc);
    return r;
}

Test(hf_config_load, where_to_bind_is_no_address_in_any_form)
{
    static const char *const nowhere[] = {"0.0.0.0:7", "[::]:7", "[::0]:7", "[0:0:0:0:0:0:0:0]:7",
                                          "[::ffff:0.0.0.0]:7"};
    static const char *const somewhere[] = {"0.0.0.1:7", "[::1]:7", "[::ffff:0.0.0.1]:7",
                                            "0.0.0.0.example:7"};
    for (size_t i = 0; i < HF_ARRAY_LEN(nowhere); i++)
        cr_assert_eq(load_address(nowhere[i]), HF_ECONFIG, "%s", nowhere[i]);
    for (size_t i = 0; i < HF_ARRAY_LEN(somewhere); i++)
        cr_assert_eq(load_address(somewhere[i]), 0, "%s", somewhere[i]);
    cr_assert_not(hf_config_address_unspecified(""));
    cr_assert_not(hf_config_address_unspecified("0.0.0.0"));
}
