/* Marks: collateral that is older than what was verified before is found out. */
#include "attest/marks.h"
#include "base/error.h"
#include "dev_world.h"
#include "engine_harness.h"

#include <criterion/criterion.h>

static struct hf_marks marks, other;
static char name[HF_MARK_NAME_LEN];

/* A world whose documents are of this evaluation, and so much older or newer. */
static void make(struct dev_world *w, uint32_t evaluation, long later_s)
{
    dev_world_init(w);
    struct hf_dev_collateral_spec *c = &w->collateral_spec;
    c->evaluation_number = evaluation;
    c->tcb_info.from_s += (uint64_t)later_s;
    c->qe_identity.from_s += (uint64_t)later_s;
    c->pck_crl.from_s += (uint64_t)later_s;
    c->root_crl.from_s += (uint64_t)later_s;
    dev_world_make(w);
}

Test(hf_marks_check, of_the_same_or_newer_documents_passes)
{
    struct dev_world old, new;
    make(&old, 17, 0);
    make(&new, 18, 10);
    cr_assert(hf_marks_take(&marks, old.collateral, HF_TRUST_DEV));
    cr_assert_eq(marks.count, 4);
    cr_assert_eq(marks.issued_s, old.now_s - 1000);
    cr_assert_not(hf_marks_take(&marks, old.collateral, HF_TRUST_DEV));
    cr_assert_eq(hf_marks_check(&marks, old.collateral, name), 0);
    cr_assert_eq(hf_marks_check(&marks, new.collateral, name), 0);
    cr_assert(hf_marks_take(&marks, new.collateral, HF_TRUST_DEV));
    cr_assert_eq(marks.count, 4);
    cr_assert_eq(marks.evaluations_count, 2);
    cr_assert_eq(marks.evaluations[0].number, 17);
    cr_assert_eq(marks.evaluations[1].issued_s, old.now_s - 990);
    dev_world_done(&old);
    dev_world_done(&new);
}

Test(hf_marks_check, names_the_document_that_has_gone_back)
{
    static const char *const names[] = {"qe_identity.json", "tcb_info_", "pck_crl.der",
                                        "root_ca_crl.der"};
    struct dev_world new;
    make(&new, 18, 10);
    cr_assert(hf_marks_take(&marks, new.collateral, HF_TRUST_DEV));
    for (size_t i = 0; i < HF_ARRAY_LEN(names); i++) {
        struct dev_world w;
        dev_world_init(&w);
        struct hf_dev_collateral_spec *c = &w.collateral_spec;
        struct hf_dev_window *all[] = {&c->qe_identity, &c->tcb_info, &c->pck_crl, &c->root_crl};
        c->evaluation_number = 18;
        for (size_t j = 0; j < HF_ARRAY_LEN(all); j++)
            all[j]->from_s += i == j ? 9 : 10;
        dev_world_make(&w);
        cr_assert_eq(hf_marks_check(&marks, w.collateral, name), HF_ECOLLROLLBACK);
        cr_assert_eq(strncmp(name, names[i], strlen(names[i])), 0, "%s, not %s", name, names[i]);
        dev_world_done(&w);
    }
    dev_world_done(&new);
}

Test(hf_marks_check, of_a_lower_evaluation_that_was_issued_later)
{
    struct dev_world new, w;
    make(&new, 18, 0);
    make(&w, 17, 10);
    cr_assert(hf_marks_take(&marks, new.collateral, HF_TRUST_DEV));
    cr_assert_eq(hf_marks_check(&marks, w.collateral, name), HF_ECOLLROLLBACK);
    cr_assert_not(hf_marks_take(&other, w.collateral, HF_TRUST_DEV) &&
                  !hf_marks_raise(&other, &marks));
    cr_assert_eq(hf_marks_check(&other, new.collateral, name), HF_ECOLLROLLBACK, "its lists");
    dev_world_done(&new);
    dev_world_done(&w);
}

Test(hf_marks_check, of_another_root_says_nothing)
{
    struct dev_world new, w;
    make(&new, 18, 10);
    dev_world_init(&w);
    w.authority_spec.seed = NULL;
    dev_world_make(&w);
    cr_assert(hf_marks_take(&marks, new.collateral, HF_TRUST_DEV));
    cr_assert_eq(hf_marks_check(&marks, w.collateral, name), 0);
    cr_assert(hf_marks_take(&marks, w.collateral, HF_TRUST_DEV));
    cr_assert_eq(hf_marks_check(&marks, new.collateral, name), 0);
    dev_world_done(&new);
    dev_world_done(&w);
}

Test(hf_marks_raise, keeps_within_its_bounds)
{
    marks = (struct hf_marks){.trust = HF_TRUST_INTEL};
    for (uint32_t i = 0; i < 3 * HF_MARKS_MAX; i++) {
        other = (struct hf_marks){.trust = HF_TRUST_INTEL, .count = 1, .evaluations_count = 1};
        other.at[0] = (struct hf_mark){.kind = HF_DOCUMENT_TCB_INFO, .issued_s = i + 1};
        memcpy(other.at[0].id, &i, sizeof i);
        other.evaluations[0] = (struct hf_evaluation_seen){.number = i, .issued_s = i};
        cr_assert(hf_marks_raise(&marks, &other));
    }
    cr_assert_eq(marks.count, HF_MARKS_MAX);
    cr_assert_eq(marks.evaluations_count, HF_MARKS_EVALUATIONS_MAX);
    cr_assert_eq(marks.evaluations[HF_MARKS_EVALUATIONS_MAX - 1].number, 3 * HF_MARKS_MAX - 1);
    for (size_t i = 0; i < HF_MARKS_MAX; i++)
        cr_assert_gt(marks.at[i].issued_s, 2 * HF_MARKS_MAX, "the newest stay");
}

/* ---- the engine */

static struct harness l;

static void seen(const struct hf_marks *what)
{
    struct hf_event event = {.type = HF_EVENT_MARKS, .u.marks.marks = what};
    harness_step(&l, &event);
}

static struct hf_marks of(enum hf_trust trust, uint64_t issued_s)
{
    struct hf_marks m = {.trust = (uint8_t)trust, .issued_s = issued_s, .count = 2};
    m.at[0] = (struct hf_mark){.kind = HF_DOCUMENT_QE_IDENTITY, .number = 18, .issued_s = issued_s};
    m.at[1] = (struct hf_mark){.kind = HF_DOCUMENT_TCB_INFO, .id = {1}, .issued_s = issued_s};
    m.evaluations_count = 1;
    m.evaluations[0] = (struct hf_evaluation_seen){.number = 18, .issued_s = issued_s};
    return m;
}

Test(hf_engine_marks, intels_dates_raise_the_clocks_floor_and_a_development_roots_do_not)
{
    harness_init(&l);
    harness_fresh(&l);
    other = of(HF_TRUST_DEV, AUTHORITY_NOW_S + 86400);
    seen(&other);
    cr_assert_lt(hf__now_s(l.e), AUTHORITY_NOW_S + 86400);
    other = of(HF_TRUST_INTEL, AUTHORITY_NOW_S + 86400);
    seen(&other);
    cr_assert_eq(hf__now_s(l.e), AUTHORITY_NOW_S + 86400);
    other = of(HF_TRUST_INTEL, AUTHORITY_NOW_S);
    seen(&other);
    cr_assert_eq(hf__now_s(l.e), AUTHORITY_NOW_S + 86400, "they never fall");
    harness_done(&l);
}

Test(hf_engine_marks, are_written_when_they_rise_and_come_back_with_the_vault)
{
    harness_init(&l);
    harness_fresh(&l);
    other = of(HF_TRUST_INTEL, AUTHORITY_NOW_S + 86400);
    seen(&other);
    cr_assert_eq(l.u.writes_count, 2);
    cr_assert_eq(l.u.writes[0].collection, HF_ROW_MARKS);
    cr_assert_eq(l.u.writes[1].collection, HF_ROW_SEQUENCE, "an older vault is known by it");
    struct hf_blob *row = hf_blob_ref(l.u.writes[0].value);
    seen(&other);
    cr_assert_eq(l.u.writes_count, 0);
    harness_done(&l);

    harness_init(&l);
    harness_fresh(&l);
    cr_assert_null(l.u.marks);
    cr_assert_null(hf__rows_put(&l.e->rows, HF_ROW_MARKS, hf_bytes_of(NULL, 0), row));
    hf__marks_open(l.e);
    cr_assert_eq(hf__now_s(l.e), AUTHORITY_NOW_S + 86400);
    cr_assert_eq(memcmp(l.e->trust->marks, &other, sizeof other), 0);
    hf_blob_unref(row);
    harness_done(&l);
}

Test(hf_engine_marks, seen_before_the_vault_opened_count_beside_those_in_it)
{
    harness_init(&l);
    harness_start(&l, HF_VAULT_NONE);
    other = of(HF_TRUST_INTEL, AUTHORITY_NOW_S + 86400);
    seen(&other);
    cr_assert_eq(l.u.writes_count, 0);
    harness_vault(&l, 0);
    cr_assert_not_null(l.u.marks);
    bool written = false;
    for (size_t i = 0; i < l.u.writes_count; i++)
        written = written || l.u.writes[i].collection == HF_ROW_MARKS;
    cr_assert(written);
    harness_done(&l);
}
