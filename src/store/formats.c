/* The formats that this release reads. tests/lib/later_formats.c is the same of a later one. */
#include "internal.h"

const struct hf__formats *hf__formats(void)
{
    /*
     * None is older: formats before 3 were in no package, and their rows lack what is needed now. A
     * format 4 changes HF_VAULT_FORMAT, and adds its step here; the oldest stays.
     */
    static const struct hf__formats formats = {.oldest = HF_VAULT_FORMAT_OLDEST,
                                               .newest = HF_VAULT_FORMAT};
    return &formats;
}
