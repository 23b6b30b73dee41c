/* Calls and answers between real nodes on loopback. */
#include "mesh.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct mesh m;
static struct mesh_node *const a = &m.nodes[0];
static struct mesh_node *const b = &m.nodes[1];

static struct hf_net_call to(const struct mesh_node *n, const char *path)
{
    return (struct hf_net_call){
        .token = 1,
        .address = n->address,
        .flags = HF_NET_LOCKED_OK,
        .method = HF_NET_POST,
        .path = path,
        .deadline_ms = 20000,
    };
}

Test(hf_net_call, an_answer_comes_back_with_its_token)
{
    mesh_init(&m, NULL);
    struct hf_net_call call = to(a, "/v1/echo");
    call.body = hf_bytes_of("hello", 5);
    const struct mesh_result *r = mesh_ask(b, &call);
    cr_assert_eq(r->error, 0, "%s", r->reason);
    cr_assert_eq(r->status, 200);
    cr_assert_eq(r->token, 1);
    cr_assert_eq(r->type, HF_NET_MSGPACK);
    cr_assert_str_eq((const char *)r->body, "hello");
    cr_assert_not(r->has_account);
    cr_assert_not(a->last_has_account);
    mesh_done(&m);
}

Test(hf_net_call, both_ends_see_the_account_that_the_other_proved)
{
    mesh_init(&m, NULL);
    mesh_unlock(a);
    mesh_unlock(b);
    struct hf_net_call call = to(a, "/v1/echo");
    call.account = &a->account;
    call.flags = 0;
    const struct mesh_result *r = mesh_ask(b, &call);
    cr_assert_eq(r->error, 0, "%s", r->reason);
    cr_assert(r->has_account);
    cr_assert_arr_eq(r->account.bytes, a->account.bytes, HF_NET_ACCOUNT_LEN);
    cr_assert(a->last_has_account);
    cr_assert_arr_eq(a->last_account.bytes, b->account.bytes, HF_NET_ACCOUNT_LEN);
    mesh_done(&m);
}

Test(hf_net_call, another_account_than_expected_is_an_error_of_its_own)
{
    mesh_init(&m, NULL);
    mesh_unlock(a);
    struct hf_net_call call = to(a, "/v1/echo");
    call.account = &b->account;
    const struct mesh_result *r = mesh_ask(b, &call);
    cr_assert_eq(r->error, HF_EPEER_ACCOUNT);
    cr_assert(r->has_account);
    cr_assert_eq(a->requests, 0);
    mesh_done(&m);
}

Test(hf_net_call, a_locked_peer_is_reported_unless_it_will_do)
{
    mesh_init(&m, NULL);
    struct hf_net_call call = to(a, "/v1/echo");
    call.account = &a->account;
    call.flags = 0;
    cr_assert_eq(mesh_ask(b, &call)->error, HF_EPEER_LOCKED);
    call.flags = HF_NET_LOCKED_OK;
    cr_assert_eq(mesh_ask(b, &call)->error, 0);
    mesh_done(&m);
}

Test(hf_net_call, a_body_of_a_mebibyte_goes_there_and_back)
{
    mesh_init(&m, NULL);
    struct hf_net_call call = to(a, "/v1/echo");
    uint8_t *body = malloc(1 << 20);
    cr_assert_not_null(body);
    for (size_t i = 0; i < 1 << 20; i++)
        body[i] = (uint8_t)(i * 7);
    call.body = hf_bytes_of(body, 1 << 20);
    const struct mesh_result *r = mesh_ask(b, &call);
    cr_assert_eq(r->error, 0, "%s", r->reason);
    cr_assert_eq(r->status, 200);
    cr_assert_eq(r->body_len, 1 << 20);
    cr_assert_arr_eq(r->body, body, MESH_BODY - 1);
    free(body);
    mesh_done(&m);
}

Test(hf_net_call, large_bodies_both_ways_at_once_do_not_block_each_other)
{
    mesh_init(&m, NULL);
    uint8_t *body = calloc(1, 1 << 19);
    cr_assert_not_null(body);
    for (unsigned i = 0; i < 7; i++) {
        cr_assert_eq(mesh_call(b, a->address, i, "/v1/echo", hf_bytes_of(body, 1 << 19)), 0);
        cr_assert_eq(mesh_call(a, b->address, i, "/v1/echo", hf_bytes_of(body, 1 << 19)), 0);
    }
    free(body);
    mesh_until_results(a, 7);
    mesh_until_results(b, 7);
    for (unsigned i = 0; i < 7; i++) {
        cr_assert_eq(a->result[i].error, 0, "%s", a->result[i].reason);
        cr_assert_eq(b->result[i].body_len, 1 << 19, "%d %s", b->result[i].status,
                     (const char *)b->result[i].body);
    }
    mesh_done(&m);
}

Test(hf_net_call, a_body_above_the_paths_bound_is_an_answer_of_413)
{
    mesh_init(&m, NULL);
    static const uint8_t body[300000];
    struct hf_net_call call = to(a, "/v1/small");
    call.body = hf_bytes_of(body, sizeof(body));
    const struct mesh_result *r = mesh_ask(b, &call);
    cr_assert_eq(r->error, 0, "%s", r->reason);
    cr_assert_eq(r->status, 413);
    cr_assert_eq(r->type, HF_NET_JSON);
    cr_assert_str_eq((const char *)r->body, "{\"code\":\"too_big\",\"message\":\"the body is too "
                                            "large\",\"retryable\":false}");
    /* The rest of the body was not waited for, and the connection is as good as before. */
    call = to(a, "/v1/echo");
    cr_assert_eq(mesh_ask(b, &call)->conn, r->conn);
    mesh_done(&m);
}

Test(hf_net_call, an_answer_above_its_bound_is_cut_off)
{
    mesh_init(&m, NULL);
    struct hf_net_call call = to(a, "/v1/big");
    call.answer_bytes_max = 100000;
    const struct mesh_result *r = mesh_ask(b, &call);
    cr_assert_eq(r->error, HF_ETOOBIG);
    cr_assert_eq(r->body_len, 0);
    call.answer_bytes_max = 1 << 20;
    cr_assert_eq(mesh_ask(b, &call)->body_len, 1 << 20);
    mesh_done(&m);
}

Test(hf_net_call, a_get_has_no_body_and_may_be_answered_in_json)
{
    mesh_init(&m, NULL);
    struct hf_net_call call = to(a, "/v1/health");
    call.method = HF_NET_GET;
    const struct mesh_result *r = mesh_ask(b, &call);
    cr_assert_eq(r->status, 200);
    cr_assert_eq(r->type, HF_NET_JSON);
    cr_assert_str_eq((const char *)r->body, "{}");
    mesh_done(&m);
}

Test(hf_net_reply_error, is_json_with_a_code_and_a_safe_message)
{
    mesh_init(&m, NULL);
    struct hf_net_call call = to(a, "/v1/none");
    const struct mesh_result *r = mesh_ask(b, &call);
    cr_assert_eq(r->status, 404);
    cr_assert_str_eq(
        (const char *)r->body,
        "{\"code\":\"not_found\",\"message\":\"no \\\"such\\\" thing?\",\"retryable\":false}");
    mesh_done(&m);
}

Test(hf_net_reply, only_the_first_answer_counts)
{
    mesh_init(&m, NULL);
    cr_assert_eq(mesh_call(b, a->address, 1, "/v1/hold", hf_bytes_of(NULL, 0)), 0);
    mesh_until_number(&m, &a->held_count, 1);
    cr_assert(hf_net_reply(a->net, a->held[0], 200, HF_NET_MSGPACK, hf_bytes_of("1", 1)));
    cr_assert_not(hf_net_reply(a->net, a->held[0], 200, HF_NET_MSGPACK, hf_bytes_of("2", 1)));
    mesh_until_results(b, 1);
    cr_assert_str_eq((const char *)b->result[0].body, "1");
    cr_assert_eq(hf_net_stats(a->net)->replies_dropped, 1);
    mesh_done(&m);
}

Test(hf_net_listen, says_what_is_wrong_and_may_be_called_again)
{
    mesh_init(&m, NULL);
    char address[HF_NET_ADDRESS_MAX];
    hf_net_unlisten(b->net);
    hf_net_listening(b->net, address);
    cr_assert_str_eq(address, "");
    cr_assert_eq(hf_net_listen(b->net, "localhost:0"), HF_EINVAL);
    cr_assert_eq(hf_net_listen(b->net, "127.0.0.1:70000"), HF_EINVAL);
    cr_assert_eq(hf_net_listen(b->net, "192.0.2.1:0"), HF_EADDRESS);
    cr_assert_eq(hf_net_listen(b->net, a->address), HF_EADDRINUSE);
    cr_assert_eq(hf_net_listen(b->net, "127.0.0.1:0"), 0);
    cr_assert_eq(hf_net_listen(b->net, "127.0.0.1:0"), HF_EEXIST);
    hf_net_listening(b->net, address);
    cr_assert_neq(address[0], '\0');
    mesh_done(&m);
}

Test(hf_net_listen, takes_connections_over_ipv6)
{
    mesh_init(&m, NULL);
    char address[HF_NET_ADDRESS_MAX];
    hf_net_unlisten(a->net);
    if (hf_net_listen(a->net, "[::1]:0") == 0) {
        hf_net_listening(a->net, address);
        cr_assert_eq(strncmp(address, "[::1]:", 6), 0);
        cr_assert_eq(mesh_call(b, address, 1, "/v1/echo", hf_bytes_of("6", 1)), 0);
        mesh_until_results(b, 1);
        cr_assert_eq(b->result[0].error, 0, "%s", b->result[0].reason);
        cr_assert_str_eq((const char *)b->result[0].body, "6");
    }
    mesh_done(&m);
}
