/* The order in which every shell carries out an update; core/engine.h says why it is so. */
#include "core/shell.h"

#include <criterion/criterion.h>
#include <stdio.h>

struct seen {
    char parts[256];
    bool dies; /* of its write */
};

static void note(void *shell, const char *part, uint64_t number)
{
    struct seen *s = shell;
    size_t at = strlen(s->parts);
    snprintf(s->parts + at, sizeof s->parts - at, "%s%llu ", part, (unsigned long long)number);
}

static void on_trace(void *shell, const struct hf_trace *trace)
{
    note(shell, "trace", trace->a);
}

static bool on_write(void *shell, const struct hf_update *update)
{
    note(shell, "write", update->write_seq);
    return !((struct seen *)shell)->dies;
}

static void on_identity(void *shell, const struct hf_update *update)
{
    note(shell, "identity", update->claim_follows);
}

static void on_call(void *shell, const struct hf_call *call)
{
    note(shell, "call", call->id);
}

static void on_datagram(void *shell, const struct hf_datagram_out *datagram)
{
    note(shell, "datagram", datagram->after);
}

static void on_reply(void *shell, const struct hf_reply *reply)
{
    note(shell, "reply", reply->id);
}

static void on_work(void *shell, const struct hf_work *work)
{
    note(shell, "work", work->id);
}

static void on_local(void *shell, const struct hf_local_reply *reply)
{
    note(shell, "local", reply->id);
}

static void on_deadline(void *shell, uint64_t deadline_ms)
{
    note(shell, "deadline", deadline_ms);
}

static const struct hf_shell how = {.trace = on_trace,
                                    .write = on_write,
                                    .identity = on_identity,
                                    .call = on_call,
                                    .datagram = on_datagram,
                                    .reply = on_reply,
                                    .work = on_work,
                                    .local = on_local,
                                    .deadline = on_deadline};

/* An update that has two of each part. */
static struct hf_update full(void)
{
    static const struct hf_trace traces[] = {{.a = 1}, {.a = 2}};
    static const struct hf_write writes[2];
    static const struct hf_call calls[] = {{.id = 1}, {.id = 2}};
    static const struct hf_datagram_out datagrams[] = {{.after = 1}, {.after = 2}};
    static const struct hf_reply replies[] = {{.id = 1}, {.id = 2}};
    static const struct hf_work work[] = {{.id = 1}, {.id = 2}};
    static const struct hf_local_reply locals[] = {{.id = 1}, {.id = 2}};
    return (struct hf_update){.traces = traces,
                              .traces_count = 2,
                              .writes = writes,
                              .writes_count = 2,
                              .write_seq = 7,
                              .calls = calls,
                              .calls_count = 2,
                              .datagrams = datagrams,
                              .datagrams_count = 2,
                              .replies = replies,
                              .replies_count = 2,
                              .work = work,
                              .work_count = 2,
                              .locals = locals,
                              .locals_count = 2,
                              .identity_changed = true,
                              .claim_follows = true,
                              .deadline_ms = 9};
}

Test(hf_shell_carry_out, the_parts_come_in_the_order_of_the_contract)
{
    struct seen s = {.dies = false};
    struct hf_update u = full();
    hf_shell_carry_out(&how, &s, &u);
    cr_assert_str_eq(s.parts,
                     "trace1 trace2 write7 identity1 call1 call2 datagram1 datagram2 reply1 "
                     "reply2 work1 work2 local1 local2 deadline9 ");
}

Test(hf_shell_carry_out, a_process_that_dies_of_its_write_tells_nobody_anything)
{
    struct seen s = {.dies = true};
    struct hf_update u = full();
    hf_shell_carry_out(&how, &s, &u);
    cr_assert_str_eq(s.parts, "trace1 trace2 write7 ");
}

Test(hf_shell_carry_out, an_empty_update_has_a_deadline_only)
{
    struct seen s = {.dies = false};
    struct hf_update u = {.deadline_ms = 3};
    hf_shell_carry_out(&how, &s, &u);
    cr_assert_str_eq(s.parts, "deadline3 ");
}
