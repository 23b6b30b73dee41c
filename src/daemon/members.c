/* What a peer is to this node, by the newest set: a member, someone at a member's address, or a
 * stranger. The transport keeps its bounds by that. */
#include "daemon.h"

#include <stdlib.h>

/* An address of the set, and how many validators live there. */
struct home {
    uint8_t ip[HF_NET_IP_LEN];
    uint32_t count;
};

struct hf__homes {
    struct hf_hash set_hash; /* of the set that homes are of */
    struct home *homes;      /* sorted */
    size_t count;
};

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, HF_NET_IP_LEN);
}

/* Sorted, each once. */
static size_t merge(struct home *homes, size_t count)
{
    size_t kept = 0;
    qsort(homes, count, sizeof *homes, compare);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && compare(&homes[kept - 1], &homes[i]) == 0)
            homes[kept - 1].count++;
        else
            homes[kept++] = homes[i];
    }
    return kept;
}

/* Names are left out: what they stand for is for the resolver to say, and no reason to wait. */
static void read_homes(struct hf__homes *m, const struct hf_document *set)
{
    const struct hf_validator_set *s = &set->u.set;
    struct home *homes = calloc(s->validators_count + 1, sizeof *homes);
    size_t count = 0;
    if (homes == NULL)
        return;
    for (size_t i = 0; i < s->validators_count; i++) {
        char address[HF_NET_ADDRESS_MAX];
        struct hf_bytes text = s->validators[i].address;
        if (text.len >= sizeof address)
            continue;
        memcpy(address, text.data, text.len);
        address[text.len] = '\0';
        if (hf_net_address_ip(address, homes[count].ip) == 0)
            homes[count++].count = 1;
    }
    free(m->homes);
    m->homes = homes;
    m->count = merge(homes, count);
    m->set_hash = set->hash;
}

struct hf_net_standing hf__members_standing(struct hf__daemon *d, const struct hf_net_peer *peer)
{
    struct hf_net_standing stranger = {.kind = HF_NET_STRANGER};
    const struct hf_document *set = d->running ? hf_engine_set(d->engine) : NULL;
    if (set == NULL)
        return stranger;
    if (peer->account != NULL && hf_set_find(set, peer->account) >= 0)
        return (struct hf_net_standing){.kind = HF_NET_MEMBER};
    if (d->members == NULL)
        d->members = calloc(1, sizeof *d->members);
    if (d->members == NULL)
        return stranger;
    if (!hf_hash_equal(&d->members->set_hash, &set->hash))
        read_homes(d->members, set);
    const struct home *home =
        bsearch(peer->ip, d->members->homes, d->members->count, sizeof *d->members->homes, compare);
    if (home == NULL)
        return stranger;
    return (struct hf_net_standing){.kind = HF_NET_EXPECTED, .places = home->count};
}

void hf__members_free(struct hf__homes *m)
{
    if (m != NULL)
        free(m->homes);
    free(m);
}
