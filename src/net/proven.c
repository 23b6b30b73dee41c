/*
 * What accounts have proved here. A peer that comes again with the same key and the same signature
 * is not verified again: to do it is the dearest part of a handshake that is ours.
 */
#include "tls.h"

#include <stdlib.h>

enum { PROVEN_MAX = 64, SPKI_MAX = 128 };

struct hf__proven {
    struct hf_account account;
    uint8_t signature[HF_NET_SIGNATURE_LEN];
    uint8_t spki[SPKI_MAX];
    size_t spki_len; /* 0: the place is free */
};

struct hf__proven *hf__proven_new(void)
{
    return calloc(PROVEN_MAX, sizeof(struct hf__proven));
}

/* One place for many accounts: who takes it from another costs that one a verification. */
static struct hf__proven *place_of(struct hf__proven *p, const struct hf_account *account)
{
    return &p[account->bytes[0] % PROVEN_MAX];
}

bool hf__proven_has(struct hf__proven *p, const struct hf__extension *e, struct hf_bytes spki)
{
    const struct hf__proven *kept = place_of(p, &e->account);
    return kept->spki_len > 0 && hf_account_equal(&kept->account, &e->account) &&
           memcmp(kept->signature, e->signature, sizeof e->signature) == 0 &&
           hf_bytes_equal(hf_bytes_of(kept->spki, kept->spki_len), spki);
}

void hf__proven_keep(struct hf__proven *p, const struct hf__extension *e, struct hf_bytes spki)
{
    struct hf__proven *kept = place_of(p, &e->account);
    if (spki.len > sizeof kept->spki)
        return;
    kept->account = e->account;
    memcpy(kept->signature, e->signature, sizeof e->signature);
    memcpy(kept->spki, spki.data, spki.len);
    kept->spki_len = spki.len;
}
