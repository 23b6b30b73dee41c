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
    call.account = a->account;
    call.flags = 0;
    const struct mesh_result *r = mesh_ask(b, &call);
    cr_assert_eq(r->error, 0, "%s", r->reason);
    cr_assert(r->has_account);
    cr_assert_arr_eq(r->account, a->account, HF_NET_ACCOUNT_LEN);
    cr_assert(a->last_has_account);
    cr_assert_arr_eq(a->last_account, b->account, HF_NET_ACCOUNT_LEN);
    mesh_done(&m);
}

Test(hf_net_call, another_account_than_expected_is_an_error_of_its_own)
{
    mesh_init(&m, NULL);
    mesh_unlock(a);
    struct hf_net_call call = to(a, "/v1/echo");
    call.account = b->account;
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
    call.account = a->account;
    call.flags = 0;
    cr_assert_eq(mesh_ask(b, &call)->error, HF_EPEER_LOCKED);
    call.flags = HF_NET_LOCKED_OK;
    cr_assert_eq(mesh_ask(b, &call)->error, 0);
    mesh_done(&m);
}
