/*
 * What scenarios share: a small network in the virtual world that is up, and the questions that
 * every scenario asks at its end. A scenario is a claim; its name says what is claimed.
 */
#ifndef HF_TESTS_TESTNET_H
#define HF_TESTS_TESTNET_H

#include "sim/world.h"

/* How long anything may take in virtual time before a scenario fails. */
enum { TESTNET_MS = 120000 };

/* A world of count nodes with n and k, stopped, and its settings as they stand. */
struct hf_world *testnet_new(uint32_t count, uint8_t k, uint8_t n);
/* The same from settings that the caller changed. */
struct hf_world *testnet_from(const struct hf_world_settings *s, uint32_t count);
/* Model cryptography, or real with TESTNET_CRYPTO=real in the environment; the authority lets every
 * member go on with an old vault. */
struct hf_world_settings testnet_settings(uint8_t k, uint8_t n);
/* The same, with every node ready and the key "tss-db" of node 0 released once,
 * kept in testnet_key. */
struct hf_world *testnet_up(uint32_t count, uint8_t k, uint8_t n);
/* That from settings that the caller changed. */
struct hf_world *testnet_up_from(const struct hf_world_settings *s, uint32_t count);
/* A network in which node 0 came last: ret_before has the disks of the others, by number, from
 * before that; the caller gives them back. */
struct hf_world *testnet_joined(uint32_t count, uint8_t k, uint8_t n, struct hf_disk **ret_before);
extern uint8_t testnet_key[HF_APP_KEY_LEN];

/* Fails the test unless node is (or becomes) ready and releases the same key again. */
void testnet_key_lives(struct hf_world *w, uint32_t node);
void testnet_ready(struct hf_world *w, long node);
/* Fails the test if a checker of the world found a broken promise. Frees the world. */
void testnet_end(struct hf_world *w);
/* Kills and starts at once. */
void testnet_restart(struct hf_world *w, uint32_t node);
/* The nodes that hold node's newest recorded shares; returns how many. */
size_t testnet_holders(struct hf_world *w, uint32_t node, uint32_t ret[static 16]);
/* Whether provider is one of those of owner's. */
bool testnet_holds(struct hf_world *w, uint32_t owner, uint32_t provider);
/* From now on no candidate takes the share of an owner that is down: it stays with who leaves. */
void testnet_none_takes(struct hf_world *w);
/* The number of node's newest recorded dealing. */
uint32_t testnet_generation(struct hf_world *w, uint32_t node);
/* Whether a node (or any) has emitted a trace of this type with this error. */
bool testnet_traced(struct hf_world *w, long node, enum hf_trace_type type, int error);
/* Runs until a node's status gives this reason. */
void testnet_reason(struct hf_world *w, uint32_t node, enum hf_state state, int reason);

/* For hf_world_policy_edit: keys that last for as short a time as a policy may say. */
void testnet_short_lives(struct hf_policy *p, void *ctx);

/* ---- the quorum key */

struct hf_status testnet_status(struct hf_world *w, uint32_t node);
/* For hf_world_run_until: whether every node is ready, and sealed to the quorum key. */
bool testnet_all_sealed(struct hf_world *w, void *ctx);
/* A network that is up, k 3 and n 5, every node sealed to a key of which m of n people open. */
struct hf_world *testnet_sealed(uint32_t count, uint8_t m, uint8_t n);
/* All nodes stop at once and start again; fails the test if a node comes back by itself. */
void testnet_power_cut(struct hf_world *w);
/* A node's request; ret: initialised here, ended by the caller. */
void testnet_ask(struct hf_world *w, uint32_t node, struct hf_buf *ret);
/* A holder answers a request, and its answer is given to a node. */
int testnet_answered(struct hf_world *w, uint32_t node, uint8_t holder,
                     const struct hf_buf *request, struct hf_blackstart_report *ret);

#endif
