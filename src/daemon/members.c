/* What a peer is to this node, by the newest set: a member, a peer at a member's address, or a
 * stranger. The transport keeps its bounds by that. */
#include "daemon.h"

#include <stdlib.h>

/* An address of the set, and how many validators live there. */
struct home {
    uint8_t ip[HF_NET_IP_LEN];
    uint32_t count;
};

/* A name of the set, and how many validators live there. */
struct name {
    const char *host;
    uint32_t count;
};

struct hf__homes {
    struct hf_hash set_hash; /* of the set that homes and names are of */
    struct home *homes;      /* sorted */
    size_t count;
    struct name *names; /* sorted */
    size_t names_count;
    char *hosts;        /* the names' text */
    struct home *named; /* sorted: what the names were last resolved to */
    size_t named_count;
    uint64_t changes; /* of what names are resolved to, when named was filled */
};

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, HF_NET_IP_LEN);
}

static int compare_names(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    return strcmp(x->host, y->host);
}

/* Sorted, each once. */
static size_t merge(struct home *homes, size_t count)
{
    size_t kept = 0;
    qsort(homes, count, sizeof *homes, compare);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && compare(&homes[kept - 1], &homes[i]) == 0)
            homes[kept - 1].count += homes[i].count;
        else
            homes[kept++] = homes[i];
    }
    return kept;
}

static size_t merge_names(struct name *names, size_t count)
{
    size_t kept = 0;
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && compare_names(&names[kept - 1], &names[i]) == 0)
            names[kept - 1].count += names[i].count;
        else
            names[kept++] = names[i];
    }
    return kept;
}

static void forget(struct hf__homes *m)
{
    free(m->homes);
    free(m->names);
    free(m->hosts);
    free(m->named);
    *m = (struct hf__homes){0};
}

/* Room for what a set of so many validators has; text: bytes of their addresses. */
static bool make_room(struct hf__homes *m, size_t validators, size_t text)
{
    forget(m);
    m->homes = calloc(validators + 1, sizeof *m->homes);
    m->names = calloc(validators + 1, sizeof *m->names);
    m->hosts = malloc(text + 1);
    m->named = calloc(HF_NET_NAMES_MAX * HF_NET_NAME_IPS_MAX, sizeof *m->named);
    if (m->homes != NULL && m->names != NULL && m->hosts != NULL && m->named != NULL)
        return true;
    forget(m);
    return false;
}

static void read_set(struct hf__homes *m, const struct hf_document *set)
{
    const struct hf_validator_set *s = &set->u.set;
    size_t text_len = 0;
    for (size_t i = 0; i < s->validators_count; i++)
        text_len += s->validators[i].address.len + 1;
    if (!make_room(m, s->validators_count, text_len))
        return;
    char *to = m->hosts;
    for (size_t i = 0; i < s->validators_count; i++) {
        struct hf_bytes text = s->validators[i].address;
        if (text.len >= HF_NET_ADDRESS_MAX)
            continue;
        memcpy(to, text.data, text.len);
        to[text.len] = '\0';
        char *colon = strrchr(to, ':');
        if (hf_net_address_ip(to, m->homes[m->count].ip) == 0) {
            m->homes[m->count++].count = 1;
        } else if (colon != NULL) {
            *colon = '\0';
            m->names[m->names_count++] = (struct name){to, 1};
            to = colon + 1;
        }
    }
    m->count = merge(m->homes, m->count);
    m->names_count = merge_names(m->names, m->names_count);
    m->set_hash = set->hash;
}

static void take_name(void *user, const char *host, const uint8_t ip[static HF_NET_IP_LEN])
{
    struct hf__homes *m = user;
    const struct name wanted = {host, 0};
    const struct name *name =
        bsearch(&wanted, m->names, m->names_count, sizeof *m->names, compare_names);
    if (name == NULL)
        return;
    struct home *home = &m->named[m->named_count++];
    hf_assert(m->named_count <= HF_NET_NAMES_MAX * HF_NET_NAME_IPS_MAX);
    memcpy(home->ip, ip, sizeof home->ip);
    home->count = name->count;
}

/* What names stand for is for the resolver to say: by what it knows, and no reason to wait. */
static void read_names(struct hf__homes *m, const struct hf_net *net)
{
    m->named_count = 0;
    hf_net_names(net, take_name, m);
    m->named_count = merge(m->named, m->named_count);
    m->changes = hf_net_names_changes(net);
}

/* How many validators live at an address. */
static uint32_t living_at(const struct home *homes, size_t count,
                          const uint8_t ip[static HF_NET_IP_LEN])
{
    const struct home *home = count > 0 ? bsearch(ip, homes, count, sizeof *homes, compare) : NULL;
    return home != NULL ? home->count : 0;
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
    struct hf__homes *m = d->members;
    if (m == NULL)
        return stranger;
    bool other = !hf_hash_equal(&m->set_hash, &set->hash);
    if (other)
        read_set(m, set);
    if (m->names_count > 0 && (other || m->changes != hf_net_names_changes(d->net)))
        read_names(m, d->net);
    uint32_t places =
        living_at(m->homes, m->count, peer->ip) + living_at(m->named, m->named_count, peer->ip);
    if (places == 0)
        return stranger;
    return (struct hf_net_standing){.kind = HF_NET_EXPECTED, .places = places};
}

void hf__members_free(struct hf__homes *m)
{
    if (m != NULL)
        forget(m);
    free(m);
}
