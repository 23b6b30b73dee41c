#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

void hf__assert_failed(const char *file, int line, const char *what)
{
    fprintf(stderr, "holdfast: %s:%d: assertion failed: %s\n", file, line, what);
    abort();
}
