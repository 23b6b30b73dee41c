/* Whether what a program printed has gone where it should. */
#include "base/file.h"

#include <stdio.h>

int hf_file_printed(const char *program, int status, int lost)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "%s: standard output cannot be written\n", program);
    return status == 0 ? lost : status;
}
