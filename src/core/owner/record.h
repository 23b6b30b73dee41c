/* The owner's records and older generations. Private to core: chain.c, older.c, record.c,
 * seal.c, claim.c, deal.c. */
#ifndef HF_CORE_RECORD_H
#define HF_CORE_RECORD_H

#include "owner/owner.h"

/* Those that may hold shares of one older generation: its holders, candidates without a receipt,
 * and those to whom shares have moved. */
enum { HF__OLDER_HOLDERS_MAX = 3 * HF_SHARES_MAX };

/* Writes the row of an older generation. */
void hf__older_put(struct hf_engine *e, const struct hf_older_row *row);
/* Deletes it. */
void hf__older_del(struct hf_engine *e, const uint8_t id[static 16]);
/* Adds one that may hold a share to a row, which has room for HF__OLDER_HOLDERS_MAX. */
void hf__older_add(struct hf_older_row *row, const struct hf_account *account, uint64_t index);
/* What is kept of an older generation, decoded; false: nothing. */
bool hf__older_row(struct hf_engine *e, const uint8_t id[static 16], struct hf_older_row *ret);
/* The older rows one after the other: at begins at 0, and goes back by one when the row that was
 * given is deleted. Valid until the next step. false: there is no further one. */
bool hf__older_next(struct hf_engine *e, size_t *at, struct hf_older_row *ret);
/* Whether too few may keep a share of it to rebuild anything. */
bool hf__older_retired(const struct hf_engine *e, const struct hf_older_row *row);
/* The generation of the own record as a newer record lists it. A record that an older release
 * signed names no others: they stand in its row. Valid until the next step. */
struct hf_unsealed hf__own_unsealed(struct hf_engine *e, const struct hf_placement_record *own);
/* All to whom a share of a recorded dealing was sent: its holders, and the others, who gave no
 * receipt. Both stand in the record: an owner whose folder is lost, or who goes on from what
 * another instance signed, has no other word of them. Returns how many there are. */
size_t hf__unsealed_all(const struct hf_unsealed *u,
                        struct hf_holder ret[static 2 * HF_SHARES_MAX]);
/* Keeps, as older, the generations that `newer` lists and the own recorded one (NULL: none),
 * which it replaces. */
void hf__older_save(struct hf_engine *e, const struct hf_placement_record *own,
                    const struct hf_placement_record *newer);
/* One that may hold a share of an older generation more, as it moved; nothing where it is kept as
 * none. */
void hf__older_moved(struct hf_engine *e, const struct hf_transfer_statement *t);
/* Notes, before any share leaves, who may get one of the dealing under way: they are told to
 * forget it if the dealing comes to nothing. */
void hf__given_up_save(struct hf_engine *e);
/* The dealing has a record, which names them. */
void hf__given_up_drop(struct hf_engine *e);
/* Drops what has nothing more to wait for, once the own record lists it no more. */
void hf__older_purge(struct hf_engine *e, const struct hf_placement_record *own);
/* Signs the newest record anew under the present ballot, when anything is still to be sealed or
 * confirmed by it, or in any case. */
void hf__record_resign(struct hf_engine *e, bool always);
/* Whether enough holders of the record's own generation have acknowledged it for older ones to
 * be told. */
bool hf__record_complete(struct hf_engine *e, const struct hf_placement_record *record);

#endif
