/* What a peer is to a daemon: a member is who the set has, whatever key else is shown. */
#include "base/error.h"
#include "daemon.h"

#include <criterion/criterion.h>
#include <string.h>

static const char home[] = "192.0.2.1:7700";
static struct hf_validator validators[2];
static struct hf_document set = {.kind = HF_DOCUMENT_SET, .hash = {{1}}};
static bool known = true;

const struct hf_document *__wrap_hf_engine_set(const struct hf_engine *e);
const struct hf_document *__wrap_hf_engine_set(const struct hf_engine *e)
{
    (void)e;
    return known ? &set : NULL;
}

static struct hf_net_standing of(struct hf__daemon *d, const struct hf_account *account,
                                 const char *address)
{
    uint8_t ip[HF_NET_IP_LEN];
    cr_assert_eq(hf_net_address_ip(address, ip), 0);
    const struct hf_net_peer peer = {.account = account, .address = address, .ip = ip};
    return hf__members_standing(d, &peer);
}

Test(hf__members_standing, is_of_the_set_and_of_no_key_that_a_stranger_made)
{
    static const struct hf_account self_made = {{3}};
    struct hf__daemon d = {.running = true};
    for (uint8_t i = 0; i < 2; i++) {
        validators[i].account.bytes[0] = (uint8_t)(i + 1);
        validators[i].address = hf_bytes_of(home, strlen(home));
    }
    set.u.set.validators = validators;
    set.u.set.validators_count = 2;
    cr_assert_eq(of(&d, &validators[0].account, "198.51.100.1:1").kind, HF_NET_MEMBER);
    cr_assert_eq(of(&d, &self_made, "198.51.100.1:1").kind, HF_NET_STRANGER);
    cr_assert_eq(of(&d, NULL, "198.51.100.1:1").kind, HF_NET_STRANGER);
    /* Who has no key yet, at an address of the set, has the places of those who live there. */
    struct hf_net_standing s = of(&d, NULL, "192.0.2.1:9");
    cr_assert_eq(s.kind, HF_NET_EXPECTED);
    cr_assert_eq(s.places, 2);
    cr_assert_eq(of(&d, &self_made, "192.0.2.1:9").kind, HF_NET_EXPECTED);
    hf__members_free(d.members);
}

Test(hf__members_standing, is_a_strangers_before_there_is_a_set)
{
    struct hf__daemon d = {.running = true};
    known = false;
    cr_assert_eq(of(&d, &validators[0].account, home).kind, HF_NET_STRANGER);
}
