/*
 * The head: what all rows add up to. A multiset hash by addition modulo 2^256 of keyed MACs (Clarke
 * et al., "Incremental Multiset Hash Functions and Their Application to Memory Integrity Checking",
 * ASIACRYPT 2003, MSet-Add-Hash); the sum itself is sealed, so it cannot be seen without the key.
 */
#include "internal.h"

static const char head_label[] = "holdfast vault head v1";

enum { HEAD_AAD_LEN = sizeof head_label + HF_HASH_LEN };

static void sum_add(uint8_t *sum, const uint8_t *element)
{
    unsigned carry = 0;
    for (int i = 0; i < HF__SUM_LEN; i++) {
        carry += (unsigned)sum[i] + element[i];
        sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static void sum_subtract(uint8_t *sum, const uint8_t *element)
{
    unsigned borrow = 0;
    for (int i = 0; i < HF__SUM_LEN; i++) {
        unsigned taken = element[i] + borrow;
        borrow = sum[i] < taken;
        sum[i] = (uint8_t)(sum[i] - taken);
    }
}

static uint64_t cross(const struct hf__entry *e)
{
    uint64_t r;
    memcpy(&r, e->id, sizeof r);
    return r | 1; /* odd, so that no difference of sequences is lost */
}

void hf__head_add(struct hf__head *h, const struct hf__entry *e)
{
    h->count++;
    sum_add(h->sum, e->element);
    h->seq_sum += e->seq;
    h->seq_cross += e->seq * cross(e);
    h->collections ^= e->collection;
}

void hf__head_remove(struct hf__head *h, const struct hf__entry *e)
{
    hf_assert(h->count > 0);
    h->count--;
    sum_subtract(h->sum, e->element);
    h->seq_sum -= e->seq;
    h->seq_cross -= e->seq * cross(e);
    h->collections ^= e->collection;
}

static uint8_t *put(uint8_t *at, uint64_t v, int len)
{
    for (int i = len - 1; i >= 0; i--)
        *at++ = (uint8_t)(v >> (8 * i));
    return at;
}

static uint8_t *put_bytes(uint8_t *at, const uint8_t *data, size_t len)
{
    memcpy(at, data, len);
    return at + len;
}

static uint64_t get(const uint8_t **at, int len)
{
    uint64_t v = 0;
    for (int i = 0; i < len; i++)
        v = v << 8 | *(*at)++;
    return v;
}

static void get_bytes(const uint8_t **at, uint8_t *ret, size_t len)
{
    memcpy(ret, *at, len);
    *at += len;
}

static void head_aad(const struct hf__plain *plain, uint8_t *ret)
{
    memcpy(ret, head_label, sizeof head_label);
    memcpy(ret + sizeof head_label, plain->vault_id, HF_HASH_LEN);
}

void hf__head_seal(const struct hf_suite *suite, struct hf__keys *keys,
                   const struct hf__plain *plain, const struct hf__head *h,
                   uint8_t ret[static HF__HEAD_SEALED_LEN])
{
    uint8_t body[HF__HEAD_LEN], aad[HEAD_AAD_LEN];
    uint8_t *at = put(body, (uint64_t)plain->format, 1);
    at = put_bytes(at, plain->header.network.bytes, HF_HASH_LEN);
    at = put_bytes(at, plain->header.account.bytes, HF_KEY_LEN);
    at = put(at, plain->header.key_version, 4);
    at = put(at, plain->header.state, 1);
    at = put(at, h->seq_max, 8);
    at = put(at, h->count, 8);
    at = put_bytes(at, h->sum, HF__SUM_LEN);
    at = put(at, h->seq_sum, 8);
    at = put(at, h->seq_cross, 8);
    at = put(at, h->collections, 1);
    hf_assert(at == body + sizeof body);
    head_aad(plain, aad);
    suite->wrap(&keys->rng, keys->seal, hf_bytes_of(aad, sizeof aad),
                hf_bytes_of(body, sizeof body), ret);
}

/* The plain header against the sealed one. */
static int compare(const struct hf_vault_header *plain, const struct hf_vault_header *sealed,
                   struct hf_store_error *err)
{
    const char *field = NULL;
    if (!hf_network_id_equal(&plain->network, &sealed->network))
        field = "network";
    else if (!hf_account_equal(&plain->account, &sealed->account))
        field = "account";
    else if (plain->key_version != sealed->key_version)
        field = "key version";
    if (field != NULL)
        return hf__fail(err, HF_ECORRUPT,
                        "the vault's plain header was altered: its %s is not the "
                        "one that is sealed in the head",
                        field);
    if (plain->state != sealed->state)
        return hf__fail(err, HF_ECORRUPT,
                        "the vault's plain header was altered: it says %s, the sealed head %s",
                        plain->state == HF_VAULT_PLACED ? "placed" : "placing",
                        sealed->state == HF_VAULT_PLACED ? "placed" : "placing");
    return 0;
}

int hf__head_open(const struct hf_suite *suite, const struct hf__keys *keys,
                  const struct hf__plain *plain, struct hf_bytes sealed, struct hf__head *ret,
                  struct hf_store_error *err)
{
    uint8_t body[HF__HEAD_LEN], aad[HEAD_AAD_LEN];
    head_aad(plain, aad);
    if (sealed.len != HF__HEAD_SEALED_LEN ||
        suite->unwrap(keys->seal, hf_bytes_of(aad, sizeof aad), sealed, body) != 0)
        return hf__fail(err, HF_ECORRUPT, "the vault's sealed head does not open: it is damaged");
    struct hf_vault_header inside = {0};
    struct hf__head h = {0};
    const uint8_t *at = body;
    unsigned format = (unsigned)get(&at, 1);
    if (format != (unsigned)plain->format)
        return hf__fail(err, HF_ECORRUPT,
                        "the vault's plain header was altered: it says format %d, the sealed head "
                        "%u",
                        plain->format, format);
    get_bytes(&at, inside.network.bytes, HF_HASH_LEN);
    get_bytes(&at, inside.account.bytes, HF_KEY_LEN);
    inside.key_version = (uint32_t)get(&at, 4);
    inside.state = (uint8_t)get(&at, 1);
    h.seq_max = get(&at, 8);
    h.count = get(&at, 8);
    get_bytes(&at, h.sum, HF__SUM_LEN);
    h.seq_sum = get(&at, 8);
    h.seq_cross = get(&at, 8);
    h.collections = (uint8_t)get(&at, 1);
    int r = compare(&plain->header, &inside, err);
    if (r == 0)
        *ret = h;
    return r;
}

/* One row was put back to an older write of its own: which one, by the
 * difference of the sequences. */
static const struct hf__entry *find_rolled_back(const struct hf__head *head,
                                                const struct hf__head *found,
                                                const struct hf__index *index)
{
    uint64_t behind = head->seq_sum - found->seq_sum;
    uint64_t behind_cross = head->seq_cross - found->seq_cross;
    for (size_t i = 0; i < index->cap; i++) {
        const struct hf__entry *e = &index->slots[i];
        if (e->seq != 0 && behind * cross(e) == behind_cross && e->seq + behind > e->seq &&
            e->seq + behind <= head->seq_max)
            return e;
    }
    return NULL;
}

static const struct hf__entry *find_seq(const struct hf__index *index, uint64_t seq)
{
    for (size_t i = 0; i < index->cap; i++)
        if (index->slots[i].seq == seq && seq != 0)
            return &index->slots[i];
    return NULL;
}

int hf__head_judge(const struct hf__head *head, const struct hf__head *found,
                   const struct hf__index *index, struct hf_store_error *err)
{
    if (head->count == found->count && memcmp(head->sum, found->sum, HF__SUM_LEN) == 0)
        return 0;
    uint8_t collection = head->collections ^ found->collections;
    uint64_t missing = head->seq_sum - found->seq_sum;
    uint64_t planted = found->seq_sum - head->seq_sum;
    const struct hf__entry *e = NULL;
    if (head->count == found->count && collection == 0 &&
        (e = find_rolled_back(head, found, index)) != NULL)
        return hf__fail(err, HF_EROLLBACK,
                        "row of collection %u, sequence %llu was rolled back: the head holds its "
                        "sequence %llu",
                        e->collection, (unsigned long long)e->seq,
                        (unsigned long long)(e->seq + missing));
    if (head->count == found->count + 1 && missing != 0 && missing <= head->seq_max &&
        find_seq(index, missing) == NULL)
        return hf__fail(err, HF_EROLLBACK, "row of collection %u, sequence %llu was removed",
                        collection, (unsigned long long)missing);
    if (head->count + 1 == found->count && (e = find_seq(index, planted)) != NULL &&
        e->collection == collection)
        return hf__fail(
            err, HF_EROLLBACK,
            "row of collection %u, sequence %llu was planted: the head does not hold it",
            collection, (unsigned long long)planted);
    return hf__fail(
        err, HF_EROLLBACK,
        "the vault's rows are not those of its head: it holds %llu, there are %llu, and "
        "more than one differs",
        (unsigned long long)head->count, (unsigned long long)found->count);
}
