/* The daemon's configuration file, read and judged. */
#ifndef HF_DAEMON_SETTINGS_H
#define HF_DAEMON_SETTINGS_H

#include "base/id.h"
#include "config/schema.h"

enum hf__platform { HF__PLATFORM_TDX, HF__PLATFORM_DEV };
enum hf__log_format { HF__LOG_LOGFMT, HF__LOG_JSON };

struct hf__settings_dev {
    const char *authority; /* folder of the development authority */
    const char *machine;   /* file of the simulated machine; made when it is missing */
    const char *machine_id;
    const char *image; /* of the simulated trust domain: its measurement follows from it */
    const char *seed;  /* account and root secret of a new node follow from it; NULL: from none */
};

struct hf__settings_tdx {
    const char *helper; /* the socket of the report helper */
    const char *report; /* the kernel's folder, where this may write; NULL: the helper is asked */
};

enum hf__ca { HF__CA_PLATFORM, HF__CA_PROCESSOR, HF__CA_BOTH };

/* A kind of platform, as its PCK certificates name it. */
struct hf__settings_fmspc {
    uint8_t bytes[6];
};

/* Where collateral is fetched from, and when. */
struct hf__settings_service {
    const char *url, *root_crl_url, *ca_file;
    const char *program; /* of a build for development; NULL: the installed fetcher */
    int ca;              /* enum hf__ca */
    HF_CONFIG_LIST_OF(struct hf__settings_fmspc) fmspcs;
    uint64_t every_s, ahead_s, retry_s_min, retry_s_max, stale_s, timeout_s, total_s;
};

struct hf__settings_log {
    int format; /* enum hf__log_format */
    int level;  /* 0 debug, 1 info, 2 warning, 3 error */
};

struct hf__settings_metrics {
    bool page;
    uint16_t port;
};

/* An operator outside the trust domain. */
struct hf__settings_operator {
    const char *listen;
    struct hf_account key; /* that may read; zero: only the set's */
};

struct hf__settings_timing {
    uint64_t call_ms, nonce_life_ms, round_grace_ms, retry_ms_min, retry_ms_max, permanent_ms,
        standing_ms, watch_ms, documents_ms, audit_ms, probe_ms, gossip_ms, reconcile_ms;
};

/* Who may have which keys. */
struct hf__settings_application {
    const char *user, *group; /* one of these: a name or a number, */
    const char *unit;         /* or a unit of the service manager */
    HF_CONFIG_LIST_OF(const char *) keys;
};
struct hf__settings_applications {
    struct hf__settings_application *items;
    size_t count;
};

/* The list that the image has of them. */
struct hf__settings_image {
    struct hf__settings_applications applications;
};
extern const struct hf_config_schema hf__settings_image_schema;

struct hf__settings {
    const char *data;
    struct hf_network_id network;
    struct hf_account account; /* zero: the folder says */
    bool find_account;         /* or the set, by `address`, where the folder is empty */
    struct hf_config_address handover_from; /* an old release here; text NULL: none */
    const char *listen;
    struct hf_config_address address; /* text NULL: where it listens */
    HF_CONFIG_LIST_OF(struct hf_config_address) seeds;
    const char *documents; /* NULL: none */
    const char *socket;
    const char *credentials;                       /* socket for a service manager; NULL: none */
    const char *user;                              /* NULL: stay who started it */
    struct hf__settings_applications applications; /* of those that the image has; none: all */
    int platform;                                  /* enum hf__platform */
    struct hf__settings_dev *dev;
    struct hf__settings_tdx *tdx;
    const char *collateral;               /* folder */
    struct hf__settings_service *service; /* NULL: the folder is filled by other means */
    const char *time_helper;              /* socket */
    struct hf__settings_log log;
    struct hf__settings_metrics *metrics;   /* NULL: no port */
    struct hf__settings_operator *operator; /* NULL: no listener */
    struct hf__settings_timing timing;
};

extern const struct hf_config_schema hf__settings_schema;

#endif
