/*
 * Names into addresses, by c-ares on the loop: no thread that a slow name could hold. A name is
 * asked about once at a time, however many wait for it; what is answered is kept when no call
 * waits any more, and stays of use when the name stops resolving. IPv4 and IPv6 are asked for at
 * the same time, and neither waits long for the other (RFC 8305, section 3).
 */
#ifndef HF_NET_RESOLVE_H
#define HF_NET_RESOLVE_H

#include "address.h"
#include "deadline.h"
#include "list.h"

#include <ares.h>

enum {
    HF__NAMES_MAX = HF_NET_NAMES_MAX,             /* kept */
    HF__ADDRESSES_EACH = HF_NET_NAME_IPS_MAX / 2, /* kept of one family of a name */
    HF__ADDRESSES_MAX = HF_NET_NAME_IPS_MAX,
};

struct hf_net;
struct hf__conn;

/* What is known of a name in one family. */
struct hf__family {
    struct sockaddr_storage address[HF__ADDRESSES_EACH];
    unsigned count;
    bool asking;
};

struct hf__name {
    struct hf__list link; /* of all, the one used last at the end */
    struct hf_net *net;
    char host[HF_NET_ADDRESS_MAX];
    struct hf__family family[2];  /* IPv6, IPv4 */
    uint64_t until_ms;            /* what is known need not be asked for until then */
    struct hf__deadline patience; /* with what is asked, when something is known */
};

struct hf__resolver {
    ares_channel channel;
    bool opened;
    int64_t config_s, config_ns; /* when what it was opened by had been changed */
    struct hf__list names, polls;
    unsigned count;
    uint64_t changes;        /* of what is known of all of them */
    struct hf__deadline due; /* when c-ares wants to look at its questions */
};

/* HF_ENOMEM; HF_EINTERNAL: c-ares cannot start. */
HF_MUST_USE int hf__resolver_init(struct hf_net *net);
/* Gives up what is asked, at once. Its handles close in the loop's next turn. */
void hf__resolver_stop(struct hf_net *net);
/* Frees the rest, once the loop has closed the handles. */
void hf__resolver_done(struct hf_net *net);

/*
 * Finds the addresses of the connection's name, and has it connect: now, later, or never, and then
 * it is closed.
 */
void hf__resolve(struct hf__conn *conn);
/* A name's address of a family (AF_INET, AF_INET6) with the host's port; false: none is known
 * now. */
bool hf__resolve_known(const struct hf_net *net, const struct hf__host *host, int family,
                       struct sockaddr_storage *ret);
/* None of the name's addresses answered: they are asked for anew next time. */
void hf__resolve_doubt(struct hf_net *net, const char *host);

#endif
