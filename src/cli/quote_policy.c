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

static int fill(const struct hf__policy_form *f, struct hf_cli_quote_policy *p)
{
    p->measurements = calloc(f->measurements.count + 1, sizeof p->measurements[0]);
    if (p->measurements == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < f->measurements.count; i++) {
        const struct hf__measurement_form *m = &f->measurements.items[i];
        struct hf_judge_measurement *to = &p->measurements[i];
        to->name = m->name;
        memcpy(to->digest, m->digest, sizeof to->digest);
        to->rank = m->rank;
        to->effective_from_s = m->effective_from_s > 0 ? (uint64_t)m->effective_from_s : 0;
        to->withdrawn = m->withdrawn;
    }
    p->judge = (struct hf_judge_policy){
        .trust = (enum hf_trust)f->trust,
        .tcb_accepted = HF_TCB_BIT(HF_TCB_UP_TO_DATE),
        .tcb_grace_accepted = f->tcb_grace_s > 0 ? HF_TCB_CURABLE : 0,
        .tcb_grace_s = f->tcb_grace_s,
        .td_attributes_mask = hf__form_little(f->td_attributes_mask),
        .td_attributes = hf__form_little(f->td_attributes_value),
        .xfam_mask = hf__form_little(f->xfam_mask),
        .xfam = hf__form_little(f->xfam_value),
        .seam_attributes_mask = hf__form_little(f->seam_attributes_mask),
        .seam_attributes = hf__form_little(f->seam_attributes_value),
        .measurements = p->measurements,
        .measurement_count = f->measurements.count,
    };
    for (size_t i = 0; i < f->tcb_accepted.count; i++)
        p->judge.tcb_accepted |= HF_TCB_BIT(f->tcb_accepted.items[i]);
    p->has_dev_root = f->dev_root.len > 0;
    return p->has_dev_root ? hf_root_key_from_spki(f->dev_root, p->dev_root) : 0;
}

static int load_signed(const char *file, struct hf_bytes envelope, struct hf_cli_quote_policy *p)
{
    struct hf__policy_signed document;
    int r = hf__policy_signed_read(envelope, &document);
    if (r == 0) {
        p->judge = document.judge;
        p->measurements = document.measurements;
        p->names = document.names;
        p->has_dev_root = document.dev_root_len > 0;
    }
    if (r == 0 && p->has_dev_root)
        r = hf_root_key_from_spki(hf_bytes_of(document.dev_root, document.dev_root_len),
                                  p->dev_root);
    if (r != 0)
        fprintf(stderr, "holdfast: %s: %s\n", file, hf_error_sentence(r));
    return r;
}

static int load_form(const char *file, struct hf_bytes text, struct hf_cli_quote_policy *p)
{
    struct hf_config_errors *errors = calloc(1, sizeof *errors);
    struct hf__policy_form form;
    if (errors == NULL)
        return HF_ENOMEM;
    int r = hf_config_load(text, file, &hf__policy_schema, &form, &p->doc, errors);
    if (r == 0)
        r = fill(&form, p);
    if (r != 0)
        hf__form_errors(file, r, errors);
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
    hf_config_doc_free(p->doc);
    *p = (struct hf_cli_quote_policy){0};
}
