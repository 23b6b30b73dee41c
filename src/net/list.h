/* Intrusive doubly linked lists: no allocation, removal in constant time. A list is a head that
 * links to itself. */
#ifndef HF_NET_LIST_H
#define HF_NET_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct hf__list {
    struct hf__list *next;
    struct hf__list *prev;
};

#define hf__container(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Makes an empty list, or an item that is in none. */
static inline void hf__list_init(struct hf__list *l)
{
    l->next = l;
    l->prev = l;
}

/* Whether a list is empty, or an item in none. */
static inline bool hf__list_empty(const struct hf__list *l)
{
    return l->next == l;
}

/* Puts an item at the end. It must be in no list. */
static inline void hf__list_append(struct hf__list *head, struct hf__list *item)
{
    item->prev = head->prev;
    item->next = head;
    head->prev->next = item;
    head->prev = item;
}

/* Leaves the item linked to itself, so that removing it again is harmless. */
static inline void hf__list_remove(struct hf__list *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    hf__list_init(item);
}

/* Moves everything from one list to the end of another. */
static inline void hf__list_move(struct hf__list *to, struct hf__list *from)
{
    while (!hf__list_empty(from)) {
        struct hf__list *item = from->next;
        hf__list_remove(item);
        hf__list_append(to, item);
    }
}

#endif
