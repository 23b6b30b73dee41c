/* What comes next on the way from a proposal to validators that people can start: said after each
 * step, and by `quorum show` (holdfast-blackstart(7), BEFORE IT HAPPENS). */
#include "quorum_ceremony.h"

#include "base/hex.h"
#include "document/request.h"

#include <stdio.h>

static void next_ceremony(const struct hf__authority *a, const struct hf_share_set *proposed)
{
    char digits[2 * sizeof a->network.bytes + 1];
    hf_hex_encode(a->network.bytes, sizeof a->network.bytes, digits);
    printf("next: a ceremony deals it, in a trust domain that runs holdfast-ceremony(8) and "
           "nothing else:\n  ");
    if (a->policy != NULL && a->policy->u.policy.trust == HF_TRUST_DEV)
        printf("HOLDFAST_DEV=%s/dev HOLDFAST_DEV_IMAGE=ceremony ", a->folder);
    printf("holdfast-ceremony %s %s/proposal.doc OUTPUT", digits, a->folder);
    for (unsigned i = 1; i <= hf_document_version(a->root); i++)
        printf(" %s/documents/root-%u.doc", a->folder, i);
    if (proposed->has_reshards)
        printf(" %s/documents/policy.doc %s/documents/share-set.doc", a->folder, a->folder);
    printf("\nthen here, with the file that it wrote as OUTPUT:\n"
           "  holdfast quorum deal OUTPUT --authority %s\n",
           a->folder);
}

static void next_holders(const struct hf__authority *a)
{
    printf("next: send that OUTPUT to every share holder; each looks whether its share is right, "
           "and sends back what is written:\n"
           "  holdfast-share open OUTPUT --key FILE --out ACK\n"
           "then here:\n"
           "  holdfast quorum ack ACK... --authority %s\n",
           a->folder);
}

/* Of a share set in force: to what validators seal, the policy says. */
static void next_policy(const struct hf__authority *a)
{
    const struct hf_share_set *set = &a->shares->u.shares;
    struct hf_bytes wanted = {0}, name = set->keys[0].name;
    if (a->policy != NULL)
        wanted = a->policy->u.policy.quorum_key;
    for (size_t i = 0; i < set->keys_count; i++)
        if (hf_bytes_equal(set->keys[i].name, wanted)) {
            printf("the policy names the key %.*s: each validator seals to it by itself, and "
                   "`holdfast status` there says since when\n"
                   "try now and then whether every holder still has its share:\n"
                   "  holdfast quorum drill --authority %s\n",
                   (int)wanted.len, (const char *)wanted.data, a->folder);
            return;
        }
    printf("next: until the policy names the key, no validator seals to it. Write these two lines "
           "into %s/policy.yaml:\n"
           "  quorum_key: \"%.*s\"\n"
           "  quorum_required: true\n"
           "and then:\n"
           "  holdfast policy sign --authority %s\n",
           a->folder, (int)name.len, (const char *)name.data, a->folder);
}

/* Of a proposal that is newer than the share set in force. */
static void next_of(const struct hf__authority *a, const struct hf_share_set *proposed)
{
    struct hf__ceremony_state s = {0};
    if (hf__ceremony_open(a, &s) != 0)
        next_ceremony(a, proposed);
    else if (s.acks_count < s.c.set.holders_count)
        next_holders(a);
    else
        printf("next: all have their shares; sign the share set:\n"
               "  holdfast quorum sign --authority %s\n",
               a->folder);
    hf__ceremony_close(&s);
}

void hf__quorum_next(const char *folder)
{
    struct hf__authority a;
    struct hf_document *proposal = NULL;
    fflush(stdout);
    if (hf__authority_open(folder, &a) != 0)
        return; /* said already */
    int r = hf__proposal_read(&a, &proposal);
    bool newer = r == 0 && (a.shares == NULL ||
                            hf_document_version(proposal) > hf_document_version(a.shares));
    if (hf__pending(&a, "proposal") || hf__pending(&a, "share-set"))
        printf("next: what waits for signatures is signed further:\n"
               "  holdfast quorum sign --authority %s\n",
               folder);
    else if (newer)
        next_of(&a, &proposal->u.shares);
    else if (a.shares != NULL)
        next_policy(&a);
    else
        printf("next: each who is to hold a share makes a key, and sends its public part here:\n"
               "  holdfast-share key new FILE\n"
               "then here, where any M of them are to open together:\n"
               "  holdfast quorum propose --threshold M --name black-start --holder NAME=PUBLIC "
               "... --authority %s\n",
               folder);
    hf_document_unref(proposal);
    hf__authority_close(&a);
}
