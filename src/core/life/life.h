/* The life of a node: made fresh or found again, and which task comes next. Private to core. */
#ifndef HF_CORE_LIFE_H
#define HF_CORE_LIFE_H

#include "handover/handover.h"
#include "owner/owner.h"
#include "provider/provider.h"
#include "quorum/quorum.h"

/* The first event: what the disk holds. */
void hf__life_start(struct hf_engine *e, const struct hf_event *event);
/* The vault was made or opened, or why not. */
void hf__life_vault(struct hf_engine *e, const struct hf_event *event);
/* The timer: makes the vault or, with it open, registered and with documents, begins to place. */
void hf__life_fresh(struct hf_engine *e);
/* The timer: a round of recovery or, with the root secret back, the vault is opened again. */
void hf__life_recover(struct hf_engine *e);
/* Goes on with what a task of the owner has come to. After every handler that may run one. */
void hf__life_settle(struct hf_engine *e);
/* The timer: sealing keys give way to others (proto/ROTATION.md, 4). */
void hf__life_keys(struct hf_engine *e);
/* Makes every move that is due in a table, each with a trace of this type. Returns whether there
 * was one: what is to be saved then. */
bool hf__life_rotate(struct hf_engine *e, const struct hf__rotation *policy,
                     enum hf_trace_type trace, struct hf__keys *keys);
/* All that is due with versions of the root secret (5). Returns when to look again, in milliseconds
 * from now. */
uint64_t hf__life_roots(struct hf_engine *e);
/* The operator says that others may know the root secret, whichever version. HF_ELOCKED and so on,
 * as a key is refused; what writing fails with. */
HF_MUST_USE int hf__life_taint(struct hf_engine *e);
/* Fills in the versions of the root secret. */
void hf__roots_status(struct hf_engine *e, struct hf_status *ret);
/* Fills in the keys of both kinds. */
void hf__life_status(struct hf_engine *e, struct hf_status *ret);
/* The rows of a vault that was opened, and who it says that this node is. */
HF_MUST_USE int hf__life_load(struct hf_engine *e, const struct hf_event *event);
/* The vault is open, or was just made: what hangs on that begins. */
void hf__life_opened(struct hf_engine *e);
/* Locks the node, for a person to look at. */
void hf__life_block(struct hf_engine *e, int reason);
/* Goes on with what a handover has come to. */
void hf__life_handover(struct hf_engine *e);
/* The vault of a new one was made, or written and read back, or why not (proto/HANDOVER.md, 3). */
void hf__life_inherited(struct hf_engine *e, const struct hf_event *event);
/* Forgets every secret and every row: nothing can be signed, released or answered any more. */
void hf__life_lock(struct hf_engine *e);

#endif
