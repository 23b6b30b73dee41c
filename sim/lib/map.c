#include "lib/map.h"

#include "lib/slab.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

void hf__map_init(struct hf__map *m, size_t value_len)
{
    *m = (struct hf__map){.value_len = (value_len + 7) & ~(size_t)7};
}

void hf__map_done(struct hf__map *m)
{
    free(m->slots);
    m->slots = NULL;
}

static uint8_t *slot(const struct hf__map *m, struct hf__key key)
{
    size_t size = sizeof key + m->value_len;
    for (size_t at = key.b & (m->cap - 1);; at = (at + 1) & (m->cap - 1)) {
        uint8_t *p = m->slots + at * size;
        struct hf__key there;
        memcpy(&there, p, sizeof there);
        if (there.a == 0 || (there.a == key.a && there.b == key.b))
            return p;
    }
}

static void grow(struct hf__map *m)
{
    struct hf__map old = *m;
    size_t size = sizeof(struct hf__key) + m->value_len;
    m->cap = old.cap == 0 ? 64 : old.cap * 2;
    m->slots = calloc(m->cap, size);
    hf_assert(m->slots != NULL);
    for (size_t i = 0; i < old.cap; i++) {
        struct hf__key key;
        memcpy(&key, old.slots + i * size, sizeof key);
        if (key.a != 0)
            memcpy(slot(m, key), old.slots + i * size, size);
    }
    free(old.slots);
}

void *hf__map_find(const struct hf__map *m, struct hf__key key)
{
    struct hf__key there;
    if (m->cap == 0)
        return NULL;
    uint8_t *p = slot(m, key);
    memcpy(&there, p, sizeof there);
    return there.a == 0 ? NULL : p + sizeof key;
}

void *hf__map_at(struct hf__map *m, struct hf__key key)
{
    struct hf__key there;
    if (m->count * 2 >= m->cap)
        grow(m);
    uint8_t *p = slot(m, key);
    memcpy(&there, p, sizeof there);
    if (there.a == 0) {
        memcpy(p, &key, sizeof key);
        m->count++;
    }
    return p + sizeof key;
}

void hf__map_drop(struct hf__map *m, void *value)
{
    size_t size = sizeof(struct hf__key) + m->value_len, mask = m->cap - 1;
    size_t hole = (size_t)((uint8_t *)value - sizeof(struct hf__key) - m->slots) / size;
    /* Whatever follows without a gap moves up, unless it would come before its own place. */
    for (size_t at = (hole + 1) & mask;; at = (at + 1) & mask) {
        uint8_t *p = m->slots + at * size;
        struct hf__key key;
        memcpy(&key, p, sizeof key);
        if (key.a == 0)
            break;
        if (((at - key.b) & mask) < ((at - hole) & mask))
            continue;
        memcpy(m->slots + hole * size, p, size);
        hole = at;
    }
    memset(m->slots + hole * size, 0, size);
    m->count--;
}

void *hf__map_next(const struct hf__map *m, size_t *at)
{
    while (*at < m->cap) {
        struct hf__key there;
        uint8_t *p = m->slots + (*at)++ * (sizeof there + m->value_len);
        memcpy(&there, p, sizeof there);
        if (there.a != 0)
            return p + sizeof there;
    }
    return NULL;
}

void hf__map_sweep(struct hf__map *m, hf__wanted_fn *wanted, void *ctx)
{
    struct hf__map old = *m;
    size_t size = sizeof(struct hf__key) + m->value_len;
    *m = (struct hf__map){.value_len = old.value_len};
    for (size_t i = 0; i < old.cap; i++) {
        uint8_t *p = old.slots + i * size;
        struct hf__key key;
        memcpy(&key, p, sizeof key);
        if (key.a != 0 && wanted(ctx, p + sizeof key))
            memcpy(hf__map_at(m, key), p + sizeof key, m->value_len);
    }
    m->swept = m->count;
    free(old.slots);
}

size_t hf__map_bytes(const struct hf__map *m)
{
    return m->cap * (sizeof(struct hf__key) + m->value_len);
}
