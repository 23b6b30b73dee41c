#include "source.h"

#include "base/error.h"

#include <stdlib.h>

enum {
    LINES_BURST = 10,
    LINES_PER_S = 1,
    REMEMBER_MS = 60000, /* longer than any bucket takes to fill */
    FORGET_STEPS = 8,    /* looked at for each that is added */
    KEY_IPV4 = 1,
    KEY_IPV6_64,
    KEY_IPV6_56,
    KEY_IPV6_48,
    KEY_EXPECTED,
    KEY_ACCOUNT,
};

void hf__sources_init(struct hf__sources *s, uint64_t secret)
{
    *s = (struct hf__sources){.secret = secret};
    hf__list_init(&s->all);
}

static size_t bucket_of(const struct hf__sources *s, const uint8_t key[static HF__SOURCE_KEY_LEN])
{
    /* FNV-1a, begun at a secret: the multiplication spreads it over all that follows. */
    uint64_t h = s->secret;
    for (size_t i = 0; i < HF__SOURCE_KEY_LEN; i++)
        h = (h ^ key[i]) * 0x100000001b3u;
    h ^= h >> 32;
    return (size_t)(h * 0x9e3779b97f4a7c15u >> 54) % HF__SOURCE_BUCKETS;
}

static void forget(struct hf__sources *s, struct hf__source *source)
{
    struct hf__source **at = &s->buckets[bucket_of(s, source->key)];
    while (*at != source)
        at = &(*at)->next;
    *at = source->next;
    hf__list_remove(&source->link);
    s->count--;
    free(source);
}

void hf__sources_done(struct hf__sources *s)
{
    while (!hf__list_empty(&s->all)) {
        struct hf__source *first = hf__container(s->all.next, struct hf__source, link);
        hf_assert(first->refs == 0);
        forget(s, first);
    }
}

static void use(struct hf__sources *s, struct hf__source *source, uint64_t now_ms)
{
    source->used_ms = now_ms;
    hf__list_remove(&source->link);
    hf__list_append(&s->all, &source->link);
}

/* Forget sources without a connection, oldest first; where there are too many, also one whose
 * buckets may not be full yet. */
static void make_room(struct hf__sources *s, uint64_t now_ms)
{
    for (unsigned step = 0; step < FORGET_STEPS || s->count >= HF_NET_SOURCES_MAX; step++) {
        if (hf__list_empty(&s->all))
            return;
        struct hf__source *first = hf__container(s->all.next, struct hf__source, link);
        bool old = now_ms - first->used_ms > REMEMBER_MS || s->count >= HF_NET_SOURCES_MAX;
        if (first->refs > 0) {
            use(s, first, now_ms);
            continue;
        }
        if (!old)
            return;
        forget(s, first);
    }
}

static void set_rates(struct hf__source *source, const struct hf_net_share *share, uint32_t places,
                      uint64_t now_ms)
{
    source->places = places;
    hf__bucket_init(&source->accepts, share->accepts_burst * places, share->accepts_per_s * places,
                    now_ms);
    hf__bucket_init(&source->requests, share->requests_burst * places,
                    share->requests_per_s * places, now_ms);
    hf__bucket_init(&source->lines, LINES_BURST, LINES_PER_S, now_ms);
}

static struct hf__source *find(struct hf__sources *s, const struct hf_net_share *share,
                               const uint8_t key[static HF__SOURCE_KEY_LEN], uint32_t places,
                               uint64_t now_ms)
{
    size_t bucket = bucket_of(s, key);
    struct hf__source *source = s->buckets[bucket];
    while (source != NULL && memcmp(source->key, key, HF__SOURCE_KEY_LEN) != 0)
        source = source->next;
    if (source == NULL) {
        make_room(s, now_ms);
        source = calloc(1, sizeof *source);
        if (source == NULL)
            return NULL;
        memcpy(source->key, key, HF__SOURCE_KEY_LEN);
        hf__list_init(&source->link);
        source->next = s->buckets[bucket];
        s->buckets[bucket] = source;
        s->count++;
    }
    if (source->places != places)
        set_rates(source, share, places, now_ms);
    if (now_ms - source->used_ms > REMEMBER_MS)
        source->known = false;
    use(s, source, now_ms);
    source->refs++;
    return source;
}

struct key {
    uint8_t bytes[HF__SOURCE_KEY_LEN];
    uint32_t places;
};

static struct key key_of(uint8_t type, const uint8_t *from, size_t len, uint32_t places)
{
    struct key k = {.bytes = {type}, .places = places};
    memcpy(k.bytes + 1, from, len);
    return k;
}

/* A stranger's: an IPv4 address, or parts of an IPv6 one, as providers give them to customers. */
static unsigned address_keys(const uint8_t ip[static HF_NET_IP_LEN],
                             struct key ret[static HF__WHO_MAX])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (memcmp(ip, mapped, sizeof mapped) == 0) {
        ret[0] = key_of(KEY_IPV4, ip + 12, 4, 1);
        return 1;
    }
    ret[0] = key_of(KEY_IPV6_64, ip, 8, 1);
    ret[1] = key_of(KEY_IPV6_56, ip, 7, 2);
    ret[2] = key_of(KEY_IPV6_48, ip, 6, 4);
    return 3;
}

int hf__who_init(struct hf__sources *s, const struct hf_net_share *share,
                 struct hf_net_standing standing, const uint8_t ip[static HF_NET_IP_LEN],
                 const struct hf_account *account, uint64_t now_ms, struct hf__who *ret)
{
    static const uint32_t places_max = 4096;
    struct key keys[HF__WHO_MAX];
    uint32_t places = standing.places == 0 ? 1 : standing.places;
    unsigned count = 1;
    if (places > places_max)
        places = places_max;
    if (standing.kind == HF_NET_MEMBER)
        keys[0] = key_of(KEY_ACCOUNT, account->bytes, HF_NET_ACCOUNT_LEN, places);
    else if (standing.kind == HF_NET_EXPECTED)
        keys[0] = key_of(KEY_EXPECTED, ip, HF_NET_IP_LEN, places);
    else
        count = address_keys(ip, keys);
    *ret = (struct hf__who){.kind = standing.kind};
    for (unsigned i = 0; i < count; i++) {
        struct hf__source *source = find(s, share, keys[i].bytes, keys[i].places, now_ms);
        if (source == NULL) {
            hf__who_done(ret, now_ms);
            return HF_ENOMEM;
        }
        ret->at[ret->count++] = source;
    }
    return 0;
}

void hf__who_done(struct hf__who *w, uint64_t now_ms)
{
    for (unsigned i = 0; i < w->count; i++) {
        hf_assert(w->at[i]->refs > 0);
        w->at[i]->refs--;
        w->at[i]->used_ms = now_ms;
    }
    w->count = 0;
}

bool hf__who_is_new(const struct hf__who *w)
{
    for (unsigned i = 0; i < w->count; i++)
        if (w->at[i]->known)
            return false;
    return true;
}

void hf__who_let_in(struct hf__who *w)
{
    for (unsigned i = 0; i < w->count; i++)
        w->at[i]->known = true;
}

bool hf__who_may_connect(struct hf__who *w, uint64_t now_ms)
{
    bool may = true;
    for (unsigned i = 0; i < w->count; i++)
        may = hf__bucket_take(&w->at[i]->accepts, now_ms) && may;
    return may;
}

bool hf__who_may_ask(struct hf__who *w, uint64_t now_ms)
{
    bool may = true;
    for (unsigned i = 0; i < w->count; i++)
        may = hf__bucket_take(&w->at[i]->requests, now_ms) && may;
    return may;
}

bool hf__who_may_log(struct hf__who *w, uint64_t now_ms)
{
    bool may = true;
    for (unsigned i = 0; i < w->count; i++)
        may = hf__bucket_take(&w->at[i]->lines, now_ms) && may;
    return may;
}
