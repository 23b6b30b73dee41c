/* How a platform is matched against TCB levels, in a generated PKI: levels, statuses, relaunch,
 * advisories. */
#include "base/error.h"
#include "dev_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define expect_error(w, code)                                                                      \
    do {                                                                                           \
        int error_ = dev_world_error(w);                                                           \
        cr_assert_eq(error_, (code), "%s, not %s", hf_error_name(error_), hf_error_name(code));    \
    } while (0)

/* The statuses of a world that is valid. */
static enum hf_tcb_status status_of(struct dev_world *w)
{
    dev_world_make(w);
    struct hf_verdict v = dev_world_verify(w, NULL, NULL);
    dev_world_done(w);
    cr_assert_eq(v.error, 0, "%s", hf_error_name(v.error));
    return v.tcb_status;
}

Test(hf__tcb_match, tcb_below_every_level)
{
    struct dev_world w;
    dev_world_init(&w);
    w.machine_spec.platform.tcb_svns[0] = 1;
    expect_error(&w, HF_ETCB);
    dev_world_init(&w);
    w.machine_spec.platform.pcesvn = 4;
    expect_error(&w, HF_ETCB);
    dev_world_init(&w);
    w.td.tee_tcb_svn[2] = 4;
    expect_error(&w, HF_ETCB);
    dev_world_init(&w);
    w.td.tee_tcb_svn[0] = 1; /* the module's SVN */
    expect_error(&w, HF_ETCB);
    dev_world_init(&w);
    w.machine_spec.qe.isvsvn = 2;
    expect_error(&w, HF_ETCB);
}

Test(hf__tcb_match, tdx_module_of_another_version_signer_or_attributes)
{
    struct dev_world w;
    dev_world_init(&w);
    w.td.tee_tcb_svn[1] = 2;
    expect_error(&w, HF_ETCB);
    dev_world_init(&w);
    w.td.mrsignerseam[0] = 1;
    expect_error(&w, HF_ETCB);
    dev_world_init(&w);
    w.td.seam_attributes = 1;
    expect_error(&w, HF_ETCB);
}

Test(hf__tcb_match, module_of_tdx_1_0_has_no_level_of_its_own)
{
    struct dev_world w;
    dev_world_init(&w);
    w.td.tee_tcb_svn[1] = 0;
    cr_assert_eq(status_of(&w), HF_TCB_UP_TO_DATE);
    dev_world_init(&w);
    w.td.tee_tcb_svn[1] = 0;
    w.td.tee_tcb_svn[0] = 4; /* now the first two components count */
    cr_assert_eq(status_of(&w), HF_TCB_OUT_OF_DATE);
}

/* What a platform's status becomes when module or QE have one of their own. */
Test(hf__tcb_match, statuses_converge)
{
    static const struct {
        const char *platform, *module, *qe;
        enum hf_tcb_status want;
    } rows[] = {
        {"UpToDate", "UpToDate", "UpToDate", HF_TCB_UP_TO_DATE},
        {"SWHardeningNeeded", "UpToDate", "UpToDate", HF_TCB_SW_HARDENING_NEEDED},
        {"ConfigurationNeeded", "UpToDate", "UpToDate", HF_TCB_CONFIGURATION_NEEDED},
        {"ConfigurationAndSWHardeningNeeded", "UpToDate", "UpToDate",
         HF_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED},
        {"OutOfDate", "UpToDate", "UpToDate", HF_TCB_OUT_OF_DATE},
        {"Revoked", "UpToDate", "UpToDate", HF_TCB_REVOKED},
        {"UpToDate", "OutOfDate", "UpToDate", HF_TCB_OUT_OF_DATE},
        {"SWHardeningNeeded", "OutOfDate", "UpToDate", HF_TCB_OUT_OF_DATE},
        {"ConfigurationNeeded", "OutOfDate", "UpToDate", HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED},
        {"UpToDate", "Revoked", "UpToDate", HF_TCB_REVOKED},
        {"UpToDate", "UpToDate", "OutOfDate", HF_TCB_OUT_OF_DATE},
        {"ConfigurationAndSWHardeningNeeded", "UpToDate", "OutOfDate",
         HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED},
        {"OutOfDateConfigurationNeeded", "OutOfDate", "OutOfDate",
         HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED},
        {"Revoked", "OutOfDate", "OutOfDate", HF_TCB_REVOKED},
        {"UpToDate", "UpToDate", "Revoked", HF_TCB_REVOKED},
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        struct dev_world w;
        dev_world_init(&w);
        w.collateral_spec.tcb_level[0].text.status = rows[i].platform;
        w.collateral_spec.module.level[0].text.status = rows[i].module;
        w.collateral_spec.qe_levels.level[0].text.status = rows[i].qe;
        enum hf_tcb_status status = status_of(&w);
        cr_assert_eq(status, rows[i].want, "row %zu: %s", i, hf_tcb_status_name(status));
    }
}

Test(hf__tcb_match, matched_level_of_an_unknown_status)
{
    struct dev_world w;
    dev_world_init(&w);
    w.collateral_spec.tcb_level[0].text.status = "StatusOfTheFuture";
    expect_error(&w, HF_ETCB);
    dev_world_init(&w);
    w.collateral_spec.tcb_level[1].text.status = "StatusOfTheFuture"; /* not matched */
    expect_error(&w, 0);
    dev_world_init(&w);
    w.collateral_spec.module.level[0].text.status = "ConfigurationNeeded"; /* not for modules */
    expect_error(&w, HF_ETCB);
}

/* A trust domain that was launched under an old module, which has been updated under it. */
static void launch_under_old_module(struct dev_world *w)
{
    dev_world_init(w);
    w->format = HF_DEV_QUOTE_V5_TDX15;
    w->td.tee_tcb_svn[0] = 3;
    w->td.tee_tcb_svn2[0] = 5;
}

Test(hf__tcb_match, relaunch_is_advised_where_it_mends_the_status)
{
    struct dev_world w;
    launch_under_old_module(&w);
    cr_assert_eq(status_of(&w), HF_TCB_TD_RELAUNCH_ADVISED);
    launch_under_old_module(&w);
    w.collateral_spec.tcb_level[0].text.status = "ConfigurationNeeded";
    cr_assert_eq(status_of(&w), HF_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED);
    launch_under_old_module(&w);
    w.td.tee_tcb_svn2[0] = 4; /* the module that runs now is old too */
    cr_assert_eq(status_of(&w), HF_TCB_OUT_OF_DATE);
    launch_under_old_module(&w);
    w.td.tee_tcb_svn2[2] = 5; /* and so is the microcode */
    cr_assert_eq(status_of(&w), HF_TCB_OUT_OF_DATE);
    launch_under_old_module(&w);
    w.format = HF_DEV_QUOTE_V5_TDX10; /* which does not say what runs now */
    cr_assert_eq(status_of(&w), HF_TCB_OUT_OF_DATE);
    launch_under_old_module(&w);
    w.collateral_spec.qe_levels.level[0].text.status = "OutOfDate";
    cr_assert_eq(status_of(&w), HF_TCB_OUT_OF_DATE);
    launch_under_old_module(&w);
    w.td.tee_tcb_svn2[1] = 9; /* a module of which nothing is known */
    expect_error(&w, HF_ETCB);
}

Test(hf__tcb_match, advisories_of_all_matched_levels_come_once_and_sorted)
{
    struct dev_world w;
    dev_world_init(&w);
    w.collateral_spec.tcb_level[0].text.advisories[0] = "B";
    w.collateral_spec.tcb_level[0].text.advisories[1] = "A";
    w.collateral_spec.module.level[0].text.advisories[0] = "B";
    w.collateral_spec.qe_levels.level[0].text.advisories[0] = "C";
    dev_world_make(&w);
    struct hf_verify_report *report = malloc(sizeof *report);
    cr_assert_not_null(report);
    cr_assert_eq(dev_world_verify(&w, NULL, report).error, 0);
    cr_assert_eq(report->advisory_count, 3);
    for (size_t i = 0; i < 3; i++)
        cr_assert_str_eq(report->advisories[i], ((const char *[]){"A", "B", "C"})[i]);
    free(report);
    dev_world_done(&w);
}
