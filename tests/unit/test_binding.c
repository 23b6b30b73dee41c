/* The network in the measurement. The register is the double's, of tests/lib: a FUSE file that
 * extends what is written to it, as the kernel's does. */
#include "attest/binding.h"
#include "attest/tsm.h"
#include "base/error.h"
#include "base/file.h"
#include "scratch.h"
#include "tsm_double.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct tsm_machine m;
static const struct hf_network_id network = {{1, 2, 3}};
static const struct hf_network_id other = {{4}};
static char path[128];

static void set_up(void)
{
    tsm_machine_start(&m);
    snprintf(path, sizeof path, "%s/rtmr3:sha384", m.kernel.path);
}

static void tear_down(void)
{
    tsm_machine_stop(&m);
}

TestSuite(hf_network_extend, .init = set_up, .fini = tear_down, .timeout = 60);

Test(hf_network_extend, extends_once_a_boot_and_no_other_network_after_it)
{
    bool done = false;
    cr_assert_eq(hf_network_extend(path, &network, &done), 0);
    cr_assert(done);
    cr_assert_eq(hf_network_extend(path, &network, &done), 0);
    cr_assert_not(done);
    cr_assert_eq(hf_network_extend(path, &other, &done), HF_EUNBOUND);
    cr_assert_eq(hf_network_extend(path, &network, &done), 0, "which has changed nothing");
}

Test(hf_network_extend, is_seen_in_the_quotes_of_the_machine)
{
    struct hf_producer *producer;
    struct hf_buf quote;
    static const uint8_t report_data[64];
    bool done;
    hf_buf_init(&quote, HF_QUOTE_MAX);
    cr_assert_eq(hf_tsm_producer_new(m.kernel.path, &producer), 0);
    cr_assert_eq(hf_producer_make(producer, report_data, UINT64_MAX, &quote), 0);
    cr_assert_eq(hf_network_bound(hf_buf_bytes(&quote), &network, "/nowhere"), HF_EUNBOUND);
    cr_assert_eq(hf_network_extend(path, &network, &done), 0);
    hf_buf_clear(&quote);
    cr_assert_eq(hf_producer_make(producer, report_data, UINT64_MAX, &quote), 0);
    cr_assert_eq(hf_network_bound(hf_buf_bytes(&quote), &network, "/nowhere"), 0);
    cr_assert_eq(hf_network_bound(hf_buf_bytes(&quote), &other, "/nowhere"), HF_EUNBOUND);
    hf_producer_free(producer);
    hf_buf_done(&quote);
}

Test(hf_network_extend, without_the_kernels_interface)
{
    bool done;
    cr_assert_eq(hf_network_extend("/nowhere/rtmr3:sha384", &network, &done), HF_ENOTFOUND);
}

/* A quote of a trust domain whose RTMR3 was never extended. */
static void unextended(struct hf_buf *ret)
{
    struct hf_dev_td td;
    static const uint8_t report_data[64];
    set_up();
    hf_dev_td_init(&td, "image");
    hf_buf_init(ret, HF_QUOTE_MAX);
    cr_assert_eq(hf_dev_quote_make(m.machine, &td, HF_DEV_QUOTE_V4, report_data, ret), 0);
    tear_down();
}

Test(hf_network_bound, without_rtmr3_by_a_whole_word_of_the_command_line_alone)
{
#define ID "0102030000000000000000000000000000000000000000000000000000000000"
    static const struct {
        const char *text;
        int error;
    } cases[] = {
        {"holdfast.network=" ID, 0},
        {"quiet holdfast.network=" ID " ro\n", 0},
        {"quiet holdfast.network=" ID "\n", 0},
        {"quiet\n", HF_EUNBOUND},
        {"xholdfast.network=" ID, HF_EUNBOUND},
        {"holdfast.network=" ID "00", HF_EUNBOUND},
        {"holdfast.network=01020300", HF_EUNBOUND},
        {"holdfast.network=ff02030000000000000000000000000000000000000000000000000000000000",
         HF_EUNBOUND},
        {"", HF_EUNBOUND},
    };
    struct hf_buf quote;
    char folder[HF_SCRATCH_PATH_LEN], file[256];
    unextended(&quote);
    hf_scratch_make(folder);
    snprintf(file, sizeof file, "%s/cmdline", folder);
    for (size_t i = 0; i < HF_ARRAY_LEN(cases); i++) {
        struct hf_bytes text = hf_bytes_of(cases[i].text, strlen(cases[i].text));
        cr_assert_eq(hf_file_replace(file, text, 0600), 0);
        cr_assert_eq(hf_network_bound(hf_buf_bytes(&quote), &network, file), cases[i].error, "%zu",
                     i);
    }
    hf_scratch_remove(folder);
    hf_buf_done(&quote);
}

Test(hf_network_measurement, is_that_of_the_dev_platforms_images)
{
    struct hf_dev_td td;
    uint8_t registers[4 * HF_MR_LEN], computed[32], wanted[32];
    hf_dev_td_init(&td, "image");
    memcpy(registers, td.mrtd, HF_MR_LEN);
    memcpy(registers + HF_MR_LEN, td.rtmr, 3 * HF_MR_LEN);
    hf_dev_td_bind_network(&td, hf_bytes_of(network.bytes, 32));
    hf_dev_td_measurement(&td, wanted);
    hf_network_measurement(registers, &network, computed);
    cr_assert_arr_eq(computed, wanted, sizeof computed);
}
