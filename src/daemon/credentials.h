/* The name from which a service manager connects to fetch a credential (proto/LOCAL.md, 7). */
#ifndef HF_DAEMON_CREDENTIALS_H
#define HF_DAEMON_CREDENTIALS_H

#include "base/bytes.h"
#include "base/check.h"

enum { HF__UNIT_MAX = 255 };

struct hf__credential_name {
    char unit[HF__UNIT_MAX + 1]; /* terminated, as "db.service" */
    char key[65];                /* terminated: a key's name */
};

/*
 * name: of an abstract socket, with the zero byte in front: that byte, letters and digits,
 * "/unit/", the unit, "/", the credential. HF_EMALFORMED: another form, a part too long, not
 * printable ASCII, or a credential that is no key's name.
 */
HF_MUST_USE int hf__credential_name(struct hf_bytes name, struct hf__credential_name *ret);

#endif
