#include "mutate.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pieces_add(struct pieces *p, const uint8_t *data, size_t len)
{
    struct piece *items = realloc(p->items, (p->count + 1) * sizeof(*items));
    uint8_t *copy = malloc(len + 1);
    if (items == NULL || copy == NULL)
        abort();
    if (len > 0)
        memcpy(copy, data, len);
    p->items = items;
    p->items[p->count++] = (struct piece){.data = copy, .len = len};
}

void pieces_free(struct pieces *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->items[i].data);
    free(p->items);
    *p = (struct pieces){.count = 0};
}

/* The text between the quotes, its escapes undone, in place; its length. */
static size_t unescape(char *text)
{
    size_t len = 0;
    for (const char *at = text; *at != '\0' && *at != '"'; at++) {
        if (*at != '\\' || at[1] == '\0') {
            text[len++] = *at;
        } else if (at[1] == 'x' && isxdigit((unsigned char)at[2]) &&
                   isxdigit((unsigned char)at[3])) {
            const char digits[3] = {at[2], at[3], '\0'};
            text[len++] = (char)strtoul(digits, NULL, 16);
            at += 3;
        } else {
            text[len++] = *++at;
        }
    }
    return len;
}

void dictionary_read(const char *path, struct pieces *ret)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    char line[4096];
    while (fgets(line, sizeof(line), file) != NULL) {
        char *quote = line[0] == '#' ? NULL : strchr(line, '"');
        if (quote == NULL)
            continue;
        size_t len = unescape(quote + 1);
        pieces_add(ret, (const uint8_t *)quote + 1, len);
    }
    fclose(file);
}

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next(struct mutator *m)
{
    uint64_t z = m->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Below bound, which is not 0. The bias is of no matter here. */
static size_t below(struct mutator *m, size_t bound)
{
    return (size_t)(next(m) % bound);
}

struct input {
    uint8_t *data;
    size_t len;
    size_t max;
};

static void erase(struct input *in, size_t at, size_t len)
{
    memmove(in->data + at, in->data + at + len, in->len - at - len);
    in->len -= len;
}

static void insert(struct input *in, size_t at, const uint8_t *data, size_t len)
{
    if (len > in->max - in->len)
        return;
    memmove(in->data + at + len, in->data + at, in->len - at);
    memcpy(in->data + at, data, len);
    in->len += len;
}

static void overwrite(struct input *in, size_t at, const uint8_t *data, size_t len)
{
    size_t room = in->len - at;
    memcpy(in->data + at, data, len < room ? len : room);
}

static void put_word(struct mutator *m, struct input *in)
{
    if (m->tokens->count == 0)
        return;
    const struct piece *word = &m->tokens->items[below(m, m->tokens->count)];
    size_t at = below(m, in->len + 1);
    if (next(m) % 2 == 0)
        insert(in, at, word->data, word->len);
    else
        overwrite(in, at, word->data, word->len);
}

/* The tail of another seed behind the head of this one. */
static void splice(struct mutator *m, struct input *in)
{
    if (m->seeds->count == 0)
        return;
    const struct piece *other = &m->seeds->items[below(m, m->seeds->count)];
    size_t from = below(m, other->len + 1);
    in->len = below(m, in->len + 1);
    insert(in, in->len, other->data + from, other->len - from);
}

/* A number of 1, 2, 4 or 8 bytes, big- or little-endian, near a limit. */
static void put_number(struct mutator *m, struct input *in)
{
    static const uint64_t limits[] = {0,      1,       0x7f,       0x80,       0xff,      0x7fff,
                                      0xffff, 0x10000, 0x7fffffff, 0xffffffff, UINT64_MAX};
    uint64_t value = limits[below(m, sizeof(limits) / sizeof(limits[0]))] + below(m, 3) - 1;
    size_t len = (size_t)1 << below(m, 4);
    bool big_endian = next(m) % 2 == 0;
    uint8_t bytes[8];
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(value >> 8 * (big_endian ? len - 1 - i : i));
    overwrite(in, below(m, in->len), bytes, len);
}

/* A run of bytes said again, or taken out. */
static void change_run(struct mutator *m, struct input *in, bool again)
{
    size_t at = below(m, in->len);
    size_t len = 1 + below(m, in->len - at);
    if (!again) {
        erase(in, at, len);
        return;
    }
    uint8_t copy[256];
    len = len < sizeof(copy) ? len : sizeof(copy);
    memcpy(copy, in->data + at, len);
    insert(in, at, copy, len);
}

static void mutate_once(struct mutator *m, struct input *in)
{
    uint8_t byte = (uint8_t)next(m);
    if (in->len == 0) {
        insert(in, 0, &byte, 1);
        return;
    }
    switch (next(m) % 9) {
    case 0:
        in->data[below(m, in->len)] ^= (uint8_t)(1u << byte % 8);
        break;
    case 1:
        in->data[below(m, in->len)] = byte;
        break;
    case 2:
        insert(in, below(m, in->len + 1), &byte, 1);
        break;
    case 3:
        change_run(m, in, false);
        break;
    case 4:
        change_run(m, in, true);
        break;
    case 5:
        splice(m, in);
        break;
    case 6:
        put_number(m, in);
        break;
    default:
        put_word(m, in);
        break;
    }
}

size_t mutate(struct mutator *m, uint8_t *ret, size_t len_max)
{
    struct input in = {.data = ret, .len = 0, .max = len_max};
    if (m->seeds->count > 0) {
        const struct piece *seed = &m->seeds->items[below(m, m->seeds->count)];
        in.len = seed->len < len_max ? seed->len : len_max;
        memcpy(in.data, seed->data, in.len);
    }
    /* Mostly one change: many at once seldom get past the first check. */
    size_t changes = (size_t)1 << below(m, 4);
    for (size_t i = 0; i < changes; i++)
        mutate_once(m, &in);
    return in.len;
}
