/* Sealing rows: the keys, what is bound to what, and the MAC by which a row
 * enters the head's sum. */
#include "internal.h"
#include "base/secret.h"

#include <assert.h>
#include <errno.h>
#include <sys/random.h>

static const char row_label[] = "holdfast vault row v1";

enum { ROW_AAD_LEN = sizeof row_label + HF_HASH_LEN + 1 + 8 };

/* Those in use, and those under which the vault is put next. */
static_assert(2 * (HF_SECRET_ROOM(sizeof(struct hf__keys)) + HF_SECRET_ROOM(HF_RNG_SEED_LEN)) <=
                  HF_STORE_SECRETS_MAX,
              "as the header says");

static void put_u64(uint8_t *at, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(v >> (56 - 8 * i));
}

static void derive(const struct hf_suite *suite, const uint8_t *key, const uint8_t *vault_id,
                   const char *purpose, uint8_t *ret, size_t ret_len)
{
    suite->kdf(vault_id, hf_bytes_of(key, HF_KEY_LEN), hf_bytes_of(purpose, strlen(purpose)), ret,
               ret_len);
}

int hf__keys_new(const struct hf_suite *suite, const uint8_t key[static HF_KEY_LEN],
                 const uint8_t vault_id[static HF_HASH_LEN], struct hf__keys **ret,
                 struct hf_store_error *err)
{
    struct hf__keys *keys = hf_secret_alloc(sizeof *keys);
    uint8_t *seed = hf_secret_alloc(HF_RNG_SEED_LEN);
    int r = 0;
    if (keys == NULL || seed == NULL) {
        r = hf__fail(err, HF_ENOMEM, "no memory for secrets is left for the vault's keys");
        goto out;
    }
    if (getrandom(seed, HF_RNG_SEED_LEN, 0) != HF_RNG_SEED_LEN) {
        r = hf__fail_errno(err, errno, "asking the kernel for random bytes");
        goto out;
    }
    hf_rng_init(&keys->rng, seed);
    derive(suite, key, vault_id, "holdfast vault seal v1", keys->seal, sizeof keys->seal);
    derive(suite, key, vault_id, "holdfast vault sum v1", keys->element, sizeof keys->element);
    derive(suite, key, vault_id, "holdfast vault id v1", keys->id, sizeof keys->id);
    derive(suite, key, vault_id, "holdfast vault check v1", keys->check, sizeof keys->check);
    *ret = keys;
    keys = NULL;
out:
    hf_secret_free(seed);
    hf_secret_free(keys);
    return r;
}

void hf__row_id(const struct hf_store *s, uint8_t collection, struct hf_bytes key,
                uint8_t ret[static HF__ID_LEN])
{
    uint8_t data[1 + HF_STORE_KEY_MAX];
    hf_assert(key.len <= HF_STORE_KEY_MAX);
    data[0] = collection;
    memcpy(data + 1, key.data, key.len);
    s->suite->mac(s->keys->id, hf_bytes_of(data, 1 + key.len), ret);
}

static void row_aad(const struct hf_store *s, const struct hf__entry *e, uint8_t *ret)
{
    memcpy(ret, row_label, sizeof row_label);
    memcpy(ret + sizeof row_label, s->plain.vault_id, HF_HASH_LEN);
    ret[sizeof row_label + HF_HASH_LEN] = e->collection;
    put_u64(ret + sizeof row_label + HF_HASH_LEN + 1, e->seq);
}

/*
 * 256 bits over collection, sequence and the sealed bytes in s->scratch: two MACs of 128 with
 * different first bytes. The nonce in the sealed bytes makes every write's element its own, also
 * where two histories of one file gave out the same sequence.
 */
static void row_element(struct hf_store *s, struct hf__entry *e, size_t sealed_len)
{
    uint8_t *p = s->scratch;
    struct hf_bytes all = hf_bytes_of(p, HF__ROW_PREFIX_LEN + sealed_len);
    p[1] = e->collection;
    put_u64(p + 2, e->seq);
    p[0] = 1;
    s->suite->mac(s->keys->element, all, e->element);
    p[0] = 2;
    s->suite->mac(s->keys->element, all, e->element + HF_MAC_LEN);
}

/* Seals what is in s->secret_row, and wipes it. */
static void seal(struct hf_store *s, struct hf__entry *e, size_t len, struct hf_bytes *ret_sealed)
{
    uint8_t aad[ROW_AAD_LEN];
    row_aad(s, e, aad);
    uint8_t *sealed = s->scratch + HF__ROW_PREFIX_LEN;
    s->suite->wrap(&s->keys->rng, s->keys->seal, hf_bytes_of(aad, sizeof aad),
                   hf_bytes_of(s->secret_row, len), sealed);
    hf_wipe(s->secret_row, len);
    row_element(s, e, len + HF_WRAP_OVERHEAD);
    *ret_sealed = hf_bytes_of(sealed, len + HF_WRAP_OVERHEAD);
}

void hf__row_reseal(struct hf_store *s, struct hf__entry *e, struct hf_bytes key,
                    struct hf_bytes value, struct hf_bytes *ret_sealed)
{
    hf_assert(key.data == s->secret_row + 1 && value.data == key.data + key.len);
    hf__row_id(s, e->collection, key, e->id);
    seal(s, e, 1 + key.len + value.len, ret_sealed);
}

void hf__row_seal(struct hf_store *s, struct hf__entry *e, const struct hf_store_op *op,
                  struct hf_bytes *ret_sealed)
{
    size_t len = 1 + op->key.len + op->value.len;
    hf_assert(len <= HF__ROW_PLAIN_MAX && op->key.len > 0);
    uint8_t *plain = s->secret_row;
    plain[0] = (uint8_t)op->key.len;
    memcpy(plain + 1, op->key.data, op->key.len);
    if (op->value.len > 0)
        memcpy(plain + 1 + op->key.len, op->value.data, op->value.len);
    seal(s, e, len, ret_sealed);
}

int hf__row_open(struct hf_store *s, struct hf__entry *e, struct hf_bytes sealed,
                 struct hf_bytes *ret_key, struct hf_bytes *ret_value, struct hf_store_error *err)
{
    if (sealed.len < HF__ROW_SEALED_MIN || sealed.len > HF__ROW_SEALED_MAX)
        return hf__fail(err, HF_ECORRUPT,
                        "row of collection %u, sequence %llu has %zu sealed bytes", e->collection,
                        (unsigned long long)e->seq, sealed.len);
    size_t len = sealed.len - HF_WRAP_OVERHEAD;
    uint8_t *plain = s->secret_row;
    uint8_t aad[ROW_AAD_LEN];
    row_aad(s, e, aad);
    if (s->suite->unwrap(s->keys->seal, hf_bytes_of(aad, sizeof aad), sealed, plain) != 0)
        return hf__fail(err, HF_ECORRUPT,
                        "row of collection %u, sequence %llu does not open: it is damaged, or "
                        "belongs elsewhere",
                        e->collection, (unsigned long long)e->seq);
    if (plain[0] == 0 || plain[0] > HF_STORE_KEY_MAX || 1u + plain[0] > len) {
        hf_wipe(plain, len);
        return hf__fail(err, HF_ECORRUPT, "row of collection %u, sequence %llu has no key",
                        e->collection, (unsigned long long)e->seq);
    }
    *ret_key = hf_bytes_of(plain + 1, plain[0]);
    *ret_value = hf_bytes_of(plain + 1 + plain[0], len - 1 - plain[0]);
    hf__row_id(s, e->collection, *ret_key, e->id);
    memcpy(s->scratch + HF__ROW_PREFIX_LEN, sealed.data, sealed.len);
    row_element(s, e, sealed.len);
    return 0;
}

void hf__row_wipe(struct hf_store *s, struct hf_bytes value)
{
    hf_wipe(s->secret_row, (size_t)(value.data + value.len - s->secret_row));
}
