/*
 * Out of memory ends the program, clearly, with what ran kept: every allocation of this program and
 * of the libraries linked into it comes through here (the linker's --wrap).
 */
#include "command/memory.h"

#include "command/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);

enum { RESERVE = 1 << 20 };

static void *reserve;
static void (*last_words)(void);

void hf__memory_end(void (*words)(void))
{
    if (reserve == NULL)
        reserve = __real_malloc(RESERVE);
    last_words = words;
}

static _Noreturn void out_of_memory(void)
{
    void (*words)(void) = last_words;
    free(reserve); /* so that the account can be written */
    reserve = NULL;
    last_words = NULL;
    fprintf(stderr, "holdfast-sim: out of memory: fewer nodes (--nodes) need less\n");
    if (words != NULL)
        words();
    fflush(stdout);
    _exit(EXIT_ENDED);
}

void *__wrap_malloc(size_t size)
{
    void *p = __real_malloc(size);
    if (p == NULL && size > 0)
        out_of_memory();
    return p;
}

void *__wrap_calloc(size_t count, size_t size)
{
    void *p = __real_calloc(count, size);
    if (p == NULL && count > 0 && size > 0)
        out_of_memory();
    return p;
}

void *__wrap_realloc(void *p, size_t size)
{
    void *more = __real_realloc(p, size);
    if (more == NULL && size > 0)
        out_of_memory();
    return more;
}
