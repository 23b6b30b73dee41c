/*
 * Tickets (proto/PROTOCOL.md, 8): what an owner gives each of its holders with its record, and
 * shows it when it asks for its share without an account key. A ticket proves nothing but that the
 * asker has the owner's public state. All of an owner's come from one key beside its hint, where
 * its host may read them.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "trust/trust.h"

#include <assert.h>

static const char label[] = "ticket";

void hf__tickets(struct hf_engine *e, uint8_t ret[static HF_KEY_LEN])
{
    static_assert(sizeof e->trust->tickets == HF_KEY_LEN, "the key of a MAC");
    hf_assert(e->active.has_root);
    if (!e->trust->has_tickets)
        e->suite->random(&e->secrets->rng, e->trust->tickets, HF_KEY_LEN);
    e->trust->has_tickets = true;
    memcpy(ret, e->trust->tickets, HF_KEY_LEN);
}

void hf__tickets_take(struct hf_engine *e, const uint8_t key[static HF_KEY_LEN])
{
    hf_assert(!e->open && !e->trust->has_tickets);
    memcpy(e->trust->tickets, key, HF_KEY_LEN);
    e->trust->has_tickets = true;
}

bool hf__ticket_of(struct hf_engine *e, const struct hf_account *holder,
                   uint8_t ret[static HF_MAC_LEN])
{
    hf_assert(e->has_account && holder != NULL);
    if (!e->trust->has_tickets)
        return false;
    uint8_t *what = hf__scratch(e, sizeof label - 1 + sizeof holder->bytes);
    memcpy(what, label, sizeof label - 1);
    memcpy(what + sizeof label - 1, holder->bytes, sizeof holder->bytes);
    e->suite->mac(e->trust->tickets, hf_bytes_of(what, sizeof label - 1 + sizeof holder->bytes),
                  ret);
    return true;
}

void hf__ticket_shown(struct hf_engine *e, const struct hf_owner_row *row,
                      const uint8_t ticket[static HF_MAC_LEN])
{
    hf_assert(row->promised.statement.len > 0);
    e->shared->step.ticket = row->has_ticket && hf_secret_equal(row->ticket, ticket, HF_MAC_LEN);
}
