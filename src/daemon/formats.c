/* The versions of what this release writes and speaks, for the log and the status. */
#include "document/document.h"
#include "daemon.h"
#include "log.h"
#include "store/store.h"

#include <jansson.h>

void hf__formats_fill(json_t *root)
{
    json_t *formats = json_pack("{s:i,s:i,s:i}", "data", HF_VAULT_FORMAT, "protocol",
                                HF_PROTOCOL_VERSION, "documents", HF_DOCUMENT_FORMAT);
    json_object_set_new(root, "version", json_string(HF_RELEASE));
    json_object_set_new(root, "formats", formats);
}

void hf__formats_log(void)
{
    struct hf__line l;
    if (!hf__log_begin(&l, HF__INFO, "release"))
        return;
    hf__line_text(&l, "version", HF_RELEASE);
    hf__line_uint(&l, "data_format", HF_VAULT_FORMAT);
    hf__line_uint(&l, "protocol", HF_PROTOCOL_VERSION);
    hf__line_uint(&l, "documents", HF_DOCUMENT_FORMAT);
    hf__log_write(&l);
}
