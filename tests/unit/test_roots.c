/* Versions of the root secret: what a vault keeps of them, what a record protects, what a name is
 * bound to (proto/ROTATION.md, 5; proto/CRYPTO.md, 13). */
#include "engine_harness.h"

#include "base/error.h"
#include "owner/roots.h"
#include "register/register.h"

#include <criterion/criterion.h>

static struct harness l;
static const struct hf_bytes no_key = {0};

static void set_up(void)
{
    harness_init(&l);
    harness_fresh(&l);
    harness_placing(&l, 2, 3, 4);
}

static void tear_down(void)
{
    harness_done(&l);
}

TestSuite(roots, .init = set_up, .fini = tear_down);

/* Puts this row in the place of the one that is there. */
static void put_row(const struct hf_roots_row *m)
{
    hf__update_begin(l.e);
    struct hf_blob *value = hf_blob_new(hf__encode(l.e, &hf_wire_roots_row, m));
    hf_blob_unref(hf__rows_put(&l.e->rows, HF_ROW_ROOTS, no_key, value));
    hf_blob_unref(value);
}

static int read_again(void)
{
    hf__update_begin(l.e);
    l.e->open = false;
    int r = hf__roots_load(l.e);
    l.e->open = true;
    return r;
}

/* Two more versions, as a recovery gives them: 2 is new to the vault, 7 as well. */
static void merge(bool lost)
{
    struct hf__given_roots given = {.count = 3, .version = {1, 2, 7}};
    hf__update_begin(l.e);
    for (uint8_t i = 0; i < 3; i++) {
        memset(given.root[i], 0, HF_SCALAR_LEN);
        given.root[i][0] = (uint8_t)(i + 1);
    }
    hf__roots_merge(l.e, &given, lost);
}

static struct hf__keys table(struct hf_roots_row *ret)
{
    struct hf__keys keys;
    hf__update_begin(l.e);
    hf__roots_table(l.e, ret, &keys);
    return keys;
}

Test(roots, a_vault_begins_with_one_that_is_active)
{
    struct hf_roots_row row;
    struct hf__keys keys = table(&row);
    cr_assert_eq(keys.count, 1);
    cr_assert_eq(keys.list[0].id, 1);
    cr_assert_eq(keys.list[0].state, HF__KEY_ACTIVE);
    cr_assert_not(row.roots[0].has_wrapped, "it opens the vault, and is not in it");
    cr_assert_not(row.has_wrap_key);
}

Test(roots, a_vault_from_before_gets_its_row)
{
    hf_blob_unref(hf__rows_del(&l.e->rows, HF_ROW_ROOTS, no_key));
    cr_assert_eq(read_again(), 0);
    cr_assert_not_null(hf__rows_get(&l.e->rows, HF_ROW_ROOTS, no_key));
}

Test(roots, what_others_gave_back_is_kept_and_no_version_is_given_again)
{
    struct hf_roots_row row;
    uint8_t root[HF_SCALAR_LEN];
    merge(false);
    struct hf__keys keys = table(&row);
    cr_assert_eq(keys.count, 3);
    cr_assert_eq(keys.id_next, 8);
    cr_assert_eq(hf__key_of_id(&keys, 2)->state, HF__KEY_PENDING);
    cr_assert(hf__root_copy(l.e, 7, root));
    cr_assert_eq(root[0], 3);
    cr_assert_not(hf__root_copy(l.e, 3, root));
    cr_assert(hf__root_copy(l.e, 1, root), "what the vault is under is what it was");
    cr_assert_arr_eq(root, l.e->secrets->active.root, HF_SCALAR_LEN);
    cr_assert_eq(hf__roots_first(l.e), 1);
    merge(false);
    cr_assert_eq(table(&row).count, 3, "twice is once");
}

Test(roots, after_a_lost_folder_names_are_bound_to_the_oldest)
{
    struct hf__given_roots given = {.count = 2, .version = {3, 4}};
    l.e->active.number = 4;
    hf_blob_unref(hf__rows_del(&l.e->rows, HF_ROW_ROOTS, no_key));
    hf__update_begin(l.e);
    l.e->open = false;
    hf__roots_begin(l.e);
    hf__roots_merge(l.e, &given, true);
    l.e->open = true;
    cr_assert_eq(hf__roots_first(l.e), 3);
    l.e->active.number = 1;
}

Test(roots, a_row_that_is_none_is_refused)
{
    struct hf_kept_root roots[3] = {{.version = 1, .state = HF__KEY_ACTIVE},
                                    {.version = 2, .state = HF__KEY_PENDING, .has_wrapped = true},
                                    {.version = 3, .state = HF__KEY_EXPIRED, .has_wrapped = true}};
    const struct hf_roots_row good = {.version_next = 4, .roots = roots, .roots_count = 3};
    struct hf_roots_row m = good;
    put_row(&m);
    cr_assert_eq(read_again(), 0);
    m.version_next = 3;
    put_row(&m);
    cr_assert_eq(read_again(), HF_EMALFORMED, "a version that is still to be given");
    m = good;
    roots[2].state = HF__KEY_ACTIVE;
    put_row(&m);
    cr_assert_eq(read_again(), HF_EMALFORMED, "active, and not what the vault is under");
    roots[2].state = HF__KEY_EXPIRED;
    roots[2].has_wrapped = false;
    put_row(&m);
    cr_assert_eq(read_again(), HF_EMALFORMED, "a version that is not there");
    roots[2].has_wrapped = true;
    roots[0].state = HF__KEY_EXPIRED;
    put_row(&m);
    cr_assert_eq(read_again(), HF_EMALFORMED, "the one under which the vault is, expired");
    roots[0].state = HF__KEY_ACTIVE;
    m.has_wrap_key = true;
    put_row(&m);
    cr_assert_eq(read_again(), HF_ECRYPTO, "a wrapping key that is none");
    m.has_wrap_key = false;
    put_row(&m);
    cr_assert_eq(read_again(), 0);
}

/* ---- what a dealing protects */

/* A record of this node's with these versions, signed. */
static int checked(const uint32_t *versions, size_t count, uint32_t own)
{
    struct hf_dealt_root roots[4] = {0};
    uint8_t points[64] = {1};
    struct hf_holder holders[3] = {{.index = 1}, {.index = 2}, {.index = 3}};
    struct hf_placement_record m = {.generation = {.version = own, .number = 1},
                                    .threshold = 2,
                                    .commitments = hf_bytes_of(points, sizeof points),
                                    .holders = holders,
                                    .holders_count = 3,
                                    .epoch = 1,
                                    .ballot = {.number = 1},
                                    .quorum = 2,
                                    .provisional = 3,
                                    .roots = roots,
                                    .roots_count = count};
    struct hf_signed_record signed_record;
    struct hf_placement_record got;
    hf__update_begin(l.e);
    m.network = l.e->network;
    m.owner = l.e->account;
    for (uint8_t i = 0; i < 3; i++)
        holders[i].account.bytes[0] = i;
    for (size_t i = 0; i < count; i++)
        roots[i].version = versions[i];
    signed_record.record = hf__encode(l.e, &hf_wire_placement_record, &m);
    l.e->suite->sign(l.e->secrets->account, "holdfast/v1/placement-record", signed_record.record,
                     signed_record.signature);
    return hf__record_check(l.e, &signed_record, &l.e->account, &got);
}

Test(roots, a_record_lists_several_versions_in_order_with_its_own_or_none)
{
    cr_assert_eq(checked(NULL, 0, 5), 0);
    cr_assert_eq(checked((const uint32_t[]){4, 5}, 2, 5), 0);
    cr_assert_eq(checked((const uint32_t[]){1, 5, 6, 9}, 4, 5), 0);
    cr_assert_eq(checked((const uint32_t[]){5}, 1, 5), HF_ERECORD, "one is dealt itself");
    cr_assert_eq(checked((const uint32_t[]){4, 6}, 2, 5), HF_ERECORD, "not its own");
    cr_assert_eq(checked((const uint32_t[]){6, 5}, 2, 5), HF_ERECORD, "not in order");
    cr_assert_eq(checked((const uint32_t[]){5, 5}, 2, 5), HF_ERECORD, "one twice");
}

/* What a dealing of these versions shares. */
static bool secret_of(const struct hf__dealt *d, uint8_t id, uint8_t ret[static HF_SCALAR_LEN])
{
    uint8_t generation[16] = {id};
    struct hf_rng rng;
    hf__update_begin(l.e);
    return hf__dealt_secret(l.e, d, generation, &rng, ret);
}

Test(roots, a_dealing_of_one_shares_it_and_one_of_several_a_key_of_all_of_them)
{
    const struct hf__dealt one = {1, {1}}, two = {2, {1, 2}}, three = {3, {1, 2, 7}};
    const struct hf__dealt gone = {2, {1, 3}};
    uint8_t secret[HF_SCALAR_LEN], again[HF_SCALAR_LEN], root[HF_SCALAR_LEN];
    merge(false);
    cr_assert(secret_of(&one, 1, secret));
    cr_assert_arr_eq(secret, l.e->secrets->active.root, HF_SCALAR_LEN);
    cr_assert(secret_of(&two, 1, secret));
    cr_assert(secret_of(&two, 1, again));
    cr_assert_arr_eq(secret, again, HF_SCALAR_LEN, "what was lost can come again");
    cr_assert(hf__root_copy(l.e, 2, root));
    cr_assert_neq(memcmp(secret, root, HF_SCALAR_LEN), 0);
    cr_assert(secret_of(&two, 2, again));
    cr_assert_neq(memcmp(secret, again, HF_SCALAR_LEN), 0, "each generation has its own");
    cr_assert(secret_of(&three, 1, again));
    cr_assert_neq(memcmp(secret, again, HF_SCALAR_LEN), 0, "and each set of versions");
    cr_assert_not(secret_of(&gone, 1, again));
}

Test(roots, what_a_record_protects_comes_back_by_what_is_shared_and_by_nothing_else)
{
    const struct hf__dealt three = {3, {1, 2, 7}};
    struct hf_dealt_root wrapped[HF_ROOTS_KEPT_MAX];
    struct hf_placement_record record = {.generation = {.version = 1, .number = 1, .id = {1}}};
    struct hf__given_roots given;
    uint8_t secret[HF_SCALAR_LEN], root[HF_SCALAR_LEN];
    merge(false);
    cr_assert(secret_of(&three, 1, secret));
    record.roots = wrapped;
    record.roots_count = hf__dealt_wrap(l.e, &three, record.generation.id, secret, wrapped);
    cr_assert_eq(record.roots_count, 3);
    l.e->open = false;
    cr_assert_eq(hf__dealt_open(l.e, &record, secret, &given), 0);
    cr_assert_eq(given.count, 3);
    for (size_t i = 0; i < 3; i++) {
        cr_assert(hf__root_copy(l.e, given.version[i], root));
        cr_assert_arr_eq(given.root[i], root, HF_SCALAR_LEN);
        /* Who has this version, and the record, has no other. */
        cr_assert_eq(hf__dealt_open(l.e, &record, root, &given), HF_ECRYPTO);
        cr_assert_eq(hf__dealt_open(l.e, &record, secret, &given), 0);
    }
    record.generation.id[0] ^= 1;
    cr_assert_eq(hf__dealt_open(l.e, &record, secret, &given), HF_ECRYPTO, "of another generation");
    l.e->open = true;
}

/* ---- names */

static void bind(uint32_t version, uint32_t next)
{
    struct hf_binding_row m = {.version = version, .next = next};
    hf__update_begin(l.e);
    hf__put(l.e, HF_ROW_BINDING, hf_bytes_of("tss-db", 6), &hf_wire_binding_row, &m);
}

static int confirm(uint64_t version)
{
    struct hf_event event = {.type = HF_EVENT_LOCAL};
    event.u.local.id = 77;
    event.u.local.type = HF_LOCAL_CONFIRM;
    event.u.local.key = hf_bytes_of("tss-db", 6);
    event.u.local.version = version;
    harness_step(&l, &event);
    return harness_local_error(&l);
}

static int keys(const char *name)
{
    harness_local(&l, HF_LOCAL_KEYS, name);
    return harness_local_error(&l);
}

Test(roots, a_name_moves_to_a_newer_version_and_to_no_other)
{
    cr_assert_eq(keys("no name"), HF_EINVAL);
    cr_assert_eq(keys("tss-db"), HF_EKEYUNBOUND);
    cr_assert_eq(confirm(1), HF_EKEYUNBOUND);
    bind(1, 0);
    cr_assert_eq(keys("tss-db"), HF_EKEYNEWEST);
    cr_assert_eq(confirm(2), HF_EKEYOTHER);
    cr_assert_eq(confirm(1), 0, "nothing is to be done");
    cr_assert_eq(l.u.writes_count, 0);
}

Test(roots, a_name_on_its_way_has_two_keys_until_its_application_confirms)
{
    uint8_t old[HF_APP_KEY_LEN], new[HF_APP_KEY_LEN];
    merge(false);
    bind(1, 2);
    harness_local(&l, HF_LOCAL_KEY, "tss-db");
    cr_assert_eq(l.u.locals[0].key_version, 1);
    cr_assert_null(l.u.locals[0].next);
    memcpy(old, l.u.locals[0].key, sizeof old);
    cr_assert_eq(keys("tss-db"), 0);
    cr_assert_eq(l.u.locals[0].next_version, 2);
    cr_assert_arr_eq(l.u.locals[0].key, old, sizeof old);
    memcpy(new, l.u.locals[0].next, sizeof new);
    cr_assert_neq(memcmp(old, new, sizeof old), 0);
    cr_assert_eq(confirm(7), HF_EKEYOTHER);
    cr_assert_eq(confirm(2), 0);
    cr_assert_gt(l.u.locals[0].after, 0, "when that is durable");
    harness_local(&l, HF_LOCAL_KEY, "tss-db");
    cr_assert_eq(l.u.locals[0].key_version, 2);
    cr_assert_arr_eq(l.u.locals[0].key, new, sizeof new);
    cr_assert_not(hf__root_bound(l.e, 1));
    cr_assert(hf__root_bound(l.e, 2));
}

/* ---- taint */

Test(roots, the_authoritys_order_taints_up_to_a_version_and_is_obeyed_once)
{
    struct hf_roots_row row;
    long self = hf_set_find(l.e->trust->set, &l.e->account);
    cr_assert_geq(self, 0);
    merge(false);
    hf__update_begin(l.e);
    hf__roots_obey(l.e);
    struct hf__keys none = table(&row);
    cr_assert_not(hf__key_of_id(&none, 1)->tainted);
    l.e->trust->set->u.set.validators[self].root_tainted = 2;
    hf__update_begin(l.e);
    hf__roots_obey(l.e);
    struct hf__keys some = table(&row);
    cr_assert(hf__key_of_id(&some, 1)->tainted);
    cr_assert(hf__key_of_id(&some, 2)->tainted);
    cr_assert_not(hf__key_of_id(&some, 7)->tainted);
    cr_assert_eq(hf__roots_taint(l.e, 2), 0, "nothing is to be done");
    cr_assert_eq(hf__roots_taint(l.e, UINT32_MAX), 1);
}

Test(roots, what_a_version_waits_for_is_shown)
{
    merge(false);
    bind(1, 2);
    struct hf_status s = harness_status(&l);
    cr_assert_eq(s.roots_count, 3);
    cr_assert_eq(s.roots[0].state, HF__KEY_ACTIVE);
    cr_assert_eq(s.roots[0].names, 1);
    cr_assert_eq(s.roots[0].moving, 1);
    cr_assert_eq(s.roots[1].waits, HF_ROOT_WAITS_DEALING);
    cr_assert_str_eq(hf_root_wait_name(HF_ROOT_WAITS_DEALING), "dealing");
}
