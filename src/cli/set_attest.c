/*
 * holdfast set attest: every validator of set.yaml is asked over a nonce what it is now. Who does
 * not answer is not who fails: only an answer proves something of the machine, and only who fails a
 * check by its own answer is proposed to be left out.
 */
#include "answer.h"
#include "ask.h"
#include "attest.h"
#include "base/error.h"
#include "base/hex.h"
#include "command.h"
#include "set_add.h"
#include "set_change.h"

#include <stdlib.h>

static const char *verdict_of(const struct hf__attested *m)
{
    static const char *const names[] = {[HF__SILENT] = "silent",
                                        [HF__UNJUDGED] = "unjudged",
                                        [HF__FAILS] = "fails",
                                        [HF__PASSES] = "passes"};
    hf_assert((size_t)m->as < HF_ARRAY_LEN(names));
    return names[m->as];
}

static const char *digits(const void *data, size_t len, char ret[static 65])
{
    hf_assert(len <= 32);
    hf_hex_encode(data, len, ret);
    return ret;
}

static json_t *object_of(const struct hf__member *m, const struct hf__attested *is)
{
    char account[65], ppid[65];
    bool passes = is->as == HF__PASSES;
    return json_pack(
        "{s:s,s:s,s:s,s:s,s:s?,s:s?,s:s?,s:s?}", "operator", m->operator_name, "account",
        digits(m->account.bytes, sizeof m->account, account), "address", m->address, "verdict",
        verdict_of(is), "error", is->error != 0 ? hf_error_name(is->error) : NULL, "message",
        is->error != 0 ? is->reason : NULL, "release", passes ? is->admitted.release : NULL,
        "platform", passes ? digits(is->admitted.ppid, HF_PPID_LEN, ppid) : NULL);
}

static void print_line(const struct hf__member *m, const struct hf__attested *is)
{
    static const char *const words[] = {[HF__SILENT] = "no answer: ",
                                        [HF__UNJUDGED] = "cannot be judged here: ",
                                        [HF__FAILS] = "FAILS ",
                                        [HF__PASSES] = "passes, release "};
    char account[65], measurement[2 * HF_MEASUREMENT_LEN + 1];
    digits(m->account.bytes, sizeof m->account, account);
    printf("  %-12.40s %.8s  %-21s  %s", m->operator_name, account, m->address, words[is->as]);
    if (is->as == HF__PASSES)
        printf("%s\n", is->admitted.release);
    else if (is->as == HF__FAILS)
        printf("%s: %s\n", hf_error_name(is->error), is->reason);
    else
        printf("%s\n", is->reason);
    if (is->error == HF_EMEASUREMENT && is->has_measurement) {
        hf_hex_encode(is->measurement, HF_MEASUREMENT_LEN, measurement);
        printf("  %-12s %-8s  %-21s  its measurement is %s\n", "", "", "", measurement);
    }
}

static int print_all(const struct hf__member_list *members, const struct hf__attested *all)
{
    json_t *list = json_array();
    if (list == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < members->count; i++)
        json_array_append_new(list, object_of(&members->list[i], &all[i]));
    json_t *root = json_pack("{s:o}", "members", list);
    if (root == NULL)
        return HF_ENOMEM;
    print_json(root);
    json_decref(root);
    return 0;
}

static size_t count_of(const struct hf__attested *all, size_t count, enum hf__attested_as as)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += all[i].as == as;
    return n;
}

/* Leaves out who fails, from the last, as the places of those before stay. */
static int propose(const struct hf__authority *a, struct hf__member_list *members,
                   const struct hf__attested *all)
{
    int r = 0;
    for (size_t i = members->count; r == 0 && i-- > 0;)
        if (all[i].as == HF__FAILS)
            r = hf__set_leave_out(a->folder, members, &members->list[i]);
    if (r == 0)
        printf("`holdfast set sign` shows the set without them, and signs it\n");
    return r;
}

static void say_rest(const struct hf__attested *all, size_t count)
{
    size_t silent = count_of(all, count, HF__SILENT), ours = count_of(all, count, HF__UNJUDGED);
    printf("%zu of %zu pass, %zu fail\n", count_of(all, count, HF__PASSES), count,
           count_of(all, count, HF__FAILS));
    if (silent > 0)
        printf("%zu have not answered: that says nothing of their machines, and they are not "
               "proposed to be left out\n",
               silent);
    if (ours > 0)
        printf("%zu cannot be judged by the collateral that is here: fetch newer\n", ours);
}

static int show(const struct hf__authority *a, const struct hf__set_attest *o,
                struct hf__member_list *members, const struct hf__attested *all)
{
    size_t fail = count_of(all, members->count, HF__FAILS);
    if (o->json)
        return print_all(members, all);
    for (size_t i = 0; i < members->count; i++)
        print_line(&members->list[i], &all[i]);
    say_rest(all, members->count);
    if (fail > 0 && !o->propose)
        printf("`holdfast set attest --propose` leaves those that fail out of the next set\n");
    return fail > 0 && o->propose ? propose(a, members, all) : 0;
}

int hf__set_attest(const struct hf__authority *a, const struct hf__set_attest *o)
{
    char own[HF__PATH_LEN];
    struct hf__attesting how;
    struct hf__member_list members;
    if (!hf__path(own, a->folder, "collateral"))
        return hf__say("set", a->folder, HF_ETOOBIG);
    if (hf__attesting_init(&how, a, o->key_file, o->collateral != NULL ? o->collateral : own) != 0)
        return HF_CLI_ERROR; /* said why */
    int r = hf__members_load(a->folder, &members);
    if (r != 0)
        return hf__say("set", a->folder, r);
    struct hf__attested *all = calloc(members.count + 1, sizeof *all);
    if (all == NULL)
        r = HF_ENOMEM;
    for (size_t i = 0; r == 0 && i < members.count; i++)
        all[i] = (struct hf__attested){.address = members.list[i].address,
                                       .account = &members.list[i].account};
    size_t count = members.count;
    if (r == 0)
        r = hf__attest(&how, all, count);
    if (r == 0)
        r = show(a, o, &members, all);
    bool pass = r == 0 && count_of(all, count, HF__PASSES) == count;
    free(all);
    hf__members_done(&members);
    if (r != 0)
        return hf__say("set", "not asked", r);
    return pass ? HF_CLI_OK : HF_CLI_NOT_READY;
}
