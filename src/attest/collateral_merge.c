/* The newer of each document, so that nothing that is held is replaced by something older. */
#include "base/error.h"
#include "set.h"

struct merge {
    const struct hf_collateral *held, *offered;
    uint64_t at_s;
    size_t older;
};

/* Whether what is offered may take the place of what is held, which may be nothing. */
static int replaces(struct merge *m, struct hf__document *held, struct hf__document *offered,
                    bool *ret)
{
    *ret = false;
    if (offered == NULL)
        return 0;
    int r = hf__collateral_ready(m->offered, offered);
    if (r == HF_ENOMEM)
        return r;
    if (r != 0 || m->at_s < offered->info.not_before_s)
        return 0;
    r = held != NULL ? hf__collateral_ready(m->held, held) : HF_ECOLLMISSING;
    if (r == HF_ENOMEM)
        return r;
    *ret = true;
    if (r != 0)
        return 0;
    bool older = hf__document_older(offered, held);
    if (older)
        m->older++;
    *ret = !older;
    return 0;
}

static int choose(struct merge *m, struct hf__document *held, struct hf__document *offered,
                  struct hf__document **ret)
{
    bool taken;
    int r = replaces(m, held, offered, &taken);
    if (r != 0)
        return r;
    struct hf__document *d = taken || held == NULL ? offered : held;
    *ret = d != NULL ? hf__document_ref(d) : NULL;
    return 0;
}

/* Takes out of left the list of the CA that held is of, or where held cannot be read, any. */
static struct hf__document *counterpart(const struct merge *m, struct hf__document *held,
                                        struct hf__document *left[static HF_PCK_CAS_MAX])
{
    bool read = hf__collateral_ready(m->held, held) == 0;
    for (size_t i = 0; i < HF_PCK_CAS_MAX; i++) {
        struct hf__document *d = left[i];
        if (d == NULL || (read && (hf__collateral_ready(m->offered, d) != 0 ||
                                   !hf_bytes_equal(held->crl.issuer, d->crl.issuer))))
            continue;
        left[i] = NULL;
        return d;
    }
    return NULL;
}

/* The list of each PCK CA that either set has one of. Those that can be read find theirs first. */
static int merge_lists(struct merge *m, struct hf_collateral *c)
{
    struct hf__document *left[HF_PCK_CAS_MAX], *const *held = m->held->pck_crls;
    struct hf__document *offered[HF_PCK_CAS_MAX] = {NULL};
    size_t count = 0;
    memcpy(left, m->offered->pck_crls, sizeof left);
    for (int readable = 1; readable >= 0; readable--)
        for (size_t i = 0; i < HF_PCK_CAS_MAX; i++)
            if (held[i] != NULL && (hf__collateral_ready(m->held, held[i]) == 0) == readable)
                offered[i] = counterpart(m, held[i], left);
    for (size_t i = 0; i < HF_PCK_CAS_MAX && held[i] != NULL; i++) {
        int r = choose(m, held[i], offered[i], &c->pck_crls[count]);
        if (r != 0)
            return r;
        count++;
    }
    for (size_t i = 0; i < HF_PCK_CAS_MAX && count < HF_PCK_CAS_MAX; i++) {
        bool taken = false;
        int r = left[i] != NULL ? replaces(m, NULL, left[i], &taken) : 0;
        if (r != 0)
            return r;
        if (taken || (left[i] != NULL && held[0] == NULL))
            c->pck_crls[count++] = hf__document_ref(left[i]);
    }
    return 0;
}

/* Every platform of either set, each once. */
static int merge_platforms(struct merge *m, struct hf_collateral *c)
{
    for (size_t i = 0; i < m->held->tcb_info_count; i++) {
        struct hf__document *held = m->held->tcb_infos[i];
        if (!held->has_fmspc)
            continue;
        struct hf__document *offered =
            hf__collateral_find(m->offered, HF_DOCUMENT_TCB_INFO, held->fmspc);
        int r = choose(m, held, offered, &c->tcb_infos[c->tcb_info_count]);
        if (r != 0)
            return r;
        c->tcb_info_count++;
    }
    for (size_t i = 0; i < m->offered->tcb_info_count; i++) {
        struct hf__document *offered = m->offered->tcb_infos[i];
        if (!offered->has_fmspc || hf__collateral_find(c, HF_DOCUMENT_TCB_INFO, offered->fmspc))
            continue;
        if (c->tcb_info_count == HF_COLLATERAL_PLATFORMS_MAX)
            return HF_ETOOBIG;
        c->tcb_infos[c->tcb_info_count++] = hf__document_ref(offered);
    }
    return 0;
}

int hf_collateral_merge(const struct hf_collateral *held, const struct hf_collateral *offered,
                        uint64_t at_s, struct hf_collateral **ret, size_t *ret_older)
{
    if (held == NULL) {
        *ret = hf_collateral_ref(offered);
        if (ret_older != NULL)
            *ret_older = 0;
        return 0;
    }
    if (memcmp(&held->root, &offered->root, sizeof held->root) != 0)
        return HF_EINVAL;
    struct merge m = {.held = held, .offered = offered, .at_s = at_s};
    struct hf_collateral *c =
        hf__collateral_empty(&held->root, held->tcb_info_count + offered->tcb_info_count);
    if (c == NULL)
        return HF_ENOMEM;
    int r = choose(&m, held->qe_identity, offered->qe_identity, &c->qe_identity);
    if (r == 0)
        r = merge_lists(&m, c);
    if (r == 0)
        r = choose(&m, held->root_crl, offered->root_crl, &c->root_crl);
    if (r == 0)
        r = merge_platforms(&m, c);
    if (r != 0) {
        hf_collateral_unref(c);
        return r;
    }
    *ret = c;
    if (ret_older != NULL)
        *ret_older = m.older;
    return 0;
}
