/* Who may have which key: the image's list, narrowed by the configuration's. */
#include "applications.h"

#include "base/error.h"
#include "base/file.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>

static char folder[HF_SCRATCH_PATH_LEN], image[HF_SCRATCH_PATH_LEN + 16], what[400];
static struct hf__applications *a;

static void set_up(void)
{
    hf_scratch_make(folder);
    snprintf(image, sizeof image, "%s/image.yaml", folder);
    a = NULL;
}

static void tear_down(void)
{
    hf__applications_free(a);
    hf_scratch_remove(folder);
}

TestSuite(hf__applications, .init = set_up, .fini = tear_down);

static int load(const char *text, const struct hf__settings_application *configured, size_t count)
{
    struct hf__settings settings = {0};
    if (text != NULL)
        cr_assert_eq(hf_file_replace(image, hf_bytes_of(text, strlen(text)), 0600), 0);
    settings.applications.items = (struct hf__settings_application *)(uintptr_t)configured;
    settings.applications.count = count;
    hf__applications_free(a);
    a = NULL;
    return hf__applications_load(image, text != NULL, &settings, &a, what, sizeof what);
}

static struct hf__credential user(uid_t uid, gid_t group, gid_t other)
{
    return (struct hf__credential){.uid = uid, .groups = {group, other}, .groups_count = 2};
}

static const char list[] = "applications:\n"
                           "- {user: '4001', keys: [a, b]}\n"
                           "- {user: root, keys: [c]}\n"
                           "- {group: '4100', keys: [c]}\n";

Test(hf__applications, a_user_has_the_keys_of_its_name_and_of_its_groups)
{
    cr_assert_eq(load(list, NULL, 0), 0, "%s", what);
    cr_assert(hf__applications_any(a));
    const struct hf__credential signer = user(4001, 4001, 7), both = user(4001, 7, 4100),
                                none = user(4002, 7, 8), root = user(0, 7, 8);
    cr_assert(hf__applications_may_have(a, &signer, "a"));
    cr_assert(hf__applications_may_have(a, &signer, "b"));
    cr_assert_not(hf__applications_may_have(a, &signer, "c"));
    cr_assert(hf__applications_may_have(a, &both, "c"));
    cr_assert(hf__applications_may_have(a, &root, "c"), "a name is looked up");
    cr_assert_not(hf__applications_admit(a, &none));
    cr_assert_not(hf__applications_may_have(a, &none, "a"));
}

Test(hf__applications, the_configuration_takes_away_and_adds_nothing)
{
    const char *some[] = {"b", "c", "d"};
    const struct hf__settings_application narrow[] = {{.user = "4001", .keys = {some, 3}},
                                                      {.user = "4002", .keys = {some, 3}}};
    const struct hf__credential signer = user(4001, 1, 1), other = user(4002, 1, 1),
                                grouped = user(5, 4100, 1);
    cr_assert_eq(load(list, narrow, 2), 0, "%s", what);
    cr_assert_not(hf__applications_may_have(a, &signer, "a"));
    cr_assert(hf__applications_may_have(a, &signer, "b"));
    cr_assert_not(hf__applications_may_have(a, &signer, "d"), "the image does not give it");
    cr_assert_not(hf__applications_admit(a, &other));
    cr_assert_not(hf__applications_admit(a, &grouped), "the configuration does not name it");
    cr_assert_eq(load("applications: []\n", narrow, 2), 0, "%s", what);
    cr_assert_not(hf__applications_any(a));
    cr_assert_not(hf__applications_admit(a, &signer));
}

Test(hf__applications, without_an_image_s_list_there_are_none)
{
    const char *some[] = {"a"};
    const struct hf__settings_application wide[] = {{.user = "4001", .keys = {some, 1}}};
    const struct hf__credential signer = user(4001, 1, 1);
    cr_assert_eq(load(NULL, wide, 1), 0, "%s", what);
    cr_assert_not(hf__applications_any(a));
    cr_assert_not(hf__applications_may_have(a, &signer, "a"));
    cr_assert_not(hf__applications_may_have(NULL, &signer, "a"));
}

Test(hf__applications, a_list_that_is_not_right_is_none)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"applications: [{keys: [a]}]\n", "either"},
        {"applications: [{user: root, group: root, keys: [a]}]\n", "either"},
        {"applications: [{user: root, keys: []}]\n", "keys"},
        {"applications: [{user: root}]\n", "keys"},
        {"applications: [{user: no-such-user-here, keys: [a]}]\n", "no-such-user-here"},
        {"applications: [{group: no-such-group-here, keys: [a]}]\n", "no-such-group-here"},
        {"somebody: root\n", "somebody"},
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(cases); i++) {
        cr_assert_neq(load(cases[i].text, NULL, 0), 0, "%zu", i);
        cr_assert_not_null(strstr(what, cases[i].says), "%zu: %s", i, what);
    }
}
