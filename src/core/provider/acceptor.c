/*
 * The acceptor's half of the claim register: what a holder promises, for what it votes, and what it
 * remembers of an owner after its share is gone. proto/CLAIMS.md, R2, R3 and R6.
 */
#include "base/error.h"
#include "provider/provider.h"

enum { TOMBSTONE_S = 366 * 86400 }; /* by issue dates of sets */

/* Whether a row promises other than the one that is there: that must not be forgotten. Who has
 * stood, tickets and the like can be told again. */
static bool binds(struct hf_engine *e, const struct hf_account *owner,
                  const struct hf_owner_row *row)
{
    struct hf_owner_row before;
    if (!hf__owner_row(e, owner, &before))
        return true;
    hf_assert(before.promised.statement.len > 0);
    return !hf_bytes_equal(before.promised.statement, row->promised.statement) ||
           before.rank != row->rank || before.generation_newest != row->generation_newest ||
           before.former_count != row->former_count || before.moves_count != row->moves_count ||
           before.has_newest != row->has_newest ||
           (row->has_newest && !hf_bytes_equal(before.newest.record, row->newest.record));
}

void hf__owner_put(struct hf_engine *e, const struct hf_account *owner,
                   const struct hf_owner_row *row)
{
    hf_assert(e->open && owner != NULL);
    hf_assert(row->former_count <= HF_WIRE_FORMER_MAX && row->moves_count <= HF_WIRE_MOVES_MAX);
    hf_assert(row->promised.statement.len > 0);
    struct hf_owner_row kept = *row;
    kept.has_sealed = row->has_sealed && hf__holds_any(e, owner); /* it goes with the last share */
    bool binding = binds(e, owner, row);
    const struct hf__row *before = hf__rows_find(&e->rows, HF_ROW_OWNER, hf__key_account(owner));
    uint64_t seq = before != NULL ? before->seq : 0;
    hf_assert(binding || before != NULL);
    if (binding)
        hf__sequence_advance(e);
    hf__put(e, HF_ROW_OWNER, hf__key_account(owner), &hf_wire_owner_row, &kept);
    /* What can be told again, as a word that the owner has signed, holds up no answer. */
    if (!binding)
        hf__rows_find(&e->rows, HF_ROW_OWNER, hf__key_account(owner))->seq = seq;
}

void hf__promised(struct hf_engine *e, const struct hf_owner_row *row, struct hf_ballot *ret)
{
    hf_assert(row->promised.statement.len > 0);
    struct hf_claim_statement s;
    hf__claim_read(e, &row->promised, &s);
    *ret = s.ballot;
}

int hf__promise_check(struct hf_engine *e, const struct hf_owner_row *row,
                      const struct hf_account *owner, const struct hf_ballot *ballot)
{
    const struct hf_floor *floor = hf__floor_of(e, owner);
    hf_assert(ballot->number > 0);
    struct hf_ballot promised;
    if (floor != NULL && ballot->number < floor->claim)
        return HF_ESUPERSEDED;
    if (row->promised.statement.len == 0)
        return 0;
    hf__promised(e, row, &promised);
    if (ballot->number < promised.number ||
        (ballot->number == promised.number && !hf__ballot_equal(ballot, &promised)))
        return HF_ESUPERSEDED;
    return 0;
}

static int raise(struct hf_engine *e, struct hf_owner_row *row,
                 const struct hf_owner_header *header, const struct hf_owner_request *request,
                 bool *ret_raised)
{
    struct hf_claim_statement s;
    struct hf_ballot promised = {0};
    *ret_raised = false;
    int r = hf__promise_check(e, row, &header->owner, &header->ballot);
    if (r != 0)
        return r;
    if (row->promised.statement.len > 0)
        hf__promised(e, row, &promised);
    if (header->ballot.number <= promised.number)
        return 0;
    /* A number counts only with the owner's own word for it, which this holder hands on. */
    if (!request->has_claim)
        return HF_EIDENTITY;
    r = hf__claim_open(e, &request->claim, &header->owner, &s);
    if (r == 0 && !hf__ballot_equal(&s.ballot, &header->ballot))
        r = HF_EBALLOT;
    if (r != 0)
        return r;
    if (e->store_error != 0)
        return e->store_error;
    row->promised = request->claim;
    *ret_raised = true;
    hf_assert(s.ballot.number > promised.number);
    return 0;
}

/* Whether a proof that would be kept stands above the one that is. */
static bool is_higher_proof(struct hf_engine *e, const struct hf_owner_row *row,
                            const struct hf_ballot *ballot)
{
    struct hf_claim_statement kept;
    hf_assert(ballot->number > 0);
    if (!row->has_proof)
        return true;
    hf__claim_read(e, &row->proof.claim, &kept);
    return kept.ballot.number < ballot->number;
}

/*
 * Whether a proof that comes with a request may be kept, and handed to others who look at all of
 * it. It is of the request's ballot; and where the record that it names is the newest one here, as
 * many of that generation as carry a claim have accepted. What else it needs depends on
 * certificates that its owner may know and this holder not yet: who acts by it counts it whole.
 */
static int check_proof(struct hf_engine *e, const struct hf_owner_row *row,
                       const struct hf_owner_header *header, const struct hf_owner_request *request)
{
    struct hf_claim_statement s;
    struct hf_placement_record newest;
    struct hf__electorate *g = hf__scratch(e, HF__ELECTORATES_MAX * sizeof *g);
    if (!request->has_proof)
        return 0;
    if (hf__claim_open(e, &request->proof.claim, &header->owner, &s) != 0 ||
        !hf__ballot_equal(&s.ballot, &header->ballot))
        return HF_EPROOF;
    if (!is_higher_proof(e, row, &s.ballot))
        return 0;
    if (!hf__claim_stood(e, &request->proof, &header->owner))
        return HF_EPROOF;
    if (!row->has_newest || !s.has_known)
        return 0;
    int r = hf__decode(e, &hf_wire_placement_record, row->newest.record, &newest);
    hf_assert(r == 0);
    if (memcmp(newest.generation.id, s.known.id, sizeof s.known.id) != 0)
        return 0;
    struct hf__moves moves = {0};
    hf__moves_add(e, row->moves, row->moves_count, &moves);
    hf__moves_shown(e, request->moves, request->moves_count, &newest, &moves);
    size_t count = hf__electorates(e, &newest, NULL, 0, &moves, g);
    hf_assert(count > 0);
    return hf__claim_proof_check(e, &request->proof, g, 1, &header->owner);
}

int hf__promise(struct hf_engine *e, struct hf_owner_row *row, const struct hf_owner_header *header,
                const struct hf_owner_request *request, bool *ret_raised)
{
    int r = raise(e, row, header, request, ret_raised);
    hf_assert(r != 0 || row->promised.statement.len > 0);
    return r != 0 ? r : check_proof(e, row, header, request);
}

bool hf__proof_keep(struct hf_engine *e, struct hf_owner_row *row,
                    const struct hf_owner_header *header, const struct hf_owner_request *request)
{
    if (!request->has_proof || !is_higher_proof(e, row, &header->ballot))
        return false;
    hf_assert(header->ballot.number > 0);
    row->has_proof = true;
    row->proof = request->proof;
    return true;
}

bool hf__newest_order(struct hf_engine *e, const struct hf_owner_row *row,
                      struct hf_record_order *ret)
{
    struct hf_placement_record record;
    if (!row->has_newest)
        return false;
    int r = hf__decode(e, &hf_wire_placement_record, row->newest.record, &record);
    hf_assert(r == 0);
    hf__record_order(&record, ret);
    hf_assert(ret->generation > 0);
    return true;
}

bool hf__newest_is(const struct hf_owner_row *row, const struct hf_signed_record *record)
{
    hf_assert(record->record.len > 0);
    return row->has_newest && hf_bytes_equal(row->newest.record, record->record);
}

int hf__newest_check(struct hf_engine *e, const struct hf_owner_row *row,
                     const struct hf_signed_record *record,
                     const struct hf_placement_record *decoded)
{
    struct hf_record_order order, newest;
    if (!hf__newest_order(e, row, &newest))
        return 0;
    hf__record_order(decoded, &order);
    int compared = hf__order_compare(e, &decoded->owner, &order, &newest);
    if (compared < 0)
        return HF_EGENERATION;
    /* No owner makes two of one order (S2): the first one stays. */
    return compared > 0 || hf__newest_is(row, record) ? 0 : HF_ECONTRADICTION;
}

void hf__newest_set(struct hf_owner_row *row, const struct hf_signed_record *record,
                    struct hf_certificate *certificates, size_t count)
{
    hf_assert(record->record.len > 0 && count <= HF_CHAIN_MAX);
    row->has_newest = true;
    row->newest = *record;
    row->certificates = certificates;
    row->certificates_count = count;
}

static bool is_former(const struct hf_owner_row *row, const uint8_t generation[static 16],
                      size_t *ret_at)
{
    hf_assert(row->former_count <= HF_WIRE_FORMER_MAX);
    for (size_t i = 0; i < row->former_count; i++)
        if (memcmp(row->former[i].id, generation, 16) == 0) {
            *ret_at = i;
            return true;
        }
    return false;
}

bool hf__former_has(const struct hf_owner_row *row, const uint8_t generation[static 16])
{
    size_t at;
    return is_former(row, generation, &at);
}

bool hf__votes_for(struct hf_engine *e, const struct hf_account *owner,
                   const struct hf_owner_row *row, const uint8_t generation[static 16])
{
    hf_assert(row->promised.statement.len > 0); /* or its word binds to nothing */
    size_t at;
    return hf__held_votes(e, owner, generation) || is_former(row, generation, &at);
}

void hf__former_add(struct hf_engine *e, struct hf_owner_row *row, const struct hf_held_row *held)
{
    struct hf_former *former = hf__scratch(e, HF_WIRE_FORMER_MAX * sizeof *former);
    size_t count = row->former_count;
    if (held->restored || held->ceased || held->waiting)
        return;
    hf_assert(count < HF_WIRE_FORMER_MAX); /* hf__votes_count was below it when the share came */
    if (count > 0)
        memcpy(former, row->former, count * sizeof *former);
    memcpy(former[count].id, held->generation.id, 16);
    former[count++].claim = held->header.ballot.number;
    row->former = former;
    row->former_count = count;
    hf_assert(count > 0 && former[count - 1].claim > 0);
}

size_t hf__votes_count(struct hf_engine *e, const struct hf_account *owner,
                       const struct hf_owner_row *row)
{
    struct hf_held_row held;
    size_t count = row->former_count;
    for (size_t at = 0; hf__held_next(e, owner, &at, &held);)
        count += !held.restored && !held.ceased; /* one that waits may come to vote */
    hf_assert(count <= HF_WIRE_FORMER_MAX);
    return count;
}

void hf__former_forget(struct hf_owner_row *row, uint64_t below, const uint8_t newest[static 16])
{
    size_t count = 0;
    for (size_t i = 0; i < row->former_count; i++)
        if (row->former[i].claim >= below || memcmp(row->former[i].id, newest, 16) == 0)
            row->former[count++] = row->former[i];
    hf_assert(count <= row->former_count);
    row->former_count = count;
}

bool hf__former_take(struct hf_owner_row *row, const uint8_t generation[static 16])
{
    size_t at;
    if (!is_former(row, generation, &at))
        return false;
    hf_assert(at < row->former_count);
    memmove(&row->former[at], &row->former[at + 1],
            (row->former_count - at - 1) * sizeof *row->former);
    row->former_count--;
    return true;
}

bool hf__holds_any(const struct hf_engine *e, const struct hf_account *owner)
{
    hf_assert(e->open || e->rows.count == 0); /* also asked of a locked node, by its operator */
    struct hf_bytes prefix = hf__key_account(owner);
    size_t at = hf__rows_first(&e->rows, HF_ROW_HELD, prefix);
    return hf__rows_at(&e->rows, at, HF_ROW_HELD, prefix) != NULL;
}

size_t hf__owners_served(const struct hf_engine *e)
{
    struct hf_bytes all = {0};
    const struct hf__row *row;
    const uint8_t *last = NULL;
    size_t count = 0;
    for (size_t i = hf__rows_first(&e->rows, HF_ROW_HELD, all);
         (row = hf__rows_at(&e->rows, i, HF_ROW_HELD, all)) != NULL; i++) {
        count += last == NULL || memcmp(last, row->key, HF_ID_LEN) != 0;
        last = row->key;
    }
    hf_assert(count <= e->rows.count);
    return count;
}

void hf__owners_age(struct hf_engine *e)
{
    hf_assert(e->open);
    struct hf_bytes all = {0};
    const struct hf__row *at;
    uint64_t date_s = e->trust->set != NULL ? e->trust->set->u.set.issued_s : 0;
    size_t i = hf__rows_first(&e->rows, HF_ROW_OWNER, all);
    while (date_s != 0 && (at = hf__rows_at(&e->rows, i, HF_ROW_OWNER, all)) != NULL) {
        struct hf_owner_row row;
        struct hf_account owner = hf_account_of(at->key);
        bool member = hf_set_find(e->trust->set, &owner) >= 0;
        int r = hf__decode(e, &hf_wire_owner_row, hf_blob_bytes(at->value), &row);
        hf_assert(r == 0);
        i++;
        if (member == (row.absent_since_s == 0)) {
            if (member || hf__holds_any(e, &owner) || date_s < row.absent_since_s + TOMBSTONE_S)
                continue;
            hf__del(e, HF_ROW_OWNER, hf__key_account(&owner));
            i--;
            continue;
        }
        row.absent_since_s = member ? 0 : date_s;
        hf__owner_put(e, &owner, &row);
    }
}
