/*
 * A claim that an instance takes for its own (proto/PROTOCOL.md, 9) is carried by the holders of
 * the newest recorded sharing that it was told of: by k whose own claims stand, or by k and every
 * one that is left in the set; and no number is ever carried for two instances by the holders of
 * one sharing.
 */
#include "check.h"

#include <string.h>

static struct hf__key node_key(uint32_t node)
{
    return hf__key_of(hf_bytes_of(&node, sizeof(node)), hf_bytes_of(NULL, 0), hf_bytes_of(NULL, 0));
}

/* Takes a record for known when the owner signed it and it is newer. */
static void learn(struct hf__checks *c, const uint8_t owner[static 32],
                  const struct hf_signed_record *s, struct hf__recorded *ret)
{
    struct hf_placement_record r;
    if (!hf__check_decode(c, &hf_wire_placement_record, s->record, &r) ||
        memcmp(r.owner, owner, 32) != 0 || r.generation.number <= ret->number ||
        r.holders_count > HF_ARRAY_LEN(ret->holders) ||
        c->world->suite->verify(owner, "holdfast/v1/placement-record", s->record, s->signature) !=
            0)
        return;
    ret->number = (uint32_t)r.generation.number;
    ret->k = (uint32_t)r.threshold;
    ret->count = (uint32_t)r.holders_count;
    for (size_t i = 0; i < r.holders_count; i++)
        memcpy(ret->holders[i], r.holders[i].account, 32);
}

void hf__check_told(struct hf__checks *c, uint32_t node, const struct hf_signed_record *record)
{
    const uint8_t *owner = hf__check_account(c, node);
    struct hf__recorded *known = hf__map_at(&c->recorded, node_key(node));
    uint32_t incarnation = hf__node(c->world, node)->incarnation;
    if (known->incarnation != incarnation)
        *known = (struct hf__recorded){.incarnation = incarnation};
    if (owner != NULL)
        learn(c, owner, record, known);
}

/* The newest record that this instance knows: of the answers, or of its disk. */
static struct hf__recorded newest(struct hf__checks *c, uint32_t node, const uint8_t *owner)
{
    struct hf_public_hint hint;
    struct hf__recorded ret = {0};
    const struct hf__recorded *told = hf__map_find(&c->recorded, node_key(node));
    const struct hf_blob *row = hf_world_row(c->world, node, HF_ROW_PUBLIC, hf_bytes_of("hint", 4));
    if (told != NULL && told->incarnation == hf__node(c->world, node)->incarnation)
        ret = *told;
    if (row != NULL && hf__check_decode(c, &hf_wire_public_hint, hf_blob_bytes(row), &hint) &&
        hint.has_record)
        learn(c, owner, &hint.record, &ret);
    return ret;
}

static bool is_member(const struct hf_world *w, const uint8_t account[static 32])
{
    for (size_t i = 0; i < w->authority.members_count; i++) {
        if (memcmp(w->authority.members[i].account, account, 32) == 0)
            return true;
    }
    return false;
}

static void check_words(struct hf__checks *c, uint32_t node, const uint8_t *owner, uint32_t number,
                        const uint8_t instance[static 16])
{
    struct hf__recorded r = newest(c, node, owner);
    unsigned standing = 0, accepted = 0, missing = 0;
    for (uint32_t i = 0; i < r.count; i++) {
        enum hf__acceptance word = hf__check_word(c, owner, number, instance, r.holders[i]);
        standing += word == HF__ACCEPTANCE_STANDING;
        accepted += word != HF__ACCEPTANCE_NONE;
        missing += word == HF__ACCEPTANCE_NONE && is_member(c->world, r.holders[i]);
    }
    if (r.count > 0 && standing < r.k && (accepted < r.k || missing > 0))
        hf__violate(c->world, node, "claim",
                    "n%u took claim %u for its own with the word of %u holders of %u, %u of them "
                    "standing, and %u of those left are missing",
                    node, number, accepted, r.k, standing, missing);
}

void hf__check_won(struct hf__checks *c, uint32_t node, uint32_t number)
{
    const uint8_t *owner = hf__check_account(c, node);
    const struct hf__speaker *p = hf__map_find(&c->speakers, node_key(node));
    if (owner == NULL || p == NULL || p->claim != number ||
        p->incarnation != hf__node(c->world, node)->incarnation) {
        hf__violate(c->world, node, "claim", "n%u won claim %u, and never asked for it", node,
                    number);
        return;
    }
    struct hf__won *won =
        hf__map_at(&c->won, hf__key_of(hf__b32(owner), hf_bytes_of(&number, sizeof(number)),
                                       hf_bytes_of(NULL, 0)));
    /* Two generations may have no holder in common: an instance that was superseded and did not
     * hear of it may have dealt among others, who carry it after a restart. */
    uint32_t generation = newest(c, node, owner).number;
    if (won->known && memcmp(won->instance, p->instance, 16) != 0 &&
        won->generation == generation &&
        !hf__check_forgotten(c, owner, number, won->instance, p->instance))
        hf__violate(c->world, node, "claim", "two instances won claim %u", number);
    won->known = true;
    memcpy(won->owner, owner, 32);
    won->number = number;
    hf__check_highest(c, owner, number);
    won->generation = generation;
    memcpy(won->instance, p->instance, 16);
    check_words(c, node, owner, number, p->instance);
}

bool hf__check_holds_claim(struct hf__checks *c, const uint8_t owner[static 32], uint32_t number,
                           const uint8_t instance[static 16])
{
    const struct hf__won *won =
        hf__map_find(&c->won, hf__key_of(hf__b32(owner), hf_bytes_of(&number, sizeof(number)),
                                         hf_bytes_of(NULL, 0)));
    return (won != NULL && won->known && memcmp(won->instance, instance, 16) == 0) ||
           hf__check_acceptances(c, owner, number, instance) >= hf__check_threshold(c, owner);
}
