/* Makes a set of the dev platform's collateral for tests that serve or read one. */
#include "attest/dev.h"
#include "base/error.h"
#include "base/hex.h"

#include <stdio.h>
#include <stdlib.h>

static int fail(const char *what, int error)
{
    fprintf(stderr, "dev_set: %s: %s\n", what, hf_error_sentence(error));
    return 1;
}

/* Loads the authority of the folder, or makes one there. */
static int authority_open(const char *folder, uint64_t now_s, struct hf_dev_authority **ret)
{
    struct hf_dev_authority_spec spec;
    int rc = hf_dev_authority_load(folder, ret);
    if (rc != HF_ENOTFOUND)
        return rc;
    hf_dev_authority_spec_init(&spec, now_s);
    rc = hf_dev_authority_new(&spec, ret);
    return rc != 0 ? rc : hf_dev_authority_save(*ret, folder);
}

static int write_set(const struct hf_dev_authority *a, const struct hf_dev_collateral_spec *spec,
                     const char *folder)
{
    struct hf_dev_collateral c;
    int rc = hf_dev_collateral_make(a, spec, &c);
    if (rc != 0)
        return rc;
    rc = hf_dev_collateral_write(&c, folder);
    hf_dev_collateral_done(&c);
    return rc;
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fputs("usage: dev_set AUTHORITY OUTPUT ISSUED_S VALID_S EVALUATION[/STATUS] [processor] "
              "[FMSPC ...]\n",
              stderr);
        return 2;
    }
    char hex[2 * HF_DEV_ROOT_KEY_LEN + 1];
    uint8_t key[HF_DEV_ROOT_KEY_LEN];
    struct hf_dev_authority *a = NULL;
    struct hf_dev_collateral_spec spec;
    uint64_t issued_s = strtoull(argv[3], NULL, 10);
    int rc = authority_open(argv[1], issued_s, &a);
    if (rc != 0)
        return fail(argv[1], rc);
    hf_dev_collateral_spec_init(&spec, issued_s, strtoull(argv[4], NULL, 10));
    char *status;
    spec.evaluation_number = (uint32_t)strtoul(argv[5], &status, 10);
    if (*status == '/')
        for (size_t i = 0; i < spec.tcb_level_count; i++)
            spec.tcb_level[i].text.status = status + 1;
    bool processor = argc > 6 && strcmp(argv[6], "processor") == 0;
    if (processor)
        spec.ca = HF_DEV_CA_PROCESSOR;
    int first = processor ? 7 : 6;
    rc = argc == first ? write_set(a, &spec, argv[2]) : 0;
    for (int i = first; i < argc && rc == 0; i++) {
        rc = hf_hex_decode(argv[i], spec.fmspc, sizeof spec.fmspc);
        if (rc == 0)
            rc = write_set(a, &spec, argv[2]);
    }
    if (rc != 0)
        return fail(argv[2], rc);
    hf_dev_authority_root_key(a, key);
    hf_hex_encode(key, sizeof key, hex);
    puts(hex);
    hf_dev_authority_free(a);
    return 0;
}
