/* The structs of every message in proto/messages.def, each `struct hf_msg_<name>` with its table
 * `hf_wire_<name>`. */
#ifndef HF_WIRE_MESSAGES_H
#define HF_WIRE_MESSAGES_H

#include "wire/limits.h"
#include "wire/wire.h"

#define HF_WIRE_DEF "messages.def"
#include "wire/expand_structs.h"
#undef HF_WIRE_DEF

/* Every message, in the order of the list. */
extern const struct hf_wire_type *const hf_wire_types[];
extern const size_t hf_wire_types_count;

#endif
