#include "set_change.h"

#include "ask.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "command.h"

#include <stdio.h>
#include <stdlib.h>

enum { PREFIX_MIN = 4, RECORD_FILE_MAX = 1 << 20 };

/* Those that were left out, so that they can come back as they were. */
static const char removed_file[] = "removed.yaml";

static const char *short_name(const struct hf__member *m, char ret[static 9])
{
    hf_hex_encode(m->account.bytes, 4, ret);
    return ret;
}

/* Whether a word names a member: its account or the first digits of it, or its operator. */
static bool names(const char *word, const struct hf__member *m)
{
    char account[65];
    size_t len = strlen(word);
    hf_hex_encode(m->account.bytes, sizeof m->account, account);
    bool prefix = len >= PREFIX_MIN && len <= 64 && strncmp(word, account, len) == 0;
    return prefix || strcmp(word, m->operator_name) == 0;
}

int hf__set_read_record(const char *path, json_t **ret)
{
    struct hf_buf text;
    json_error_t error;
    *ret = NULL;
    hf_buf_init(&text, RECORD_FILE_MAX);
    int r = hf_file_read(path, &text);
    if (r == 0)
        *ret = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    hf_buf_done(&text);
    return r == 0 && *ret == NULL ? HF_EMALFORMED : r;
}

struct hf__member *hf__set_named(struct hf__member_list *members, const char *word,
                                 const char *where)
{
    struct hf__member *found = NULL;
    char first[9], second[9];
    for (size_t i = 0; i < members->count; i++) {
        struct hf__member *m = &members->list[i];
        if (!names(word, m))
            continue;
        if (found != NULL) {
            fprintf(stderr, "holdfast set: %s names %s and %s: give more digits of the account\n",
                    word, short_name(found, first), short_name(m, second));
            return NULL;
        }
        found = m;
    }
    if (found == NULL)
        fprintf(stderr,
                "holdfast set: no validator %s has the account or the operator %s (an account: 64 "
                "hexadecimal digits, or its first %d and more)\n",
                where, word, PREFIX_MIN);
    return found;
}

static int platform(struct hf__member *m, const char *verb, const char *text)
{
    uint8_t ppid[HF_PPID_LEN];
    size_t at = 0;
    if (hf_hex_decode(text, ppid, sizeof ppid) != 0)
        return hf__say("set", "a platform is 32 hexadecimal digits", 0);
    while (at < m->platforms_count && memcmp(m->platforms[at], ppid, sizeof ppid) != 0)
        at++;
    bool there = at < m->platforms_count;
    if (strcmp(verb, "add") == 0 && !there) {
        if (m->platforms_count == HF__PLATFORMS_MAX)
            return hf__say("set", "8 platforms at most", 0);
        memcpy(m->platforms[m->platforms_count++], ppid, sizeof ppid);
    } else if (strcmp(verb, "remove") == 0 && there) {
        m->platforms_count--;
        memcpy(m->platforms[at], m->platforms[m->platforms_count], sizeof ppid);
    } else if (strcmp(verb, "add") != 0 && strcmp(verb, "remove") != 0) {
        return hf__say("set", "platform ACCOUNT add|remove PPID", 0);
    }
    return HF_CLI_OK;
}

static int operator_key(struct hf__member *m, const char *text)
{
    uint8_t key[sizeof m->operator_key] = {0};
    if (strcmp(text, "none") != 0 && hf_hex_decode(text, key, sizeof key) != 0)
        return hf__say("set", "an operator's key is 64 hexadecimal digits, or none", 0);
    hf__member_operator_key(m, key);
    return HF_CLI_OK;
}

/* Never lower: what was known once is known. */
static int taint(struct hf__member *m, const char *text)
{
    char *end;
    unsigned long long version = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || version < 1 || version > UINT32_MAX)
        return hf__say("set", "taint ACCOUNT VERSION: a version is a number, as its status says",
                       0);
    if (version < m->root_tainted)
        return hf__say("set", "a later version is tainted already: that is not taken back", 0);
    m->root_tainted = (uint32_t)version;
    return HF_CLI_OK;
}

/* Puts a member into a list, in place of the same account; what it owns goes with it. */
static int put(struct hf__member_list *members, struct hf__member *what)
{
    struct hf__member *m = hf__members_find(members, &what->account);
    if (m == NULL)
        m = hf__members_add(members);
    if (m == NULL)
        return HF_ENOMEM;
    free(m->floor);
    *m = *what;
    what->floor = NULL;
    return 0;
}

int hf__set_leave_out(const char *folder, struct hf__member_list *members, struct hf__member *m)
{
    struct hf__member_list removed;
    char account[65], word[9];
    int r = hf__members_load_from(folder, removed_file, &removed);
    if (r != 0)
        return r;
    hf_hex_encode(m->account.bytes, sizeof m->account, account);
    short_name(m, word);
    printf("%s of %s at %s is left out of the next set.\n"
           "From then on this validator cannot recover: a restart locks its key, and the shares "
           "that it keeps\nfor others are dealt anew. `holdfast set restore %s` undoes it; "
           "`holdfast set "
           "sign` puts it into force.\n",
           word, m->operator_name, m->address, word);
    r = put(&removed, m);
    if (r == 0)
        r = hf__members_save_to(folder, removed_file, &removed);
    if (r == 0) {
        hf__members_remove(members, m);
        r = hf__members_save(folder, members);
    }
    hf__members_done(&removed);
    return r;
}

static void copy_text(char *to, size_t len, struct hf_bytes from)
{
    size_t n = from.len < len ? from.len : len - 1;
    if (n > 0)
        memcpy(to, from.data, n);
    to[n] = '\0';
}

/* A validator as the form has it, with what it owns. HF_ENOMEM. */
static int member_of(const struct hf_validator *v, struct hf__member *ret)
{
    *ret = (struct hf__member){.registered_epoch = (uint32_t)v->registered_epoch,
                               .leaving = v->leaving,
                               .has_operator_key = v->has_operator_key,
                               .floor = v->has_floor ? hf__floor_copy(&v->floor) : NULL};
    if (v->has_floor && ret->floor == NULL)
        return HF_ENOMEM;
    ret->account = v->account;
    ret->root_tainted = (uint32_t)v->root_tainted;
    ret->has_sequence_floor = v->has_sequence_floor;
    ret->sequence_floor = v->sequence_floor;
    memcpy(ret->operator_key, v->operator_key, sizeof ret->operator_key);
    copy_text(ret->address, sizeof ret->address, v->address);
    copy_text(ret->operator_name, sizeof ret->operator_name, v->operator_name);
    copy_text(ret->zone, sizeof ret->zone, v->zone);
    for (size_t j = 0; j < v->platforms_count && j < HF__PLATFORMS_MAX; j++)
        memcpy(ret->platforms[ret->platforms_count++], v->platforms[j].ppid, HF_PPID_LEN);
    return 0;
}

int hf__set_write_form(const struct hf__authority *a)
{
    struct hf__member_list members;
    int r = hf__members_load(a->folder, &members);
    if (r != 0)
        return r;
    while (members.count > 0)
        hf__members_remove(&members, &members.list[members.count - 1]);
    for (size_t i = 0; r == 0 && i < a->set->u.set.validators_count; i++) {
        struct hf__member m;
        r = member_of(&a->set->u.set.validators[i], &m);
        if (r == 0)
            r = put(&members, &m);
    }
    if (r == 0)
        r = hf__members_save(a->folder, &members);
    hf__members_done(&members);
    return r;
}

/* Members of the set in force that set.yaml no longer has: people edit it by hand. */
static int add_of_set(const struct hf__authority *a, struct hf__member_list *members,
                      struct hf__member_list *removed)
{
    int r = 0;
    for (size_t i = 0; r == 0 && a->set != NULL && i < a->set->u.set.validators_count; i++) {
        const struct hf_validator *v = &a->set->u.set.validators[i];
        if (hf__members_find(members, &v->account) != NULL ||
            hf__members_find(removed, &v->account) != NULL)
            continue;
        struct hf__member m;
        r = member_of(v, &m);
        if (r == 0)
            r = put(removed, &m);
    }
    return r;
}

int hf__set_note_removed(const struct hf__authority *a, struct hf__member_list *members)
{
    struct hf__member_list removed;
    int r = hf__members_load_from(a->folder, removed_file, &removed);
    if (r != 0)
        return r;
    r = add_of_set(a, members, &removed);
    if (r == 0 && removed.count > 0)
        r = hf__members_save_to(a->folder, removed_file, &removed);
    hf__members_done(&removed);
    return r;
}

int hf__set_recall_floor(const struct hf__authority *a, struct hf__member *m)
{
    const struct hf_floor *before = a->set != NULL ? hf_set_floor(a->set, &m->account) : NULL;
    if (m->floor != NULL || before == NULL)
        return 0;
    m->floor = hf__floor_copy(before);
    return m->floor != NULL ? 0 : HF_ENOMEM;
}

static int restore(const struct hf__authority *a, const char *word)
{
    struct hf__member_list members, removed;
    char name[9];
    int status = HF_CLI_ERROR;
    int r = hf__members_load(a->folder, &members);
    if (r != 0)
        return hf__say("set", a->folder, r);
    r = hf__members_load_from(a->folder, removed_file, &removed);
    if (r == 0)
        r = add_of_set(a, &members, &removed);
    struct hf__member *m = r == 0 ? hf__set_named(&removed, word, "that was left out") : NULL;
    if (m != NULL) {
        r = hf__set_recall_floor(a, m);
        if (r == 0)
            r = put(&members, m);
        if (r == 0)
            r = hf__members_save(a->folder, &members);
        if (r == 0) {
            printf("%s of %s at %s is in the next set again, as it was: now `holdfast set sign`\n",
                   short_name(m, name), m->operator_name, m->address);
            hf__members_remove(&removed, m);
            r = hf__members_save_to(a->folder, removed_file, &removed);
        }
        status = r == 0 ? HF_CLI_OK : HF_CLI_ERROR;
    }
    hf__members_done(&members);
    hf__members_done(&removed);
    return r != 0 ? hf__say("set", a->folder, r) : status;
}

int hf__set_change(const struct hf__authority *a, char **words)
{
    struct hf__member_list members;
    int status = HF_CLI_ERROR;
    if (strcmp(words[0], "restore") == 0)
        return restore(a, words[1]);
    int r = hf__members_load(a->folder, &members);
    if (r != 0)
        return hf__say("set", a->folder, r);
    struct hf__member *m = hf__set_named(&members, words[1], "of set.yaml");
    if (m != NULL && strcmp(words[0], "remove") == 0) {
        r = hf__set_leave_out(a->folder, &members, m);
        status = r == 0 ? HF_CLI_OK : hf__say("set", a->folder, r);
    } else if (m != NULL) {
        status = strcmp(words[0], "platform") == 0 ? platform(m, words[2], words[3])
                 : strcmp(words[0], "taint") == 0  ? taint(m, words[2])
                                                   : operator_key(m, words[2]);
        if (status == HF_CLI_OK) {
            r = hf__members_save(a->folder, &members);
            status = r == 0 ? HF_CLI_OK : hf__say("set", a->folder, r);
        }
    }
    hf__members_done(&members);
    return status;
}

/* ---- a new registration beside old ones */

int hf__set_make_room(struct hf__member_list *members, const struct hf__member *fresh, bool replace,
                      bool also)
{
    char name[9];
    for (size_t i = 0; i < members->count;) {
        struct hf__member *m = &members->list[i];
        bool same_place = strcmp(m->address, fresh->address) == 0;
        bool same_operator = strcmp(m->operator_name, fresh->operator_name) == 0;
        bool itself = hf_account_equal(&m->account, &fresh->account);
        bool pending = same_place && m->registered_epoch == 0;
        if (itself || !(same_place || same_operator) || (also && !pending)) {
            i++;
            continue;
        }
        short_name(m, name);
        if (!pending && !replace) {
            fprintf(stderr,
                    "holdfast set: not added: %s has %s at %s already; --replace takes it out (if "
                    "its keys are still wanted, it must not be), --also keeps both\n",
                    m->operator_name, name, m->address);
            if (!hf__asked("take it out?"))
                return HF_ECANCELED;
        }
        printf("%s of %s at %s is replaced%s\n", name, m->operator_name, m->address,
               pending ? ": it was in no set yet" : "");
        hf__members_remove(members, m);
    }
    return 0;
}
