/* Names: one question at a time, kept answers, and addresses that are tried beside each other. The
 * DNS server is a double on the same loop, which answers by the name's first label. */
#include "raw_peer.h"

#include "base/error.h"
#include "internal.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { TYPE_A = 1, HEAD_LEN = 12, TAIL_LEN = 4, ANSWER_LEN = 16 };

static struct mesh m;
static struct mesh_node *const a = &m.nodes[0];
static struct mesh_node *const b = &m.nodes[1];
static const struct hf_bytes nothing = {0};

static struct {
    uv_udp_t udp;
    unsigned asked_a, asked_aaaa;
    bool silent; /* from now on */
    uint8_t in[512];
} dns;

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    (void)handle;
    (void)suggested;
    *ret = uv_buf_init((char *)dns.in, sizeof(dns.in));
}

static bool starts(const uint8_t *question, const char *label)
{
    return question[0] == strlen(label) && memcmp(question + 1, label, strlen(label)) == 0;
}

/* One address record (RFC 1035, 4.1.3) for the name of the question; 60 s. */
static size_t put_address(uint8_t *to, const char *ip)
{
    static const uint8_t start[] = {0xc0, HEAD_LEN, 0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, 4};
    memcpy(to, start, sizeof(start));
    cr_assert_eq(inet_pton(AF_INET, ip, to + sizeof(start)), 1);
    return ANSWER_LEN;
}

static void on_question(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf,
                        const struct sockaddr *from, unsigned flags)
{
    uint8_t out[sizeof(dns.in) + 2 * ANSWER_LEN];
    const uint8_t *question = dns.in + HEAD_LEN;
    (void)buf;
    (void)flags;
    if (len < HEAD_LEN + 1 || from == NULL)
        return;
    size_t name = strnlen((const char *)question, (size_t)len - HEAD_LEN) + 1;
    bool ipv4 = question[name + 1] == TYPE_A;
    dns.asked_a += ipv4 ? 1 : 0;
    dns.asked_aaaa += ipv4 ? 0 : 1;
    if (dns.silent || starts(question, "silent") || (!ipv4 && starts(question, "half")))
        return;
    size_t end = HEAD_LEN + name + TAIL_LEN;
    memcpy(out, dns.in, end);
    memset(out + 6, 0, 6); /* no answers so far, and no extensions */
    out[2] |= 0x80;        /* a response */
    out[3] = starts(question, "none") ? 3 : 0;
    if (ipv4 && !starts(question, "none")) {
        if (starts(question, "two"))
            end += put_address(out + end, "127.0.0.77");
        end += put_address(out + end, "127.0.0.1");
        out[7] = starts(question, "two") ? 2 : 1;
    }
    uv_buf_t answer = uv_buf_init((char *)out, (unsigned)end);
    uv_udp_try_send(udp, &answer, 1, from);
}

static void start(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    struct sockaddr_storage bound;
    int len = sizeof(bound);
    char server[64];
    mesh_init(&m, NULL);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    cr_assert_eq(uv_udp_init(&m.loop, &dns.udp), 0);
    cr_assert_eq(uv_udp_bind(&dns.udp, (const struct sockaddr *)&at, 0), 0);
    cr_assert_eq(uv_udp_recv_start(&dns.udp, on_alloc, on_question), 0);
    cr_assert_eq(uv_udp_getsockname(&dns.udp, (struct sockaddr *)&bound, &len), 0);
    snprintf(server, sizeof(server), "127.0.0.1:%u",
             ntohs(((const struct sockaddr_in *)&bound)->sin_port));
    cr_assert_eq(ares_set_servers_ports_csv(b->net->resolver.channel, server), ARES_SUCCESS);
}

static void finish(void)
{
    uv_close((uv_handle_t *)&dns.udp, NULL);
    mesh_done(&m);
}

static const char *address_of(const char *name)
{
    static char address[96];
    snprintf(address, sizeof(address), "%s:%s", name, strchr(a->address, ':') + 1);
    return address;
}

static const struct mesh_result *ask(const char *name, uint32_t deadline_ms)
{
    const struct hf_net_call call = {.token = 1,
                                     .address = address_of(name),
                                     .flags = HF_NET_LOCKED_OK,
                                     .method = HF_NET_POST,
                                     .path = "/v1/echo",
                                     .deadline_ms = deadline_ms};
    return mesh_ask(b, &call);
}

Test(hf__resolve, a_name_is_asked_about_once_and_its_answer_kept)
{
    start();
    for (unsigned i = 0; i < 10; i++)
        cr_assert_eq(mesh_call(b, address_of("good.example"), i, "/v1/echo", nothing), 0);
    mesh_until_results(b, 10);
    cr_assert_eq(b->result[0].error, 0, "%s", b->result[0].reason);
    mesh_close(b, b->result[0].conn);
    cr_assert_eq(ask("good.example", 20000)->error, 0);
    cr_assert_neq(b->result[10].conn, b->result[0].conn);
    cr_assert_eq(dns.asked_a, 1);
    cr_assert_eq(dns.asked_aaaa, 1);
    finish();
}

/* Slow look-ups used up the threads that all shared: after two, no name was found any more. */
Test(hf__resolve, names_that_are_never_answered_hold_up_no_other)
{
    char name[32];
    start();
    for (unsigned i = 0; i < 50; i++) {
        snprintf(name, sizeof(name), "silent.x%u.example", i);
        cr_assert_eq(mesh_call(b, address_of(name), i, "/v1/echo", nothing), 0);
    }
    const struct hf_net_call call = {.token = 99,
                                     .address = address_of("good.example"),
                                     .flags = HF_NET_LOCKED_OK,
                                     .method = HF_NET_POST,
                                     .path = "/v1/echo",
                                     .deadline_ms = 20000};
    const struct mesh_result *first = mesh_ask(b, &call);
    cr_assert_eq(first->token, 99);
    cr_assert_eq(first->error, 0, "%s", first->reason);
    /* And none of the fifty is waited for at the end. */
    finish();
}

Test(hf__resolve, many_who_wait_for_a_silent_name_ask_once)
{
    start();
    for (unsigned i = 0; i < 5; i++)
        cr_assert_eq(ask("silent.example", 50)->error, HF_ETIMEOUT);
    cr_assert_eq(dns.asked_a, 1);
    cr_assert_eq(dns.asked_aaaa, 1);
    finish();
}

Test(hf__resolve, one_family_does_not_wait_for_the_other)
{
    start();
    const struct mesh_result *r = ask("half.example", 1500);
    cr_assert_eq(r->error, 0, "%s", r->reason);
    finish();
}

Test(hf__resolve, a_name_without_an_address_is_an_error_of_its_own)
{
    start();
    cr_assert_eq(ask("none.example", 20000)->error, HF_ERESOLVE);
    finish();
}

Test(hf__resolve, what_was_known_serves_when_the_servers_have_gone)
{
    start();
    const struct mesh_result *first = ask("good.example", 20000);
    cr_assert_eq(first->error, 0);
    dns.silent = true;
    hf__resolve_doubt(b->net, "good.example");
    mesh_close(b, first->conn);
    const struct mesh_result *second = ask("good.example", 5000);
    cr_assert_eq(second->error, 0, "%s", second->reason);
    cr_assert_eq(dns.asked_a, 2);
    finish();
}

static char names[256];
static void note_name(void *user, const char *host, const uint8_t ip[static HF_NET_IP_LEN])
{
    size_t len = strlen(names);
    cr_assert_eq(user, names);
    cr_assert_eq(ip[10], 0xff);
    snprintf(names + len, sizeof names - len, "%s %u.%u.%u.%u ", host, ip[12], ip[13], ip[14],
             ip[15]);
}

Test(hf_net_names, are_what_calls_asked_for_with_what_was_last_answered)
{
    start();
    uint64_t changes = hf_net_names_changes(b->net);
    cr_assert_eq(ask("none.example", 20000)->error, HF_ERESOLVE);
    hf_net_names(b->net, note_name, names);
    cr_assert_str_empty(names);
    const struct mesh_result *first = ask("good.example", 20000);
    cr_assert_eq(first->error, 0);
    cr_assert_gt(hf_net_names_changes(b->net), changes);
    hf_net_names(b->net, note_name, names);
    cr_assert_str_eq(names, "good.example 127.0.0.1 ");
    /* The same answer changes nothing, nor does none. */
    changes = hf_net_names_changes(b->net);
    hf__resolve_doubt(b->net, "good.example");
    mesh_close(b, first->conn);
    cr_assert_eq(ask("good.example", 5000)->error, 0);
    cr_assert_eq(dns.asked_a, 3);
    cr_assert_eq(hf_net_names_changes(b->net), changes);
    finish();
}

/* A listener whose queue is full: who connects hears nothing. */
static void listen_silently(int fds[3])
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    inet_pton(AF_INET, "127.0.0.77", &at.sin_addr);
    at.sin_port = htons((uint16_t)strtol(strchr(a->address, ':') + 1, NULL, 10));
    fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(fds[0], (const struct sockaddr *)&at, sizeof(at)), 0);
    cr_assert_eq(listen(fds[0], 0), 0);
    for (int i = 1; i < 3; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fds[i], (const struct sockaddr *)&at, sizeof(at));
    }
}

Test(hf__resolve, an_address_that_is_silent_is_overtaken_by_the_next)
{
    int fds[3];
    start();
    listen_silently(fds);
    const struct mesh_result *r = ask("two.example", 3000);
    cr_assert_eq(r->error, 0, "%s", r->reason);
    cr_assert_eq(hf_net_stats(b->net)->opened_out, 1);
    mesh_turn(&m, 3);
    cr_assert_eq(hf_net_stats(b->net)->connections_out, 1);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    finish();
}
