/* Who is at the other end: what a certificate proves, and what it does not. */
#include "raw_peer.h"

#include "base/error.h"

#include <criterion/criterion.h>

static struct mesh m;
static struct mesh_node *const a = &m.nodes[0];
static struct mesh_node *const b = &m.nodes[1];

static struct raw_peer peer_with(enum raw_peer_certificate certificate)
{
    return (struct raw_peer){
        .address = a->address, .node = b, .certificate = certificate, .alpn = "\2h2"};
}

/* Shakes hands and asks for /v1/health. */
static void ask_health(struct raw_peer *s)
{
    raw_peer_connect(s);
    if (!raw_peer_shake(s, false))
        return;
    raw_peer_preface(s);
    raw_peer_request(s, 5, 1, "GET", "/v1/health");
    raw_peer_read(s, true);
}

Test(hf_net_identity, a_client_without_a_certificate_is_a_locked_node)
{
    mesh_init(&m, NULL);
    struct raw_peer s = peer_with(RAW_PEER_NONE);
    mesh_raw_peer(&m, &s, ask_health);
    cr_assert(s.shook);
    cr_assert_eq(s.status, 200);
    cr_assert_eq(a->requests, 1);
    cr_assert_not(a->last_has_account);
    mesh_done(&m);
}

Test(hf_net_identity, a_certificate_without_the_extension_is_a_locked_nodes)
{
    mesh_init(&m, NULL);
    struct raw_peer s = peer_with(RAW_PEER_PLAIN);
    mesh_raw_peer(&m, &s, ask_health);
    cr_assert_eq(s.status, 200);
    cr_assert_not(a->last_has_account);
    mesh_done(&m);
}

Test(hf_net_identity, a_certificate_with_a_name_of_others_is_a_locked_nodes)
{
    mesh_init(&m, NULL);
    struct raw_peer s = peer_with(RAW_PEER_NAMED);
    mesh_raw_peer(&m, &s, ask_health);
    cr_assert_eq(s.status, 200);
    cr_assert_not(a->last_has_account);
    mesh_done(&m);
}

Test(hf_net_identity, an_ed25519_key_signed_by_an_account_proves_it)
{
    mesh_init(&m, NULL);
    struct raw_peer s = peer_with(RAW_PEER_ACCOUNT);
    mesh_raw_peer(&m, &s, ask_health);
    cr_assert_eq(s.status, 200);
    cr_assert(a->last_has_account);
    cr_assert_arr_eq(a->last_account.bytes, b->account.bytes, HF_NET_ACCOUNT_LEN);
    mesh_done(&m);
}

static void expect_refused(enum raw_peer_certificate certificate, const uint64_t *counter)
{
    struct raw_peer s = peer_with(certificate);
    uint64_t before = *counter;
    mesh_raw_peer(&m, &s, ask_health);
    cr_assert_eq(s.status, 0);
    cr_assert_eq(a->requests, 0);
    cr_assert_eq(*counter, before + 1);
    cr_assert_neq(hf_net_stats(a->net)->last_handshake[0], '\0');
}

Test(hf_net_identity, a_wrong_signature_ends_the_connection)
{
    mesh_init(&m, NULL);
    const uint64_t *counter = &hf_net_stats(a->net)->handshake_signature;
    expect_refused(RAW_PEER_BAD_SIGNATURE, counter);
    expect_refused(RAW_PEER_OTHER_KEY, counter);
    mesh_done(&m);
}

Test(hf_net_identity, what_an_account_has_proved_is_not_verified_again)
{
    mesh_init(&m, NULL);
    mesh_unlock(b);
    unsigned before = mesh_verified;
    uint64_t conn = 0;
    for (int i = 0; i < 3; i++) {
        const struct mesh_result *r = mesh_ask(b, &(struct hf_net_call){.address = a->address,
                                                                        .method = HF_NET_GET,
                                                                        .path = "/v1/health",
                                                                        .flags = HF_NET_LOCKED_OK,
                                                                        .deadline_ms = 10000});
        cr_assert_eq(r->status, 200);
        cr_assert(a->last_has_account && r->conn != conn);
        conn = r->conn;
        mesh_close(b, conn);
    }
    cr_assert_eq(mesh_verified, before + 1);
    mesh_done(&m);
}

Test(hf_net_identity, a_malformed_extension_ends_the_connection)
{
    mesh_init(&m, NULL);
    const uint64_t *counter = &hf_net_stats(a->net)->handshake_certificate;
    expect_refused(RAW_PEER_MALFORMED, counter);
    expect_refused(RAW_PEER_TWICE, counter);
    expect_refused(RAW_PEER_LARGE, counter);
    mesh_done(&m);
}

Test(hf_net_identity, a_chain_of_certificates_is_not_read)
{
    mesh_init(&m, NULL);
    expect_refused(RAW_PEER_CHAIN, &hf_net_stats(a->net)->handshake_tls);
    mesh_done(&m);
}

Test(hf_net_identity, a_client_without_alpn_is_refused)
{
    mesh_init(&m, NULL);
    struct raw_peer s = peer_with(RAW_PEER_NONE);
    s.alpn = NULL;
    mesh_raw_peer(&m, &s, ask_health);
    cr_assert_eq(s.status, 0);
    cr_assert_eq(hf_net_stats(a->net)->handshake_alpn, 1);
    mesh_done(&m);
}

Test(hf_net_identity, a_client_of_another_protocol_is_refused)
{
    mesh_init(&m, NULL);
    struct raw_peer s = peer_with(RAW_PEER_NONE);
    s.alpn = "\x8http/1.1";
    mesh_raw_peer(&m, &s, ask_health);
    cr_assert_not(s.shook);
    cr_assert_eq(hf_net_stats(a->net)->handshake_alpn, 1);
    mesh_done(&m);
}

Test(hf_net_identity, tls_1_2_is_refused)
{
    mesh_init(&m, NULL);
    struct raw_peer s = peer_with(RAW_PEER_NONE);
    s.version = TLS1_2_VERSION;
    mesh_raw_peer(&m, &s, ask_health);
    cr_assert_not(s.shook);
    cr_assert_eq(hf_net_stats(a->net)->handshake_tls, 1);
    mesh_done(&m);
}

/* A resumed handshake shows no certificate: there is none to be had. */
static void try_to_resume(struct raw_peer *s)
{
    ask_health(s);
    SSL_SESSION *session = SSL_get1_session(s->ssl);
    s->user = SSL_SESSION_is_resumable(session) == 1 ? s : NULL;
    SSL_free(s->ssl);
    shutdown(s->fd, SHUT_RDWR);
    s->session = session;
    s->status = 0;
    ask_health(s);
    SSL_SESSION_free(session);
}

Test(hf_net_identity, no_session_is_ever_resumed)
{
    mesh_init(&m, NULL);
    struct raw_peer s = peer_with(RAW_PEER_ACCOUNT);
    mesh_raw_peer(&m, &s, try_to_resume);
    cr_assert_null(s.user);
    cr_assert_not(s.resumed);
    cr_assert_eq(s.status, 200);
    cr_assert_eq(a->requests, 2);
    cr_assert(a->last_has_account);
    mesh_done(&m);
}

static void serve_and_drain(struct raw_peer *s)
{
    raw_peer_accept(s);
    raw_peer_shake(s, true);
    raw_peer_drain(s);
}

static int call_stranger(struct raw_peer *s)
{
    uv_thread_t thread;
    raw_peer_serve(s, serve_and_drain, &thread);
    cr_assert_eq(mesh_call(a, s->address, 1, "/v1/echo", hf_bytes_of("x", 1)), 0);
    mesh_until_results(a, 1);
    raw_peer_end(s, &thread);
    return a->result[0].error;
}

Test(hf_net_identity, a_servers_wrong_signature_is_an_error_of_its_own)
{
    mesh_init(&m, NULL);
    struct raw_peer s = peer_with(RAW_PEER_BAD_SIGNATURE);
    cr_assert_eq(call_stranger(&s), HF_EPEER_CERT, "%s", a->result[0].reason);
    cr_assert_eq(hf_net_stats(a->net)->handshake_signature, 1);
    mesh_done(&m);
}

Test(hf_net_identity, a_server_without_alpn_is_refused)
{
    mesh_init(&m, NULL);
    struct raw_peer s = peer_with(RAW_PEER_PLAIN);
    s.alpn = NULL;
    cr_assert_eq(call_stranger(&s), HF_ETLS);
    cr_assert_eq(hf_net_stats(a->net)->handshake_alpn, 1);
    mesh_done(&m);
}

Test(hf_net_identity, a_server_of_tls_1_2_is_refused)
{
    mesh_init(&m, NULL);
    struct raw_peer s = peer_with(RAW_PEER_PLAIN);
    s.version = TLS1_2_VERSION;
    cr_assert_eq(call_stranger(&s), HF_ETLS);
    mesh_done(&m);
}

Test(hf_net_peer_key, is_the_key_under_which_the_other_end_answers)
{
    struct hf_buf key;
    hf_buf_init(&key, HF_NET_CERTIFICATE_MAX);
    mesh_init(&m, NULL);
    cr_assert_eq(mesh_call(b, a->address, 1, "/v1/echo", hf_bytes_of("x", 1)), 0);
    mesh_until_results(b, 1);
    cr_assert_eq(hf_net_peer_key(b->net, b->result[0].conn, &key), 0);
    cr_assert(hf_bytes_equal(hf_buf_bytes(&key), hf_net_identity_request(a->net)));
    cr_assert_not(hf_bytes_equal(hf_buf_bytes(&key), hf_net_identity_request(b->net)));
    cr_assert_eq(hf_net_peer_key(b->net, b->result[0].conn + 1, &key), HF_ENOTFOUND);
    cr_assert_eq(hf_net_peer_key(b->net, 0, &key), HF_ENOTFOUND);
    mesh_done(&m);
    hf_buf_done(&key);
}

Test(hf_net_set_identity, a_signature_that_does_not_verify_changes_nothing)
{
    mesh_init(&m, NULL);
    const uint8_t signature[HF_NET_SIGNATURE_LEN] = {0};
    cr_assert_eq(mesh_call(b, a->address, 1, "/v1/echo", hf_bytes_of("x", 1)), 0);
    mesh_until_results(b, 1);
    cr_assert_eq(hf_net_set_identity(b->net, &b->account, signature), HF_ESIGNATURE);
    cr_assert_eq(mesh_call(b, a->address, 2, "/v1/echo", hf_bytes_of("x", 1)), 0);
    mesh_until_results(b, 2);
    cr_assert_eq(b->result[0].conn, b->result[1].conn);
    mesh_done(&m);
}

Test(hf_net_set_identity, the_callers_new_identity_retires_its_old_connections)
{
    mesh_init(&m, NULL);
    cr_assert_eq(mesh_call(b, a->address, 1, "/v1/echo", hf_bytes_of("x", 1)), 0);
    mesh_until_results(b, 1);
    cr_assert_not(a->last_has_account);
    mesh_unlock(b);
    mesh_until_count(&m, &hf_net_stats(b->net)->closed, 1);
    cr_assert_eq(mesh_call(b, a->address, 2, "/v1/echo", hf_bytes_of("x", 1)), 0);
    mesh_until_results(b, 2);
    cr_assert_eq(b->result[1].error, 0, "%s", b->result[1].reason);
    cr_assert(a->last_has_account);
    cr_assert_neq(b->result[0].conn, b->result[1].conn);
    mesh_done(&m);
}

Test(hf_net_set_identity, what_is_in_flight_at_the_callee_finishes_first)
{
    mesh_init(&m, NULL);
    cr_assert_eq(mesh_call(b, a->address, 1, "/v1/hold", hf_bytes_of("x", 1)), 0);
    mesh_until_number(&m, &a->held_count, 1);
    mesh_unlock(a);
    mesh_turn(&m, 20);
    cr_assert_eq(b->results, 0);
    cr_assert_eq(hf_net_stats(b->net)->closed, 0);
    /* New calls go elsewhere meanwhile. */
    cr_assert_eq(mesh_call(b, a->address, 2, "/v1/echo", hf_bytes_of("x", 1)), 0);
    mesh_until_results(b, 1);
    cr_assert_eq(b->result[0].token, 2);
    cr_assert(b->result[0].has_account);
    cr_assert(hf_net_reply(a->net, a->held[0], 200, HF_NET_MSGPACK, hf_bytes_of("y", 1)));
    mesh_until_results(b, 2);
    cr_assert_eq(b->result[1].error, 0, "%s", b->result[1].reason);
    cr_assert_str_eq((const char *)b->result[1].body, "y");
    mesh_until_count(&m, &hf_net_stats(b->net)->closed, 1);
    mesh_done(&m);
}

Test(hf_net_set_identity, calls_made_while_it_changes_are_carried_out_once)
{
    mesh_init(&m, NULL);
    for (unsigned i = 0; i < 20; i++)
        cr_assert_eq(mesh_call(b, a->address, i, "/v1/echo", hf_bytes_of("x", 1)), 0);
    mesh_turn(&m, 1);
    mesh_unlock(a);
    mesh_unlock(b);
    for (unsigned i = 20; i < 40; i++)
        cr_assert_eq(mesh_call(b, a->address, i, "/v1/echo", hf_bytes_of("x", 1)), 0);
    mesh_until_results(b, 40);
    for (unsigned i = 0; i < 40; i++)
        cr_assert_eq(b->result[i].error, 0, "%s", b->result[i].reason);
    cr_assert_eq(a->requests, 40);
    mesh_done(&m);
}

Test(hf_net_set_identity, requests_that_cross_the_goaway_are_sent_again)
{
    mesh_init(&m, NULL);
    unsigned made = 1;
    cr_assert_eq(mesh_call(b, a->address, 0, "/v1/echo", hf_bytes_of("x", 1)), 0);
    mesh_until_results(b, 1);
    for (unsigned i = 1; i <= 50; i++) {
        cr_assert_eq(mesh_call(b, a->address, i, "/v1/echo", hf_bytes_of("x", 1)), 0);
        mesh_turn(&m, i % 4);
        mesh_unlock(a);
        cr_assert_eq(mesh_call(b, a->address, i, "/v1/echo", hf_bytes_of("x", 1)), 0);
        made += 2;
        mesh_until_results(b, made);
    }
    for (unsigned i = 0; i < made; i++)
        cr_assert_eq(b->result[i].error, 0, "%u: %s", i, b->result[i].reason);
    cr_assert_eq(a->requests, made);
    mesh_done(&m);
}
