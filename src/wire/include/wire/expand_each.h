/*
 * Writes HF_EACH(name) for each message of a list, in the list's order: define HF_WIRE_DEF as for
 * wire/expand_structs.h, and HF_EACH, then include this. Takes HF_EACH back. No guard, likewise.
 */
#define HF_BEGIN(name, doc) HF_EACH(name)
#define HF_UINT(...)
#define HF_VERSION(...)
#define HF_FIXED(...)
#define HF_VALUE(...)
#define HF_BIN(...)
#define HF_TEXT(...)
#define HF_BOOL(...)
#define HF_SUB(...)
#define HF_LIST(...)
#define HF_END(name)
#include HF_WIRE_DEF
#include "wire/expand_end.h"
#undef HF_EACH
