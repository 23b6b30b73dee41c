/*
 * A model of what a store holds, and data folders for tests: the same updates go to a store and to
 * a shelf, and afterwards both must hold the same.
 */
#ifndef HF_TEST_SHELF_H
#define HF_TEST_SHELF_H

#include "store/store.h"

enum { SHELF_ROWS_MAX = 512, SHELF_PATH_LEN = 80 };

struct shelf_row {
    bool vault;
    uint8_t collection;
    uint8_t key_len;
    uint8_t key[HF_STORE_KEY_MAX];
    size_t len;
    uint8_t *value;
};

struct shelf {
    struct shelf_row rows[SHELF_ROWS_MAX];
    size_t count;
    uint8_t state; /* enum hf_vault_state */
};

extern const uint8_t shelf_key[HF_KEY_LEN];
extern const struct hf_vault_header shelf_header;

/* Makes a folder of the test's own; ret_dir names a data folder in it that is not there yet. */
void shelf_folder(char ret_dir[static SHELF_PATH_LEN]);
/* Removes what shelf_folder made, whatever is in it. */
void shelf_folder_remove(const char *dir);

/* A generator of numbers below bound, from a seed that is not zero. */
uint32_t shelf_draw(uint64_t *seed, uint32_t bound);
/*
 * Draws an update of 1 to 6 operations on a few dozen keys, values of 0 to some 400 bytes and now
 * and then many pages. ops: room for 6. The storage of keys and values lasts until the next call.
 */
struct hf_store_update shelf_draw_update(uint64_t *seed, struct hf_store_op *ops);

void shelf_apply(struct shelf *m, const struct hf_store_update *u);
/* Opens the vault of a store, where there is one, and reads everything. ret: to be freed with
 * shelf_done. */
int shelf_read(struct hf_store *s, struct shelf *ret, struct hf_store_error *err);
bool shelf_equal(const struct shelf *a, const struct shelf *b);
void shelf_copy(const struct shelf *from, struct shelf *ret);
void shelf_done(struct shelf *m);

#endif
