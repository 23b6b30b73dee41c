#include "kernel.h"

#include "base/check.h"
#include "base/file.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
    STEP_US = 10000,
    SLEW_PPM_MAX = 900, /* with what a quartz is off by, no more than TIME.md reckons with */
    TRIES = 8,          /* to read both clocks, */
    CLOSE_US = 100,     /* so closely together */
    FAR_S = 1 << 30,
};

static int64_t read_us(clockid_t clock)
{
    struct timespec t;
    int r = clock_gettime(clock, &t);
    hf_assert(r == 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* A timer that is never due, and that reading says is cancelled when the clock was set. */
static void arm(struct hf__kernel *k)
{
    const struct itimerspec far = {.it_value.tv_sec = read_us(CLOCK_REALTIME) / 1000000 + FAR_S};
    if (k->timer >= 0)
        (void)!timerfd_settime(k->timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL);
}

void hf__kernel_init(struct hf__kernel *k)
{
    *k = (struct hf__kernel){.timer = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC)};
    arm(k);
}

void hf__kernel_read(struct hf__moment *ret)
{
    int64_t before_us, clock_us, raw_us, after_us;
    int tries = 0;
    do {
        before_us = read_us(CLOCK_MONOTONIC);
        clock_us = read_us(CLOCK_REALTIME);
        raw_us = read_us(CLOCK_MONOTONIC_RAW);
        after_us = read_us(CLOCK_MONOTONIC);
    } while (after_us - before_us > CLOSE_US && ++tries < TRIES);
    *ret = (struct hf__moment){.clock_us = clock_us > 0 ? (uint64_t)clock_us : 0,
                               .monotonic_us = (uint64_t)after_us,
                               .raw_us = (uint64_t)raw_us,
                               .within_us = (uint64_t)(after_us - before_us)};
}

bool hf__kernel_stepped(struct hf__kernel *k, const struct hf__moment *now)
{
    uint64_t due;
    int64_t apart_us = (int64_t)now->clock_us - (int64_t)now->raw_us;
    int64_t by_us = apart_us - k->apart_us;
    int64_t allowed_us = STEP_US + ((int64_t)now->raw_us - k->raw_us) * SLEW_PPM_MAX / 1000000;
    bool told = k->timer >= 0 && read(k->timer, &due, sizeof due) < 0 && errno == ECANCELED;
    bool stepped = k->seen && (told || by_us > allowed_us || by_us < -allowed_us);
    k->seen = true;
    k->apart_us = apart_us;
    k->raw_us = (int64_t)now->raw_us;
    if (told)
        arm(k);
    return stepped;
}

int hf__kernel_source(const char *path, struct hf_buf *ret)
{
    int r = hf_file_read(path, ret);
    while (r == 0 && ret->len > 0 && ret->data[ret->len - 1] == '\n')
        ret->len--;
    return r;
}
