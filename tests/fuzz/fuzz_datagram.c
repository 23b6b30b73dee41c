/*
 * What comes by datagram: as it is; or under the MAC of a member that the node knows, so that it is
 * refused, if at all, for what it says; or handed on by another. No input may do more than be
 * refused, answered or counted.
 */
#include "base/buf.h"
#include "members/detect.h"
#include "sim/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { NODES = 4, INPUTS_MAX = 2000 };

static struct hf_world *world;
static unsigned inputs; /* since the world began */

/* What takes the place of the next datagram of node 1 to node 0. */
static struct hf_bytes next;

static enum hf_fate replace(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    (void)ctx;
    if (!m->datagram || m->from != 1 || m->to != 0 || next.len == 0)
        return HF_FATE_PASS;
    hf_buf_append(ret->body, next.data, next.len);
    next.len = 0;
    return HF_FATE_REPLACE;
}

static void begin(void)
{
    struct hf_world_settings s;
    hf_world_free(world);
    hf_world_settings_init(&s);
    int r = hf_world_new(&s, &world);
    for (int i = 0; i < NODES; i++)
        hf_world_add(world);
    if (r == 0)
        r = hf_world_bring_up(world, 60000);
    hf_assert(r == 0);
    hf_world_run_for(world, 30000);
    hf_world_watch(world, replace, NULL);
    inputs = 0;
}

/* A datagram with this body, from one to another, as the first would make it. */
static void make(uint32_t from, uint32_t to, struct hf_bytes body, struct hf_buf *ret)
{
    struct hf_engine *e = hf_world_engine(world, from);
    struct hf_datagram m = {.body = body};
    const struct hf__contact *c = hf__contact_find(e, hf_world_account(world, to));
    hf_assert(c != NULL && c->keyed);
    m.from = *hf_world_account(world, from);
    hf_world_suite(world)->mac(e->members->detector->pairs[c - e->members->detector->contacts].out,
                               body, m.mac);
    int r = hf_wire_encode(&hf_wire_datagram, &m, ret);
    hf_assert(r == 0);
}

static void arrive(struct hf_bytes bytes)
{
    next = bytes;
    for (int i = 0; next.len > 0 && i < 40; i++)
        hf_world_run_for(world, 250);
    next.len = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hf_buf inner, body, outer;
    struct hf_probe carry = {.kind = 3, .has_to = true};
    if (world == NULL || ++inputs > INPUTS_MAX)
        begin();
    if (len < 2 || len > HF_DATAGRAM_MAX)
        return 0;
    hf_buf_init(&inner, 1 << 16);
    hf_buf_init(&body, 1 << 16);
    hf_buf_init(&outer, 1 << 16);
    struct hf_bytes content = hf_bytes_of(data + 1, len - 1);
    if (data[0] % 3 == 0) {
        arrive(content);
    } else if (data[0] % 3 == 1 && content.len <= 1120) {
        make(1, 0, content, &outer);
        arrive(hf_buf_bytes(&outer));
    } else if (content.len <= 600) {
        make(2, 0, content, &inner);
        carry.to = *hf_world_account(world, 0);
        carry.inner = hf_buf_bytes(&inner);
        int r = hf_wire_encode(&hf_wire_probe, &carry, &body);
        hf_assert(r == 0);
        make(1, 0, hf_buf_bytes(&body), &outer);
        arrive(hf_buf_bytes(&outer));
    }
    hf_buf_done(&inner);
    hf_buf_done(&body);
    hf_buf_done(&outer);
    hf_assert(hf_world_violation(world) == NULL);
    return 0;
}
