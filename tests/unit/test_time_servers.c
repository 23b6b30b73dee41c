/* The time servers of a policy: what a document with them must keep to (proto/TIME.md, 1). */
#include "document_authority.h"

#include "base/error.h"
#include "document/time_servers.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* A policy whose time servers are these, "name=operator" each. */
static int read_servers(struct authority *n, const char *const *servers, size_t count)
{
    struct hf_time_server listed[HF_TIME_SERVERS_MAX];
    struct hf_policy p = authority_policy(n, 1, 2, 3);
    struct hf_document *d = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *run_by = strchr(servers[i], '=') + 1;
        listed[i] = (struct hf_time_server){
            .name = hf_bytes_of(servers[i], (size_t)(run_by - servers[i]) - 1),
            .operator_name = hf_bytes_of(run_by, strlen(run_by))};
    }
    p.time_servers = listed;
    p.time_servers_count = count;
    int r = hf_document_read(n->pool, authority_sign(n, HF_DOCUMENT_POLICY, &p, ""), &d);
    hf_document_unref(d);
    return r;
}

Test(hf_document_read, of_a_policy_whose_time_servers_give_no_majority)
{
    static const char *const good[] = {"a.example=a", "192.0.2.7=b", "b-2.example=c", "x=c"};
    static const char *const two[] = {"a=a", "b=b", "c=b", "d=a"};
    static const char *const twice[] = {"a=a", "b=b", "c=c", "a=d"};
    struct authority n;
    authority_init(&n);
    cr_assert_eq(read_servers(&n, good, 0), 0);
    cr_assert_eq(read_servers(&n, good, 1), HF_EDOCUMENT);
    cr_assert_eq(read_servers(&n, good, 2), HF_EDOCUMENT);
    cr_assert_eq(read_servers(&n, good, 3), 0);
    cr_assert_eq(read_servers(&n, good, 4), 0);
    cr_assert_eq(read_servers(&n, two, 4), HF_EDOCUMENT);
    cr_assert_eq(read_servers(&n, twice, 4), HF_EDOCUMENT);
    authority_done(&n);
}

Test(hf_document_read, of_a_policy_with_a_time_server_that_is_no_host)
{
    static const char *const bad[] = {".", "a..b", ".a",    "a.",  "-a",    "a-",   "a b",
                                      "A", "a:1",  "a,nts", "a/b", "[::1]", "a.-b", "a-.b"};
    struct authority n;
    authority_init(&n);
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++) {
        char name[32];
        snprintf(name, sizeof name, "%s=c", bad[i]);
        const char *const servers[] = {"a.example=a", "b.example=b", name};
        cr_assert_eq(read_servers(&n, servers, 3), HF_EDOCUMENT, "%s", bad[i]);
    }
    authority_done(&n);
}

Test(hf_time_needed, is_more_than_half_of_the_operators)
{
    struct hf_time_server servers[HF_TIME_SERVERS_MAX] = {0};
    struct hf_policy p = {.time_servers = servers};
    for (size_t i = 0; i < HF_TIME_SERVERS_MAX; i++)
        servers[i].operator_name = hf_bytes_of(&"abcdefghijklmnop"[i / 2 * 2], 1);
    for (p.time_servers_count = 1; p.time_servers_count <= HF_TIME_SERVERS_MAX;
         p.time_servers_count++) {
        size_t operators = (p.time_servers_count + 1) / 2;
        cr_assert_eq(hf_time_operators(&p), operators);
        cr_assert(2 * hf_time_needed(&p) > operators && 2 * (hf_time_needed(&p) - 1) <= operators);
    }
}
