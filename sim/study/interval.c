#include "study/interval.h"

#include "base/check.h"

#include <math.h>

/* Of the normal distribution: 97.5 of 100 lie below. */
#define Z 1.959963984540054
/* One in a million lies above it: no interval goes further. */
#define FAR 4.753424308822899

void hf__sample_add(struct hf__sample *s, double value)
{
    if (s->count == 0 || value < s->least)
        s->least = value;
    if (s->count == 0 || value > s->most)
        s->most = value;
    s->count++;
    s->above += value > 0;
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

/* ---- Parts ---- */

/*
 * The chance that a variable of the gamma distribution with this shape and scale 1 is at most x:
 * the series and the continued fraction of Abramowitz and Stegun, 6.5.29 and 6.5.31, the latter by
 * Lentz's method.
 */
static double gamma_below(double shape, double x)
{
    enum { STEPS = 10000 };
    const double least = 1e-300, enough = 1e-13;
    if (x <= 0)
        return 0;
    double head = exp(shape * log(x) - x - lgamma(shape));
    if (x < shape + 1) {
        double term = 1 / shape, sum = term;
        for (int i = 1; i < STEPS && term > sum * enough; i++) {
            term *= x / (shape + i);
            sum += term;
        }
        return sum * head;
    }
    double b = x + 1 - shape, c = 1 / least, d = 1 / b, sum = d;
    for (int i = 1; i < STEPS; i++) {
        double a = -i * (i - shape);
        b += 2;
        d = 1 / (fabs(a * d + b) < least ? least : a * d + b);
        c = fabs(b + a / c) < least ? least : b + a / c;
        sum *= d * c;
        if (fabs(d * c - 1) < enough)
            break;
    }
    return 1 - head * sum;
}

/* What such a variable stays below as surely as one of the normal distribution does below normal.
 * With a large shape Wilson's and Hilferty's approximation is as good. */
static double gamma_quantile(double shape, double normal)
{
    double chance = erfc(-normal / sqrt(2)) / 2;
    double third = 1 - 1 / (9 * shape) + normal / (3 * sqrt(shape));
    if (shape > 1000)
        return shape * third * third * third;
    double low = 0, high = shape + 20 * sqrt(shape) + 20;
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;
        if (gamma_below(shape, middle) < chance)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

struct hf__interval hf__interval_parts(const struct hf__sample *s)
{
    double n = (double)s->count, mean = s->mean, most = s->most / n;
    hf_assert(s->count > 0 && mean > 0);
    bool ones = s->most <= 1 && mean * n > (double)s->above - 0.5; /* but for rounding */
    /* As of Poisson's distribution, or as it is. */
    double variance = ones || s->squares <= 0 ? (s->squares + n * mean * mean) / (n * n)
                                              : s->squares / (n - 1) / n;
    double above = mean + most, spread = variance + most * most, far = Z;
    if (!ones)
        far = s->above > 1 ? fmin(student((double)s->above - 1), FAR) : FAR;
    return (struct hf__interval){
        .low = variance / mean * gamma_quantile(mean * mean / variance, -Z),
        .high = spread / above * gamma_quantile(above * above / spread, far),
    };
}
