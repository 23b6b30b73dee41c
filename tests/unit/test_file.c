#include "base/error.h"
#include "base/file.h"

#include "scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[HF_SCRATCH_PATH_LEN], path[128];

static void make_folder(void)
{
    hf_scratch_make(folder);
    snprintf(path, sizeof path, "%s/x", folder);
}

static void remove_folder(void)
{
    (void)unlink(path);
    cr_expect_eq(rmdir(folder), 0, "a temporary file is left over");
}

TestSuite(hf_file, .init = make_folder, .fini = remove_folder);

Test(hf_file, is_replaced_and_read_back_with_its_mode)
{
    for (int i = 0; i < 2; i++) {
        struct hf_bytes content = hf_bytes_of(i == 0 ? "one" : "second", i == 0 ? 3 : 6);
        cr_assert_eq(hf_file_replace(path, content, 0600), 0);
        struct hf_buf b;
        hf_buf_init(&b, 6);
        cr_assert_eq(hf_file_read(path, &b), 0);
        cr_assert(hf_bytes_equal(hf_buf_bytes(&b), content));
        hf_buf_done(&b);
        struct stat st;
        cr_assert_eq(stat(path, &st), 0);
        cr_assert_eq(st.st_mode & 0777, 0600);
    }
}

Test(hf_file, a_name_that_is_taken_stays_another_s)
{
    struct hf_bytes one = hf_bytes_of("one", 3), other = hf_bytes_of("other", 5);
    struct hf_buf b;
    cr_assert_eq(hf_file_make(path, one, 0600), 0);
    cr_assert_eq(hf_file_make(path, other, 0600), HF_EEXIST);
    hf_buf_init(&b, 10);
    cr_assert_eq(hf_file_read(path, &b), 0);
    cr_assert(hf_bytes_equal(hf_buf_bytes(&b), one));
    hf_buf_done(&b);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(symlink("nowhere", path), 0);
    cr_assert_eq(hf_file_make(path, other, 0600), HF_EEXIST);
    cr_assert_eq(unlink(path), 0);
}

Test(hf_file, larger_than_its_bound_is_refused_and_the_buffer_kept)
{
    cr_assert_eq(hf_file_replace(path, hf_bytes_of("0123456789", 10), 0600), 0);
    struct hf_buf b;
    hf_buf_init(&b, 10);
    hf_buf_append(&b, "a", 1);
    cr_assert_eq(hf_file_read(path, &b), HF_ETOOBIG);
    cr_assert_eq(b.len, 1);
    cr_assert_eq(b.error, 0);
    hf_buf_done(&b);
}

Test(hf_file, missing_file_and_missing_folder_are_told)
{
    struct hf_buf b;
    hf_buf_init(&b, 10);
    cr_assert_eq(hf_file_read(path, &b), HF_ENOTFOUND);
    cr_assert_eq(hf_file_read(folder, &b), HF_EIO);
    cr_assert_eq(hf_file_replace("/tmp/hf-no-such-folder/x", hf_bytes_of("a", 1), 0600),
                 HF_ENOTFOUND);
    hf_buf_done(&b);
}

Test(hf_file, a_failed_replacement_leaves_nothing_behind)
{
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_assert_lt(hf_file_replace(path, hf_bytes_of("a", 1), 0600), 0);
    cr_assert_eq(rmdir(path), 0);
}

static struct hf_bytes text_of(const char *text)
{
    return hf_bytes_of(text, strlen(text));
}

Test(hf_file, a_named_path_is_written_through_links_and_into_what_is_no_file)
{
    char link_path[sizeof path + 8], read_back[16];
    struct stat st;
    snprintf(link_path, sizeof link_path, "%s.link", path);
    cr_assert_eq(symlink(path, link_path), 0);
    cr_assert_eq(hf_file_write_through(link_path, text_of("a"), 0600), HF_ENOTFOUND);
    cr_assert_eq(hf_file_write_through(path, text_of("one"), 0600), 0);
    cr_assert_eq(hf_file_write_through(link_path, text_of("second"), 0600), 0);
    cr_assert_eq(lstat(link_path, &st), 0);
    cr_assert(S_ISLNK(st.st_mode));
    cr_assert_eq(lstat(path, &st), 0);
    cr_assert_eq(st.st_size, 6);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    cr_assert_eq(hf_file_write_through(link_path, text_of("piped"), 0600), 0);
    cr_assert_eq(read(fd, read_back, sizeof read_back), 5);
    cr_assert_eq(lstat(path, &st), 0);
    cr_assert(S_ISFIFO(st.st_mode));
    close(fd);
    cr_assert_eq(unlink(link_path), 0);
}

Test(hf_error_from_errno, common_causes_have_codes_of_their_own)
{
    cr_assert_eq(hf_error_from_errno(0), 0);
    cr_assert_eq(hf_error_from_errno(ENOENT), HF_ENOTFOUND);
    cr_assert_eq(hf_error_from_errno(EACCES), HF_EPERMISSION);
    cr_assert_eq(hf_error_from_errno(ENOSPC), HF_ENOSPACE);
    cr_assert_eq(hf_error_from_errno(EISDIR), HF_EIO);
    cr_assert_eq(hf_error_from_errno(ENODEV), HF_ENODEVICE);
}

/* In a process of its own, with these closed before. Its exit status: 0 if all of 0, 1 and 2 are
 * /dev/null or as they were. */
static int standard_after_closing(unsigned mask)
{
    pid_t child = fork();
    if (child == 0) {
        struct stat null, st;
        int bad = 0;
        for (int fd = 0; fd < 3; fd++)
            if ((mask & 1u << fd) != 0)
                close(fd);
        if (hf_file_standard() != 0 || stat("/dev/null", &null) != 0)
            _exit(1);
        for (int fd = 0; fd < 3; fd++)
            if (fstat(fd, &st) != 0 || ((mask & 1u << fd) != 0 && st.st_rdev != null.st_rdev))
                bad = 2;
        int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
        _exit(next < 3 ? 3 : bad);
    }
    int status = -1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(hf_file_standard, whatever_is_closed_becomes_dev_null)
{
    for (unsigned mask = 0; mask < 8; mask++)
        cr_expect_eq(standard_after_closing(mask), 0, "closed: %u", mask);
}

Test(hf_file, only_a_regular_file_is_read_where_nothing_else_may_be)
{
    struct hf_buf b;
    hf_buf_init(&b, 64);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_eq(hf_file_read_regular(path, &b), HF_EINVAL);
    cr_assert_eq(hf_file_read_regular(folder, &b), HF_EINVAL);
    cr_assert_eq(hf_file_read_regular("/dev/zero", &b), HF_EINVAL);
    cr_assert_eq(b.len, 0);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(hf_file_replace(path, hf_bytes_of("x", 1), 0600), 0);
    cr_assert_eq(hf_file_read_regular(path, &b), 0);
    cr_assert_eq(b.len, 1);
    hf_buf_done(&b);
}
