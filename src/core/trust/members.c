/* Validators of the newest set: who is one, where it is, how it is called. */
#include "base/error.h"
#include "trust/trust.h"

bool hf__is_member(const struct hf_engine *e, const struct hf_account *account)
{
    hf_assert(account != NULL);
    return e->trust->set != NULL && hf_set_find(e->trust->set, account) >= 0;
}

uint32_t hf__registered_epoch(const struct hf_engine *e, const struct hf_account *account)
{
    long at = e->trust->set != NULL ? hf_set_find(e->trust->set, account) : -1;
    hf_assert(account != NULL);
    hf_assert(at < 0 || (size_t)at < e->trust->set->u.set.validators_count);
    return at < 0 ? 0 : (uint32_t)e->trust->set->u.set.validators[at].registered_epoch;
}

const struct hf_document *hf__set_of_epoch(const struct hf_engine *e, uint64_t epoch)
{
    hf_assert(e->trust->set != NULL || e->trust->set_previous == NULL);
    const struct hf_document *sets[] = {e->trust->set, e->trust->set_previous};
    for (size_t i = 0; i < HF_ARRAY_LEN(sets); i++)
        if (sets[i] != NULL && hf_document_version(sets[i]) == epoch)
            return sets[i];
    return NULL;
}

/* Where a member says that it is reached, whatever the set says (proto/GOSSIP.md, 1). The row was
 * verified before it was written. */
static bool moved(struct hf_engine *e, const struct hf_account *account, struct hf_bytes *ret)
{
    hf_assert(e->trust->set != NULL);
    enum { KIND_ADDRESS = 3 };
    struct hf_signed_event what;
    struct hf_event_statement s;
    uint8_t key[HF_ID_LEN + 1];
    memcpy(key, account->bytes, HF_ID_LEN);
    key[HF_ID_LEN] = KIND_ADDRESS;
    struct hf_blob *row = hf__rows_get(&e->rows, HF_ROW_EVENT, hf_bytes_of(key, sizeof key));
    if (row == NULL || hf__decode(e, &hf_wire_signed_event, hf_blob_bytes(row), &what) != 0 ||
        hf__decode(e, &hf_wire_event_statement, what.statement, &s) != 0 || s.over ||
        s.address.len == 0 || s.expires_s <= hf__now_s(e))
        return false;
    *ret = s.address;
    return true;
}

/* NULL: it is in no set. */
static const char *address_of(struct hf_engine *e, const struct hf_account *account)
{
    long at = e->trust->set != NULL ? hf_set_find(e->trust->set, account) : -1;
    if (at < 0)
        return NULL;
    hf_assert((size_t)at < e->trust->set->u.set.validators_count);
    struct hf_bytes address = e->trust->set->u.set.validators[at].address;
    moved(e, account, &address);
    hf_assert(address.len > 0);
    char *text = hf__scratch(e, address.len + 1);
    memcpy(text, address.data, address.len);
    return text;
}

const char *hf__address_of(struct hf_engine *e, const struct hf_account *account)
{
    const char *address = address_of(e, account);
    return address == NULL ? "" : address;
}

int hf__call(struct hf_engine *e, const struct hf__ask *ask, const struct hf_account *account,
             struct hf_bytes body)
{
    hf_assert(account != NULL && ask->task < HF__TASKS);
    const char *address = address_of(e, account);
    return address == NULL ? HF_EREMOVED : hf__call_address(e, ask, account, address, body);
}

int hf__nonce_answer(struct hf_engine *e, const struct hf__pending *call, struct hf_bytes body,
                     struct hf_nonce_response *ret)
{
    hf_assert(call->method == HF_METHOD_NONCE);
    int r = hf__decode(e, &hf_wire_nonce_response, body, ret);
    if (r == 0)
        r = hf__versions_check(e, &ret->versions);
    if (r == 0 && !hf_account_equal(&ret->provider, &call->account))
        r = HF_EPEER_ACCOUNT;
    return r;
}
