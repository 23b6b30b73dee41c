/* Members that this node has to do with, and the keys of each pair. */
#include "engine_harness.h"
#include "members/detect.h"

#include "base/error.h"

#include <criterion/criterion.h>

static struct harness l;
static struct hf_suite counting;
static unsigned agreed;

static int agree(const uint8_t secret[static HF_KEY_LEN],
                 const uint8_t public_key[static HF_KEY_LEN], uint8_t ret[static HF_KEY_LEN])
{
    agreed++;
    return hf_suite_real.agree(secret, public_key, ret);
}

/* A member says of itself that it is there; its mesh key is this byte again and again. */
static struct hf__contact *alive(uint64_t incarnation, uint8_t key)
{
    struct hf_event_statement s = {.kind = HF__NEWS_ALIVE,
                                   .incarnation = incarnation,
                                   .ballot = {.number = 1, .instance = {1}},
                                   .issued_s = AUTHORITY_NOW_S,
                                   .expires_s = AUTHORITY_NOW_S + 100,
                                   .has_mesh_key = true};
    struct hf_signed_event what = {0};
    authority_account(0, &s.subject);
    s.author = s.subject;
    s.network = l.e->network;
    memset(s.mesh_key, key, sizeof s.mesh_key);
    what.statement = hf__encode(l.e, &hf_wire_event_statement, &s);
    struct hf__told told = hf__told_of(l.e, &s, &what);
    told.encoded = hf_blob_new(hf__encode(l.e, &hf_wire_signed_event, &what));
    hf__told_put(l.e, &told);
    struct hf__contact *c = hf__contact_get(l.e, &s.subject, true);
    cr_assert_not_null(c);
    return c;
}

/* Datagrams in the name of members that this node does not probe need no key to get a place: they
 * must not outweigh those that it misses itself. */
Test(hf__cut_off, counts_those_alone_that_this_node_probes)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
    hf__update_begin(l.e);
    struct hf_account account;
    for (size_t i = 0; i < 20; i++) {
        authority_account(i, &account);
        struct hf__contact *c = hf__contact_get(l.e, &account, false);
        cr_assert_not_null(c);
        c->in_turn = i < 4;
        if (i < 2)
            c->found = HF__FOUND_UNREACHABLE;
    }
    cr_assert(hf__cut_off(l.e));
    hf__contact_find(l.e, &account)->found = HF__FOUND_UNREACHABLE;
    authority_account(1, &account);
    hf__contact_find(l.e, &account)->found = HF__FOUND_WELL;
    cr_assert_not(hf__cut_off(l.e));
    harness_done(&l);
}

/* A sender of datagrams in its name would make each cost an agreement. */
Test(hf__contact_keys, of_a_key_that_is_none_are_asked_for_once)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
    hf__update_begin(l.e);
    counting = *l.e->suite;
    counting.agree = agree;
    l.e->suite = &counting;
    struct hf__contact *c = alive(1, 0); /* a point of small order: every secret gives the same */
    for (int i = 0; i < 3; i++)
        cr_assert_null(hf__contact_keys(l.e, c));
    cr_assert_eq(agreed, 1);
    c = alive(2, 9); /* it says another one */
    for (int i = 0; i < 3; i++)
        cr_assert_not_null(hf__contact_keys(l.e, c));
    cr_assert_eq(agreed, 2);
    harness_done(&l);
}
