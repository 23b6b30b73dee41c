#include "policy_signed.h"

#include "base/error.h"
#include "base/secret.h"
#include "core/document.h"

#include <stdlib.h>

enum { SECRETS_LEN = 1 << 16 };

bool hf__policy_is_signed(struct hf_bytes file)
{
    return file.len > 0 && (file.data[0] & 0xf0) == 0x80;
}

/* The names are copied: the document is given back at once. */
static int fill(const struct hf_policy *f, struct hf__policy_signed *p)
{
    p->measurements = calloc(f->measurements_count + 1, sizeof p->measurements[0]);
    p->names = calloc(f->measurements_count + 1, HF__POLICY_NAME_LEN);
    if (p->measurements == NULL || p->names == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < f->measurements_count; i++) {
        const struct hf_measurement *m = &f->measurements[i];
        struct hf_judge_measurement *to = &p->measurements[i];
        char *name = p->names + i * HF__POLICY_NAME_LEN;
        hf_assert(m->name.len < HF__POLICY_NAME_LEN);
        memcpy(name, m->name.data, m->name.len);
        to->name = name;
        memcpy(to->digest, m->digest, sizeof to->digest);
        to->rank = (uint32_t)m->rank;
        to->effective_from_s = m->effective_from_s;
    }
    p->judge = (struct hf_judge_policy){
        .trust = (enum hf_trust)f->trust,
        .tcb_accepted = (uint32_t)f->tcb_accepted | HF_TCB_BIT(HF_TCB_UP_TO_DATE),
        .tcb_grace_accepted = f->tcb_grace_s > 0 ? HF_TCB_CURABLE : 0,
        .tcb_grace_s = f->tcb_grace_s,
        .td_attributes_mask = f->td_attributes_mask,
        .td_attributes = f->td_attributes_value,
        .xfam_mask = f->xfam_mask,
        .xfam = f->xfam_value,
        .seam_attributes_mask = f->seam_attributes_mask,
        .seam_attributes = f->seam_attributes_value,
        .measurements = p->measurements,
        .measurement_count = f->measurements_count,
    };
    hf_assert(f->dev_root.len <= sizeof p->dev_root);
    if (f->dev_root.len > 0)
        memcpy(p->dev_root, f->dev_root.data, f->dev_root.len);
    p->dev_root_len = f->dev_root.len;
    return 0;
}

int hf__policy_signed_read(struct hf_bytes envelope, struct hf__policy_signed *ret)
{
    struct hf_pool *pool;
    struct hf_document *d = NULL;
    struct hf__policy_signed p = {0};
    int r = hf_secret_init(SECRETS_LEN, false);
    if (r == 0)
        r = hf_pool_new(&hf_suite_real, &pool);
    if (r != 0)
        return r;
    r = hf_document_read(pool, envelope, &d);
    if (r == 0)
        r = d->kind == HF_DOCUMENT_POLICY ? fill(&d->u.policy, &p) : HF_EDOCUMENT;
    hf_document_unref(d);
    hf_pool_free(pool);
    if (r != 0) {
        free(p.measurements);
        free(p.names);
        return r;
    }
    *ret = p;
    return 0;
}
