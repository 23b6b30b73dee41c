#include "study/interval.h"

#include "base/check.h"

#include <math.h>

/* Of the normal distribution: 97.5 of 100 lie below. */
#define Z 1.959963984540054

void hf__sample_add(struct hf__sample *s, double value)
{
    if (s->count == 0 || value < s->least)
        s->least = value;
    if (s->count == 0 || value > s->most)
        s->most = value;
    s->count++;
    double off = value - s->mean;
    s->mean += off / (double)s->count;
    s->squares += off * (value - s->mean);
}

struct hf__interval hf__interval_chance(const struct hf__sample *s)
{
    if (s->count == 0)
        return (struct hf__interval){0, 1};
    double n = (double)s->count, p = s->mean, z2 = Z * Z;
    double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
    double half = Z / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    /* At 0 and 1 the ends are 0 and 1, whatever rounding makes of them. */
    return (struct hf__interval){
        .low = middle - half > 0 && p > 0 ? middle - half : 0,
        .high = middle + half < 1 && p < 1 ? middle + half : 1,
    };
}

/*
 * Of Student's distribution: 97.5 of 100 lie below. The expansion is that of Abramowitz and Stegun,
 * Handbook of Mathematical Functions, 26.7.5.
 */
static double student(double degrees)
{
    static const double few[] = {12.7062, 4.3027, 3.1824, 2.7764, 2.5706,
                                 2.4469,  2.3646, 2.3060, 2.2622, 2.2281};
    const double z3 = Z * Z * Z, z5 = z3 * Z * Z, z7 = z5 * Z * Z;
    if (degrees <= (double)HF_ARRAY_LEN(few))
        return few[(unsigned)degrees - 1];
    return Z + (z3 + Z) / (4 * degrees) + (5 * z5 + 16 * z3 + 3 * Z) / (96 * degrees * degrees) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * Z) / (384 * degrees * degrees * degrees);
}

struct hf__interval hf__interval_mean(const struct hf__sample *s)
{
    if (s->count < 2)
        return (struct hf__interval){-INFINITY, INFINITY};
    double n = (double)s->count;
    double half = student(n - 1) * sqrt(s->squares / (n - 1) / n);
    return (struct hf__interval){s->mean - half, s->mean + half};
}
