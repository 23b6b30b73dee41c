/*
 * A virtual disk: the vault's plain header, the hash of its key, its rows and the public rows.
 * Values are blobs, held once however many disks, engines and writes refer to them.
 */
#ifndef HF_SIM_DISK_H
#define HF_SIM_DISK_H

#include "core/engine.h"

struct hf__row {
    struct hf_blob *value;
    uint8_t collection;
    uint8_t key_len;
    uint8_t key[]; /* key_len */
};

struct hf_disk {
    uint8_t vault; /* enum hf_vault_state */
    struct hf_account account;
    uint32_t version;
    struct hf_hash key_hash;
    int damage; /* what the next opening of the vault finds; 0 nothing */
    uint32_t count, cap;
    struct hf__row **rows; /* in the order in which they were first written */
};

/* A write as it waits: the engine's key is copied. */
struct hf__disk_write {
    struct hf_blob *value;
    uint8_t collection;
    uint8_t key_len;
    uint8_t key[HF_ROW_KEY_MAX];
};

void hf__disk_put(struct hf_disk *d, uint8_t collection, struct hf_bytes key,
                  struct hf_blob *value);
struct hf__row *hf__disk_find(const struct hf_disk *d, uint8_t collection, struct hf_bytes key);
/* The rows of the vault, or the public ones, in an array from malloc; borrowed otherwise. */
struct hf_row_in *hf__disk_rows(const struct hf_disk *d, bool public, size_t *ret_count);
void hf__disk_clear_vault(struct hf_disk *d);
void hf__disk_copy(struct hf_disk *ret, const struct hf_disk *from);
void hf__disk_done(struct hf_disk *d);
size_t hf__disk_bytes(const struct hf_disk *d);

#endif
