#include "core/shell.h"

void hf_shell_carry_out(const struct hf_shell *how, void *shell, const struct hf_update *update)
{
    hf_assert((update->writes_count > 0) == (update->write_seq > 0));
    for (size_t i = 0; i < update->traces_count; i++)
        how->trace(shell, &update->traces[i]);
    if (update->writes_count > 0 && !how->write(shell, update))
        return;
    hf_assert(!update->claim_follows || update->identity_changed);
    if (update->identity_changed)
        how->identity(shell, update);
    for (size_t i = 0; i < update->calls_count; i++)
        how->call(shell, &update->calls[i]);
    for (size_t i = 0; i < update->datagrams_count; i++)
        how->datagram(shell, &update->datagrams[i]);
    for (size_t i = 0; i < update->replies_count; i++)
        how->reply(shell, &update->replies[i]);
    for (size_t i = 0; i < update->work_count; i++)
        how->work(shell, &update->work[i]);
    for (size_t i = 0; i < update->locals_count; i++)
        how->local(shell, &update->locals[i]);
    how->deadline(shell, update->deadline_ms);
}
