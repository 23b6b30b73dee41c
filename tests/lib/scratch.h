/* A folder of a test's own, and its end. */
#ifndef HF_TESTS_SCRATCH_H
#define HF_TESTS_SCRATCH_H

enum { HF_SCRATCH_PATH_LEN = 64 };

/* Makes an empty folder, mode 0700, under /tmp. ret_path: terminated. Ends the process where it
 * cannot. */
void hf_scratch_make(char ret_path[static HF_SCRATCH_PATH_LEN]);
/* Removes the folder and all that is in it, and follows no symbolic link. */
void hf_scratch_remove(const char *path);

#endif
