/* What the root secret gives, and the account's secrets in the vault under it. */
#include "base/error.h"
#include "base/secret.h"
#include "crypto/key.h"
#include "node/node.h"

enum { ACCOUNT_SECRETS = HF_SIGN_SECRET_LEN + HF_KEY_LEN };

static const struct hf_bytes no_key = {0};

void hf__derive_from(const struct hf_engine *e, const uint8_t root[static HF_SCALAR_LEN],
                     uint32_t version, const char *purpose, struct hf_bytes name,
                     uint8_t ret[static HF_KEY_LEN])
{
    hf_assert(version > 0 && purpose[0] != '\0');
    struct hf_key_name key = {.network = &e->network,
                              .account = &e->account,
                              .version = version,
                              .purpose = hf_bytes_of(purpose, strlen(purpose)),
                              .name = name};
    int r = hf_key_derive(e->suite, root, &key, ret, HF_KEY_LEN);
    hf_assert(r == 0);
}

void hf__derive(const struct hf_engine *e, const char *purpose, struct hf_bytes name,
                uint8_t ret[static HF_KEY_LEN])
{
    hf_assert(e->active.has_root && e->active.number > 0);
    hf__derive_from(e, e->secrets->active.root, e->active.number, purpose, name, ret);
}

void hf__vault_ask(struct hf_engine *e, enum hf_work_type type)
{
    hf_assert(type == HF_WORK_VAULT_CREATE || type == HF_WORK_VAULT_OPEN);
    hf_assert(!e->open && e->has_account);
    hf__derive(e, "vault", no_key, e->secrets->active.vault_key);
    hf__derive(e, "wrap", no_key, e->secrets->active.wrap_key);
    hf_assert(!e->vault_work);
    e->vault_work = true;
    struct hf_work *w = hf__work(e, type);
    w->key = e->secrets->active.vault_key;
    w->version = e->active.number;
    w->account = e->account;
}

void hf__account_save(struct hf_engine *e)
{
    hf_assert(e->has_account && e->claim_asked >= e->claim);
    struct hf_account_row row = {.version = e->active.number,
                                 .claim_asked = e->claim_asked,
                                 .generation_next = e->generation_next};
    hf_assert(e->active.has_root && e->claim_asked > 0 && e->generation_next > 0);
    uint8_t *plain = e->secret_alloc(ACCOUNT_SECRETS);
    hf_assert(plain != NULL);
    memcpy(plain, e->secrets->account, HF_SIGN_SECRET_LEN);
    memset(plain + HF_SIGN_SECRET_LEN, 0, HF_KEY_LEN);
    row.network = e->network;
    row.account = e->account;
    memcpy(row.sealing_key, e->vault_name, HF_KEY_LEN);
    e->suite->wrap(&e->secrets->rng, e->secrets->active.wrap_key, hf_account_bytes(&e->account),
                   hf_bytes_of(plain, ACCOUNT_SECRETS), row.wrapped);
    e->secret_free(plain);
    hf__put(e, HF_ROW_ACCOUNT, no_key, &hf_wire_account_row, &row);
}

/* Whether the account's secret is the account's. */
static int check_self(struct hf_engine *e)
{
    hf_assert(e->has_account && e->active.has_root);
    static const char label[] = "holdfast/v1/self";
    uint8_t signature[HF_SIGNATURE_LEN];
    e->suite->sign(e->secrets->account, label, no_key, signature);
    return e->suite->verify(e->account.bytes, label, no_key, signature) == 0 ? 0 : HF_EACCOUNT;
}

bool hf__account_wrap(struct hf_engine *e, uint32_t version,
                      uint8_t ret[static HF__ACCOUNT_WRAPPED_LEN])
{
    hf_assert(e->has_account);
    uint8_t *root = e->secret_alloc(HF_SCALAR_LEN), *key = e->secret_alloc(HF_KEY_LEN);
    hf_assert(root != NULL && key != NULL && e->open);
    bool kept = hf__root_copy(e, version, root);
    if (kept) {
        hf__derive_from(e, root, version, "account", no_key, key);
        e->suite->wrap(&e->secrets->rng, key, hf_account_bytes(&e->account),
                       hf_bytes_of(e->secrets->account, HF_SIGN_SECRET_LEN), ret);
    }
    e->secret_free(key);
    e->secret_free(root);
    return kept;
}

int hf__account_restore(struct hf_engine *e, const uint8_t root[static HF_SCALAR_LEN],
                        uint32_t version, const uint8_t wrapped[static HF__ACCOUNT_WRAPPED_LEN])
{
    uint8_t *key = e->secret_alloc(HF_KEY_LEN);
    hf_assert(key != NULL && !e->open && e->has_account);
    hf__derive_from(e, root, version, "account", no_key, key);
    int r = e->suite->unwrap(key, hf_account_bytes(&e->account),
                             hf_bytes_of(wrapped, HF__ACCOUNT_WRAPPED_LEN), e->secrets->account);
    e->secret_free(key);
    return r != 0 ? r : check_self(e);
}

/* The account inside must be the account outside, and its secrets must be its own. */
int hf__account_load(struct hf_engine *e)
{
    hf_assert(e->has_account && e->active.has_root);
    struct hf_account_row row;
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_ACCOUNT, no_key);
    if (value == NULL)
        return HF_EMISSING;
    int r = hf__decode(e, &hf_wire_account_row, hf_blob_bytes(value), &row);
    if (r != 0)
        return r;
    if (!hf_network_id_equal(&row.network, &e->network) ||
        !hf_account_equal(&row.account, &e->account) || row.version != e->active.number)
        return HF_EACCOUNT;
    r = hf__roots_load(e);
    if (r != 0)
        return r;
    uint8_t *plain = e->secret_alloc(ACCOUNT_SECRETS);
    hf_assert(plain != NULL);
    r = e->suite->unwrap(e->secrets->active.wrap_key, hf_account_bytes(&e->account),
                         hf_bytes_of(row.wrapped, sizeof row.wrapped), plain);
    if (r == 0) {
        memcpy(e->secrets->account, plain, HF_SIGN_SECRET_LEN);
        memcpy(e->vault_name, row.sealing_key, HF_KEY_LEN);
        r = check_self(e);
    }
    if (r == 0)
        r = hf__sealing_load(e, plain + HF_SIGN_SECRET_LEN);
    if (r == 0)
        r = hf__sequence_load(e);
    e->secret_free(plain);
    e->generation_next = (uint32_t)row.generation_next;
    e->claim_asked = row.claim_asked;
    return r;
}
