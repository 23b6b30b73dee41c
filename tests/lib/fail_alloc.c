#include "fail_alloc.h"

static bool armed, lasting, hit;
static size_t left;

void hf_fail_alloc_at(size_t index, bool persistent)
{
    left = index;
    lasting = persistent;
    hit = false;
    armed = true;
}

bool hf_fail_alloc_off(void)
{
    armed = false;
    return hit;
}

static bool fails(void)
{
    if (!armed)
        return false;
    if (left > 0) {
        left--;
        return false;
    }
    hit = true;
    armed = lasting;
    return true;
}

/* The linker's --wrap sends every call of malloc in the program's objects to __wrap_malloc, and so
 * on. */
void *__real_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__real_realloc(void *p, size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *p, size_t len);

void *__wrap_malloc(size_t len)
{
    return fails() ? NULL : __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len)
{
    return fails() ? NULL : __real_calloc(count, len);
}

void *__wrap_realloc(void *p, size_t len)
{
    return fails() ? NULL : __real_realloc(p, len);
}
