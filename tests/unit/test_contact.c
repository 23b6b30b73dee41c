/* Members that this node has to do with, and the keys of each pair. */
#include "engine_harness.h"
#include "members/detect.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"

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

static unsigned pieces;

/* Memory for secrets, as long as there is some. */
static void *few(size_t len)
{
    return pieces == 0 ? NULL : (pieces--, hf_secret_alloc(len));
}

/* The first is there already, and has a place; the eight of the first table are all there are. */
Test(hf__contact_get, gives_another_up_where_memory_for_secrets_is_full)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
    hf__update_begin(l.e);
    struct hf_account account, first;
    for (size_t kept = 0; kept < 2; kept++) {
        struct hf__detector *d = l.e->members->detector;
        size_t cap = d->contacts_cap;
        l.e->secret_alloc = few;
        pieces = (unsigned)kept; /* the second time for one of two tables */
        if (kept > 0)
            d->before = hf_secret_alloc(cap * sizeof *d->before);
        for (size_t i = 0; i < 20; i++) {
            authority_account(i, &account);
            l.e->now_ms++;
            struct hf__contact *c = hf__contact_get(l.e, &account, true);
            cr_assert_eq(c == NULL, cap == 0);
            first = i == 0 ? account : first;
        }
        cr_assert_eq(d->contacts_cap, cap);
        cr_assert(cap == 0 || hf__contact_find(l.e, &first) == NULL);
        l.e->secret_alloc = hf_secret_alloc;
        for (size_t i = 0; i < 8; i++) {
            authority_account(i, &account);
            cr_assert_not_null(hf__contact_get(l.e, &account, true));
        }
    }
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

/* The write for which a ping waits that carries what its receiver has said, or nothing. */
static uint64_t waits_for(const struct hf_account *to, bool carries)
{
    struct hf_signed_event event;
    struct hf_probe ping = {.kind = 1, .events = &event, .events_count = carries};
    struct hf_update u;
    hf__update_begin(l.e);
    const struct hf__told *told = hf__told_find(l.e, to, HF__NEWS_ALIVE, NULL);
    cr_assert_eq(hf__decode(l.e, &hf_wire_signed_event, hf_blob_bytes(told->encoded), &event), 0);
    cr_assert(hf__datagram_send(l.e, to, &ping));
    hf__update_end(l.e, &u);
    cr_assert_eq(u.datagrams_count, 1);
    return u.datagrams[0].after;
}

/* Else a node whose disk is full answers no ping as soon as it was suspected once. */
Test(hf__datagram_send, waits_for_the_disk_only_where_it_says_something)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
    hf__update_begin(l.e);
    struct hf_account account;
    account = alive(1, 9)->account;
    l.e->members->said_seq = l.e->write_seq;
    cr_assert_gt(l.e->write_seq, 0);
    cr_assert_eq(waits_for(&account, false), 0);
    cr_assert_eq(waits_for(&account, true), l.e->write_seq);
    harness_done(&l);
}

/* Events of so many subjects, whose ids are as hashes are. */
static void tell(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct hf_event_statement s = {.kind = HF__NEWS_ALIVE,
                                       .incarnation = 1,
                                       .ballot = {.number = 1, .instance = {1}},
                                       .issued_s = AUTHORITY_NOW_S,
                                       .expires_s = AUTHORITY_NOW_S + 100};
        struct hf_signed_event what = {0};
        memcpy(s.subject.bytes, &i, sizeof i);
        s.author = s.subject;
        s.network = l.e->network;
        what.statement = hf__encode(l.e, &hf_wire_event_statement, &s);
        struct hf__told told = hf__told_of(l.e, &s, &what);
        told.encoded = hf_blob_new(hf__encode(l.e, &hf_wire_signed_event, &what));
        hf__told_put(l.e, &told);
    }
}

static struct hf_gossip_response digest(uint64_t bits, uint64_t bucket, struct hf_bytes known)
{
    struct hf_gossip_request m = {
        .digest = true, .bits = bits, .bucket = bucket, .known = known, .versions = {1, 1, 1, 0}};
    struct hf_gossip_response answer;
    struct hf_account account;
    struct hf_buf b;
    hf_buf_init(&b, 8192);
    authority_account(0, &account);
    cr_assert_eq(hf_wire_encode(&hf_wire_gossip_request, &m, &b), 0);
    harness_request(&l, HF_METHOD_GOSSIP, &account, hf_buf_bytes(&b));
    hf_buf_done(&b);
    cr_assert_eq(l.u.replies_count, 1);
    cr_assert_eq(l.u.replies[0].error, 0);
    cr_assert_eq(hf__decode(l.e, &hf_wire_gossip_response, l.u.replies[0].body, &answer), 0);
    return answer;
}

/* 128 buckets of about 40 events here; the digest is of all, and names two of each bucket that are
 * not known here. */
Test(hf__recv_gossip, compares_one_bucket_of_its_own_whatever_a_digest_is_of)
{
    uint8_t ids[256 * HF__EVENT_ID_LEN] = {0};
    for (size_t i = 0; i < 256; i++)
        ids[i * HF__EVENT_ID_LEN] = (uint8_t)i;
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
    l.e->claimed = true;
    hf__update_begin(l.e);
    tell(5000);
    struct hf_gossip_response all = digest(0, 0, hf_bytes_of(ids, sizeof ids));
    cr_assert_eq(all.wanted.len, 2 * HF__EVENT_ID_LEN);
    cr_assert_eq(all.wanted.data[0] >> 1, all.wanted.data[HF__EVENT_ID_LEN] >> 1);
    cr_assert_gt(all.events_count, 0);
    struct hf_gossip_response one = digest(8, 7, hf_bytes_of(ids, sizeof ids));
    cr_assert_eq(one.wanted.len, HF__EVENT_ID_LEN);
    cr_assert_eq(one.wanted.data[0], 7);
    harness_done(&l);
}
