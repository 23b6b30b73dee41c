/*
 * Huge pages for large worlds. Every event touches another node's memory, and with pages of 4 KiB
 * the processor spends a fifth of its time on finding where they are.
 */
#ifndef HF_SIM_PAGES_H
#define HF_SIM_PAGES_H

/* Once, at the start of a program that runs worlds: the heap then grows in large steps. */
void hf__pages_init(void);
/* The heap may have grown: asks for huge pages where it has. Does nothing
 * without hf__pages_init. */
void hf__pages_grown(void);

#endif
