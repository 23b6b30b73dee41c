/* What chance alone makes of something that is counted. */
#ifndef HF_SIM_CHANCE_H
#define HF_SIM_CHANCE_H

#include <stdint.h>

/* The chance of exactly so many successes in n trials, each with chance p: the binomial
 * distribution. */
double hf__binomial(uint64_t n, double p, uint64_t successes);
/* The least number that at least a part q of all draws does not exceed. */
uint64_t hf__binomial_quantile(uint64_t n, double p, double q);

#endif
