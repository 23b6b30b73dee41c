/* set.yaml: the validators of the next set, for people to read and edit. */
#ifndef HF_CLI_SET_FORM_H
#define HF_CLI_SET_FORM_H

#include "crypto/suite.h"
#include "attest/verdict.h"
#include "config/schema.h"
#include "floor_form.h"

enum { HF__PLATFORMS_MAX = 8, HF__NAME_LEN = 65, HF__ADDRESS_TEXT_LEN = 262 };

struct hf__member {
    struct hf_account account;
    uint32_t registered_epoch; /* 0: with the next set */
    char address[HF__ADDRESS_TEXT_LEN];
    char operator_name[HF__NAME_LEN];
    char zone[HF__NAME_LEN];
    uint8_t platforms[HF__PLATFORMS_MAX][HF_PPID_LEN];
    size_t platforms_count;
    bool leaving, has_operator_key;
    uint8_t operator_key[HF_KEY_LEN];
    uint32_t root_tainted;   /* versions of its root secret up to this one; 0: none */
    bool has_sequence_floor; /* it may go on with an old vault */
    struct hf_sequence_floor sequence_floor;
    struct hf__floor *floor; /* NULL: none */
};

struct hf__member_list {
    struct hf__member *list;
    size_t count;
    uint64_t validity_s;
};

extern const struct hf_config_schema hf__set_schema;

/* Reads folder/set.yaml; a missing one is an empty list. Says what is wrong. */
HF_MUST_USE int hf__members_load(const char *folder, struct hf__member_list *ret);
/* The same of another file of the folder. */
HF_MUST_USE int hf__members_load_from(const char *folder, const char *name,
                                      struct hf__member_list *ret);
/* Writes it, sorted by account. */
HF_MUST_USE int hf__members_save(const char *folder, struct hf__member_list *m);
/* The same to another file of the folder. */
HF_MUST_USE int hf__members_save_to(const char *folder, const char *name,
                                    struct hf__member_list *m);
/* Frees the list. */
void hf__members_done(struct hf__member_list *m);
/* The member with this account; NULL: none. */
struct hf__member *hf__members_find(struct hf__member_list *m, const struct hf_account *account);
/* A zeroed new member; NULL: out of memory. */
struct hf__member *hf__members_add(struct hf__member_list *m);
/* Removes a member that is in the list, with its floor. */
void hf__members_remove(struct hf__member_list *m, struct hf__member *member);
/* Names the key of the operator's listener; zeros: there is none. */
void hf__member_operator_key(struct hf__member *m, const uint8_t key[static HF_KEY_LEN]);
/* Whether text may stand for a person or place: printable, without quotes. */
bool hf__name_valid(const char *text);

#endif
