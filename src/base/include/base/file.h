/* Small files, read whole within a bound and replaced whole: a crash leaves the old content or the
 * new. */
#ifndef HF_BASE_FILE_H
#define HF_BASE_FILE_H

#include "base/buf.h"

#include <sys/types.h>

/* The project's code for an errno: ENOENT becomes HF_ENOTFOUND, and so on; HF_EIO for what has no
 * own code. */
int hf_error_from_errno(int code);
/*
 * Opens each of the descriptors 0, 1 and 2 that is closed on /dev/null: first of all in main, for
 * what is opened later would take its number, and get what is meant for a terminal or a log. An
 * error: /dev/null cannot be opened, and the program must not go on.
 */
HF_MUST_USE int hf_file_standard(void);
/*
 * Last of all in main: the program's exit status. Where standard output did not take all that the
 * program printed, it says so, and lost takes the place of a status of 0.
 */
HF_MUST_USE int hf_file_printed(const char *program, int status, int lost);
/*
 * Appends a file's content. ret: an initialised buffer, whose maximum bounds the file.
 * HF_ENOTFOUND, HF_EPERMISSION, HF_EIO: as opening or reading fails; a folder is HF_EIO.
 * HF_ETOOBIG: larger than the buffer may grow. HF_ENOMEM. On failure ret is as it was.
 */
HF_MUST_USE int hf_file_read(const char *path, struct hf_buf *ret);
/* The same, and HF_EINVAL at once for what is no regular file: a pipe without a writer would
 * hold its reader for ever. */
HF_MUST_USE int hf_file_read_regular(const char *path, struct hf_buf *ret);
/*
 * Replaces or creates a file: writes beside it, syncs, renames, syncs the folder. mode: permissions
 * of the new file, as 0600. HF_ENOTFOUND: no such folder. HF_EPERMISSION, HF_EREADONLY,
 * HF_ENOSPACE, HF_EIO, HF_ENOMEM; the old content is then still there. Who is killed meanwhile may
 * leave the file beside it, whose name is the other's, a dot and six characters more.
 */
enum { HF_FILE_PART_LEN = 7 };
HF_MUST_USE int hf_file_replace(const char *path, struct hf_bytes content, mode_t mode);
/* The same for a file that is never written over, as a key. HF_EEXIST: the name is taken, by
 * whatever, be it since a moment ago. */
HF_MUST_USE int hf_file_make(const char *path, struct hf_bytes content, mode_t mode);
/*
 * Writes to a path that a person named. A link is followed, and the file behind it replaced as
 * above; what is no regular file (a device, a pipe) is written into, never replaced; so is a file
 * that has no name of its own. HF_ENOTFOUND: a link that leads nowhere. Otherwise as above.
 */
HF_MUST_USE int hf_file_write_through(const char *path, struct hf_bytes content, mode_t mode);
/* Makes what was renamed or made in a folder durable. Errors as hf_file_read. */
HF_MUST_USE int hf_folder_sync(const char *path);

#endif
