/* Operators, zones and hosts of unequal size, a latency matrix, and traces of churn. */
#include "scenario/scenario.h"

#include "network/network.h"
#include "network/wan.h"
#include "world/dealing.h"
#include "world/world.h"

#include "base/error.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct hf__dealing deal(uint32_t count, uint32_t *sizes, bool drawn)
{
    struct hf_world_sizes given = {sizes, sizes == NULL ? 0 : count};
    struct hf__dealing d;
    cr_assert_eq(hf__dealing_init(&d, count, &given, drawn, 3500000400001, "operators"), 0);
    return d;
}

static void count_nodes(const struct hf__dealing *d, uint32_t nodes, uint32_t *ret)
{
    memset(ret, 0, d->count * sizeof(*ret));
    for (uint32_t i = 0; i < nodes; i++)
        ret[hf__dealt(d, i)]++;
}

Test(places, equal_ones_take_turns)
{
    struct hf__dealing d = deal(3, NULL, false);
    for (uint32_t i = 0; i < 20; i++)
        cr_assert_eq(hf__dealt(&d, i), i % 3);
    uint32_t alike[] = {7, 7, 7};
    struct hf__dealing same = deal(3, alike, false);
    for (uint32_t i = 0; i < 50; i++)
        cr_assert_eq(hf__dealt(&same, i), i % 3);
    hf__dealing_done(&same);
}

/* Whatever the number of nodes, each has as many as its size, but for one or two. */
Test(places, unequal_ones_get_their_part_of_the_first_nodes_too)
{
    uint32_t sizes[] = {50, 30, 15, 5}, has[4];
    struct hf__dealing d = deal(4, sizes, false);
    for (uint32_t nodes = 1; nodes <= 300; nodes++) {
        count_nodes(&d, nodes, has);
        for (uint32_t i = 0; i < 4; i++) {
            double off = (double)has[i] - nodes * sizes[i] / 100.0;
            cr_assert(off > -2 && off < 2, "%u of %u nodes are of %u", has[i], nodes, i);
        }
    }
    cr_assert_eq(hf__dealing_used(&d, 0, 3), 2);
    cr_assert_eq(hf__dealing_used(&d, 0, 100), 4);
    cr_assert(hf__dealing_uses(&d, 0, 1) && !hf__dealing_uses(&d, 3, 5));
    hf__dealing_done(&d);
}

/* In turn an operator of 50 lies in one zone of 5; drawn it lies in all. */
Test(places, drawn_ones_have_nothing_to_do_with_each_other)
{
    enum { NODES = 20000 };
    uint32_t sizes[] = {6, 3, 1}, has[3], both[3][2] = {{0}};
    struct hf__dealing d = deal(3, sizes, true), zones = deal(2, NULL, true);
    zones.purpose = "zones";
    count_nodes(&d, NODES, has);
    for (uint32_t i = 0; i < NODES; i++)
        both[hf__dealt(&d, i)][hf__dealt(&zones, i)]++;
    for (uint32_t i = 0; i < 3; i++) {
        double wanted = NODES * sizes[i] / 10.0;
        cr_assert(has[i] > wanted * 0.95 - 60 && has[i] < wanted * 1.05 + 60, "%u", has[i]);
        cr_assert(both[i][0] > wanted * 0.45 - 60 && both[i][0] < wanted * 0.55 + 60);
    }
    hf__dealing_done(&d);
    hf__dealing_done(&zones);
}

Test(places, impossible_sizes_are_refused)
{
    uint32_t none[] = {1, 0}, many[] = {HF_WORLD_SIZES_MAX, 1};
    struct hf__dealing d;
    struct hf_world_sizes sizes = {none, 2};
    cr_assert_eq(hf__dealing_init(&d, 2, &sizes, false, 1, "x"), HF_EINVAL);
    sizes.items = many;
    cr_assert_eq(hf__dealing_init(&d, 2, &sizes, false, 1, "x"), HF_EINVAL);
    cr_assert_eq(hf__dealing_init(&d, 3, &sizes, false, 1, "x"), HF_EINVAL);
}

/* ---- Worlds ---- */

Test(places, a_world_s_nodes_have_them_and_travel_by_the_matrix)
{
    static const char *rows[] = {"2, 10.5, 40", "8 1 1", "20 1 1"};
    uint32_t sizes[] = {3, 1};
    struct hf_world_settings s;
    struct hf_world *w;
    hf_world_settings_init(&s);
    s.zones = 2;
    s.zone_sizes = (struct hf_world_sizes){sizes, 2};
    s.operators = 2;
    s.operator_sizes = s.zone_sizes;
    s.alone = 1;
    s.network.latency = HF_LATENCY_MATRIX;
    s.network.round_trips = (struct hf_world_rows){rows, 3};
    cr_assert_eq(hf_world_new(&s, &w), 0);
    hf_world_add_many(w, 5);
    uint32_t other = 0;
    while (hf__node(w, other)->zone == 0)
        other++;
    cr_assert(other > 0 && other < 4);
    cr_assert_eq(hf__trip_us(w, 0, other), 5250);
    cr_assert_eq(hf__trip_us(w, other, 0), 4000, "there and back need not be alike");
    cr_assert_eq(hf__trip_us(w, 0, 4), 1000);
    cr_assert(hf__operator(w, 0) == 0 && hf__operator(w, 1) >= 1);
    uint32_t beside = hf_world_beside(w, other);
    cr_assert_eq(hf__node(w, beside)->zone, 1, "it is on the same machine");
    hf_world_free(w);
    s.network.round_trips.count = 1;
    cr_assert_eq(hf_world_new(&s, &w), HF_EINVAL);
}

Test(places, a_row_is_as_many_numbers)
{
    uint32_t us[3];
    cr_assert(hf__matrix_row("1,2.5 ,\t3", 3, us) && us[0] == 1000 && us[1] == 2500);
    static const char *const wrong[] = {"",       "1 2",       "1 2 3 4", "1 2 x",
                                        "1 2 -3", "1 2 60001", "1 2 nan", "1 2 3x"};
    for (size_t i = 0; i < HF_ARRAY_LEN(wrong); i++)
        cr_assert(!hf__matrix_row(wrong[i], 3, us), "%s", wrong[i]);
}

/* ---- Files ---- */

struct read {
    struct hf__scenario s;
    struct hf_config_doc *doc;
    struct hf__scenario_kept kept;
    char wrong[2048];
};

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
}

/* A scenario with this trace and matrix; "": it has none. */
static int read_with(const char *trace, const char *matrix, struct read *ret)
{
    static struct hf_config_errors errors;
    char folder[HF_SCRATCH_PATH_LEN], path[256], text[512];
    struct hf_buf out;
    hf_scratch_make(folder);
    snprintf(path, sizeof(path), "%s/s.yaml", folder);
    snprintf(text, sizeof(text),
             "nodes: 9\nzones: 2\npolicy: {shares: 3, threshold: 2}\n%s%s"
             "events:\n  - {at: 20s, do: crash, node: 1, for: 1s}\n",
             trace[0] == '\0' ? "" : "trace: t.csv\n",
             matrix[0] == '\0' ? "" : "matrix: m.csv\nnetwork: {latency: matrix}\n");
    write_file(folder, "s.yaml", text);
    write_file(folder, "t.csv", trace);
    write_file(folder, "m.csv", matrix);
    cr_assert_eq(hf_config_load_file(path, &hf__scenario_schema, &ret->s, &ret->doc, &errors), 0);
    int r = hf__scenario_files(&ret->s, &ret->kept, &errors);
    hf_buf_init(&out, 65536);
    hf_config_errors_print(&errors, &out);
    snprintf(ret->wrong, sizeof(ret->wrong), "%.*s", (int)out.len, (const char *)out.data);
    hf_buf_done(&out);
    hf_scratch_remove(folder);
    return r;
}

static void done(struct read *r)
{
    hf_config_doc_free(r->doc);
    hf__scenario_kept_done(&r->kept);
}

Test(places, a_trace_s_events_stand_among_those_of_the_scenario)
{
    struct read r;
    cr_assert_eq(
        read_with("at,do,node,for\n5s,crash,3,10s\n\n# rest\n20s, leave,4,\n30s,join,,\n", "", &r),
        0, "%s", r.wrong);
    cr_assert_eq(r.s.actions.count, 4);
    const struct hf__action *a = r.s.actions.items;
    cr_assert(a[0].kind == HF__ACTION_CRASH && a[0].node == 3 && a[0].for_us == 10000000);
    cr_assert(a[1].kind == HF__ACTION_CRASH && a[1].node == 1);
    cr_assert(a[2].kind == HF__ACTION_LEAVE && a[2].node == 4 && a[2].at_us == 20000000);
    cr_assert(a[3].kind == HF__ACTION_JOIN && a[3].count == HF__NOT_GIVEN);
    cr_assert_null(r.s.trace);
    done(&r);
}

Test(places, what_is_wrong_with_a_trace_is_named_by_its_line)
{
    static const struct {
        const char *trace, *wrong;
    } all[] = {
        {"at,do,node\n5s,crash,3\n\n6s,crush,3\n", "t.csv:4:"},
        {"at,do,node\n5s,crash,3\n4s,crash,2\n", "not before the line above it"},
        {"at,do,node\n5s,crash,3,4\n", "further"},
        {"at,do,whom\n5s,crash,3\n", "whom"},
        {"at,do,node\n5,crash,3\n", "t.csv:2:"},
        {"at,do,node\n5s,cra\"sh},3\n", "t.csv:2:"},
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(all); i++) {
        struct read r;
        cr_assert_eq(read_with(all[i].trace, "", &r), HF_ECONFIG, "%s", all[i].trace);
        cr_assert_not_null(strstr(r.wrong, all[i].wrong), "%s", r.wrong);
        done(&r);
    }
}

Test(places, a_matrix_may_have_names_and_is_printed_as_rows)
{
    struct read r;
    struct hf__scenario again;
    struct hf_config_doc *doc;
    static struct hf_config_errors errors;
    struct hf_buf out;
    cr_assert_eq(read_with("", ",ams,nyc\nams,1,80.25\nnyc,81,1\n", &r), 0, "%s", r.wrong);
    cr_assert_eq(r.s.world.network.round_trips.count, 2);
    cr_assert_str_eq(r.s.world.network.round_trips.items[0], "1 80.25");
    hf_buf_init(&out, 1 << 20);
    hf__scenario_print(&r.s, &out);
    cr_assert_eq(
        hf_config_load(hf_buf_bytes(&out), "<again>", &hf__scenario_schema, &again, &doc, &errors),
        0);
    cr_assert_str_eq(again.world.network.round_trips.items[1], "81 1");
    hf_buf_done(&out);
    hf_config_doc_free(doc);
    done(&r);
    cr_assert_eq(read_with("", "# nothing\n", &r), HF_ECONFIG);
    done(&r);
}
