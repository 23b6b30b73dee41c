#include "applications.h"

#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* One entry, looked up. */
struct rule {
    enum { RULE_USER, RULE_GROUP, RULE_UNIT } kind;
    uint32_t id; /* of the user or group */
    const struct hf__settings_application *from;
};

struct rules {
    struct rule *items;
    size_t count;
};

struct hf__applications {
    struct hf_config_doc *doc; /* the image's list stands in it */
    struct rules image;
    bool narrowed; /* the configuration has a list, too */
    struct rules configured;
};

/* "1001", or a name that is looked up. */
static int id_of(const struct hf__settings_application *a, struct rule *ret)
{
    const char *text = a->user != NULL ? a->user : a->group;
    char *end;
    *ret = (struct rule){.kind = RULE_UNIT, .from = a};
    if (a->unit != NULL)
        return 0;
    unsigned long number = strtoul(text, &end, 10);
    ret->kind = a->user == NULL ? RULE_GROUP : RULE_USER;
    if (*end == '\0' && text[0] >= '0' && text[0] <= '9' && number < UINT32_MAX) {
        ret->id = (uint32_t)number;
        return 0;
    }
    errno = 0;
    if (a->user != NULL) {
        const struct passwd *pw = getpwnam(text);
        ret->id = pw != NULL ? pw->pw_uid : 0;
        return pw != NULL ? 0 : errno != 0 ? hf_error_from_errno(errno) : HF_ENOTFOUND;
    }
    const struct group *gr = getgrnam(text);
    ret->id = gr != NULL ? gr->gr_gid : 0;
    return gr != NULL ? 0 : errno != 0 ? hf_error_from_errno(errno) : HF_ENOTFOUND;
}

static int look_up(const struct hf__settings_applications *from, struct rules *ret, char *ret_what,
                   size_t what_len)
{
    ret->items = calloc(from->count + 1, sizeof *ret->items);
    if (ret->items == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < from->count; i++) {
        const struct hf__settings_application *a = &from->items[i];
        int r = id_of(a, &ret->items[i]);
        if (r != 0) {
            snprintf(ret_what, what_len,
                     "`applications` names a %s that this machine does not know: %s",
                     a->user != NULL ? "user" : "group", a->user != NULL ? a->user : a->group);
            return r;
        }
        ret->count++;
    }
    return 0;
}

/* The first thing that is wrong with the image's list. */
static void say(const char *image, int error, const struct hf_config_errors *errors, char *ret_what,
                size_t what_len)
{
    if (errors->count > 0)
        snprintf(ret_what, what_len, "%s: line %u: %s: %s", image, errors->items[0].line,
                 errors->items[0].path, errors->items[0].text);
    else
        snprintf(ret_what, what_len, "%s: %s", image, hf_error_sentence(error));
}

static int load(struct hf__applications *a, const char *image, bool required,
                const struct hf__settings *settings, char *ret_what, size_t what_len)
{
    static struct hf_config_errors errors;
    struct hf__settings_image list;
    int r = hf_config_load_file(image, &hf__settings_image_schema, &list, &a->doc, &errors);
    if (r == HF_ENOTFOUND && !required)
        return 0;
    if (r != 0) {
        say(image, r, &errors, ret_what, what_len);
        return r;
    }
    r = look_up(&list.applications, &a->image, ret_what, what_len);
    a->narrowed = settings->applications.count > 0;
    if (r == 0)
        r = look_up(&settings->applications, &a->configured, ret_what, what_len);
    return r;
}

int hf__applications_load(const char *image, bool required, const struct hf__settings *settings,
                          struct hf__applications **ret, char *ret_what, size_t what_len)
{
    struct hf__applications *a = calloc(1, sizeof *a);
    snprintf(ret_what, what_len, "%s", hf_error_sentence(HF_ENOMEM));
    if (a == NULL)
        return HF_ENOMEM;
    int r = load(a, image, required, settings, ret_what, what_len);
    if (r != 0) {
        hf__applications_free(a);
        return r;
    }
    *ret = a;
    return 0;
}

void hf__applications_free(struct hf__applications *a)
{
    if (a == NULL)
        return;
    free(a->image.items);
    free(a->configured.items);
    hf_config_doc_free(a->doc);
    free(a);
}

bool hf__applications_any(const struct hf__applications *a)
{
    for (size_t i = 0; a != NULL && i < a->image.count; i++)
        if (a->image.items[i].kind != RULE_UNIT)
            return true;
    return false;
}

static bool is_of(const struct rule *rule, const struct hf__credential *who)
{
    /* What a unit may have is its own matter, and not of the manager that asks for it. */
    if (who->unit != NULL || rule->kind == RULE_UNIT)
        return who->unit != NULL && rule->kind == RULE_UNIT &&
               strcmp(who->unit, rule->from->unit) == 0;
    if (rule->kind == RULE_USER)
        return who->uid == rule->id;
    for (size_t i = 0; i < who->groups_count; i++)
        if (who->groups[i] == rule->id)
            return true;
    return false;
}

static bool has_key(const struct hf__settings_application *a, const char *name)
{
    for (size_t i = 0; i < a->keys.count; i++)
        if (strcmp(a->keys.items[i], name) == 0)
            return true;
    return false;
}

/* Whether an entry names who asks, and this key; name NULL: any key. */
static bool names(const struct rules *rules, const struct hf__credential *who, const char *name)
{
    for (size_t i = 0; i < rules->count; i++)
        if (is_of(&rules->items[i], who) && (name == NULL || has_key(rules->items[i].from, name)))
            return true;
    return false;
}

bool hf__applications_admit(const struct hf__applications *a, const struct hf__credential *who)
{
    return a != NULL && names(&a->image, who, NULL) &&
           (!a->narrowed || names(&a->configured, who, NULL));
}

bool hf__applications_may_have(const struct hf__applications *a, const struct hf__credential *who,
                               const char *name)
{
    return a != NULL && names(&a->image, who, name) &&
           (!a->narrowed || names(&a->configured, who, name));
}

bool hf__credential_of(int fd, struct hf__credential *ret)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return false;
    *ret = (struct hf__credential){.uid = peer.uid, .pid = peer.pid};
    len = sizeof ret->groups - sizeof ret->groups[0];
    /* Of who is in more groups than are looked at, the first alone counts. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, ret->groups + 1, &len) != 0)
        len = 0;
    ret->groups[0] = peer.gid;
    ret->groups_count = 1 + len / sizeof ret->groups[0];
    return true;
}
