/* What the messages of owners and providers have in common. */
#include "base/error.h"
#include "node/node.h"

const char *hf__label(uint8_t method)
{
    hf_assert(method >= HF_METHOD_DOCUMENTS && method <= HF_METHODS);
    switch (method) {
#define X(constant, number, name)                                                                  \
    case constant:                                                                                 \
        return "holdfast/v1/" name;
        HF_METHOD_MAP(X)
#undef X
    default:
        hf_unreachable();
    }
}

int hf__names_check(const struct hf_engine *e, const struct hf_network_id *network,
                    const struct hf_account *named, const struct hf_account *wanted)
{
    hf_assert(named != NULL && wanted != NULL);
    if (!hf_network_id_equal(network, &e->network))
        return HF_EDOCUMENT_NETWORK;
    return hf_account_equal(named, wanted) ? 0 : HF_EPEER_ACCOUNT;
}

void hf__fill_header(const struct hf_engine *e, const struct hf_account *provider,
                     struct hf_owner_header *ret)
{
    hf_assert(e->has_account && provider != NULL);
    hf_assert(e->claim > 0);
    ret->network = e->network;
    ret->owner = e->account;
    ret->provider = *provider;
    ret->ballot.number = e->claim;
    memcpy(ret->ballot.instance, e->instance, 16);
}
