#include "node/key_table.h"

#include <string.h>

/* From which states an operation takes a key. */
static const uint8_t from[] = {
    [HF__KEY_MAKE] = 0,
    [HF__KEY_REDATE] = 1u << HF__KEY_PENDING | 1u << HF__KEY_ACTIVE | 1u << HF__KEY_EXPIRED,
    [HF__KEY_ACTIVATE] = 1u << HF__KEY_PENDING,
    [HF__KEY_EXPIRE] = 1u << HF__KEY_PENDING | 1u << HF__KEY_ACTIVE,
    [HF__KEY_DELETE] = 1u << HF__KEY_PENDING | 1u << HF__KEY_EXPIRED,
};

bool hf__keys_valid(const struct hf__keys *keys)
{
    if (keys->id_next == 0 || keys->count > HF__KEYS_MAX)
        return false;
    for (size_t i = 0; i < keys->count; i++) {
        const struct hf__key *k = &keys->list[i];
        if (k->id == 0 || k->id >= keys->id_next || k->state < HF__KEY_PENDING ||
            k->state > HF__KEY_EXPIRED || k->suite >= HF__KEY_SUITES)
            return false;
        for (size_t j = 0; j < i; j++)
            if (keys->list[j].id == k->id)
                return false;
    }
    return true;
}

struct hf__key *hf__key_of_id(struct hf__keys *keys, uint32_t id)
{
    hf_assert(keys->count <= HF__KEYS_MAX);
    for (size_t i = 0; i < keys->count; i++)
        if (keys->list[i].id == id)
            return &keys->list[i];
    return NULL;
}

void hf__key_move(struct hf__keys *keys, const struct hf__key_op *op, uint64_t now_s)
{
    if (op->verb == HF__KEY_MAKE) {
        hf_assert(keys->count < HF__KEYS_MAX && op->id == keys->id_next && op->id < UINT32_MAX);
        keys->list[keys->count++] = (struct hf__key){
            .id = op->id, .suite = op->suite, .state = HF__KEY_PENDING, .since_s = now_s};
        keys->id_next++;
        return;
    }
    struct hf__key *k = hf__key_of_id(keys, op->id);
    hf_assert(k != NULL && op->verb <= HF__KEY_DELETE && (from[op->verb] >> k->state & 1) != 0);
    hf_assert(op->verb != HF__KEY_DELETE || !k->needed);
    k->since_s = now_s;
    if (op->verb == HF__KEY_ACTIVATE)
        k->state = HF__KEY_ACTIVE;
    else if (op->verb == HF__KEY_EXPIRE)
        k->state = HF__KEY_EXPIRED;
    else if (op->verb == HF__KEY_DELETE)
        *k = keys->list[--keys->count];
}

const struct hf__key *hf__key_after(const struct hf__keys *keys, uint32_t id)
{
    const struct hf__key *found = NULL;
    for (size_t i = 0; i < keys->count; i++)
        if (keys->list[i].id > id && (found == NULL || keys->list[i].id < found->id))
            found = &keys->list[i];
    hf_assert(found != NULL && found->id < keys->id_next);
    return found;
}
