/* Filling the update of the step that is under way. Private to core. */
#ifndef HF_CORE_UPDATE_H
#define HF_CORE_UPDATE_H

#include "core/engine.h"

struct hf__outbox;
struct hf__pending; /* node/node.h */

/* Who asks: stands beside whatever is asked, and says to whom the answer goes. */
enum hf__task {
    HF__TASK_DOCUMENTS,
    HF__TASK_IDENTITY,
    HF__TASK_DEAL,
    HF__TASK_RECORD,
    HF__TASK_SEAL,
    HF__TASK_RETIRE,
    HF__TASK_STANDING,
    HF__TASK_RELEASE,
    HF__TASK_RECOVER,
    HF__TASK_CLAIM,
    HF__TASK_DRILL,
    HF__TASK_DRAIN,
    HF__TASK_GOSSIP,
    HF__TASK_LEAVE,
    HF__TASK_BLACKSTART,
    HF__TASK_APPLICATION,
    HF__TASK_PROBE,
    HF__TASK_ATTEST,
    HF__TASK_HANDOVER,
    HF__TASK_REPAIR,
    HF__TASK_PRESENT,   /* the old one of a handover */
    HF__TASK_TAKE_OVER, /* the new one */
    HF__TASKS
};

/* What comes back with the answer to a call. */
struct hf__ask {
    enum hf__task task;
    uint8_t method;
    uint8_t slot;
    uint8_t audit;  /* of a standing: number of its challenge; 0 it has none */
    uint8_t sealed; /* of a standing: number of the statement that goes with it, 0 none does; of a
                     * record: how many certificates do */
    uint32_t arg;   /* of the task's choice: what does not match when the answer comes is stale */
    bool at_once;   /* it tells nothing that is not durable, and need not wait for writes */
};

/* NULL: out of memory. */
struct hf__outbox *hf__outbox_new(void);
/* Frees what it holds, writes that the shell did not take included. NULL is legal. */
void hf__outbox_free(struct hf__outbox *o);

/* Forgets the step before, writes of an unread update included, and starts a new one. */
void hf__update_begin(struct hf_engine *e);
/* What has been put since; deadline is the caller's. */
void hf__update_end(struct hf_engine *e, struct hf_update *ret);

/* Memory until the next step, zeroed. Aborts when there is none: a node restarts and recovers by
 * design. */
void *hf__scratch(struct hf_engine *e, size_t len);
/* The encoding of a message, until the next step. The message must be within its bounds. */
struct hf_bytes hf__encode(struct hf_engine *e, const struct hf_wire_type *type,
                           const void *message);
/* Decodes with memory until the next step. */
HF_MUST_USE int hf__decode(struct hf_engine *e, const struct hf_wire_type *type,
                           struct hf_bytes bytes, void *ret);

/* Rows: the mirror and the update's transaction together. Public rows have no mirror. */
void hf__put(struct hf_engine *e, uint8_t collection, struct hf_bytes key,
             const struct hf_wire_type *type, const void *message);
/* Puts a row whose value is encoded already, and keeps a reference of its own. */
void hf__put_blob(struct hf_engine *e, uint8_t collection, struct hf_bytes key,
                  struct hf_blob *value);
/* Deletes a row. */
void hf__del(struct hf_engine *e, uint8_t collection, struct hf_bytes key);
/* Whether the transaction of this step has begun: e->write_seq is its number. */
bool hf__writing(const struct hf_engine *e);
/* Frees a value when the step ends: decoded messages may borrow from it. NULL is legal. */
void hf__keep_for_step(struct hf_engine *e, struct hf_blob *before);
/* Sets the vault's state in the transaction of this step, which has a write already. */
void hf__put_vault_state(struct hf_engine *e, enum hf_vault_state state);
/* Puts the vault under the vault key in e->secrets in the transaction of this step, which gets a
 * write too. */
void hf__put_rekey(struct hf_engine *e);

/*
 * Sends a request; the answer comes back with task, method, slot and arg, and the account unless it
 * is NULL: not known. address: terminated, valid until the next step. HF_EBUSY: too many calls.
 */
HF_MUST_USE int hf__call_address(struct hf_engine *e, const struct hf__ask *ask,
                                 const struct hf_account *account, const char *address,
                                 struct hf_bytes body);
/* The next id of a call or of work: never 0, which stands for none; they begin anew after 2^32. */
uint32_t hf__id_next(struct hf_engine *e);
/* Whether an id was given after another: of two that are less than 2^31 apart. */
bool hf__id_after(uint32_t id, uint32_t other);
/* Takes out a call that is answered now; false: there is none of this id. */
bool hf__answered(struct hf_engine *e, uint32_t id, struct hf__pending *ret);
/* Whether a call of this method is unanswered; to this account, with this arg, unless they are
 * NULL. */
bool hf__calling(const struct hf_engine *e, uint8_t method, const struct hf_account *account,
                 const uint32_t *arg);
/* Sends a datagram when the writes up to `after` are durable. address and bytes are valid until the
 * next step. */
void hf__datagram_put(struct hf_engine *e, const char *address, struct hf_bytes bytes,
                      uint64_t after);
/* Answers a peer's request: error 0 with body, which is valid until the next step, or a refusal.
 * at_once: it tells of nothing that was written; otherwise it leaves after this step's writes. */
void hf__reply(struct hf_engine *e, uint64_t id, int error, struct hf_bytes body, bool at_once);
/* An answer that may leave when the writes up to `after` are durable, whatever else is written. */
void hf__reply_after(struct hf_engine *e, uint64_t id, struct hf_bytes body, uint64_t after);
/* Leaves at once; a reply that tells of something written sets `after`. */
struct hf_local_reply *hf__local_reply(struct hf_engine *e, uint64_t id, int error);
/* Work for the shell, under an id of its own; the rest is filled in by who asks. Valid until the
 * next step. */
struct hf_work *hf__work(struct hf_engine *e, enum hf_work_type type);
/* Asks the shell for a quote over bytes under label, which is static; returns the id of the
 * work. */
uint32_t hf__quote(struct hf_engine *e, enum hf__task task, const char *label,
                   struct hf_bytes bytes);
/* Which task asked for a quote that has come, or for one that could not be made; false: none. */
bool hf__quote_made(struct hf_engine *e, uint32_t work, enum hf__task *ret);
/* Forgets which quotes are under way. */
void hf__quotes_forget(struct hf_engine *e);
/* Adds a trace event. account: of the peer it is about, or NULL. Returns it, for a hash to be put
 * in; valid until the next one. */
struct hf_trace *hf__trace(struct hf_engine *e, enum hf_trace_type type, int error,
                           const struct hf_account *account, uint64_t a, uint64_t b);

#endif
