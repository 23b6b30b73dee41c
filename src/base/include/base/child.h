/* Programs that this process has started: their end, whatever they do. */
#ifndef HF_BASE_CHILD_H
#define HF_BASE_CHILD_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Waits until a child has ended, and kills it when it goes on for patience_ms (0: at once): what
 * has closed its output may stay for ever. child: of this process, not waited for yet. Returns its
 * status, as waitpid(2) gives it.
 */
int hf_child_end(pid_t child, uint64_t patience_ms);

#endif
