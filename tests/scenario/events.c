#include "events.h"

#include <criterion/criterion.h>

const struct hf_account *account(struct hf_world *w, uint32_t node)
{
    return hf_world_account(w, node);
}

const struct hf__told *kept(struct hf_world *w, uint32_t node, uint32_t about, enum hf__news kind,
                            long by)
{
    const struct hf_engine *e = hf_world_engine(w, node);
    return e == NULL ? NULL
                     : hf__told_find(e, account(w, about), kind,
                                     by < 0 ? NULL : account(w, (uint32_t)by));
}

struct hf_event_statement event_of(struct hf_world *w, uint32_t author, uint32_t subject,
                                   enum hf__news kind, uint64_t incarnation)
{
    const struct hf_engine *e = hf_world_engine(w, author);
    struct hf_event_statement s = {.kind = kind, .incarnation = incarnation};
    s.network = *hf_world_network_id(w);
    s.author = *account(w, author);
    s.subject = *account(w, subject);
    s.ballot.number = e->claim;
    memcpy(s.ballot.instance, e->instance, 16);
    s.issued_s = e->wall_ms / 1000;
    s.expires_s = s.issued_s + 600;
    if (kind == HF__NEWS_LEAVE) {
        const struct hf_document *set = hf_world_document(w, HF_DOCUMENT_SET);
        long at = hf_set_find(set, account(w, subject));
        s.registered_epoch = set->u.set.validators[at].registered_epoch;
    }
    return s;
}

struct hf_signed_event sign(struct hf_world *w, uint32_t signer, const struct hf_event_statement *s,
                            struct hf_buf *ret)
{
    struct hf_signed_event what;
    cr_assert_eq(hf_wire_encode(&hf_wire_event_statement, s, ret), 0);
    what.statement = hf_buf_bytes(ret);
    hf_world_suite(w)->sign(hf_world_engine(w, signer)->secrets->account, "holdfast/v1/event",
                            what.statement, what.signature);
    return what;
}

int tell(struct hf_world *w, uint32_t to, const struct hf_account *as, struct hf_signed_event *what)
{
    struct hf_gossip_request m = {.events = what, .events_count = 1};
    struct hf_buf body, answer;
    hf_buf_init(&body, 1 << 20);
    hf_buf_init(&answer, 1 << 20);
    m.versions.root = 1;
    cr_assert_eq(hf_wire_encode(&hf_wire_gossip_request, &m, &body), 0);
    int r = hf_world_ask(w, to, HF_METHOD_GOSSIP, as, hf_buf_bytes(&body), &answer);
    hf_buf_done(&body);
    hf_buf_done(&answer);
    return r;
}

void say(struct hf_world *w, uint32_t to, uint32_t teller, uint32_t signer,
         const struct hf_event_statement *s)
{
    struct hf_buf bytes;
    hf_buf_init(&bytes, 4096);
    struct hf_signed_event what = sign(w, signer, s, &bytes);
    cr_assert_eq(tell(w, to, account(w, teller), &what), 0);
    hf_buf_done(&bytes);
}
