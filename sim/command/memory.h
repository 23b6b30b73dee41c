/* What happens when memory runs out. */
#ifndef HF_SIM_MEMORY_H
#define HF_SIM_MEMORY_H

/* Called once before the program ends for want of memory; NULL: nothing. It may
 * allocate a little. */
void hf__memory_end(void (*words)(void));

#endif
