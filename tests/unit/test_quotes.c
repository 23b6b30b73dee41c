/* A daemon's own quotes, on the double of the kernel's interface: of the network that was measured
 * when the machine was booted, or none. */
#include "quotes.h"

#include "attest/binding.h"
#include "base/error.h"
#include "crypto/suite.h"
#include "settings.h"
#include "tsm_double.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <uv.h>

static const struct hf_network_id measured = {{1, 2, 3}}, planted = {{4}};

static struct tsm_machine m;
static uv_loop_t loop;
static int answers, error;

static void set_up(void)
{
    tsm_machine_start(&m);
    cr_assert_eq(uv_loop_init(&loop), 0);
}

static void tear_down(void)
{
    cr_assert_eq(uv_loop_close(&loop), 0);
    tsm_machine_stop(&m);
}

TestSuite(hf__quotes_make, .init = set_up, .fini = tear_down, .timeout = 60);

static void made(void *user, uint32_t work, int code, struct hf_bytes quote)
{
    (void)user;
    cr_assert_eq(work, 7);
    cr_assert(quote.len > 0 || code != 0);
    answers++;
    error = code;
}

static uint64_t now_s(void *user)
{
    (void)user;
    return 1;
}

static void looked_ahead(void *user, const struct hf_verdict *now, const struct hf_verdict *early)
{
    (void)user, (void)now, (void)early;
}

/* What a daemon that is configured for a network gets for a quote. */
static int quote_of(const struct hf_network_id *network)
{
    static const struct hf_hash hash = {{9}};
    static const char label[] = "holdfast/v1/identity";
    const struct hf__quotes_hooks hooks = {
        .made = made, .now_s = now_s, .looked_ahead = looked_ahead};
    struct hf__settings_tdx tdx = {.report = m.kernel.path};
    const struct hf__settings settings = {
        .platform = HF__PLATFORM_TDX, .tdx = &tdx, .collateral = "nowhere", .network = *network};
    uint8_t report_data[64];
    struct hf__quotes *q;
    const char *where;
    answers = 0;
    hf_report_data_of(label, &hash, report_data);
    cr_assert_eq(hf__quotes_new(&loop, &settings, &hooks, &q, &where), 0, "%s", where);
    hf__quotes_make(q, 7, label, &hash, report_data);
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_assert_eq(answers, 1);
    hf__quotes_free(q);
    return error;
}

/* A host can plant a configuration, and what was measured at boot it cannot change. */
Test(hf__quotes_make, gives_none_for_another_network_than_was_measured)
{
    char path[128];
    bool done;
    cr_assert_eq(quote_of(&measured), HF_EUNBOUND, "before any network was");
    snprintf(path, sizeof path, "%s/rtmr3:sha384", m.kernel.path);
    cr_assert_eq(hf_network_extend(path, &measured, &done), 0);
    cr_assert_eq(quote_of(&measured), 0);
    cr_assert_eq(quote_of(&planted), HF_EUNBOUND);
}
