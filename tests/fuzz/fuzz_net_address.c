/* Addresses from configuration and documents: what is taken can be printed back and taken again. */
#include "address.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char text[HF_NET_ADDRESS_MAX + 16] = {0};
    char printed[HF_NET_ADDRESS_MAX];
    struct hf__host h;
    struct sockaddr_storage a;
    memcpy(text, data, len < sizeof(text) - 1 ? len : sizeof(text) - 1);
    if (hf__address_split(text, &h) != 0)
        return 0;
    hf_assert(h.host[0] != '\0' && strlen(h.host) < strlen(text));
    if (hf__address_numeric(&h, &a) != 0) {
        uint8_t none[HF_NET_IP_LEN];
        hf_assert(hf_net_address_ip(text, none) != 0);
        return 0;
    }
    hf__address_format(&a, printed, sizeof(printed));
    hf_assert(hf__address_split(printed, &h) == 0 && hf__address_numeric(&h, &a) == 0);
    uint8_t ip[HF_NET_IP_LEN], again[HF_NET_IP_LEN];
    hf__address_ip(&a, ip);
    hf_assert(hf_net_address_ip(printed, again) == 0 && memcmp(ip, again, sizeof ip) == 0);
    return 0;
}
