/*
 * The order in which a shell carries out an update. core/engine.h says what the order is and why;
 * this is the one place that keeps it, for the daemon, the simulator and every other shell.
 */
#ifndef HF_CORE_SHELL_H
#define HF_CORE_SHELL_H

#include "core/engine.h"

/* What a shell does with each part. None may be NULL; none may step the engine, because what the
 * update points to would be gone. shell: as given to hf_shell_carry_out. */
struct hf_shell {
    void (*trace)(void *shell, const struct hf_trace *trace);
    /* Hands the transaction to the store; called when there is one. False: the process died of it,
     * and nothing after it happens. */
    bool (*write)(void *shell, const struct hf_update *update);
    void (*identity)(void *shell, const struct hf_update *update); /* when identity_changed */
    void (*call)(void *shell, const struct hf_call *call);
    void (*datagram)(void *shell, const struct hf_datagram_out *datagram);
    void (*reply)(void *shell, const struct hf_reply *reply);
    void (*work)(void *shell, const struct hf_work *work);
    void (*local)(void *shell, const struct hf_local_reply *reply);
    void (*deadline)(void *shell, uint64_t deadline_ms); /* always, and last */
};

/* Carries out the parts of an update in the order that core/engine.h demands. */
void hf_shell_carry_out(const struct hf_shell *how, void *shell, const struct hf_update *update);

#endif
