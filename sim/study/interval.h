/* What samples say of what they were drawn from: intervals that hold it in 95 of 100 studies. */
#ifndef HF_SIM_INTERVAL_H
#define HF_SIM_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

/* Sums over samples, each a number. {0} is none. */
struct hf__sample {
    uint64_t count, above; /* above: of them, above 0 */
    double mean, squares;  /* squares: of the distances from the mean, summed */
    double least, most;
};

struct hf__interval {
    double low, high;
};

/* Counts a further one. */
void hf__sample_add(struct hf__sample *s, double value);
/*
 * Of a chance, from samples that are 0 or 1: Wilson's score interval (1927), which is right for few
 * samples and for chances near 0 and 1 too. From no sample: 0 to 1.
 */
struct hf__interval hf__interval_chance(const struct hf__sample *s);
/* Of a mean: Student's. From fewer than two samples nothing follows: minus to plus infinity. */
struct hf__interval hf__interval_mean(const struct hf__sample *s);
/*
 * Of a mean of samples of which most are 0 and the others unequal: a sum of parts of rare things,
 * each of which came by itself. The gamma interval of Fay and Feuer, "Confidence intervals for
 * directly standardized rates" (Statistics in Medicine 16, 1997), which allows for one part more
 * that is as large as the largest. Its high end is taken as much further out as Student's
 * distribution is wider than the normal one, since the sizes of parts are known from these parts
 * alone; not where all are 1, of which it is Garwood's exact interval of a count. Student's own
 * interval lies too low where few parts make up the mean. The mean must be above 0.
 */
struct hf__interval hf__interval_parts(const struct hf__sample *s);

#endif
