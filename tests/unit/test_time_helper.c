/* What the time helper makes of chronyd's reports and of clocks (proto/TIME.md, 2 and 6). */
#include "base/check.h"
#include "base/error.h"
#include "kernel.h"
#include "sample.h"
#include "wire/limits.h"

#include <criterion/criterion.h>
#include <string.h>

static struct hf__source list[HF__SOURCES_MAX];
static size_t count;

/* As chronyc 4.3 prints them. */
static const char sources[] = "^,?,a.example,1,6,377,21,0.000133444,0.000133444,0.000138930\n"
                              "^,?,b.example,2,6,0,4294967295,0.000000000,0.000000000,0.000000000\n"
                              "^,?,192.0.2.7,1,8,20,640,-59.999996185,-59.999996185,0.000005987\n";
static const char authdata[] = "192.0.2.7,NTS,2,15,256,86400,0,0,8,100\n"
                               "a.example,NTS,1,30,128,33,0,0,8,64\n"
                               "b.example,NTS,0,0,0,4294967295,7,0,0,0\n";

static int read_texts(const char *first, const char *second)
{
    return hf__sources_read(hf_bytes_of(first, strlen(first)), hf_bytes_of(second, strlen(second)),
                            list, &count);
}

static const struct hf__source *source(const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (hf_bytes_equal(list[i].name, hf_bytes_of(name, strlen(name))))
            return &list[i];
    cr_assert_fail("no %s", name);
    return NULL;
}

Test(hf__sources_read, joins_what_chronyd_reports_of_each_source)
{
    cr_assert_eq(read_texts(sources, authdata), 0);
    cr_assert_eq(count, 3);
    const struct hf__source *a = source("a.example"), *b = source("b.example"),
                            *c = source("192.0.2.7");
    cr_assert(a->sampled && a->keyed && !a->silent && a->age_s == 21);
    cr_assert(a->off_us == 134 && a->error_us == 139, "rounded away from 0");
    cr_assert(!b->sampled && !b->keyed && b->silent);
    cr_assert(c->sampled && c->keyed && !c->silent && c->age_s == 640);
    cr_assert(c->off_us == -59999997 && c->off_max_us == 8);
}

Test(hf__sources_read, leaves_out_what_is_in_one_report_alone)
{
    cr_assert_eq(read_texts(sources, "a.example,NTS,1,30,128,33,0,0,8,64\n"
                                     "c.example,NTS,1,30,128,33,0,0,8,64\n"),
                 0);
    cr_assert_eq(count, 1);
    cr_assert_eq(read_texts(sources, ""), 0);
    cr_assert_eq(count, 0);
    cr_assert_eq(read_texts("", authdata), 0);
    cr_assert_eq(count, 0);
}

Test(hf__sources_read, a_source_without_nts_has_no_keys)
{
    cr_assert_eq(read_texts(sources, "a.example,SK,1,13,128,33,0,0,8,64\n"
                                     "192.0.2.7,-,0,0,0,4294967295,0,0,0,0\n"),
                 0);
    cr_assert(!source("a.example")->keyed && !source("192.0.2.7")->keyed);
}

Test(hf__sources_read, refuses_what_chronyc_does_not_print)
{
    static const char *const bad[] = {
        "506 Cannot talk to daemon\n",
        "^,?,a,1,6,377,21,0.000133444,0.000133444\n",
        "^,?,a,1,6,377,21,0.000133444,0.000133444,0.000138930,1\n",
        "^,?,,1,6,377,21,0.000133444,0.000133444,0.000138930\n",
        "^,?,a,1,6,378,21,0.000133444,0.000133444,0.000138930\n",
        "^,?,a,1,6,377,-1,0.000133444,0.000133444,0.000138930\n",
        "^,?,a,1,6,377,21,0.00013344,0.000133444,0.000138930\n",
        "^,?,a,1,6,377,21,1e3,0.000133444,0.000138930\n",
        "^,?,a,1,6,377,21,nan,0.000133444,0.000138930\n",
        "^,?,a,1,6,377,21,--0.000133444,0.000133444,0.000138930\n",
        "^,?,a,1,6,377,21,999999999999.000000000,0.000133444,0.000138930\n",
        "^,?,a,1,6,377,21,0.000133444,0.000133444,-0.000138930\n",
        "\n",
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++)
        cr_assert_eq(read_texts(bad[i], authdata), HF_EMALFORMED, "%s", bad[i]);
    cr_assert_eq(read_texts(sources, "a.example,NTS,1\n"), HF_EMALFORMED);
    cr_assert_eq(read_texts(sources, "a.example,NTS,x,30,128,33,0,0,8,64\n"), HF_EMALFORMED);
}

Test(hf__sources_read, bounds_what_it_takes)
{
    static const char line[] = "^,?,a,1,6,377,21,0.000133444,0.000133444,0.000138930\n",
                      keys_line[] = "b,NTS,1,30,128,33,0,0,8,64\n";
    struct hf_buf many, keys;
    hf_buf_init(&many, 4096);
    hf_buf_init(&keys, 4096);
    for (size_t i = 0; i <= HF__SOURCES_MAX; i++) {
        hf_buf_append(&many, line, sizeof line - 1);
        hf_buf_append(&keys, keys_line, sizeof keys_line - 1);
    }
    const struct hf_bytes none = {0};
    cr_assert_eq(hf__sources_read(hf_buf_bytes(&many), none, list, &count), HF_EBOUND);
    cr_assert_eq(hf__sources_read(none, hf_buf_bytes(&keys), list, &count), HF_EBOUND);
    hf_buf_done(&many);
    hf_buf_done(&keys);
}

static struct hf_time_sample sample_of(const char *name, uint64_t clock_us)
{
    const struct hf__reading at = {.clock_us = clock_us, .within_us = 5, .later_s = 1};
    struct hf_time_sample s;
    cr_assert_eq(read_texts(sources, authdata), 0);
    hf__sample_of(source(name), &at, &s);
    return s;
}

Test(hf__sample_of, is_the_clock_less_its_offset_give_or_take_all_that_is_not_known)
{
    const uint64_t clock_us = 1700000000000000;
    struct hf_time_sample s = sample_of("a.example", clock_us);
    const uint64_t width_us = 139 + 1 + 5 + 2; /* error, rounding in the protocol, reading, here */
    cr_assert(s.state == 3 && s.age_s == 22);
    cr_assert_eq(s.low_us, clock_us - 134 - width_us);
    cr_assert_eq(s.high_us, clock_us - 134 + width_us);
    s = sample_of("192.0.2.7", clock_us);
    cr_assert_lt(s.low_us, clock_us + 59999996);
    cr_assert_gt(s.high_us, clock_us + 59999997);
}

Test(hf__sample_of, is_none_without_keys_or_answers)
{
    struct hf_time_sample s = sample_of("b.example", 1700000000000000);
    cr_assert(s.state == 1 && s.low_us == 0 && s.high_us == 0);
    list[0] = (struct hf__source){.keyed = true, .silent = true};
    hf__sample_of(&list[0], &(struct hf__reading){.clock_us = 1000000}, &s);
    cr_assert(s.state == 2 && s.high_us == 0);
    list[0] = (struct hf__source){.sampled = true};
    hf__sample_of(&list[0], &(struct hf__reading){.clock_us = 1000000}, &s);
    cr_assert(s.state == 1 && s.high_us == 0, "what answers without NTS says nothing");
}

Test(hf__sample_of, stays_within_what_can_be_said)
{
    struct hf_time_sample s;
    struct hf__source far = {.sampled = true, .keyed = true, .error_us = 10};
    hf__sample_of(&far, &(struct hf__reading){.clock_us = 3}, &s);
    cr_assert(s.low_us == 0 && s.high_us == 15);
    hf__sample_of(&far, &(struct hf__reading){.clock_us = HF_WIRE_TIME_US_MAX}, &s);
    cr_assert(s.high_us == HF_WIRE_TIME_US_MAX && s.low_us == HF_WIRE_TIME_US_MAX - 12);
    hf__sample_of(&far, &(struct hf__reading){.clock_us = UINT64_MAX}, &s);
    cr_assert_eq(s.high_us, 0);
    far.off_us = 4;
    hf__sample_of(&far, &(struct hf__reading){.clock_us = 3}, &s);
    cr_assert_eq(s.high_us, 0, "before 1970");
    far.off_us = -99999999999999999;
    hf__sample_of(&far, &(struct hf__reading){.clock_us = HF_WIRE_TIME_US_MAX}, &s);
    cr_assert_eq(s.high_us, 0, "after 9999");
    far = (struct hf__source){.sampled = true, .keyed = true, .error_us = UINT64_C(1) << 60};
    hf__sample_of(&far, &(struct hf__reading){.clock_us = 3}, &s);
    cr_assert_eq(s.high_us, 0);
    far = (struct hf__source){.sampled = true, .keyed = true, .age_s = UINT32_MAX};
    hf__sample_of(&far, &(struct hf__reading){.clock_us = 1000, .later_s = 9}, &s);
    cr_assert_eq(s.age_s, UINT32_MAX);
}

static bool stepped(struct hf__kernel *k, uint64_t clock_us, uint64_t raw_us)
{
    return hf__kernel_stepped(k, &(struct hf__moment){.clock_us = clock_us, .raw_us = raw_us});
}

Test(hf__kernel_stepped, when_the_clock_went_another_way_than_the_raw_one)
{
    struct hf__kernel k = {.timer = -1};
    cr_assert_not(stepped(&k, 1700000000000000, 5000000), "the first says nothing");
    cr_assert_not(stepped(&k, 1700000008000000, 13000000));
    cr_assert_not(stepped(&k, 1700000016017200, 21000000), "slewed, and not read at once");
    cr_assert(stepped(&k, 1700000024034401, 29000000));
    cr_assert_not(stepped(&k, 1700000032034401, 37000000));
    cr_assert(stepped(&k, 1699999900000000, 45000000));
    cr_assert(stepped(&k, 0, 46000000));
}

Test(hf__kernel_read, of_both_clocks_closely_together)
{
    struct hf__kernel k;
    struct hf__moment a, b;
    hf__kernel_init(&k);
    cr_assert_geq(k.timer, 0);
    hf__kernel_read(&a);
    hf__kernel_read(&b);
    cr_assert_geq(b.monotonic_us, a.monotonic_us);
    cr_assert_lt(b.monotonic_us - a.monotonic_us, 10000000);
    cr_assert_not(hf__kernel_stepped(&k, &a));
    cr_assert_not(hf__kernel_stepped(&k, &b));
}
