#include "crypto/suite.h"

#include "crypto/x25519.h"
#include "ops.h"
#include "scalar.h"

const struct hf_suite hf_suite_real = {
    .name = "real",
    .random = hf_rng_draw,
    .hash = hf__hash,
    .report_data = hf__report_data,
    .mac = hf__mac,
    .kdf = hf__kdf,
    .sign_keypair = hf__sign_keypair,
    .sign = hf__sign,
    .verify = hf__verify,
    .seal_keypair = hf__seal_keypair,
    .seal = hf__seal,
    .open = hf__open,
    .seal_gcm = hf__seal_gcm,
    .open_gcm = hf__open_gcm,
    .agree = hf_x25519,
    .wrap = hf__wrap,
    .unwrap = hf__unwrap,
    .scalar_random = hf__scalar_random,
    .deal = hf__deal,
    .share_check = hf__share_check,
    .combine = hf__combine,
    .secret_check = hf__secret_check,
    .prove = hf__prove,
    .proof_check = hf__proof_check,
    .repair_split = hf__repair_split,
    .repair_split_check = hf__repair_split_check,
    .repair_sum = hf__repair_sum,
    .repair_sum_check = hf__repair_sum_check,
};
