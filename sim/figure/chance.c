#include "figure/chance.h"

#include "base/check.h"

#include <math.h>

double hf__binomial(uint64_t n, double p, uint64_t successes)
{
    hf_assert(p >= 0 && p <= 1);
    if (successes > n)
        return 0;
    if (p <= 0 || p >= 1)
        return (p <= 0 ? successes == 0 : successes == n) ? 1 : 0;
    double k = (double)successes, all = (double)n;
    return exp(lgamma(all + 1) - lgamma(k + 1) - lgamma(all - k + 1) + k * log(p) +
               (all - k) * log1p(-p));
}

uint64_t hf__binomial_quantile(uint64_t n, double p, double q)
{
    double sum = 0;
    for (uint64_t k = 0; k < n; k++) {
        sum += hf__binomial(n, p, k);
        if (sum >= q)
            return k;
    }
    return n;
}
