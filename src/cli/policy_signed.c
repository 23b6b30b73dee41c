#include "policy_signed.h"

#include "base/error.h"
#include "base/secret.h"
#include "document/document.h"

#include <stdlib.h>

enum { SECRETS_LEN = 1 << 16 };

bool hf__policy_is_signed(struct hf_bytes file)
{
    return file.len > 0 && (file.data[0] & 0xf0) == 0x80;
}

int hf__policy_copy(const struct hf_policy *f, struct hf__policy_copy *ret)
{
    struct hf__policy_copy p = {.expires_s = f->expires_s, .dev_root_len = f->dev_root.len};
    p.measurements = calloc(f->measurements_count + 1, sizeof p.measurements[0]);
    p.names = calloc(f->measurements_count + 1, HF__POLICY_NAME_LEN);
    p.evaluations = calloc(f->tcb_evaluations_count + 1, sizeof p.evaluations[0]);
    if (p.measurements == NULL || p.names == NULL || p.evaluations == NULL) {
        free(p.measurements);
        free(p.names);
        free(p.evaluations);
        return HF_ENOMEM;
    }
    hf_policy_judge(f, HF_ROLE_DAEMON, p.measurements, p.evaluations, &p.judge);
    for (size_t i = 0; i < f->measurements_count; i++) {
        const struct hf_measurement *m = &f->measurements[i];
        char *name = p.names + i * HF__POLICY_NAME_LEN;
        hf_assert(m->name.len < HF__POLICY_NAME_LEN);
        memcpy(name, m->name.data, m->name.len);
        p.measurements[i].name = name;
    }
    hf_assert(f->dev_root.len <= sizeof p.dev_root);
    if (f->dev_root.len > 0)
        memcpy(p.dev_root, f->dev_root.data, f->dev_root.len);
    *ret = p;
    return 0;
}

int hf__policy_signed_read(struct hf_bytes envelope, struct hf__policy_copy *ret)
{
    struct hf_pool *pool;
    struct hf_document *d = NULL;
    int r = hf_secret_init(SECRETS_LEN, false);
    if (r == 0)
        r = hf_pool_new(&hf_suite_real, &pool);
    if (r != 0)
        return r;
    r = hf_document_read(pool, envelope, &d);
    if (r == 0)
        r = d->kind == HF_DOCUMENT_POLICY ? hf__policy_copy(&d->u.policy, ret) : HF_EDOCUMENT;
    hf_document_unref(d);
    hf_pool_free(pool);
    return r;
}
