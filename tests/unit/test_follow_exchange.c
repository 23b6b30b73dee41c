/* What set signers exchange: what a signer has signed counts, and nothing else. */
#include "follow_exchange.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "document_authority.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/stat.h>

static struct authority n;
static struct hf__authority a;
static struct hf_validator v[4];
static char folder[HF_SCRATCH_PATH_LEN];
static struct hf__exchange x;

/* Set signers are keys 3 to 5, of whom two. */
static void set_up(void)
{
    hf_scratch_make(folder);
    authority_init(&n);
    struct hf_root r = authority_root(&n);
    r.number = 2;
    r.has_previous = true;
    r.previous = n.root->body_hash;
    r.set_threshold = 2;
    r.set_signers = &n.keys[3];
    r.set_signers_count = 3;
    a = (struct hf__authority){.folder = folder, .pool = n.pool, .network = n.network};
    a.root = authority_document(&n, HF_DOCUMENT_ROOT, &r, "01");
}

static void tear_down(void)
{
    hf_document_unref(a.root);
    authority_done(&n);
    hf_scratch_remove(folder);
}

TestSuite(follow_exchange, .init = set_up, .fini = tear_down);

static void put(const char *what, size_t key, struct hf_bytes content)
{
    char path[HF_SCRATCH_PATH_LEN + 128], digits[2 * HF_KEY_LEN + 1];
    hf_hex_encode(n.public_keys[key], HF_KEY_LEN, digits);
    snprintf(path, sizeof path, "%s/%s-%s.doc", folder, what, digits);
    cr_assert_eq(hf_file_replace(path, content, 0644), 0);
}

static struct hf_bytes set_of(uint32_t epoch, const char *signers)
{
    struct hf_validator_set set = authority_set(epoch, v, 4);
    return authority_sign(&n, HF_DOCUMENT_SET, &set, signers);
}

static void read_all(void)
{
    cr_assert_eq(hf__exchange_read(&a, folder, &x), 0);
    cr_assert_eq(x.count, 3);
}

static void put_word(size_t in_name, size_t named, size_t signer, const char *label)
{
    struct hf_chain_change c = {.account = {{1}}, .kind = 3};
    struct hf_chain_word word = {
        .network = n.network, .made_s = 7, .changes = &c, .changes_count = 1};
    struct hf_signed_chain_word s = {0};
    struct hf_buf statement, whole;
    hf_buf_init(&statement, 4096);
    hf_buf_init(&whole, 4096);
    cr_assert_eq(hf_wire_encode(&hf_wire_chain_word, &word, &statement), 0);
    s.statement = hf_buf_bytes(&statement);
    memcpy(s.key, n.public_keys[named], sizeof s.key);
    n.suite->sign(n.secret_keys[signer], label, s.statement, s.signature);
    cr_assert_eq(hf_wire_encode(&hf_wire_signed_chain_word, &s, &whole), 0);
    put("word", in_name, hf_buf_bytes(&whole));
    hf_buf_done(&statement);
    hf_buf_done(&whole);
}

Test(follow_exchange, reads_what_each_has_signed)
{
    static const char label[] = "holdfast/v1/chain-word";
    put_word(3, 3, 3, label);
    put("set", 4, set_of(5, "4"));
    put("in-force", 5, set_of(4, "34"));
    read_all();
    cr_assert_eq(x.strange, 0);
    cr_assert_eq(x.signers[0].heard->word.made_s, 7);
    cr_assert_eq(x.signers[0].heard->word.changes_count, 1);
    cr_assert_eq(hf_document_version(x.signers[1].proposal), 5);
    cr_assert_eq(hf_document_version(x.signers[2].in_force), 4);
    cr_assert(x.signers[0].proposal == NULL && x.signers[1].heard == NULL);
    hf__exchange_done(&x);
}

Test(follow_exchange, counts_nothing_that_its_signer_has_not_signed)
{
    static const char label[] = "holdfast/v1/chain-word";
    struct hf_policy policy = authority_policy(&n, 1, 2, 3);
    const struct hf_bytes bad_sets[] = {
        set_of(5, ""),
        set_of(5, "3"),
        set_of(5, "35"),
        set_of(5, "01"),
        hf_bytes_of("no document", 11),
        authority_sign(&n, HF_DOCUMENT_POLICY, &policy, "4"),
        {0},
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(bad_sets); i++) {
        put("set", 4, bad_sets[i]);
        read_all();
        cr_assert(x.strange == 1 && x.signers[1].proposal == NULL, "%zu", i);
        hf__exchange_done(&x);
    }
    const struct hf_bytes bad_in_force[] = {set_of(5, "4"), set_of(5, "0"), set_of(5, "04"),
                                            authority_sign(&n, HF_DOCUMENT_POLICY, &policy, "01")};
    put("set", 4, set_of(5, "4"));
    for (size_t i = 0; i < HF_ARRAY_LEN(bad_in_force); i++) {
        put("in-force", 4, bad_in_force[i]);
        read_all();
        cr_assert(x.strange == 1 && x.signers[1].in_force == NULL, "%zu", i);
        hf__exchange_done(&x);
    }
    put("in-force", 4, set_of(5, "01")); /* the authority's is one too */
    static const struct {
        size_t named, signer;
        const char *label;
    } bad_words[] = {{4, 3, label}, {3, 3, label}, {0, 0, label}, {4, 4, "holdfast/v1/document"}};
    for (size_t i = 0; i < HF_ARRAY_LEN(bad_words); i++) {
        put_word(4, bad_words[i].named, bad_words[i].signer, bad_words[i].label);
        read_all();
        cr_assert(x.strange == 1 && x.signers[1].heard == NULL, "%zu", i);
        cr_assert(x.signers[1].proposal != NULL && x.signers[1].in_force != NULL);
        hf__exchange_done(&x);
    }
    put_word(4, 4, 4, label);
    read_all();
    cr_assert(x.strange == 0 && x.signers[1].heard != NULL);
    hf__exchange_done(&x);
}

/* However many files another puts there, the signers' are read, and no others. */
Test(follow_exchange, looks_at_no_other_file)
{
    char path[HF_SCRATCH_PATH_LEN + 64];
    put("set", 5, set_of(5, "5"));
    put("set", 0, set_of(6, "3")); /* the name of a key that is no set signer's */
    for (int i = 0; i < 200; i++) {
        snprintf(path, sizeof path, "%s/set-%010d-0000000000000000.doc", folder, i);
        cr_assert_eq(hf_file_replace(path, set_of(7, ""), 0644), 0);
        n.envelopes_count--;
        hf_buf_done(&n.envelopes[n.envelopes_count]);
    }
    read_all();
    cr_assert_eq(x.strange, 0);
    cr_assert(x.signers[0].proposal == NULL && x.signers[1].proposal == NULL);
    cr_assert_eq(hf_document_version(x.signers[2].proposal), 5);
    hf__exchange_done(&x);
}

Test(follow_exchange, is_no_folder_to_be_held_up_by)
{
    char path[HF_SCRATCH_PATH_LEN + 128], digits[2 * HF_KEY_LEN + 1];
    hf_hex_encode(n.public_keys[3], HF_KEY_LEN, digits);
    snprintf(path, sizeof path, "%s/word-%s.doc", folder, digits);
    cr_assert_eq(mkfifo(path, 0600), 0);
    snprintf(path, sizeof path, "%s/set-%s.doc", folder, digits);
    cr_assert_eq(mkdir(path, 0700), 0);
    read_all();
    cr_assert_eq(x.strange, 2);
    hf__exchange_done(&x);
}

Test(follow_exchange, merges_the_signatures_of_one_body)
{
    struct hf_buf whole;
    struct hf_document *d;
    size_t count;
    put("set", 3, set_of(5, "3"));
    put("set", 4, set_of(6, "4"));
    put("set", 5, set_of(5, "5"));
    read_all();
    hf_buf_init(&whole, 1 << 20);
    cr_assert_eq(hf__exchange_merge(&a, &x, x.signers[0].proposal, &whole, &count), 0);
    cr_assert_eq(count, 2);
    cr_assert_eq(hf_document_read(n.pool, hf_buf_bytes(&whole), &d), 0);
    cr_assert_eq(hf_document_verify(d, &n.network, a.root), 0);
    hf_document_unref(d);
    hf_buf_clear(&whole);
    cr_assert_eq(hf__exchange_merge(&a, &x, x.signers[1].proposal, &whole, &count), 0);
    cr_assert_eq(count, 1);
    hf_buf_done(&whole);
    hf__exchange_done(&x);
}
