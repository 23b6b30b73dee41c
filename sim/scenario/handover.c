/*
 * The event `handover`: a new release starts beside each target, on its machine, and takes over
 * from it (proto/HANDOVER.md). When it has, the old trust domain is thrown away, as an operator
 * does who reads its status; where it has not when the event ends, the new one is, and an old one
 * that gave up in vain is started again.
 */
#include "scenario/action.h"

#include "node/node.h"

#include <stdlib.h>

enum { NOBODY_BESIDE = 0, LOOK_US = 50000 };

/* Whether the policy goes without the time, or helpers tell it; else it lists servers, and helpers
 * tell nothing. */
enum { UNTIMED, TIMED, WAYS = 3 };

static void edit_policy(struct hf_policy *p, void *ctx)
{
    static const uint8_t names[] = "abc";
    static struct hf_time_server servers[3];
    const struct hf__action *a = ctx;
    int how = (int)a->value % WAYS;
    p->handover_untimed = how == UNTIMED;
    p->time_servers = servers;
    p->time_servers_count = how == UNTIMED ? 0 : HF_ARRAY_LEN(servers);
    for (size_t i = 0; i < HF_ARRAY_LEN(servers); i++)
        servers[i].name = servers[i].operator_name = hf_bytes_of(names + i, 1);
}

/* A sound member that is in use, and of which no strategy keeps the disk. */
static bool may_begin(const struct hf__node *n)
{
    return n->engine != NULL && n->registered && !n->gone && !n->copy && !n->leaves &&
           !n->planted && !n->corrupt && !n->tainted && n->disk.vault == HF_VAULT_PLACED;
}

void hf__change_begin(struct hf_world *w, struct hf__action_run *d)
{
    hf_world_policy_edit(w, edit_policy, (void *)(uintptr_t)d->action);
    hf_world_time(w, (int)d->action->value % WAYS == TIMED);
    d->beside = calloc(d->count + 1, sizeof(uint32_t));
    hf_assert(d->beside != NULL);
    for (size_t i = 0; i < d->count; i++) {
        d->beside[i] = NOBODY_BESIDE;
        if (!may_begin(hf__node(w, d->targets[i])))
            continue;
        d->beside[i] = hf_world_beside(w, d->targets[i]);
        hf__node(w, d->beside[i])->image_next = w->release; /* or a policy may drop it soon */
        hf_world_start(w, d->beside[i]);
    }
}

/* Whether the new one of a target has everything, durably. */
static bool has_it(const struct hf_world *w, const struct hf__action_run *d, size_t i)
{
    return d->beside[i] != NOBODY_BESIDE &&
           hf__node(w, d->beside[i])->disk.vault == HF_VAULT_PLACED;
}

static void throw_away(struct hf_world *w, uint32_t node)
{
    hf_world_crash(w, node);
    hf__node(w, node)->gone = true;
}

uint64_t hf__change_pause_us(void)
{
    return LOOK_US;
}

void hf__change_step(struct hf_world *w, struct hf__action_run *d)
{
    for (size_t i = 0; i < d->count; i++)
        if (has_it(w, d, i) && !hf__node(w, d->targets[i])->gone) {
            hf__node(w, d->beside[i])->leaves = hf__node(w, d->targets[i])->leaves;
            throw_away(w, d->targets[i]);
            hf_world_set_issue(w); /* with its address now: who is locked has no other way to it */
        }
}

void hf__change_end(struct hf_world *w, struct hf__action_run *d)
{
    hf__change_step(w, d);
    for (size_t i = 0; i < d->count; i++) {
        const struct hf__node *old = hf__node(w, d->targets[i]);
        if (d->beside[i] == NOBODY_BESIDE || has_it(w, d, i))
            continue;
        throw_away(w, d->beside[i]);
        hf__account_returns(w, hf__node(w, d->beside[i]));
        if (old->engine != NULL && old->state == HF_STATE_HANDED_OVER)
            hf_world_crash(w, d->targets[i]);
        hf_world_start(w, d->targets[i]); /* does nothing where it runs, or is gone */
    }
}
