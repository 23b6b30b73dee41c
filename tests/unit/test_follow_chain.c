/* What an adaptor prints: read entry by entry, and gone by or not as a whole. */
#include "follow_chain.h"

#include "base/buf.h"
#include "base/duration.h"
#include "base/error.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { NOW_S = 1800005000 };

#define A             "0000000000000000000000000000000000000000000000000000000000000001"
#define B             "0000000000000000000000000000000000000000000000000000000000000002"
#define C             "0000000000000000000000000000000000000000000000000000000000000003"
#define GOOD(account) "{\"account\":\"" account "\",\"address\":\"a:1\",\"operator\":\"o\"}"

static int read_view(const char *validators, struct hf__chain **ret)
{
    char text[4096];
    int n = snprintf(text, sizeof text,
                     "{\"chain\":\"" A "\",\"block\":{\"number\":5,\"hash\":\"" B
                     "\",\"time_s\":9},\"since\":null,\"validators\":%s}",
                     validators);
    cr_assert(n > 0 && (size_t)n < sizeof text);
    return hf__chain_read(hf_bytes_of(text, (size_t)n), ret);
}

/* How many entries a list gives, how many of them are bad, and how many name no account. */
static void holds(const char *validators, size_t count, size_t bad, size_t unnamed)
{
    struct hf__chain *c;
    cr_assert_eq(read_view(validators, &c), 0, "%s", validators);
    const struct hf__chain_view *v = hf__chain_view(c);
    size_t is_bad = 0;
    for (size_t i = 0; i < v->count; i++)
        is_bad += v->list[i].bad;
    cr_assert_eq(v->count, count, "%s", validators);
    cr_assert_eq(is_bad, bad, "%s", validators);
    cr_assert_eq(v->unnamed, unnamed, "%s", validators);
    hf__chain_free(c);
}

Test(hf__chain_read, gives_validators_in_the_order_of_accounts)
{
    struct hf__chain *c;
    cr_assert_eq(read_view("[" GOOD(C) ",{\"account\":\"" A
                                       "\",\"address\":\"[::1]:7\",\"operator\":"
                                       "\"me\",\"zone\":\"here\"}]",
                           &c),
                 0);
    const struct hf__chain_view *v = hf__chain_view(c);
    cr_assert_eq(v->count, 2);
    cr_assert_eq(v->list[0].account.bytes[31], 1);
    cr_assert(hf_bytes_equal(v->list[0].address, hf_bytes_of("[::1]:7", 7)));
    cr_assert(hf_bytes_equal(v->list[0].operator_name, hf_bytes_of("me", 2)));
    cr_assert(hf_bytes_equal(v->list[0].zone, hf_bytes_of("here", 4)));
    cr_assert_eq(v->list[1].zone.len, 0);
    cr_assert_eq(v->block.number, 5);
    cr_assert_eq(v->time_s, 9);
    cr_assert_eq(hf__chain_find(v, &v->list[1].account), &v->list[1]);
    struct hf_account none = {{9}};
    cr_assert_null(hf__chain_find(v, &none));
    hf__chain_free(c);
}

Test(hf__chain_read, one_bad_entry_keeps_no_other_from_being_read)
{
    static const char *const wrong[] = {
        "{\"account\":\"" B "\"}",
        "{\"account\":\"" B "\",\"address\":\"a:0\",\"operator\":\"o\"}",
        "{\"account\":\"" B "\",\"address\":\"0.0.0.0:1\",\"operator\":\"o\"}",
        "{\"account\":\"" B "\",\"address\":\"a b:1\",\"operator\":\"o\"}",
        "{\"account\":\"" B "\",\"address\":7,\"operator\":\"o\"}",
        "{\"account\":\"" B "\",\"address\":\"a:1\"}",
        "{\"account\":\"" B "\",\"address\":\"a:1\",\"operator\":\"\"}",
        "{\"account\":\"" B "\",\"address\":\"a:1\",\"operator\":\"\\u0007\"}",
        "{\"account\":\"" B "\",\"address\":\"a:1\",\"operator\":\"o\",\"zone\":\"\\\"\"}",
        "{\"account\":\"" B "\",\"address\":\"a:1\",\"operator\":\"o\",\"zone\":5}",
    };
    static const char *const nameless[] = {"7",
                                           "null",
                                           "{}",
                                           "[]",
                                           "\"" B "\"",
                                           "{\"account\":\"00\"}",
                                           "{\"account\":5}",
                                           "{\"account\":\"x" B "\"}"};
    char text[1024];
    for (size_t i = 0; i < HF_ARRAY_LEN(wrong); i++) {
        snprintf(text, sizeof text, "[" GOOD(A) ",%s," GOOD(C) "]", wrong[i]);
        holds(text, 3, 1, 0);
    }
    for (size_t i = 0; i < HF_ARRAY_LEN(nameless); i++) {
        snprintf(text, sizeof text, "[" GOOD(A) ",%s," GOOD(C) "]", nameless[i]);
        holds(text, 2, 0, 1);
    }
    holds("[" GOOD(A) "," GOOD(B) "," GOOD(A) "," GOOD(A) "]", 2, 1, 0);
    holds("[]", 0, 0, 0);
}

Test(hf__chain_read, of_more_than_it_reads_the_rest_is_nameless)
{
    enum { READ = 16384 };
    static const char entry[] = "{\"account\":\"%064x\",\"address\":\"a:1\",\"operator\":\"o\"},";
    char *text = malloc((READ + 3) * 128);
    size_t at = 1;
    struct hf__chain *c;
    struct hf_buf whole;
    text[0] = '[';
    for (unsigned i = 0; i < READ + 2; i++)
        at += (size_t)snprintf(text + at, 128, entry, i);
    text[at - 1] = ']';
    text[at] = '\0';
    hf_buf_init(&whole, 8 << 20);
    hf_buf_printf(&whole,
                  "{\"chain\":\"" A "\",\"block\":{\"number\":5,\"hash\":\"" B
                  "\",\"time_s\":9},\"validators\":%s}",
                  text);
    cr_assert_eq(hf__chain_read(hf_buf_bytes(&whole), &c), 0);
    cr_assert_eq(hf__chain_view(c)->count, READ);
    cr_assert_eq(hf__chain_view(c)->unnamed, 2);
    hf__chain_free(c);
    hf_buf_done(&whole);
    free(text);
}

Test(hf__chain_read, what_is_no_view_is_refused)
{
    static const char *const bad[] = {
        "",
        "7",
        "{}",
        "{\"chain\":\"" A "\",\"block\":{\"number\":5,\"hash\":\"" B "\",\"time_s\":9}}",
        "{\"chain\":\"" A "\",\"block\":{\"number\":0,\"hash\":\"" B
        "\",\"time_s\":9},\"validators\":[]}",
        "{\"chain\":\"" A "\",\"block\":{\"number\":5,\"hash\":\"" B "\"},\"validators\":[]}",
        "{\"chain\":\"00\",\"block\":{\"number\":5,\"hash\":\"" B
        "\",\"time_s\":9},\"validators\":[]}",
        "{\"chain\":\"" A "\",\"block\":{\"number\":5,\"hash\":\"" B
        "\",\"time_s\":9},\"validators\":{}}",
        "{\"chain\":\"" A "\",\"block\":{\"number\":5,\"hash\":\"" B
        "\",\"time_s\":9},\"since\":7,\"validators\":[]}",
        "{\"chain\":\"" A "\",\"chain\":\"" A "\",\"block\":{\"number\":5,\"hash\":\"" B
        "\",\"time_s\":9},\"validators\":[]}",
    };
    struct hf__chain *c;
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++)
        cr_assert_eq(hf__chain_read(hf_bytes_of(bad[i], strlen(bad[i])), &c), HF_ECHAINVIEW, "%s",
                     bad[i]);
}

/* ---- as a whole */

static const struct hf_hash chain = {"a chain"};
static struct hf__chain_validator one[1];
static struct hf__chain_view view;
static struct hf__chain_block seen;

static void set_up(void)
{
    view = (struct hf__chain_view){.chain = chain,
                                   .block = {100, {"block 100"}},
                                   .time_s = NOW_S - 12,
                                   .list = one,
                                   .count = 1};
    seen = (struct hf__chain_block){0};
}

TestSuite(hf__chain_check, .init = set_up);

static int check(void)
{
    return hf__chain_check(&view, &chain, &seen, NOW_S);
}

/* As it is after block 90 was gone by. */
static void seen_90(void)
{
    seen = view.since = (struct hf__chain_block){90, {"block 90"}};
}

Test(hf__chain_check, of_a_chain_that_goes_on)
{
    cr_assert_eq(check(), 0, "the first view");
    seen_90();
    cr_assert_eq(check(), 0);
    seen = view.since = view.block;
    cr_assert_eq(check(), 0, "the same block again");
}

Test(hf__chain_check, of_another_chain)
{
    view.chain.bytes[0] ^= 1;
    cr_assert_eq(check(), HF_EOTHERCHAIN);
}

Test(hf__chain_check, of_a_block_that_was_final_and_is_another_now)
{
    seen_90();
    view.since.hash.bytes[0] ^= 1;
    cr_assert_eq(check(), HF_ECHAINFORK);
    view.since = (struct hf__chain_block){0};
    cr_assert_eq(check(), HF_ECHAINFORK, "the node does not show it");
    view.since = (struct hf__chain_block){89, seen.hash};
    cr_assert_eq(check(), HF_ECHAINFORK, "it shows another");
    seen = view.since = (struct hf__chain_block){100, {"another block 100"}};
    cr_assert_eq(check(), HF_ECHAINFORK);
}

Test(hf__chain_check, of_a_node_that_lags_or_a_chain_that_stands_still)
{
    seen = view.since = (struct hf__chain_block){101, {"block 101"}};
    cr_assert_eq(check(), HF_ECHAINLAGS);
    seen = (struct hf__chain_block){0};
    view.time_s = NOW_S - HF__CHAIN_LAG_S;
    cr_assert_eq(check(), 0);
    view.time_s--;
    cr_assert_eq(check(), HF_ECHAINLAGS);
}

Test(hf__chain_check, of_what_is_no_set_of_validators)
{
    view.time_s = NOW_S + HF_CLOCK_AHEAD_S + 1;
    cr_assert_eq(check(), HF_ECHAINVIEW);
    view.time_s = NOW_S;
    view.count = 0;
    cr_assert_eq(check(), HF_ECHAINVIEW);
}
