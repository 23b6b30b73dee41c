/* What a set signer must not forget. */
#include "follow_state.h"

#include "base/error.h"
#include "base/file.h"
#include "document_authority.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { NOW_S = AUTHORITY_NOW_S + 5000 };

static const struct hf_hash chain = {"a chain"};
static struct authority n;
static struct hf_validator v[6];
static struct hf_document *set;
static struct hf__follow_state state;
static char folder[HF_SCRATCH_PATH_LEN];

static struct hf_document *set_of(size_t count)
{
    struct hf_validator_set s = authority_set(3, v, count);
    return authority_document(&n, HF_DOCUMENT_SET, &s, "01");
}

static void set_up(void)
{
    hf_scratch_make(folder);
    authority_init(&n);
    set = set_of(6);
    state = (struct hf__follow_state){0};
}

static void tear_down(void)
{
    hf__follow_forget(&state);
    hf_document_unref(set);
    authority_done(&n);
    hf_scratch_remove(folder);
}

TestSuite(follow_state, .init = set_up, .fini = tear_down);

Test(follow_state, is_read_as_it_was_written)
{
    struct hf__follow_state is;
    cr_assert_eq(hf__follow_load(folder, &chain, &is), 0, "there is none yet");
    cr_assert(is.signed_epoch == 0 && is.count == 0 && is.seen.number == 0);
    state.seen = (struct hf__chain_block){7, {"block 7"}};
    state.signed_epoch = UINT32_MAX;
    state.form_epoch = 9;
    state.signed_s = 1;
    state.waits_since_s = 2;
    state.left_s = 3;
    for (uint8_t i = 5; i > 0; i--) {
        struct hf_account account = {{i}};
        struct hf__follow_account *k = hf__follow_know(&state, &account);
        k->asked_s = i;
        k->passed_s = 10 + i;
        k->failed_since_s = 20 + i;
        k->member = i % 2;
    }
    cr_assert_eq(hf__follow_save(folder, &chain, &state), 0);
    cr_assert_eq(hf__follow_load(folder, &chain, &is), 0);
    cr_assert(is.seen.number == 7 && hf_hash_equal(&is.seen.hash, &state.seen.hash));
    cr_assert(is.signed_epoch == UINT32_MAX && is.form_epoch == 9 && is.signed_s == 1);
    cr_assert(is.waits_since_s == 2 && is.left_s == 3 && is.count == 5);
    for (uint8_t i = 0; i < 5; i++) {
        const struct hf__follow_account *k = &is.accounts[i];
        cr_assert(k->account.bytes[0] == i + 1 && k->asked_s == i + 1u && k->passed_s == i + 11u);
        cr_assert(k->failed_since_s == i + 21u && k->member == (i + 1) % 2);
    }
    hf__follow_forget(&is);
    struct hf_hash other = {"another"};
    cr_assert_eq(hf__follow_load(folder, &other, &is), HF_EOTHERCHAIN);
}

/* An answer of a day that has not come attests nothing, and no signer waits for such a day. */
Test(follow_state, that_a_clock_ahead_has_dated_counts_from_now)
{
    static const struct hf_account ahead = {{1}}, right = {{2}};
    state.signed_s = state.waits_since_s = state.left_s = NOW_S + 1;
    *hf__follow_know(&state, &ahead) = (struct hf__follow_account){
        .account = ahead, .asked_s = NOW_S + 9, .passed_s = NOW_S + 9, .failed_since_s = NOW_S + 9};
    *hf__follow_know(&state, &right) = (struct hf__follow_account){
        .account = right, .asked_s = NOW_S, .passed_s = NOW_S, .failed_since_s = NOW_S - 9};
    hf__follow_clock_set_back(&state, NOW_S);
    cr_assert(state.signed_s == NOW_S && state.waits_since_s == NOW_S && state.left_s == NOW_S);
    const struct hf__follow_account *k = hf__follow_know(&state, &ahead);
    cr_assert(k->asked_s == 0 && k->passed_s == 0 && k->failed_since_s == NOW_S);
    k = hf__follow_know(&state, &right);
    cr_assert(k->asked_s == NOW_S && k->passed_s == NOW_S && k->failed_since_s == NOW_S - 9);
}

/* A file that another has damaged stops the signer: what it has signed would be forgotten. */
Test(follow_state, that_is_damaged_is_no_empty_one)
{
    static const char *const wrong[] = {
        "\"number\"",     "\"hash\"",     "\"signed_epoch\"", "\"left_s\"",
        "\"form_epoch\"", "\"accounts\"", "\"asked_s\"",      "{"};
    char path[HF_SCRATCH_PATH_LEN + 16];
    struct hf_buf b;
    struct hf__follow_state is;
    struct hf_account account = {{1}};
    hf__follow_know(&state, &account);
    cr_assert_eq(hf__follow_save(folder, &chain, &state), 0);
    snprintf(path, sizeof path, "%s/follow.json", folder);
    hf_buf_init(&b, 1 << 20);
    cr_assert_eq(hf_file_read(path, &b), 0);
    hf_buf_append(&b, "", 1);
    for (size_t i = 0; i < HF_ARRAY_LEN(wrong); i++) {
        char *at = strstr((char *)b.data, wrong[i]);
        cr_assert_not_null(at, "%s", wrong[i]);
        char kept = at[1];
        at[1] = '?';
        cr_assert_eq(hf_file_replace(path, hf_bytes_of(b.data, b.len - 1), 0600), 0);
        cr_assert_eq(hf__follow_load(folder, &chain, &is), HF_EMALFORMED, "%s", wrong[i]);
        at[1] = kept;
    }
    hf_buf_done(&b);
}

Test(follow_state, keeps_whom_the_set_or_the_chain_has)
{
    struct hf_account on_chain = {{1}}, gone = {{2}};
    struct hf__chain_validator list[] = {{.account = on_chain}};
    struct hf__chain_view view = {.list = list, .count = 1};
    hf__follow_know(&state, &on_chain);
    hf__follow_know(&state, &gone);
    cr_assert_eq(hf__follow_note_set(&state, set, NOW_S), 0);
    cr_assert_eq(state.count, 8);
    hf__follow_keep(&state, set, &view);
    cr_assert_eq(state.count, 7);
    cr_assert_not_null(hf__follow_find(state.accounts, state.count, &on_chain));
    cr_assert_null(hf__follow_find(state.accounts, state.count, &gone));
}

Test(follow_state, notes_when_a_member_has_gone)
{
    struct hf_document *less = set_of(5);
    cr_assert_eq(hf__follow_note_set(&state, less, NOW_S), 0);
    cr_assert_eq(state.left_s, NOW_S, "nothing was seen before: one may have gone just now");
    cr_assert_eq(hf__follow_note_set(&state, set, NOW_S + 1), 0);
    cr_assert_eq(state.left_s, NOW_S, "one has come");
    cr_assert_eq(hf__follow_note_set(&state, set, NOW_S + 2), 0);
    cr_assert_eq(state.left_s, NOW_S);
    cr_assert_eq(hf__follow_note_set(&state, less, NOW_S + 3), 0);
    cr_assert_eq(state.left_s, NOW_S + 3);
    cr_assert_eq(hf__follow_note_set(&state, less, NOW_S + 4), 0);
    cr_assert_eq(state.left_s, NOW_S + 3);
    hf_document_unref(less);
}
