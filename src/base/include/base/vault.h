/* What a vault's plain header says of it: the store writes it, the engine is started with it. */
#ifndef HF_BASE_VAULT_H
#define HF_BASE_VAULT_H

enum hf_vault_state {
    HF_VAULT_NONE = 0, /* there is no vault in this folder */
    HF_VAULT_PLACING,  /* made, and not placed yet: may be made anew */
    HF_VAULT_PLACED,   /* its root secret is placed: never made anew */
};

#endif
