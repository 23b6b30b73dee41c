/*
 * A model of what a store holds, and data folders for tests: the same updates go to a store and to
 * a model, and afterwards both must hold the same.
 */
#ifndef HF_TESTS_STORE_MODEL_H
#define HF_TESTS_STORE_MODEL_H

#include "store/store.h"

enum { STORE_MODEL_ROWS_MAX = 512, STORE_MODEL_PATH_LEN = 80 };

struct store_model_row {
    bool vault;
    uint8_t collection;
    uint8_t key_len;
    uint8_t key[HF_STORE_KEY_MAX];
    size_t len;
    uint8_t *value;
};

struct store_model {
    struct store_model_row rows[STORE_MODEL_ROWS_MAX];
    size_t count;
    uint8_t state;    /* enum hf_vault_state */
    uint32_t version; /* of the key that the vault is under; 0: not known */
};

extern const uint8_t store_model_key[HF_KEY_LEN];
extern const struct hf_vault_header store_model_header;

/* The key of a version, and another of the next; versions go by turns. */
const uint8_t *store_model_key_of(uint32_t version);
/* Puts the vault under it. room: of the version, for as long as the operation is used. */
struct hf_store_op store_model_rekey(uint32_t version, uint8_t room[static 4]);

/* Makes a folder of the test's own; ret_dir names a data folder in it that is not there yet. */
void store_model_folder(char ret_dir[static STORE_MODEL_PATH_LEN]);
/* Removes what store_model_folder made, whatever is in it. */
void store_model_folder_remove(const char *dir);

/* A generator of numbers below bound, from a seed that is not zero. */
uint32_t store_model_draw(uint64_t *seed, uint32_t bound);
/*
 * Draws an update of 1 to 6 operations on a few dozen keys, values of 0 to some 400 bytes and now
 * and then many pages; now and then one puts the vault under another key. ops: room for 6. The
 * storage of keys and values lasts until the next call.
 */
struct hf_store_update store_model_draw_update(uint64_t *seed, struct hf_store_op *ops);

void store_model_apply(struct store_model *m, const struct hf_store_update *u);
/* Opens the vault of a store, where there is one, and reads everything. ret: to be freed with
 * store_model_done. */
int store_model_read(struct hf_store *s, struct store_model *ret, struct hf_store_error *err);
bool store_model_equal(const struct store_model *a, const struct store_model *b);
void store_model_copy(const struct store_model *from, struct store_model *ret);
void store_model_done(struct store_model *m);

#endif
