/*
 * Sources: on whose account things are held and done. A source is an address (of IPv6 also the /56
 * and /48 that it is part of) or an account. What counts against its bounds is counted here, and is
 * remembered for a while after its last connection, so that coming back gives no fresh tokens.
 */
#ifndef HF_NET_SOURCE_H
#define HF_NET_SOURCE_H

#include "flood.h"
#include "list.h"
#include "net/net.h"

enum {
    HF__SOURCE_KEY_LEN = 1 + HF_NET_ACCOUNT_LEN, /* what kind of key, then the key, then zeros */
    HF__SOURCE_BUCKETS = 1024,
    HF__WHO_MAX = 3, /* sources of one connection: a /64, its /56, its /48 */
};

struct hf__source {
    struct hf__source *next; /* in its bucket */
    struct hf__list link;    /* of all, the one used last at the end */
    uint8_t key[HF__SOURCE_KEY_LEN];
    uint32_t places; /* its bounds are so many times those of one */
    uint32_t refs;   /* connections that name it */
    bool known;      /* one of its connections has been let in */
    uint32_t connections, handshakes;
    uint64_t bytes;
    struct hf__bucket accepts, requests, lines;
    uint64_t used_ms;
};

struct hf__sources {
    struct hf__source *buckets[HF__SOURCE_BUCKETS];
    struct hf__list all;
    uint32_t count;
    uint64_t secret; /* against addresses chosen to fall into one bucket */
};

/* Who a connection is: its kind, and the sources on whose account it stands. */
struct hf__who {
    enum hf_net_kind kind;
    unsigned count;
    struct hf__source *at[HF__WHO_MAX];
};

/* Begins to count without any source. secret: no stranger can tell which sources share a bucket. */
void hf__sources_init(struct hf__sources *s, uint64_t secret);
/* Frees all sources; no connection may hold one. */
void hf__sources_done(struct hf__sources *s);

/*
 * The sources of a peer: of its account for members, else of its address. share: of the kind, for
 * the rates. ret: holds a reference to each; hf__who_done gives them back. HF_ENOMEM: ret is empty.
 */
HF_MUST_USE int hf__who_init(struct hf__sources *s, const struct hf_net_share *share,
                             struct hf_net_standing standing,
                             const uint8_t ip[static HF_NET_IP_LEN],
                             const struct hf_account *account, uint64_t now_ms,
                             struct hf__who *ret);
/* Gives the sources back, which may be forgotten then. */
void hf__who_done(struct hf__who *w, uint64_t now_ms);

/* Whether none of its sources has been let in as far back as they are remembered. */
bool hf__who_is_new(const struct hf__who *w);
/* They are remembered as let in. */
void hf__who_let_in(struct hf__who *w);
/* Takes a token of each source of w; false when one has none. */
bool hf__who_may_connect(struct hf__who *w, uint64_t now_ms);
/* The same for a request. */
bool hf__who_may_ask(struct hf__who *w, uint64_t now_ms);
/* The same for a line in the log. */
bool hf__who_may_log(struct hf__who *w, uint64_t now_ms);

#endif
