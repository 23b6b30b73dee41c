/* What is warned of where the policy lists time servers. */
#include "base/error.h"
#include "outlook.h"

#include <criterion/criterion.h>
#include <string.h>

enum { NOW_MS = 1000000 };

static struct hf_status s;
static struct hf_time_status t;
static struct hf__outlook_facts f;
static struct hf__outlook o;

static void ready(void)
{
    s = (struct hf_status){.state = HF_STATE_READY, .since_ms = 1000, .open = true};
    f = (struct hf__outlook_facts){.status = &s,
                                   .running = true,
                                   .now_ms = NOW_MS,
                                   .address = "",
                                   .registered = "",
                                   .time = &t};
}

static const struct hf__warning *warning(int reason)
{
    hf__outlook(&f, &o);
    for (size_t i = 0; i < o.warnings_count; i++)
        if (o.warnings[i].reason == reason)
            return &o.warnings[i];
    return NULL;
}

Test(outlook, a_time_that_is_not_measured_is_warned_of_once_that_has_lasted)
{
    ready();
    t = (struct hf_time_status){.listed = 5, .needed = 3, .agreeing = 2, .reason = HF_ETIMEUDP};
    t.reason_ms = NOW_MS - HF__SILENT_MS + 1;
    cr_assert_null(warning(HF_ETIMEUDP));
    t.reason_ms = NOW_MS - HF__SILENT_MS;
    cr_assert_eq(warning(HF_ETIMEUDP)->weight, HF__URGENT);
    cr_assert_not_null(strstr(warning(HF_ETIMEUDP)->text, "2 of 5 operators"));
    t.known = true;
    cr_assert_eq(warning(HF_ETIMEUDP)->weight, HF__NOTICE);
    t.reason = 0;
    cr_assert_null(warning(HF_ETIMEUDP));
    t.listed = 0;
    t.reason = HF_ETIMEFEW;
    cr_assert_null(warning(HF_ETIMEFEW), "the policy lists none");
}

Test(outlook, a_clock_is_held_against_the_authenticated_time_where_that_is_known)
{
    ready();
    s.clocks_told = 5;
    s.ahead_s = 600;
    t = (struct hf_time_status){.listed = 5, .needed = 3, .known = true, .clock_us = -600000000};
    cr_assert_not_null(strstr(warning(HF_ECLOCK)->text, "10 min behind the authenticated time"));
    t.clock_us = 0;
    cr_assert_null(warning(HF_ECLOCK), "whatever providers say");
    t.known = false;
    cr_assert_not_null(strstr(warning(HF_ECLOCK)->text, "5 providers"));
}
