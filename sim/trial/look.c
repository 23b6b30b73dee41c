#include "trial/look.h"

#include "world/world.h"

#include "base/error.h"

static void field(FILE *out, const char *name)
{
    fprintf(out, "  %-26s ", name);
}

static const char *yes(bool truth)
{
    return truth ? "yes" : "no";
}

/* A node by its number, for accounts say nothing to a person. */
static void print_member(struct hf_world *w, const struct hf_account *account, FILE *out)
{
    long node = hf_world_find(w, account);
    if (node < 0)
        fprintf(out, "nobody here");
    else
        fprintf(out, "n%ld", node);
}

static void look_holders(struct hf_world *w, const struct hf_status *s, FILE *out)
{
    for (size_t i = 0; i < s->providers_count; i++) {
        const struct hf_provider_status *p = &s->providers[i];
        field(out, i == 0 ? "holders" : "");
        print_member(w, &p->account, out);
        fprintf(out, ": share %u, %s", p->index, p->placed ? "placed" : "not placed");
        if (p->since_ms != 0)
            fprintf(out, ", %s", p->answered ? "answered" : hf_error_name(p->error));
        fprintf(out, "\n");
    }
    for (size_t i = 0; i < s->retiring_count; i++) {
        field(out, i == 0 ? "older generations" : "");
        fprintf(out, "%u: %u holders have not confirmed\n", s->retiring[i].generation,
                s->retiring[i].outstanding);
    }
}

static void look_waits(struct hf_world *w, const struct hf_status *s, FILE *out)
{
    for (size_t i = 0; i < s->waits_count; i++) {
        const struct hf_wait_status *wait = &s->waits[i];
        field(out, i == 0 ? "waits for" : "");
        fprintf(out, "%u of %u %s of generation %u; not from", wait->given, wait->quorum,
                wait->seals ? "seals" : "votes", wait->generation);
        for (size_t j = 0; j < wait->acceptors_count; j++) {
            const struct hf_awaited_status *a = &wait->acceptors[j];
            if (a->gave)
                continue;
            fprintf(out, " ");
            print_member(w, &a->account, out);
            fprintf(out, " (%s)", a->refused ? "refused" : hf_error_name(a->error));
        }
        fprintf(out, "\n");
    }
}

static void look_engine(struct hf_world *w, uint32_t node, FILE *out)
{
    struct hf_status s;
    if (!hf_world_status(w, node, &s))
        return;
    field(out, "reason");
    fprintf(out, "%s\n", s.reason == 0 ? "none" : hf_error_name(s.reason));
    field(out, "vault open; claim accepted");
    fprintf(out, "%s; %s, its number %llu\n", yes(s.open), yes(s.claimed),
            (unsigned long long)s.claim);
    field(out, "root, policy, set");
    fprintf(out, "%u, %u, %u; %s in the set\n", s.root, s.policy, s.epoch,
            s.registered ? "is" : "is not");
    field(out, "generation");
    fprintf(out, "%u, %s; n %u, k %u, q %u", s.generation,
            s.confirmed ? "all its holders have the record" : "not all its holders have the record",
            s.n, s.k, s.q);
    if (s.dealing != 0)
        fprintf(out, "; deals %u, %u receipts", s.dealing, s.dealing_receipts);
    fprintf(out, "\n");
    look_holders(w, &s, out);
    look_waits(w, &s, out);
    field(out, "keeps");
    fprintf(out, "%zu shares of %zu owners\n", s.shares, s.owners);
    field(out, "leaving; draining");
    fprintf(out, "%s; %s\n", yes(s.leaving), yes(s.draining));
}

static void look_process(const struct hf_world *w, const struct hf__node *n, FILE *out)
{
    field(out, "process");
    if (n->engine == NULL)
        fprintf(out, "does not run%s\n",
                n->gone     ? ", for good"
                : n->silent ? "; its host has no power"
                            : "");
    else
        fprintf(out, "start %u, for %.6f s; image %s%s\n", n->incarnation,
                (double)(w->now_us - n->boot_us) / 1e6, w->images[n->image],
                n->paused ? "; stands still" : "");
    field(out, "entries that wait for it");
    fprintf(out, "%zu\n", n->backlog_count + n->held_count);
    field(out, "writes on their way");
    size_t writes = 0;
    for (const struct hf__pending *p = n->pending; p != NULL; p = p->next)
        writes++;
    fprintf(out, "%zu; disk %s\n", writes, n->write_error == 0 ? "works" : "fails");
}

static void look_disk(const struct hf__node *n, FILE *out)
{
    static const char *const vaults[] = {
        [HF_VAULT_NONE] = "none",
        [HF_VAULT_PLACING] = "made, not placed",
        [HF_VAULT_PLACED] = "placed",
    };
    size_t held = 0;
    for (uint32_t i = 0; i < n->disk.count; i++)
        held += n->disk.rows[i]->collection == HF_ROW_HELD;
    field(out, "vault on its disk");
    fprintf(out, "%s%s; %u rows, %zu shares of others\n", vaults[n->disk.vault],
            n->disk.damage != 0 ? ", damaged" : "", n->disk.count, held);
}

void hf__look(struct hf_world *w, uint32_t node, FILE *out)
{
    const struct hf__node *n = hf__node(w, node);
    fprintf(out, "\nn%u at %.6f s\n", node, (double)w->now_us / 1e6);
    field(out, "state");
    fprintf(out, "%s\n", n->engine == NULL ? "down" : hf_state_name(n->state));
    look_engine(w, node, out);
    look_process(w, n, out);
    look_disk(n, out);
}
