/*
 * Real nodes of the transport on loopback, on one loop and one thread: each has a listener on a
 * free port and a pool, and an account of its own. Tests drive the loop until something is so,
 * never for a length of time.
 */
#ifndef HF_TESTS_MESH_H
#define HF_TESTS_MESH_H

#include "net/net.h"
#include "crypto/suite.h"

#include <uv.h>

enum { MESH_NODES = 3, MESH_RESULTS = 4096, MESH_BODY = 256 };

struct mesh_result {
    uint64_t token;
    int error;
    int status;
    enum hf_net_type type;
    uint64_t conn;
    bool has_account;
    struct hf_account account;
    size_t body_len;
    uint8_t body[MESH_BODY]; /* its beginning, terminated */
    char reason[HF_NET_REASON_MAX];
};

struct mesh;

struct mesh_node {
    struct mesh *mesh;
    struct hf_net *net;
    struct hf_account account;
    uint8_t secret[HF_SIGN_SECRET_LEN];
    char address[HF_NET_ADDRESS_MAX];
    bool stopped;
    /* What a peer is to this node; NULL: expected, from an address of very many members. */
    struct hf_net_standing (*standing)(const struct hf_net_peer *peer);
    /* What came. */
    unsigned requests;
    struct hf_net_request last; /* without path and body */
    char last_path[HF_NET_PATH_MAX + 1];
    size_t last_body_len;
    bool last_has_account;
    struct hf_account last_account;
    unsigned excess; /* refusals of which it was told */
    struct hf_account last_excess;
    /*
     * POST /v1/echo answers the body; /v1/hold keeps the handle here; /v1/big answers 1 MiB; GET
     * /v1/health answers {}.
     */
    struct hf_net_handle held[64];
    unsigned held_count;
    /* How calls ended. */
    unsigned results;
    struct mesh_result *result;
};

struct mesh {
    uv_loop_t loop;
    uv_timer_t guard;
    bool guarded; /* the guard's time is over: something hangs */
    struct mesh_node nodes[MESH_NODES];
};

/* Signatures of accounts that nodes have verified. */
extern unsigned mesh_verified;

/* limits: NULL for the defaults. All nodes listen, and are locked. */
void mesh_init(struct mesh *m, const struct hf_net_limits *limits);
/* Stops all nodes, and checks that nothing is left. */
void mesh_done(struct mesh *m);
/* The two halves of mesh_done: hf_net_stop with mesh_stopped for each node, until all are; then
 * mesh_free. */
void mesh_stopped(void *node);
bool mesh_all_stopped(void *mesh);
void mesh_free(struct mesh *m);
/* Gives a node its account in its certificate. */
void mesh_unlock(struct mesh_node *n);
/* Drives the loop until done(arg), or aborts the test after a generous time. */
void mesh_until(struct mesh *m, bool (*done)(void *arg), void *arg);
/* Drives the loop until a node has that many results. */
void mesh_until_results(struct mesh_node *n, unsigned results);
/* Drives the loop until a counter has reached a value. */
void mesh_until_count(struct mesh *m, const uint64_t *counter, uint64_t value);
/* Drives the loop until a number is what it should be. */
void mesh_until_number(struct mesh *m, const unsigned *number, unsigned value);
/* Turns the loop a number of times without waiting. */
void mesh_turn(struct mesh *m, unsigned turns);
/* Ends a connection of a node, if it is still there, as if it had broken. */
void mesh_close(struct mesh_node *n, uint64_t conn);
/* A POST to `to` with generous deadline; HF_NET_LOCKED_OK. */
int mesh_call(struct mesh_node *from, const char *address, uint64_t token, const char *path,
              struct hf_bytes body);
/* One call, driven to its result, which lives as long as the mesh. */
const struct mesh_result *mesh_ask(struct mesh_node *from, const struct hf_net_call *call);

#endif
