/* A floor in set.yaml: what the authority has decided about a validator's claims. */
#ifndef HF_CLI_FLOOR_FORM_H
#define HF_CLI_FLOOR_FORM_H

#include "base/buf.h"
#include "config/schema.h"
#include "wire/messages.h"

enum { HF__WRITTEN_OFF_MAX = 8, HF__SURVIVORS_MAX = 4, HF__LEFT_MAX = 16 };

/* The floor of a set, with room for what it points to. From calloc, and it does not move. */
struct hf__floor {
    struct hf_floor floor;
    struct hf_generation_ref written_off[HF__WRITTEN_OFF_MAX];
    struct hf_survivors survivors[HF__SURVIVORS_MAX];
    struct hf_account_ref left[HF__SURVIVORS_MAX][HF__LEFT_MAX];
};

struct hf__floor_form;

/* Of one that set.yaml has; NULL: out of memory. */
struct hf__floor *hf__floor_take(const struct hf__floor_form *form);
/* The form's fields, for a member whose type is struct hf__floor_form *. */
extern const struct hf_config_schema hf__floor_schema;
/* Appends the lines of a member that has a floor. */
void hf__floor_write(struct hf_buf *b, const struct hf__floor *f);

/* A copy of a set's own; NULL: out of memory. */
struct hf__floor *hf__floor_copy(const struct hf_floor *from);
/* A floor that decides from which generation's records to go on, and nothing more. NULL: out of
 * memory. */
struct hf__floor *hf__floor_new(uint64_t claim, const uint8_t favoured[static 16]);
/* Adds a decision. false: no room for one more. */
HF_MUST_USE bool hf__floor_write_off(struct hf__floor *f, const uint8_t generation[static 16]);
/* The same: of a generation, those that are left and how many of them carry; NULL: no room. The
 * caller adds holders. */
struct hf_survivors *hf__floor_survivors(struct hf__floor *f, const uint8_t generation[static 16],
                                         uint64_t quorum);

#endif
