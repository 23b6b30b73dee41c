#include "resolve.h"

#include "internal.h"

#include <netdb.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    TIMEOUT_MS = 2000, /* of the first question to a server; c-ares doubles it */
    TRIES = 3,
    KEEP_MS_MIN = 5000,
    KEEP_MS_MAX = 300000,
    FAILED_MS = 1000, /* a name without an address is not asked about again before */
    OTHER_MS = 50,    /* one family waits so long for the other (RFC 8305, section 3) */
    STALE_MS = 1000,  /* and what was known before so long for what is asked now */
};

#define CONFIG "/etc/resolv.conf"

static const int families[2] = {AF_INET6, AF_INET};

/* ---- c-ares on the loop */

struct watch {
    uv_poll_t poll;
    struct hf__list link;
    struct hf_net *net;
    ares_socket_t fd;
};

static void schedule(struct hf_net *net)
{
    struct hf__resolver *r = &net->resolver;
    struct timeval tv;
    if (!r->opened)
        return;
    uint64_t at = HF__NEVER;
    if (ares_timeout(r->channel, NULL, &tv) != NULL)
        at = hf__now_ms(net) + (uint64_t)tv.tv_sec * 1000 + (uint64_t)tv.tv_usec / 1000 + 1;
    hf__set_deadline(net, &r->due, at);
}

static void on_due(struct hf__deadline *d)
{
    struct hf_net *net = hf__container(d, struct hf_net, resolver.due);
    if (net->resolver.opened)
        ares_process_fd(net->resolver.channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    schedule(net);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    const struct watch *w = poll->data;
    struct hf_net *net = w->net;
    bool readable = status < 0 || (events & UV_READABLE) != 0;
    bool writable = status < 0 || (events & UV_WRITABLE) != 0;
    if (!net->resolver.opened)
        return;
    ares_process_fd(net->resolver.channel, readable ? w->fd : ARES_SOCKET_BAD,
                    writable ? w->fd : ARES_SOCKET_BAD);
    schedule(net);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;
    struct hf_net *net = w->net;
    free(w);
    hf__handle_gone(net);
}

static struct watch *watch_of(const struct hf__resolver *r, ares_socket_t fd)
{
    for (struct hf__list *l = r->polls.next; l != &r->polls; l = l->next) {
        struct watch *w = hf__container(l, struct watch, link);
        if (w->fd == fd)
            return w;
    }
    return NULL;
}

static struct watch *watch_new(struct hf_net *net, ares_socket_t fd)
{
    struct watch *w = calloc(1, sizeof *w);
    if (w == NULL || uv_poll_init(net->loop, &w->poll, fd) != 0) {
        free(w);
        return NULL;
    }
    w->poll.data = w;
    w->net = net;
    w->fd = fd;
    net->handles++;
    hf__list_init(&w->link);
    hf__list_append(&net->resolver.polls, &w->link);
    return w;
}

/* A socket that cannot be watched, for want of memory, is as good as a server that is silent. */
static void on_socket(void *user, ares_socket_t fd, int readable, int writable)
{
    struct hf_net *net = user;
    struct watch *w = watch_of(&net->resolver, fd);
    if (readable == 0 && writable == 0) {
        if (w == NULL)
            return;
        hf__list_remove(&w->link);
        uv_close((uv_handle_t *)&w->poll, on_watch_closed);
        return;
    }
    if (w == NULL)
        w = watch_new(net, fd);
    if (w != NULL)
        uv_poll_start(&w->poll,
                      (readable != 0 ? UV_READABLE : 0) | (writable != 0 ? UV_WRITABLE : 0),
                      on_poll);
}

static int open_channel(struct hf_net *net)
{
    struct ares_options options = {
        .timeout = TIMEOUT_MS,
        .tries = TRIES,
        .lookups = (char[]){"fb"}, /* the hosts file, then servers */
        .sock_state_cb = on_socket,
        .sock_state_cb_data = net,
    };
    int flags = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
    struct stat st = {0};
    (void)stat(CONFIG, &st);
    net->resolver.config_s = st.st_mtim.tv_sec;
    net->resolver.config_ns = st.st_mtim.tv_nsec;
    int r = ares_init_options(&net->resolver.channel, &options, flags);
    net->resolver.opened = r == ARES_SUCCESS;
    return r == ARES_SUCCESS ? 0 : r == ARES_ENOMEM ? HF_ENOMEM : HF_EINTERNAL;
}

int hf__resolver_init(struct hf_net *net)
{
    struct hf__resolver *r = &net->resolver;
    hf__list_init(&r->names);
    hf__list_init(&r->polls);
    int e = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS ? 0 : HF_ENOMEM;
    if (e == 0)
        e = hf__deadlines_add(&net->deadlines, &r->due, on_due);
    if (e == 0)
        e = open_channel(net);
    return e;
}

void hf__resolver_stop(struct hf_net *net)
{
    struct hf__resolver *r = &net->resolver;
    if (!r->opened)
        return;
    r->opened = false;
    hf__set_deadline(net, &r->due, HF__NEVER);
    /* Its callbacks come from here, and find the resolver closed. */
    ares_destroy(r->channel);
}

/* ---- names */

static void name_free(struct hf__name *n)
{
    n->net->resolver.changes++;
    hf__deadlines_remove(&n->net->deadlines, &n->patience);
    hf__list_remove(&n->link);
    n->net->resolver.count--;
    free(n);
}

void hf__resolver_done(struct hf_net *net)
{
    struct hf__resolver *r = &net->resolver;
    hf__resolver_stop(net);
    while (r->names.next != NULL && !hf__list_empty(&r->names))
        name_free(hf__container(r->names.next, struct hf__name, link));
    if (r->due.due != NULL)
        hf__deadlines_remove(&net->deadlines, &r->due);
    ares_library_cleanup();
}

static bool asking(const struct hf__name *n)
{
    return n->family[0].asking || n->family[1].asking;
}

static bool known(const struct hf__name *n)
{
    return n->family[0].count > 0 || n->family[1].count > 0;
}

static void set_port(struct sockaddr_storage *a, const char *port)
{
    in_port_t number = htons((uint16_t)strtol(port, NULL, 10));
    if (a->ss_family == AF_INET)
        ((struct sockaddr_in *)a)->sin_port = number;
    else
        ((struct sockaddr_in6 *)a)->sin6_port = number;
}

/* The name's addresses into the connection, the families in turn (RFC 8305, section 4). */
static void give(const struct hf__name *n, struct hf__conn *conn)
{
    conn->name = NULL;
    for (unsigned i = 0; i < HF__ADDRESSES_EACH; i++)
        for (unsigned f = 0; f < HF_ARRAY_LEN(n->family); f++) {
            if (i >= n->family[f].count)
                continue;
            struct sockaddr_storage *a = &conn->addresses[conn->address_count++];
            *a = n->family[f].address[i];
            set_port(a, conn->target->host.port);
        }
    hf__conn_connect(conn);
}

/* All that wait get what there is. */
static void settle(struct hf__name *n)
{
    hf__set_deadline(n->net, &n->patience, HF__NEVER);
    for (struct hf__list *l = n->net->conns.next, *next; l != &n->net->conns; l = next) {
        struct hf__conn *conn = hf__container(l, struct hf__conn, link);
        next = l->next;
        if (conn->name != n || conn->closing)
            continue;
        if (known(n)) {
            give(n, conn);
        } else {
            conn->name = NULL;
            hf__conn_unresolved(conn);
        }
    }
}

static void on_patience(struct hf__deadline *d)
{
    settle(hf__container(d, struct hf__name, patience));
}

static struct hf__name *name_find(const struct hf_net *net, const char *host)
{
    for (struct hf__list *l = net->resolver.names.next; l != &net->resolver.names; l = l->next) {
        struct hf__name *n = hf__container(l, struct hf__name, link);
        if (strcmp(n->host, host) == 0)
            return n;
    }
    return NULL;
}

bool hf__resolve_known(const struct hf_net *net, const struct hf__host *host, int family,
                       struct sockaddr_storage *ret)
{
    const struct hf__name *n = name_find(net, host->host);
    const struct hf__family *f = n != NULL ? &n->family[family == AF_INET] : NULL;
    if (f == NULL || f->count == 0)
        return false;
    *ret = f->address[0];
    set_port(ret, host->port);
    return true;
}

/* Forgets the name that was used longest ago, if nothing is asked about it. */
static void make_room(struct hf_net *net)
{
    struct hf__resolver *r = &net->resolver;
    for (struct hf__list *l = r->names.next; r->count >= HF__NAMES_MAX && l != &r->names;) {
        struct hf__name *n = hf__container(l, struct hf__name, link);
        l = l->next;
        if (!asking(n))
            name_free(n);
    }
}

static struct hf__name *name_get(struct hf_net *net, const char *host)
{
    struct hf__resolver *r = &net->resolver;
    struct hf__name *n = name_find(net, host);
    if (n == NULL) {
        make_room(net);
        n = r->count < HF__NAMES_MAX ? calloc(1, sizeof *n) : NULL;
        if (n == NULL)
            return NULL;
        if (hf__deadlines_add(&net->deadlines, &n->patience, on_patience) != 0) {
            free(n);
            return NULL;
        }
        n->net = net;
        memcpy(n->host, host, strlen(host) + 1);
        hf__list_init(&n->link);
        r->count++;
    }
    hf__list_remove(&n->link);
    hf__list_append(&r->names, &n->link);
    return n;
}

/* ---- questions and answers */

/* address: count of them; NULL: none. */
static void know(struct hf__name *n, unsigned which, const struct sockaddr_storage *address,
                 unsigned count)
{
    struct hf__family *f = &n->family[which];
    size_t len = count * sizeof address[0];
    if (count == f->count && (len == 0 || memcmp(f->address, address, len) == 0))
        return;
    if (len > 0)
        memcpy(f->address, address, len);
    f->count = count;
    n->net->resolver.changes++;
}

/* Keeps what was answered in place of what was known; how long it is good, in milliseconds. */
static uint64_t keep(struct hf__name *n, unsigned which, const struct ares_addrinfo *found)
{
    struct sockaddr_storage address[HF__ADDRESSES_EACH] = {0};
    uint64_t good_ms = KEEP_MS_MAX;
    unsigned count = 0;
    for (const struct ares_addrinfo_node *a = found->nodes; a != NULL; a = a->ai_next) {
        if (count == HF__ADDRESSES_EACH || a->ai_addrlen > sizeof address[0])
            continue;
        memcpy(&address[count++], a->ai_addr, a->ai_addrlen);
        uint64_t ttl_ms = a->ai_ttl > 0 ? (uint64_t)a->ai_ttl * 1000 : 0;
        good_ms = ttl_ms < good_ms ? ttl_ms : good_ms;
    }
    know(n, which, address, count);
    return good_ms < KEEP_MS_MIN ? KEEP_MS_MIN : good_ms;
}

/*
 * A server that says that there is none is believed. One that says nothing is no reason to forget
 * what was known.
 */
static void answered(struct hf__name *n, unsigned which, int status,
                     const struct ares_addrinfo *found)
{
    struct hf_net *net = n->net;
    struct hf__family *f = &n->family[which];
    uint64_t now = hf__now_ms(net);
    uint64_t until = now + FAILED_MS;
    f->asking = false;
    if (status == ARES_SUCCESS && found != NULL)
        until = now + keep(n, which, found);
    else if (status == ARES_ENODATA || status == ARES_ENOTFOUND)
        know(n, which, NULL, 0);
    n->until_ms = n->until_ms > until ? n->until_ms : until;
    if (!asking(n))
        settle(n);
    else if (f->count > 0 && status == ARES_SUCCESS)
        hf__set_deadline(net, &n->patience, now + OTHER_MS);
}

static void on_ipv6(void *user, int status, int timeouts, struct ares_addrinfo *found)
{
    struct hf__name *n = user;
    (void)timeouts;
    if (n->net->resolver.opened)
        answered(n, 0, status, found);
    ares_freeaddrinfo(found);
}

static void on_ipv4(void *user, int status, int timeouts, struct ares_addrinfo *found)
{
    struct hf__name *n = user;
    (void)timeouts;
    if (n->net->resolver.opened)
        answered(n, 1, status, found);
    ares_freeaddrinfo(found);
}

/* Servers change with the network. What was asked of the old ones is given up. */
static void follow_config(struct hf_net *net)
{
    struct hf__resolver *r = &net->resolver;
    struct stat st;
    if (stat(CONFIG, &st) != 0 ||
        (st.st_mtim.tv_sec == r->config_s && st.st_mtim.tv_nsec == r->config_ns))
        return;
    ares_channel before = r->channel;
    if (open_channel(net) == 0) {
        ares_destroy(before);
    } else {
        r->channel = before;
        r->opened = true;
    }
}

static void ask(struct hf__name *n)
{
    static const ares_addrinfo_callback callbacks[] = {on_ipv6, on_ipv4};
    struct hf_net *net = n->net;
    follow_config(net);
    if (known(n))
        hf__set_deadline(net, &n->patience, hf__now_ms(net) + STALE_MS);
    n->family[0].asking = n->family[1].asking = true;
    for (unsigned f = 0; f < HF_ARRAY_LEN(families); f++) {
        const struct ares_addrinfo_hints hints = {
            .ai_family = families[f], .ai_socktype = SOCK_STREAM, .ai_flags = ARES_AI_NOSORT};
        ares_getaddrinfo(net->resolver.channel, n->host, NULL, &hints, callbacks[f], n);
    }
    schedule(net);
}

/*
 * No server has a say about the name of this very machine (RFC 6761, section 6.3). c-ares is not
 * asked either: 1.18 leaks the name when the hosts file has it for one family alone.
 */
static bool is_local(const char *host)
{
    return strcmp(host, "localhost") == 0;
}

static void answer_local(struct hf__name *n)
{
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_storage address[2][HF__ADDRESSES_EACH] = {0};
    memcpy(&address[0][0], &ipv6, sizeof ipv6);
    memcpy(&address[1][0], &ipv4, sizeof ipv4);
    know(n, 0, address[0], 1);
    know(n, 1, address[1], 1);
    settle(n);
}

void hf__resolve(struct hf__conn *conn)
{
    struct hf_net *net = conn->net;
    struct hf__name *n = name_get(net, conn->target->host.host);
    if (n == NULL || !net->resolver.opened) {
        hf__conn_unresolved(conn);
        return;
    }
    conn->name = n;
    if (asking(n))
        return;
    if (is_local(n->host))
        answer_local(n);
    else if (hf__now_ms(net) < n->until_ms)
        settle(n);
    else
        ask(n);
}

uint64_t hf_net_names_changes(const struct hf_net *net)
{
    return net->resolver.changes;
}

void hf_net_names(const struct hf_net *net,
                  void (*each)(void *user, const char *host,
                               const uint8_t ip[static HF_NET_IP_LEN]),
                  void *user)
{
    uint8_t ip[HF_NET_IP_LEN];
    for (struct hf__list *l = net->resolver.names.next; l != &net->resolver.names; l = l->next) {
        const struct hf__name *n = hf__container(l, struct hf__name, link);
        for (unsigned f = 0; f < HF_ARRAY_LEN(n->family); f++)
            for (unsigned i = 0; i < n->family[f].count; i++) {
                hf__address_ip(&n->family[f].address[i], ip);
                each(user, n->host, ip);
            }
    }
}

void hf__resolve_doubt(struct hf_net *net, const char *host)
{
    struct hf__name *n = name_find(net, host);
    if (n != NULL)
        n->until_ms = 0;
}
