/* What selection needs to know of a set, computed once when it is read. Private to core. */
#ifndef HF_CORE_SELECTION_TABLE_H
#define HF_CORE_SELECTION_TABLE_H

#include "core/selection.h"

struct hf_selection_table;

/* set: a parsed validator set. HF_ENOMEM. */
HF_MUST_USE int hf__selection_table_new(const struct hf_document *set,
                                        struct hf_selection_table **ret);
void hf__selection_table_free(struct hf_selection_table *t);

#endif
