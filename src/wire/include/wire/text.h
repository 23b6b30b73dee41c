/* What may stand in a text field. */
#ifndef HF_WIRE_TEXT_H
#define HF_WIRE_TEXT_H

#include "base/bytes.h"

/*
 * Whether text is valid UTF-8 (RFC 3629: shortest forms, no surrogates, nothing above U+10FFFF)
 * without the control characters U+0000..U+001F and U+007F..U+009F, which could change what a
 * terminal or a log shows.
 */
bool hf_text_valid(struct hf_bytes text);

#endif
