/* Takes back the macros of one reading of a list of messages, so that the next can give them
 * another meaning. No guard: it is read after each. */
#undef HF_BEGIN
#undef HF_UINT
#undef HF_VERSION
#undef HF_FIXED
#undef HF_VALUE
#undef HF_BIN
#undef HF_TEXT
#undef HF_BOOL
#undef HF_SUB
#undef HF_LIST
#undef HF_END
