/* Filling the update of the step that is under way. Private to core. */
#ifndef HF_CORE_UPDATE_H
#define HF_CORE_UPDATE_H

#include "core/engine.h"

struct hf__outbox;

struct hf__outbox *hf__outbox_new(void);
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
void hf__put_blob(struct hf_engine *e, uint8_t collection, struct hf_bytes key,
                  struct hf_blob *value);
void hf__del(struct hf_engine *e, uint8_t collection, struct hf_bytes key);
void hf__put_vault_state(struct hf_engine *e, enum hf_vault_state state);

/*
 * Sends a request to a member of the set; the answer comes back with method, slot and arg. at_once:
 * it tells nothing that is not durable, and need not wait for writes. HF_ENOTMEMBER: no address.
 * HF_EBUSY: too many calls.
 */
HF_MUST_USE int hf__call(struct hf_engine *e, uint8_t method, const uint8_t account[static 32],
                         uint8_t slot, uint32_t arg, struct hf_bytes body, bool at_once);
/* The same to an address whose account is not known. */
HF_MUST_USE int hf__call_address(struct hf_engine *e, uint8_t method, const char *address,
                                 struct hf_bytes body);
/* Whether a call of this method is unanswered; to this account, with this arg, unless they are
 * NULL. */
bool hf__calling(const struct hf_engine *e, uint8_t method, const uint8_t *account,
                 const uint32_t *arg);
void hf__reply(struct hf_engine *e, uint64_t id, int error, struct hf_bytes body, bool at_once);
/* Leaves at once; a reply that tells of something written sets `after`. */
struct hf_local_reply *hf__local_reply(struct hf_engine *e, uint64_t id, int error);
struct hf_work *hf__work(struct hf_engine *e, enum hf_work_type type);
/* Has a quote made whose report data is that of label, of static duration, and data. Returns the
 * work's id. */
uint32_t hf__work_quote(struct hf_engine *e, const char *label, struct hf_bytes data);
struct hf_trace *hf__trace(struct hf_engine *e, enum hf_trace_type type, int error,
                           const uint8_t *account, uint64_t a, uint64_t b);

#endif
