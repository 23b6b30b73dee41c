/* Tickets: what an owner shows its holders when it has no account key yet. They prove nothing, and
 * let a host that no set places be heard among those who know no more than the owner's account. */
#include "testnet.h"

#include "base/buf.h"
#include "base/error.h"
#include "core/limits.h"
#include "wire/messages.h"

#include <criterion/criterion.h>

enum { NODES = 7, HOLDERS = 5 };

/* Uses up what a holder spares for strangers about node 0, with a ticket of the asker's making;
 * whether it refused in the end. */
static bool press(struct hf_world *w, uint32_t holder)
{
    struct hf_nonce_request m = {.response_key = {9}, .has_ticket = true, .ticket = {7}};
    struct hf_buf body, answer;
    int r = 0;
    hf_buf_init(&body, 65536);
    hf_buf_init(&answer, 65536);
    m.account = *hf_world_account(w, 0);
    cr_assert_eq(hf_wire_encode(&hf_wire_nonce_request, &m, &body), 0);
    for (int i = 0; i < 2 * HF_RATE_OWNER_BURST && r != HF_ERATE; i++)
        r = hf_world_ask(w, holder, HF_METHOD_NONCE, NULL, hf_buf_bytes(&body), &answer);
    hf_buf_done(&body);
    hf_buf_done(&answer);
    return r == HF_ERATE;
}

/* How long node 0 takes from its start to its root secret while all its holders are pressed; more
 * than `most_ms`: not in that time. */
static uint64_t recovery_ms(struct hf_world *w, const uint32_t *holders, uint64_t most_ms)
{
    uint64_t begun = hf_world_now_us(w) / 1000, ms = 0;
    uint64_t before = hf_world_trace_count(w, 0, HF_TRACE_REBUILT);
    hf_world_start(w, 0);
    while (ms <= most_ms && hf_world_trace_count(w, 0, HF_TRACE_REBUILT) == before) {
        for (size_t i = 0; i < HOLDERS; i++)
            (void)press(w, holders[i]);
        hf_world_run_for(w, 5);
        ms = hf_world_now_us(w) / 1000 - begun;
    }
    return ms;
}

static const struct hf_blob *hint_of(struct hf_world *w)
{
    const struct hf_blob *row = hf_world_row(w, 0, HF_ROW_PUBLIC, hf_bytes_of("hint", 4));
    cr_assert_not_null(row);
    return row;
}

/* Takes the key of the tickets out of node 0's hint, as its host can. */
static void forget_tickets(struct hf_world *w)
{
    struct hf_public_hint hint;
    struct hf_arena arena;
    struct hf_buf b;
    hf_arena_init(&arena, 1 << 16);
    hf_buf_init(&b, 1 << 16);
    cr_assert_eq(
        hf_wire_decode(&hf_wire_public_hint, hf_blob_bytes(hint_of(w)), &arena, &hint, NULL), 0);
    cr_assert(hint.has_tickets);
    hint.has_tickets = false;
    cr_assert_eq(hf_wire_encode(&hf_wire_public_hint, &hint, &b), 0);
    hf_world_public_put(w, 0, "hint", hf_buf_bytes(&b));
    hf_buf_done(&b);
    hf_arena_done(&arena);
}

/* A network whose node 0 is down, at an address that no set names; its holders are pressed. */
static struct hf_world *pressed(uint32_t ret_holders[static 16])
{
    struct hf_world *w = testnet_up(NODES, 3, HOLDERS);
    testnet_holders(w, 0, ret_holders);
    hf_world_unlist(w, 0);
    hf_world_crash(w, 0);
    for (size_t i = 0; i < HOLDERS; i++)
        cr_assert(press(w, ret_holders[i]), "a ticket of one's own making opens nothing");
    return w;
}

Test(tickets, let_an_owner_recover_whom_no_set_places_while_strangers_ask_all_that_they_may)
{
    uint32_t holders[16];
    struct hf_world *w = pressed(holders);
    cr_assert_leq(recovery_ms(w, holders, 5000), 5000);
    testnet_ready(w, 0);
    testnet_end(w);
}

/* What the test above shows is the ticket's doing. */
Test(tickets, are_no_condition_and_without_them_it_takes_its_turn_among_strangers)
{
    uint32_t holders[16];
    struct hf_world *w = pressed(holders);
    forget_tickets(w);
    cr_assert_gt(recovery_ms(w, holders, 5000), 5000);
    testnet_ready(w, 0);
    /* Its holders have new ones with the record that it signed anew. */
    hf_world_crash(w, 0);
    cr_assert_leq(recovery_ms(w, holders, 5000), 5000);
    testnet_end(w);
}

Test(tickets, of_one_holder_are_not_those_of_another)
{
    struct hf_world *w = testnet_up(NODES, 3, HOLDERS);
    uint32_t holders[16];
    uint8_t seen[HOLDERS][16];
    struct hf_arena arena;
    hf_arena_init(&arena, 1 << 16);
    testnet_holders(w, 0, holders);
    for (size_t i = 0; i < HOLDERS; i++) {
        struct hf_owner_row row;
        const struct hf_blob *kept = hf_world_row(w, holders[i], HF_ROW_OWNER,
                                                  hf_bytes_of(hf_world_account(w, 0)->bytes, 32));
        cr_assert_not_null(kept);
        cr_assert_eq(hf_wire_decode(&hf_wire_owner_row, hf_blob_bytes(kept), &arena, &row, NULL),
                     0);
        cr_assert(row.has_ticket);
        memcpy(seen[i], row.ticket, sizeof seen[i]);
        for (size_t j = 0; j < i; j++)
            cr_assert_neq(memcmp(seen[i], seen[j], sizeof seen[i]), 0);
    }
    hf_arena_done(&arena);
    testnet_end(w);
}
