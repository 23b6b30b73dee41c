/* Changes to set.yaml that come into force with the next `set sign`: who is left out, who comes
 * back, which machines a validator may recover on. */
#ifndef HF_CLI_SET_CHANGE_H
#define HF_CLI_SET_CHANGE_H

#include "authority.h"
#include "set_form.h"

#include <jansson.h>

/* remove WHO, restore WHO, platform WHO add|remove PPID, operator-key WHO KEY|none, taint WHO
 * VERSION; says what it does. The exit status. */
int hf__set_change(const struct hf__authority *a, char **words);

/* The one member that a word names: by its account, the first digits of it, or its operator. where:
 * of what list, for the sentence. NULL: none or several; said so. */
struct hf__member *hf__set_named(struct hf__member_list *members, const char *word,
                                 const char *where);

/* What a validator printed as JSON into a file, for the authority to decide by. ret: the caller's,
 * NULL with an error. HF_EMALFORMED: it is no JSON; errors of reading. */
HF_MUST_USE int hf__set_read_record(const char *path, json_t **ret);

/* Leaves a member out of the next set: it moves from members and set.yaml to removed.yaml. Says
 * what that means. */
HF_MUST_USE int hf__set_leave_out(const char *folder, struct hf__member_list *members,
                                  struct hf__member *m);

/* Makes set.yaml say what the set in force says: others have signed that one. */
HF_MUST_USE int hf__set_write_form(const struct hf__authority *a);

/* Notes in removed.yaml whom the set in force has and set.yaml no longer, with their floors. */
HF_MUST_USE int hf__set_note_removed(const struct hf__authority *a,
                                     struct hf__member_list *members);
/* Gives a member that comes back the floor that the set in force has of it, if any. HF_ENOMEM. */
HF_MUST_USE int hf__set_recall_floor(const struct hf__authority *a, struct hf__member *m);

/*
 * What a new registration does to those that are there of the same operator or address: a pending
 * one at the same address is replaced by it, another needs --replace or --also, or a word at the
 * terminal. Removes from members what is replaced. HF_ECANCELED: it is not to be; said why.
 */
HF_MUST_USE int hf__set_make_room(struct hf__member_list *members, const struct hf__member *fresh,
                                  bool replace, bool also);

#endif
