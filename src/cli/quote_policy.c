/* The policy that `holdfast quote verify --policy` takes: a form that people write, or the signed
 * document itself; of either, what judges a quote. */
#include "base/error.h"
#include "base/file.h"
#include "policy_form.h"
#include "policy_signed.h"
#include "quote.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 16 << 20 };

static int take(const struct hf__policy_copy *copy, struct hf_cli_quote_policy *p)
{
    p->judge = copy->judge;
    p->measurements = copy->measurements;
    p->names = copy->names;
    p->expires_s = copy->expires_s;
    p->has_dev_root = copy->dev_root_len > 0;
    if (!p->has_dev_root)
        return 0;
    return hf_root_key_from_spki(hf_bytes_of(copy->dev_root, copy->dev_root_len), p->dev_root);
}

static int load_signed(const char *file, struct hf_bytes envelope, struct hf_cli_quote_policy *p)
{
    struct hf__policy_copy copy;
    int r = hf__policy_signed_read(envelope, &copy);
    if (r == 0)
        r = take(&copy, p);
    if (r != 0)
        fprintf(stderr, "holdfast: %s: %s\n", file, hf_error_sentence(r));
    return r;
}

static int load_form(const char *file, struct hf_bytes text, struct hf_cli_quote_policy *p)
{
    struct hf_config_errors *errors = calloc(1, sizeof *errors);
    struct hf__policy_form form;
    struct hf_config_doc *doc = NULL;
    struct hf_msg_policy policy = {0};
    struct hf__policy_copy copy;
    if (errors == NULL)
        return HF_ENOMEM;
    int r = hf_config_load(text, file, &hf__policy_schema, &form, &doc, errors);
    if (r == 0) {
        r = hf__policy_form_fill(&form, &policy);
        if (r == 0)
            r = hf__policy_copy(&policy, &copy);
        if (r == 0)
            r = take(&copy, p);
        hf__policy_form_free(&policy);
    }
    if (r != 0)
        hf__form_errors(file, r, errors);
    hf_config_doc_free(doc);
    free(errors);
    return r;
}

int hf_cli_quote_policy_load(const char *file, struct hf_cli_quote_policy *ret)
{
    struct hf_cli_quote_policy p = {0};
    struct hf_buf b;
    hf_buf_init(&b, FILE_MAX);
    int r = hf_file_read(file, &b);
    if (r != 0)
        fprintf(stderr, "holdfast: %s: %s\n", file, hf_error_sentence(r));
    else if (hf__policy_is_signed(hf_buf_bytes(&b)))
        r = load_signed(file, hf_buf_bytes(&b), &p);
    else
        r = load_form(file, hf_buf_bytes(&b), &p);
    hf_buf_done(&b);
    if (r != 0)
        hf_cli_quote_policy_done(&p);
    else
        *ret = p;
    return r;
}

void hf_cli_quote_policy_done(struct hf_cli_quote_policy *p)
{
    free(p->measurements);
    free(p->names);
    *p = (struct hf_cli_quote_policy){0};
}
