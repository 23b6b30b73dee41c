/* The configuration as a build for production reads it. */
#include "base/error.h"
#include "settings.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char head[] =
    "data: data\nnetwork: 00000000000000000000000000000000"
    "00000000000000000000000000000000\nlisten: 127.0.0.1:7700\nsocket: socket\n"
    "collateral: collateral\nplatform: dev\n"
    "dev:\n  authority: dev\n  machine: machine\n  machine_id: m\n";

/* What is said of a configuration; text: terminated. */
static const char *refusal(const char *text)
{
    static struct hf_config_errors errors;
    static char all[4096];
    struct hf__settings s;
    struct hf_config_doc *doc;
    struct hf_buf out;
    int r = hf_config_load(hf_bytes_of(text, strlen(text)), "/tmp/file", &hf__settings_schema, &s,
                           &doc, &errors);
    cr_assert_neq(r, 0);
    hf_buf_init(&out, sizeof all - 1);
    hf_config_errors_print(&errors, &out);
    memcpy(all, out.data, out.len);
    all[out.len] = '\0';
    hf_buf_done(&out);
    return all;
}

Test(settings_production, a_fixed_account_is_refused_and_said_to_be_no_part_of_this_build)
{
    char text[1024];
    snprintf(text, sizeof text, "%s  seed: alice\n", head);
    const char *said = refusal(text);
    cr_assert_not_null(strstr(said, "seed"));
    cr_assert_not_null(strstr(said, "it has no fixed account or root secret"));
    cr_assert_not_null(strstr(said, "only tdx is possible"));
    cr_assert_null(strstr(refusal(head), "fixed account"));
}

/* The configuration is the host's, and the fetcher runs in the trust domain. */
Test(settings_production, no_field_names_a_program)
{
    char text[1024];
    snprintf(text, sizeof text,
             "%scollateral_service:\n  url: https://pccs.example\n  program: /bin/true\n", head);
    cr_assert_not_null(strstr(refusal(text), "program: is not known here"));
}
