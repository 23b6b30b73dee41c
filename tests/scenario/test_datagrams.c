/* What comes by datagram changes nothing unless one who may say it has said it now
 * (proto/GOSSIP.md, 5). */
#include "testnet.h"

#include "base/buf.h"
#include "members/detect.h"
#include "node/update.h"

#include <criterion/criterion.h>

enum how { FLIP, REPLAY, STRANGER, LARGE, RECORD };

/* Changes the datagrams of one node to another, and remembers those of a third. */
struct meddler {
    uint32_t from, to, recorded_from;
    struct hf_buf recorded;
    enum how how;
    unsigned met;
};

static enum hf_fate meddle(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct meddler *x = ctx;
    if (!m->datagram || m->to != x->to)
        return HF_FATE_PASS;
    if (m->from == x->recorded_from && x->how == RECORD) {
        hf_buf_clear(&x->recorded);
        hf_buf_append(&x->recorded, m->body.data, m->body.len);
        return HF_FATE_PASS;
    }
    if (m->from != x->from || x->how == RECORD)
        return HF_FATE_PASS;
    x->met++;
    if (x->how == REPLAY)
        hf_buf_append(ret->body, x->recorded.data, x->recorded.len);
    else
        hf_buf_append(ret->body, m->body.data, m->body.len);
    if (x->how == FLIP)
        ret->body->data[ret->body->len - 1] ^= 1;
    if (x->how == STRANGER)
        memset(ret->body->data + 4, 0x5a, 32); /* within the account of the sender */
    for (int i = 0; x->how == LARGE && i < HF_DATAGRAM_MAX; i++)
        hf_buf_append_u8(ret->body, 0);
    return HF_FATE_REPLACE;
}

static struct hf_world *known(struct meddler *x)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_buf_init(&x->recorded, 1 << 16);
    hf_world_watch(w, meddle, x);
    hf_world_run_for(w, 40000);
    return w;
}

static const struct hf__contact *contact(struct hf_world *w, uint32_t of, uint32_t whom)
{
    return hf__contact_find(hf_world_engine(w, of), hf_world_account(w, whom));
}

static size_t contacts(struct hf_world *w, uint32_t of)
{
    const struct hf__detector *d = hf_world_engine(w, of)->members->detector;
    size_t count = 0;
    for (size_t i = 0; i < d->contacts_cap; i++)
        count += d->contacts[i].used;
    return count;
}

/* All datagrams of 1 to 0 are spoilt: they are refused and counted, and no node is the worse. */
static void spoilt(enum how how)
{
    struct meddler x = {.from = 1, .to = 0, .recorded_from = 1, .how = RECORD};
    struct hf_world *w = known(&x);
    const struct hf__detector *d = hf_world_engine(w, 0)->members->detector;
    uint64_t before = d->refused;
    size_t places = contacts(w, 0);
    uint32_t changed = hf_world_engine(w, 0)->members->changed;
    x.how = how;
    hf_world_run_for(w, 60000);
    cr_assert_gt(x.met, 0);
    cr_assert_eq(d->refused - before, x.met);
    cr_assert_eq(contacts(w, 0), places);
    cr_assert_eq(hf_world_engine(w, 0)->members->changed, changed);
    cr_assert_eq(contact(w, 0, 1)->found, HF__FOUND_WELL);
    cr_assert_gt(contact(w, 0, 1)->heard_ms, 60000, "it is asked by others, and by connection");
    hf_buf_done(&x.recorded);
    testnet_end(w);
}

Test(datagrams, that_were_changed_are_refused_and_counted)
{
    spoilt(FLIP);
}

Test(datagrams, of_who_is_no_member_are_refused_and_take_no_place)
{
    spoilt(STRANGER);
}

Test(datagrams, that_are_too_long_are_refused)
{
    spoilt(LARGE);
}

/* A recorded answer of one that has died, sent again in place of whatever another sends. */
Test(datagrams, that_are_sent_again_are_no_evidence_of_life)
{
    struct meddler x = {.from = 1, .to = 0, .recorded_from = 2, .how = RECORD};
    struct hf_world *w = known(&x);
    cr_assert_gt(x.recorded.len, 0);
    x.how = REPLAY;
    hf_world_power_off(w, 2);
    hf_world_run_for(w, 60000);
    cr_assert_gt(x.met, 0);
    cr_assert_eq(contact(w, 0, 2)->found, HF__FOUND_UNREACHABLE);
    hf_buf_done(&x.recorded);
    testnet_end(w);
}

/* A node asks another to hand a ping on, which takes it. */
static void ask_to_carry(struct hf_world *w, uint32_t asker, uint32_t by, uint32_t target)
{
    struct hf_engine *e = hf_world_engine(w, asker), *carrier = hf_world_engine(w, by);
    struct hf_probe ping = {.kind = 1, .nonce = {(uint8_t)target, 7}};
    uint8_t bytes[HF_DATAGRAM_MAX];
    hf__update_begin(e);
    cr_assert(hf__datagram_carry(e, hf_world_account(w, by), hf_world_account(w, target), &ping));
    struct hf_update u;
    hf__update_end(e, &u);
    cr_assert_eq(u.datagrams_count, 1);
    size_t len = u.datagrams[0].body.len;
    memcpy(bytes, u.datagrams[0].body.data, len);
    hf__update_begin(carrier);
    hf__recv_datagram(carrier, hf_bytes_of(bytes, len));
}

/* How many pings of an asker a node waits with for answers. */
static size_t carried_for(struct hf_world *w, uint32_t by, uint32_t asker)
{
    const struct hf_engine *e = hf_world_engine(w, by);
    const struct hf__detector *d = e->members->detector;
    size_t count = 0;
    for (size_t i = 0; i < d->carried_cap; i++)
        count += d->carried[i].until_ms > e->now_ms &&
                 hf_account_equal(&d->carried[i].asker, hf_world_account(w, asker));
    return count;
}

/* One that asks for every place leaves every other asker its part. */
Test(datagrams, of_all_are_handed_on_though_one_asks_for_everything)
{
    enum { NODES = 22, LIAR = 3, BY = 0 };
    struct hf_world *w = testnet_up(NODES, 3, 5);
    hf_world_run_for(w, 120000);
    for (uint32_t target = 0; target < NODES; target++)
        if (target != LIAR && target != BY)
            ask_to_carry(w, LIAR, BY, target);
    cr_assert_eq(carried_for(w, BY, LIAR), HF_CARRIED_MAX);
    for (uint32_t asker = 4; asker < 8; asker++)
        for (uint32_t target = 10; target < 12; target++) {
            ask_to_carry(w, asker, BY, target);
            ask_to_carry(w, LIAR, BY, target + 3);
        }
    for (uint32_t asker = 4; asker < 8; asker++)
        cr_assert_eq(carried_for(w, BY, asker), 2);
    testnet_end(w);
}

/* Nothing of a datagram is larger than what a path carries. */
static enum hf_fate measure(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    size_t *largest = ctx;
    (void)ret;
    if (m->datagram && m->body.len > *largest)
        *largest = m->body.len;
    return HF_FATE_PASS;
}

Test(datagrams, are_never_larger_than_their_bound_whatever_is_told)
{
    size_t largest = 0;
    struct hf_world *w = testnet_up(12, 3, 5);
    hf_world_watch(w, measure, &largest);
    hf_world_run_for(w, 30000);
    for (uint32_t i = 0; i < 4; i++)
        hf_world_power_off(w, i);
    for (uint32_t i = 4; i < 8; i++)
        cr_assert_eq(hf_world_drain(w, i, false, 60000), 0);
    hf_world_run_for(w, 60000);
    cr_assert_gt(largest, 300);
    cr_assert_leq(largest, HF_DATAGRAM_MAX);
    testnet_end(w);
}

/* What stands between two looks at the contacts of a node: none of them is due before the next, and
 * none is suspected, whose time hangs on others. */
static bool overlooks(struct hf_world *w, void *ctx)
{
    unsigned *skips = ctx;
    for (uint32_t i = 0; i < hf_world_count(w); i++) {
        const struct hf_engine *e = hf_world_engine(w, i);
        const struct hf__detector *d = e != NULL ? e->members->detector : NULL;
        if (d == NULL || d->look_ms <= e->now_ms)
            continue;
        (*skips)++;
        for (size_t j = 0; j < d->contacts_cap; j++)
            if (d->contacts[j].used &&
                (d->contacts[j].found == HF__FOUND_SUSPECT || d->contacts[j].due_ms < d->look_ms))
                return true;
    }
    return false;
}

Test(members, no_contact_is_due_before_the_next_look_at_them)
{
    unsigned skips = 0;
    struct hf_world *w = testnet_up(9, 3, 5);
    for (uint32_t i = 0; i < 3; i++) {
        hf_world_crash(w, i);
        cr_assert_not(hf_world_run_until(w, overlooks, &skips, 20000));
        hf_world_power_off(w, i + 3);
        cr_assert_not(hf_world_run_until(w, overlooks, &skips, 40000));
        hf_world_start(w, i);
        hf_world_isolate(w, i + 6);
        cr_assert_not(hf_world_run_until(w, overlooks, &skips, 40000));
        hf_world_start(w, i + 3);
        hf_world_heal(w);
        cr_assert_not(hf_world_run_until(w, overlooks, &skips, 40000));
    }
    cr_assert_gt(skips, 1000);
    testnet_end(w);
}
