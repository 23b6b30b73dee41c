#include "base/exit.h"

#include "base/error.h"

int hf_exit_of(int error)
{
    switch (error) {
    case HF_ESHARE:
        return HF_EXIT_SHARE;
    case HF_EPASSPHRASE:
        return HF_EXIT_PASSPHRASE;
    case HF_EDOCUMENT_OLD:
    case HF_EEXPIRED:
    case HF_EBEHIND:
        return HF_EXIT_OLD;
    case HF_ECLOCK:
        return HF_EXIT_CLOCK;
    case HF_ECANCELED:
        return HF_EXIT_UNSURE;
    case HF_EMEMORY:
    case HF_EOTHERMEMORY:
        return HF_EXIT_MEMORY;
    case HF_ETOKENABSENT:
        return HF_EXIT_TOKEN_ABSENT;
    case HF_ETOKENLOCKED:
        return HF_EXIT_TOKEN_LOCKED;
    case HF_EPIN:
        return HF_EXIT_PIN;
    case HF_ETOKENDERIVE:
        return HF_EXIT_TOKEN_DERIVE;
    case HF_EWHICHNETWORK:
        return HF_EXIT_WHICH_NETWORK;
    case HF_ENOTHOLDER:
        return HF_EXIT_NOT_HOLDER;
    case HF_EWORD:
        return HF_EXIT_WORD;
    case HF_ESHARES_EXPIRED:
        return HF_EXIT_EXPIRED;
    case HF_EDOCUMENT_NETWORK:
        return HF_EXIT_NETWORK;
    case HF_EOTHERREQUEST:
        return HF_EXIT_OTHER_REQUEST;
    default:
        return HF_EXIT_ERROR;
    }
}

int hf_exit_of_answer(int error)
{
    switch (error) {
    case HF_ECRYPTO:
    case HF_EPOINT:
    case HF_EPROOF:
    case HF_ENOTHOLDER:
        return HF_EXIT_ANSWER;
    default:
        return hf_exit_of(error);
    }
}
