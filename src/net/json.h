/* The body of every error: {"code":…,"message":…,"retryable":…}; proto/TRANSPORT.md, section 5. */
#ifndef HF_NET_JSON_H
#define HF_NET_JSON_H

#include <stddef.h>

enum { HF__ERROR_JSON_MAX = 512 };

/* message NULL: the error's sentence. A longer one is cut. Returns the length; ret is not
 * terminated. */
size_t hf__error_json(int error, const char *message, char ret[static HF__ERROR_JSON_MAX]);

#endif
