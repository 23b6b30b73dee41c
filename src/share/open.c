/* holdfast-share open: whether this holder's shares are right, said at once; and the
 * acknowledgement without which an authority signs no share set. */
#include "share.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"

#include <stdio.h>
#include <string.h>

/* A ceremony's output as it was read. */
struct output {
    struct hf_buf bytes;
    struct hf_arena arena;
    struct hf_ceremony c;
};

static int read_output(const char *path, struct output *ret)
{
    hf_buf_init(&ret->bytes, HF__SHARE_FILE_MAX);
    hf_arena_init(&ret->arena, 2 * HF__SHARE_FILE_MAX);
    int r = hf_file_read_regular(path, &ret->bytes);
    return r != 0 ? r : hf_ceremony_read(hf_buf_bytes(&ret->bytes), &ret->arena, &ret->c);
}

static void output_done(struct output *out)
{
    hf_arena_done(&out->arena);
    hf_buf_done(&out->bytes);
}

static int write_ack(const struct hf__share_options *o, const struct output *out, uint8_t index,
                     struct hf_share_proof *proofs)
{
    struct hf_share_ack ack = {.format = 1,
                               .output = out->c.hash,
                               .index = index,
                               .proofs = proofs,
                               .proofs_count = out->c.set.keys_count};
    struct hf_buf b;
    ack.has_challenge = o->challenge != NULL;
    if (o->challenge != NULL && hf_hex_decode(o->challenge, ack.challenge, HF_CHALLENGE_LEN) != 0)
        return HF_EINVAL;
    hf_buf_init(&b, HF__SHARE_FILE_MAX);
    int r = hf_wire_encode(&hf_wire_share_ack, &ack, &b);
    if (r == 0)
        r = hf__share_write(o, hf_buf_bytes(&b));
    hf_buf_done(&b);
    return r;
}

static void say_right(const struct output *out, size_t key, uint8_t index)
{
    const struct hf_bytes name = out->c.set.keys[key].name;
    const struct hf_bytes alias = out->c.set.holders[index - 1].alias;
    printf("%.*s: your share, %u of %zu (%.*s), is right; any %llu holders open together\n",
           (int)name.len, (const char *)name.data, index, out->c.set.holders_count, (int)alias.len,
           (const char *)alias.data, (unsigned long long)out->c.set.threshold);
}

/* The network of the output against the one that the key's memory knows; keep: an unknown one is
 * remembered. An output is in force when its share set is signed, and not before: its version is
 * not remembered here, for it may be given up. */
static int check_network(const struct hf__share_options *o, const struct output *out, bool keep)
{
    struct hf__memory m;
    struct hf_network_id network;
    int r = hf__memory_open(o->key, false, &m);
    if (r == 0 && keep)
        r = hf__memory_of_network(&m, &out->c.file.network);
    else if (r == 0 && hf__memory_network(&m, NULL, &network) == 0 &&
             !hf_network_id_equal(&network, &out->c.file.network))
        r = HF_EDOCUMENT_NETWORK;
    hf__memory_done(&m);
    /* A copy that is without a memory may look whether it is one; it answers nothing. */
    return r == HF_EMEMORY ? 0 : r;
}

static int prove_all(const struct hf__share_options *o, const struct output *out,
                     struct hf__person *person, uint8_t index, struct hf_share_proof *ret)
{
    struct {
        struct hf_rng rng;
        uint8_t share[HF_SCALAR_LEN];
    } *s = hf_secret_alloc(sizeof *s);
    uint8_t challenge[HF_CHALLENGE_LEN];
    int r = s == NULL ? HF_ENOMEM : 0;
    if (r == 0 && o->challenge != NULL)
        r = hf_hex_decode(o->challenge, challenge, sizeof challenge);
    if (r == 0)
        r = hf_rng_fresh(&s->rng);
    for (size_t i = 0; i < out->c.set.keys_count && r == 0; i++) {
        r = hf__person_share(person, &out->c.file.network, &out->c.set, i, index, s->share);
        if (r == 0)
            r = hf_ack_prove(&out->c, o->challenge != NULL ? challenge : NULL, &s->rng, i, index,
                             s->share, &ret[i]);
        if (r == 0)
            say_right(out, i, index);
    }
    hf_secret_free(s);
    return r;
}

/* Opens the key, and each share with it. The exit status. */
static int check_all(const struct hf__share_options *o, const struct output *out, uint8_t index,
                     struct hf_share_proof *ret)
{
    struct hf__person *person;
    int r = hf__person_open(o, &person);
    if (r != 0)
        return hf__share_say(o->key, r);
    r = prove_all(o, out, person, index, ret);
    hf__person_close(person);
    /* What a share does not fit is the output; what else fails does with the key, or its token. */
    return r != 0 ? hf__share_say(r == HF_ESHARE ? o->words[1] : o->key, r) : HF_EXIT_OK;
}

static int acknowledge(const struct hf__share_options *o, const struct output *out, uint8_t index,
                       struct hf_share_proof *proofs)
{
    int r = check_network(o, out, true);
    if (r != 0)
        return hf__share_say(r == HF_EDOCUMENT_NETWORK ? o->words[1] : o->key, r);
    puts("whether a ceremony dealt it, the authority makes sure before it signs");
    if (o->out == NULL)
        return HF_EXIT_OK;
    r = write_ack(o, out, index, proofs);
    if (r != 0)
        return hf__share_say(o->out, r);
    printf("%s: send it to the authority, who types\n  holdfast quorum %s %s\n", o->out,
           o->challenge != NULL ? "drill" : "ack", o->out);
    return HF_EXIT_OK;
}

/* An output that was read. The exit status. */
static int open_output(const struct hf__share_options *o, const struct output *out)
{
    struct hf_share_proof proofs[HF_SHARES_MAX];
    uint8_t index = 0;
    int r = check_network(o, out, false);
    if (r == 0)
        r = hf__person_index(o->key, &out->c.set, &index);
    if (r != 0)
        return hf__share_say(r == HF_EDOCUMENT_NETWORK || r == HF_ENOTHOLDER ? o->words[1] : o->key,
                             r);
    int status = check_all(o, out, index, proofs);
    return status == HF_EXIT_OK ? acknowledge(o, out, index, proofs) : status;
}

int hf__share_open_file(const struct hf__share_options *o)
{
    struct output out;
    if (o->words_count != 2 || o->key == NULL)
        return HF_EXIT_USAGE;
    int r = read_output(o->words[1], &out);
    int status = r != 0 ? hf__share_say(o->words[1], r) : open_output(o, &out);
    output_done(&out);
    return status;
}
