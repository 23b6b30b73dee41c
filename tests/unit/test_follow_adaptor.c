/* An adaptor is run, and comes to its end whatever it does. */
#include "follow_adaptor.h"

#include "base/error.h"

#include <criterion/criterion.h>

static int run(const char *script, uint32_t deadline_ms, size_t max, struct hf_buf *ret)
{
    char *words[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};
    hf_buf_init(ret, max);
    return hf__adaptor_run(words, deadline_ms, ret);
}

Test(hf__adaptor_run, gives_what_it_prints)
{
    struct hf_buf b;
    cr_assert_eq(run("echo some; echo words", 60000, 100, &b), 0);
    cr_assert(hf_bytes_equal(hf_buf_bytes(&b), hf_bytes_of("some\nwords\n", 11)));
    hf_buf_done(&b);
}

Test(hf__adaptor_run, of_what_is_no_adaptor)
{
    struct hf_buf b;
    char *words[] = {(char *)"/no/such/program", NULL};
    cr_assert_eq(run("echo some; exit 1", 60000, 100, &b), HF_ECHAINVIEW);
    hf_buf_done(&b);
    cr_assert_eq(run("kill -9 $$", 60000, 100, &b), HF_ECHAINVIEW);
    hf_buf_done(&b);
    cr_assert_eq(run("echo some words", 60000, 4, &b), HF_ETOOBIG);
    hf_buf_done(&b);
    hf_buf_init(&b, 100);
    cr_assert_eq(hf__adaptor_run(words, 60000, &b), HF_ENOTFOUND);
    hf_buf_done(&b);
}

Test(hf__adaptor_run, ends_one_that_stays)
{
    struct hf_buf b;
    cr_assert_eq(run("exec sleep 1000", 1, 100, &b), HF_ETIMEOUT, "it prints nothing");
    hf_buf_done(&b);
    cr_assert_eq(run("exec >&-; exec sleep 1000", 500, 100, &b), HF_ECHAINVIEW,
                 "it has closed its output");
    hf_buf_done(&b);
}
