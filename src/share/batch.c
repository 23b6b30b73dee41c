/* Requests that are answered together: read, judged by the newest documents that came with any of
 * them, and shown (proto/QUORUM.md, 5). */
#include "share.h"

#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Takes the documents out of a request: what is kept of it is small, however many there are. */
static int without_documents(struct hf__asked *a, struct hf_request *q)
{
    q->file.documents_count = 0;
    hf_buf_init(&a->bytes, HF__SHARE_FILE_MAX);
    int r = hf_wire_encode(&hf_wire_blackstart_request, &q->file, &a->bytes);
    return r != 0 ? r : hf_request_read(&hf_suite_real, hf_buf_bytes(&a->bytes), &a->arena, &a->q);
}

static int read_one(struct hf__asked *a, struct hf_request_newest *newest)
{
    struct hf_buf b;
    struct hf_arena arena;
    struct hf_request q;
    hf_buf_init(&b, HF__SHARE_FILE_MAX);
    hf_arena_init(&arena, 2 * HF__SHARE_FILE_MAX);
    hf_arena_init(&a->arena, 2 * HF__SHARE_FILE_MAX);
    int r = hf_file_read_regular(a->path, &b);
    if (r == 0)
        r = hf_request_read(&hf_suite_real, hf_buf_bytes(&b), &arena, &q);
    if (r == 0)
        r = hf_request_newest_add(newest, &q);
    if (r == 0)
        r = without_documents(a, &q);
    hf_arena_done(&arena);
    hf_buf_done(&b);
    return r;
}

static int by_account(const void *a, const void *b)
{
    const struct hf__asked *const *one = a, *const *other = b;
    return hf_account_compare(&(*one)->q.transcript.account, &(*other)->q.transcript.account);
}

/* HF_ETWOREQUESTS: two are of one account. */
static int check_accounts(const struct hf__batch *b, const char **ret_path)
{
    const struct hf__asked **sorted = calloc(b->count, sizeof *sorted);
    int r = sorted == NULL ? HF_ENOMEM : 0;
    for (size_t i = 0; i < b->count && r == 0; i++)
        sorted[i] = &b->items[i];
    if (r == 0)
        qsort(sorted, b->count, sizeof *sorted, by_account);
    for (size_t i = 1; i < b->count && r == 0; i++)
        if (by_account(&sorted[i - 1], &sorted[i]) == 0) {
            *ret_path = sorted[i]->path;
            r = HF_ETWOREQUESTS;
        }
    free(sorted);
    return r;
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct hf_hash));
}

/* Of one request its own hash, by which its operator knows it. */
static int make_digest(struct hf__batch *b)
{
    struct hf_hash *hashes = calloc(b->count, sizeof *hashes);
    if (hashes == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < b->count; i++)
        hashes[i] = b->items[i].q.hash;
    qsort(hashes, b->count, sizeof *hashes, by_hash);
    if (b->count == 1)
        b->digest = hashes[0];
    else
        hf_suite_real.hash("holdfast/v1/blackstart-batch",
                           hf_bytes_of((const uint8_t *)hashes, b->count * sizeof *hashes),
                           &b->digest);
    free(hashes);
    return 0;
}

int hf__batch_read(char **paths, size_t count, const struct hf_network_id *network,
                   struct hf__batch *ret, const char **ret_path)
{
    *ret = (struct hf__batch){.now_s = (uint64_t)time(NULL)};
    *ret_path = paths[0];
    ret->items = calloc(count, sizeof *ret->items);
    int r = ret->items == NULL ? HF_ENOMEM : hf_request_newest_init(network, &ret->newest);
    for (size_t i = 0; i < count && r == 0; i++) {
        *ret_path = paths[i];
        ret->items[ret->count].path = paths[i];
        r = read_one(&ret->items[ret->count++], &ret->newest);
    }
    if (r == 0)
        r = check_accounts(ret, ret_path);
    return r == 0 ? make_digest(ret) : r;
}

void hf__batch_done(struct hf__batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        hf_arena_done(&b->items[i].arena);
        hf_buf_done(&b->items[i].bytes);
    }
    free(b->items);
    hf_request_newest_done(&b->newest);
    *b = (struct hf__batch){0};
}

void hf__show_text(const char *what, struct hf_bytes text)
{
    printf("  %-12s %.*s\n", what, (int)text.len, text.len > 0 ? (const char *)text.data : "");
}

static void print_hex(const char *what, const uint8_t *bytes, size_t len)
{
    char digits[129];
    hf_hex_encode(bytes, len, digits);
    printf("  %-12s %s\n", what, digits);
}

void hf__show_time(const char *what, uint64_t s, const char *more)
{
    char text[HF_DATE_TEXT];
    printf("  %-12s %s%s\n", what, hf_date_text(s, HF_DATE_SECOND, text), more);
}

static void show_document(const char *what, const struct hf_document *d)
{
    char name[64];
    snprintf(name, sizeof name, ": %s %u", what, hf_document_version(d));
    hf__show_time("issued", hf_document_issued_s(d), name);
}

void hf__show_documents(const struct hf_document *root, const struct hf_request_documents *d)
{
    show_document("root", root);
    show_document("policy", d->policy);
    if (d->set != NULL)
        show_document("validator set", d->set);
    show_document("share set", d->shares);
}

static const struct hf_validator *member(const struct hf__batch *b,
                                         const struct hf_account *account)
{
    return &b->newest.set->u.set.validators[hf_set_find(b->newest.set, account)];
}

static void show_one(const struct hf__batch *b, const struct hf__asked *a)
{
    const struct hf_validator *v = member(b, &a->q.transcript.account);
    if (b->count > 1)
        printf("%s:\n", a->path);
    hf__show_text("operator", v->operator_name);
    hf__show_text("address", v->address);
    print_hex("account", v->account.bytes, HF_ID_LEN);
    print_hex("machine", a->verdict.ppid, HF_PPID_LEN);
    hf__show_text("software", a->release->name);
    print_hex("measurement", a->verdict.measurement, HF_MEASUREMENT_LEN);
    hf__show_text("quorum key", a->key->name);
    hf__show_time("asked at", a->q.transcript.made_s, "");
    if (a->before != NULL)
        hf__show_time("BUT answered", a->before->at_s,
                      ": another request of this account, and --again waives that");
    printf("  %-12s %llu since its key was there last\n", "number",
           (unsigned long long)a->q.transcript.number);
    print_hex("request", a->q.hash.bytes, HF_ID_LEN);
}

/* How many run what. The measurements are those of the policy, each once. */
static void show_releases(const struct hf__batch *b)
{
    const struct hf_policy *p = &b->newest.policy->u.policy;
    puts("By software:");
    for (size_t i = 0; i < p->measurements_count; i++) {
        size_t count = 0;
        for (size_t j = 0; j < b->count; j++)
            count += b->items[j].release == &p->measurements[i];
        if (count > 0)
            printf("  %zu of %zu run %.*s\n", count, b->count, (int)p->measurements[i].name.len,
                   (const char *)p->measurements[i].name.data);
    }
}

static bool asks(const struct hf__batch *b, const struct hf_account *account)
{
    for (size_t i = 0; i < b->count; i++)
        if (hf_account_equal(&b->items[i].q.transcript.account, account))
            return true;
    return false;
}

/* Who could have asked and has not. */
static void show_absent(const struct hf__batch *b)
{
    const struct hf_validator_set *set = &b->newest.set->u.set;
    printf("In the set and not among these: %zu of %zu\n", set->validators_count - b->count,
           set->validators_count);
    for (size_t i = 0; i < set->validators_count; i++) {
        const struct hf_validator *v = &set->validators[i];
        if (!asks(b, &v->account))
            printf("  %.*s, %.*s\n", (int)v->operator_name.len, (const char *)v->operator_name.data,
                   (int)v->address.len, (const char *)v->address.data);
    }
}

void hf__show_holder(const struct hf_share_set *set, uint8_t index)
{
    const struct hf_bytes alias = set->holders[index - 1].alias;
    printf("  %-12s share holder %u of %zu, %.*s\n", "you", index, set->holders_count,
           (int)alias.len, (const char *)alias.data);
}

void hf__batch_show(const struct hf__batch *b, uint8_t index)
{
    const struct hf_share_set *shares = &b->newest.shares->u.shares;
    char digest[2 * sizeof b->digest.bytes + 1];
    const struct hf_request_documents d = hf_request_newest_documents(&b->newest);
    size_t waived = 0;
    for (size_t i = 0; i < b->count; i++)
        waived += b->items[i].before != NULL;
    const char *passed = waived == 0 ? "Every check has passed:"
                                     : "Every check but that of a second request has passed:";
    if (b->count == 1)
        printf("A validator has lost its key and asks for help. %s\n", passed);
    else
        printf("%zu validators have lost their keys and ask for help. %s\n", b->count, passed);
    print_hex("network", b->newest.network.bytes, HF_ID_LEN);
    hf__show_documents(b->newest.root, &d);
    hf__show_holder(shares, index);
    for (size_t i = 0; i < b->count; i++)
        show_one(b, &b->items[i]);
    if (b->count > 1) {
        show_releases(b);
        show_absent(b);
    }
    hf_hex_encode(b->digest.bytes, sizeof b->digest.bytes, digest);
    printf("With the answers of %llu of %zu share holders %s, and no other.\ndigest: %s\n",
           (unsigned long long)shares->threshold, shares->holders_count,
           b->count == 1 ? "it gets its own key back" : "each gets its own key back", digest);
    fflush(stdout);
}

uint8_t hf__share_index(const struct hf__public *p, const struct hf_share_set *set)
{
    for (size_t i = 0; i < set->holders_count; i++)
        if (hf_bytes_equal(set->holders[i].key, hf_bytes_of(p->key, p->len)))
            return (uint8_t)(i + 1);
    return 0;
}
