/* What the users of this machine may cause by asking: lines of the log, and quotes. */
#ifndef HF_DAEMON_ASKERS_H
#define HF_DAEMON_ASKERS_H

#include "daemon.h"
#include "log.h"

enum hf__asker_line { HF__KEY_GIVEN, HF__KEY_REFUSED, HF__LOCAL_REFUSED, HF__ASKER_LINES };

/*
 * Begins a line with the user's number about something that the user has done: of each user so many
 * in a while, and of all who may not even connect together. What is held back is counted, and said.
 */
bool hf__asker_log(struct hf__daemon *d, enum hf__asker_line what, uid_t uid, struct hf__line *l);
/*
 * Whether one more quote may be made for a user: 4 at once and then one a second of each, 8 and
 * then 4 a second of all. The report helper makes 10 a second: the daemon's own always have a part.
 */
bool hf__asker_may_quote(struct hf__daemon *d, uid_t uid);
/* Says what was held back, once its time is over; called every HF__RETRY_MS. */
void hf__askers_say(struct hf__daemon *d);
void hf__askers_free(struct hf__askers *a); /* NULL is legal */

#endif
