/* Every allocation of a call made to fail, once and from then on: the call ends with an error, and
 * nothing else does. */
#include "fail_alloc.h"
#include "mesh.h"

#include "base/error.h"

#include <criterion/criterion.h>

enum { INDEX_MAX = 500 };

static struct mesh m;
static struct mesh_node *const a = &m.nodes[0];
static struct mesh_node *const b = &m.nodes[1];

static struct hf_net_call call_to_a(const uint8_t *body, size_t len)
{
    return (struct hf_net_call){
        .token = 1,
        .address = a->address,
        .flags = HF_NET_LOCKED_OK,
        .method = HF_NET_POST,
        .path = "/v1/echo",
        .body = hf_bytes_of(body, len),
        .deadline_ms = 5000,
    };
}

/* One call with a failure on its way. True: something failed; false: the index is beyond the last
 * allocation. */
static bool call_with_failure(size_t index, bool persistent)
{
    static const uint8_t body[20000];
    const struct hf_net_call call = call_to_a(body, sizeof(body));
    mesh_init(&m, NULL);
    hf_fail_alloc_at(index, persistent);
    int r = hf_net_call(b->net, &call);
    /* With no memory at all the callee may not even accept: the caller's deadline would end it. */
    if (r == 0 && !persistent)
        mesh_until_results(b, 1);
    else
        mesh_turn(&m, 30);
    bool failed = hf_fail_alloc_off();
    if (r == 0)
        mesh_until_results(b, 1);
    else
        cr_assert_eq(r, HF_ENOMEM);
    if (r == 0 && b->result[0].error == 0)
        cr_assert(b->result[0].status == 200 || b->result[0].status == 503);
    else if (r == 0)
        cr_assert_neq(b->result[0].error, HF_ETIMEOUT, "index %zu: %s", index, b->result[0].reason);
    /* Memory is back, and so is everything else. */
    cr_assert_eq(mesh_ask(b, &call)->error, 0, "index %zu", index);
    mesh_done(&m);
    return failed;
}

Test(hf_net_call, each_allocation_that_fails_once_costs_one_call_at_most)
{
    size_t index = 0;
    while (index < INDEX_MAX && call_with_failure(index, false))
        index++;
    cr_assert_gt(index, 10);
    cr_assert_lt(index, INDEX_MAX);
}

Test(hf_net_call, memory_that_is_gone_for_a_while_comes_back)
{
    size_t index = 0;
    while (index < INDEX_MAX && call_with_failure(index, true))
        index++;
    cr_assert_gt(index, 10);
    cr_assert_lt(index, INDEX_MAX);
}
