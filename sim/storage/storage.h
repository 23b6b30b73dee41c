/* Virtual disks: rows, when they are durable, what waits for them, what is done to them. */
#ifndef HF_SIM_STORAGE_H
#define HF_SIM_STORAGE_H

#include "world/world.h"

/* disk.c */
/* Puts a row, with a reference to its value; NULL deletes it. */
void hf__disk_put(struct hf_disk *d, uint8_t collection, struct hf_bytes key,
                  struct hf_blob *value);
/* A row; NULL: there is none. Borrowed until the disk changes. */
struct hf__row *hf__disk_find(const struct hf_disk *d, uint8_t collection, struct hf_bytes key);
/* The rows of the vault, or the public ones, in an array from malloc; borrowed otherwise. */
struct hf_row_in *hf__disk_rows(const struct hf_disk *d, bool public, size_t *ret_count);
/* Drops the rows of the vault; public ones stay. */
void hf__disk_clear_vault(struct hf_disk *d);
/* All rows and the state of the vault; ret is ended with hf__disk_done. */
void hf__disk_copy(struct hf_disk *ret, const struct hf_disk *from);
/* Gives up the rows. */
void hf__disk_done(struct hf_disk *d);
/* Bytes that it holds, values counted in full. */
size_t hf__disk_bytes(const struct hf_disk *d);
/* The public hint on it, and the placement record that the hint has; false: there is none. Both
 * decoded into arena. */
bool hf__disk_hint(const struct hf_disk *d, struct hf_arena *arena, struct hf_public_hint *ret);
bool hf__disk_record(const struct hf_disk *d, struct hf_arena *arena,
                     struct hf_placement_record *ret);
/* Tells observers that a node's vault holds nothing any more. */
void hf__disk_emptied(struct hf_world *w, uint32_t node, bool hostile);

/* storage.c */
/* By what the disk tells the key of its vault from others. */
void hf__vault_key_hash(const struct hf_world *w, const uint8_t key[static HF_KEY_LEN],
                        struct hf_hash *ret);
/* Takes the writes of an update. False: the node is doomed, and nothing of the update may leave. */
HF_MUST_USE bool hf__storage_take(struct hf_world *w, struct hf__node *n, const struct hf_update *u,
                                  uint64_t at_us);
/* Whether a message must wait for a write; it is then taken, and sent when its time has come. */
bool hf__storage_holds(struct hf_world *w, struct hf__node *n, uint64_t after, uint32_t message);
/* The entry has come of the time at which writes are durable. */
void hf__storage_durable(struct hf_world *w, struct hf__node *n);
/* The process has died: what was under way is there or not; what waited for it is gone. */
void hf__storage_crash(struct hf_world *w, struct hf__node *n);

#endif
