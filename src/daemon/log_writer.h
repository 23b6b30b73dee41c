/*
 * The way of log lines out of the process: through a bounded buffer and a thread of its own, so
 * that logging never waits for the reader. What does not fit is lost, counted, and said in
 * a line as soon as there is room again.
 */
#ifndef HF_DAEMON_LOG_WRITER_H
#define HF_DAEMON_LOG_WRITER_H

#include "base/bytes.h"
#include "base/check.h"

enum { HF__LOG_BUFFER_LEN = 256 << 10 };

struct hf__log_writer;

/* fd: stays the caller's, and open until the writer is freed. HF_ENOMEM: no memory or thread. */
HF_MUST_USE int hf__log_writer_new(int fd, struct hf__log_writer **ret);
/*
 * Takes a whole line, or none of it. about_lost: fills in a line that says how many were lost, and
 * returns its length, at most len bytes; 0: it cannot be made now. Called only when there is
 * something to say.
 */
void hf__log_writer_put(struct hf__log_writer *w, struct hf_bytes line,
                        size_t (*about_lost)(uint64_t lost, char *ret, size_t len));
/* Lines lost since the start. */
uint64_t hf__log_writer_lost(struct hf__log_writer *w);
/*
 * Writes out what is buffered, for at most so long, and frees the writer. False: the reader did not
 * take it, and the thread, which may be held inside the kernel, is left with what it has.
 */
bool hf__log_writer_free(struct hf__log_writer *w, uint32_t ms_max);

#endif
