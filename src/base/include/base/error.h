/*
 * Every error of the project: zero is success, negatives are errors. One list pairs the code with
 * its name on the wire and in logs, whether trying again can help, and a sentence for a person.
 * Ranges belong to rooms.
 */
#ifndef HF_BASE_ERROR_H
#define HF_BASE_ERROR_H

#include <stdbool.h>

/* X(constant, number, name, transient, sentence) */
/* clang-format off: one error a line, however long */
#define HF_ERROR_MAP(X)                                                                            \
    /* base and the environment: 1-19 */                                                           \
    X(HF_ENOMEM, -1, "no_memory", 1, "out of memory")                                              \
    X(HF_EINVAL, -2, "invalid_argument", 0, "an argument is outside what the call accepts")        \
    X(HF_ETOOBIG, -3, "too_big", 0, "larger than its bound")                                       \
    X(HF_ENOTFOUND, -4, "not_found", 0, "there is no such thing")                                  \
    X(HF_EEXIST, -5, "exists", 0, "it is there already")                                           \
    X(HF_EIO, -6, "io", 1, "reading or writing failed")                                            \
    X(HF_ENOSPACE, -7, "disk_full", 1, "the disk is full")                                         \
    X(HF_EREADONLY, -8, "read_only", 1, "the folder cannot be written")                            \
    X(HF_EPERMISSION, -9, "permission", 0, "not permitted")                                        \
    X(HF_EBUSY, -10, "busy", 1, "busy: a bound is reached for now")                                \
    X(HF_ETIMEOUT, -11, "timeout", 1, "no answer in time")                                         \
    X(HF_ECANCELED, -12, "canceled", 1, "given up before it was done")                             \
    X(HF_EUNSUPPORTED, -13, "unsupported", 0, "not supported here")                                \
    X(HF_EINTERNAL, -14, "internal", 1, "an internal error")                                       \
    X(HF_ELOCKED_MEMORY, -15, "locked_memory", 0, "memory for secrets could not be locked")        \
    /* wire: 20-39 */                                                                              \
    X(HF_EMALFORMED, -20, "malformed", 0, "the bytes are not a valid message")                     \
    X(HF_EVERSION, -21, "unknown_version", 0, "a protocol or format version that is not known")    \
    X(HF_EMISSING, -22, "field_missing", 0, "a required field is missing")                         \
    X(HF_EBOUND, -23, "field_out_of_bounds", 0, "a field is outside its bounds")                   \
    /* crypto: 40-59 */                                                                            \
    X(HF_ECRYPTO, -40, "decryption_failed", 0, "the sealed bytes do not open with this key")       \
    X(HF_ESIGNATURE, -41, "signature", 0, "the signature does not verify")                         \
    X(HF_EPOINT, -42, "bad_point", 0, "not a valid point, or one of small order")                  \
    X(HF_ESCALAR, -43, "bad_scalar", 0, "not a canonical scalar, or zero")                         \
    X(HF_ESHARE, -44, "bad_share", 0, "a share does not fit its commitments")                      \
    X(HF_EFEWSHARES, -45, "too_few_shares", 1, "fewer shares than the threshold")                  \
    X(HF_EPROOF, -46, "bad_proof", 0, "the proof of knowing a share does not verify")              \
    /* attest: 60-119 */                                                                           \
    X(HF_ENOTTDX, -60, "not_tdx", 0, "not the quote of a TDX trust domain")                        \
    X(HF_EQUOTE, -61, "quote_malformed", 0, "the bytes are not a valid quote")                     \
    X(HF_EQUOTESIG, -62, "quote_signature", 0, "the quote's signature does not verify")            \
    X(HF_EKEYBINDING, -63, "attestation_key_binding", 0,                                           \
      "the QE report does not vouch for the attestation key")                                      \
    X(HF_EQESIG, -64, "qe_report_signature", 0, "the QE report is not signed by the PCK")          \
    X(HF_ECERTDATA, -65, "certification_data_unsupported", 0,                                      \
      "certification data of an unsupported type")                                                 \
    X(HF_EPCKCHAIN, -66, "pck_chain_malformed", 0,                                                 \
      "the PCK chain is not a valid certificate chain")                                            \
    X(HF_EPCKSIG, -67, "pck_chain_signature", 0, "a signature in the PCK chain does not verify")   \
    X(HF_EUNTRUSTED, -68, "untrusted_root", 0, "the PCK chain ends in a root that is not trusted") \
    X(HF_EPCKEARLY, -69, "pck_not_yet_valid", 0,                                                   \
      "a certificate of the PCK chain is not yet valid")                                           \
    X(HF_EPCKEXPIRED, -70, "pck_expired", 0, "a certificate of the PCK chain has expired")         \
    X(HF_EPCKREVOKED, -71, "pck_revoked", 0, "a certificate of the PCK chain is revoked")          \
    X(HF_ECOLLMISSING, -72, "collateral_missing", 1, "collateral that the quote needs is missing") \
    X(HF_ECOLLATERAL, -73, "collateral_malformed", 0, "a piece of collateral is not valid")        \
    X(HF_ECOLLSIG, -74, "collateral_signature", 0,                                                 \
      "a signature of the collateral does not verify")                                             \
    X(HF_ECOLLEARLY, -75, "collateral_not_yet_valid", 1, "a piece of collateral is not yet valid") \
    X(HF_ECOLLEXPIRED, -76, "collateral_expired", 1, "a piece of collateral has expired")          \
    X(HF_EQEIDENTITY, -77, "qe_identity_mismatch", 0,                                              \
      "the QE is not the one that its identity describes")                                         \
    X(HF_ETCB, -78, "tcb_not_supported", 0, "no TCB level covers the platform")                    \
    X(HF_ETCBSTATUS, -79, "tcb_status_refused", 0, "the policy does not accept this TCB status")   \
    X(HF_EDEBUGTD, -80, "debug_td", 0, "a trust domain with DEBUG is open to its host")            \
    X(HF_ETDATTRIBUTES, -81, "td_attributes_refused", 0, "TD attributes other than the policy's")  \
    X(HF_EXFAM, -82, "xfam_refused", 0, "XFAM other than the policy's")                            \
    X(HF_ESEAM, -83, "seam_refused", 0, "SEAM attributes other than the policy's")                 \
    X(HF_EMEASUREMENT, -84, "measurement_refused", 0,                                              \
      "the policy does not accept this measurement")                                               \
    X(HF_EREPORTDATA, -85, "report_data_mismatch", 0, "the report data is not the one expected")   \
    X(HF_EQUOTEOLD, -86, "quote_too_old", 1, "the quote is older than the policy allows")          \
    X(HF_EDEVQUOTE, -87, "dev_quote_refused", 0,                                                   \
      "a quote of the dev platform where it is not accepted")                                      \
    X(HF_ECOLLOLDER, -88, "collateral_older", 0,                                                   \
      "the collateral is older than what it would replace")                                        \
    X(HF_ETDTUD, -89, "td_under_debug_refused", 0,                                                 \
      "a trust domain with a bit of ATTRIBUTES.TUD that the policy does not name")                 \
    X(HF_EMIGRATABLE, -90, "migratable_td_refused", 0,                                             \
      "its host can migrate the trust domain (ATTRIBUTES.MIGRATABLE), which no policy names")      \
    X(HF_ESEPTVE, -91, "sept_ve_disable_off", 0,                                                   \
      "ATTRIBUTES.SEPT_VE_DISABLE is off: the host may fault the domain's private pages")          \
    X(HF_ETDUNKNOWN, -92, "td_attributes_unknown", 0,                                              \
      "a bit of the TD attributes that is not known and that the policy does not name")            \
    X(HF_EXFAMUNKNOWN, -93, "xfam_unknown", 0,                                                     \
      "a bit of XFAM that is not known and that the policy does not name")                         \
    X(HF_EMRSERVICETD, -94, "mrservicetd_refused", 0,                                              \
      "MRSERVICETD is not the policy's: a service TD that nobody approved is bound")               \
    X(HF_EMRCONFIGID, -95, "mrconfigid_refused", 0, "MRCONFIGID is not the policy's")              \
    X(HF_EMROWNER, -96, "mrowner_refused", 0, "MROWNER is not the policy's")                       \
    X(HF_EMROWNERCONFIG, -97, "mrownerconfig_refused", 0, "MROWNERCONFIG is not the policy's")     \
    /* attest, making quotes: 100-119 */                                                           \
    X(HF_EQUOTE_PROVIDER, -100, "quote_provider", 0, "the kernel's quote provider is not TDX")     \
    X(HF_EQUOTE_INTERFERED, -101, "quote_interfered", 1, "another writer interfered with a quote") \
    X(HF_EQUOTE_MADE, -102, "quote_made", 1, "what was made is not a quote over this report data") \
    X(HF_ENOPLATFORM, -103, "no_platform", 1,                                                      \
      "not a trust domain, or a kernel without its interface for quotes (configfs-tsm)")           \
    /* core: 120-199 */                                                                            \
    X(HF_ELOCKED, -120, "locked", 1, "the vault is not open yet")                                  \
    X(HF_ESTATE, -121, "wrong_state", 1, "not possible in the state that the node is in")          \
    X(HF_EBEHIND, -122, "documents_behind", 1,                                                     \
      "the sender knows newer documents: send them first")                                         \
    X(HF_ENODOCUMENTS, -123, "no_documents", 1, "no root, policy or validator set is known yet")   \
    X(HF_EEXPIRED, -124, "document_expired", 1,                                                    \
      "the newest policy or validator set has expired: the authority must issue another")          \
    X(HF_EDOCUMENT, -125, "bad_document", 0, "a relation inside the document does not hold")       \
    X(HF_EDOCUMENT_SIGNATURE, -126, "document_signature", 0,                                       \
      "not signed by enough keys of the authority")                                                \
    X(HF_EDOCUMENT_NETWORK, -127, "another_network", 0, "it belongs to another network")           \
    X(HF_EDOCUMENT_ROOT, -128, "root_does_not_follow", 0,                                          \
      "the root does not follow the one that is known")                                            \
    X(HF_EDOCUMENT_OLD, -129, "document_older", 0, "older than the one that is known")             \
    X(HF_EDOCUMENT_DEV, -130, "dev_policy_refused", 0,                                             \
      "the policy trusts a development root, and this node does not")                              \
    X(HF_ENOTMEMBER, -131, "not_a_validator", 0, "the account is not in the validator set")        \
    X(HF_EORDER, -132, "not_a_candidate", 0, "the provider is not among the owner's candidates")   \
    X(HF_EQUOTA, -133, "quota", 1, "the provider keeps as many shares as the policy allows")       \
    X(HF_ESUPERSEDED, -134, "superseded", 0,                                                       \
      "a higher claim, or another instance under the same claim, speaks for this owner")           \
    X(HF_EGENERATION, -135, "generation_old", 0,                                                   \
      "the generation is older than one already accepted, or not the one that is held")            \
    X(HF_EINDEX, -136, "second_index", 0, "another share of the same generation is held already")  \
    X(HF_ENONCE, -137, "nonce", 1, "the nonce has expired or was made for something else")         \
    X(HF_EIDENTITY, -138, "identity_required", 1, "an identity quote must come first")             \
    X(HF_EIDENTITY_OLD, -139, "identity_stale", 1,                                                 \
      "the identity quote is too old, too new or of an older set")                                 \
    X(HF_EPLATFORM, -140, "platform_refused", 0,                                                   \
      "another machine than the one that deposited, and none listed for the account")              \
    X(HF_ERANK, -141, "release_too_old", 0,                                                        \
      "software ranked below what the owner has shown before")                                     \
    X(HF_ENOSHARE, -142, "no_share", 0, "no share is held for this account")                       \
    X(HF_EACCOUNT, -144, "another_account", 0,                                                     \
      "the vault holds another account or network than the one outside")                           \
    X(HF_EVAULT_GONE, -145, "vault_missing", 0,                                                    \
      "the folder says that a vault was placed, and the vault is not there")                       \
    X(HF_ENOTREADY, -146, "not_ready", 1, "the first release of a key needs the state ready")      \
    X(HF_ENOTCLAIMED, -147, "not_claimed", 1,                                                      \
      "this instance's claim is not accepted by enough providers yet")                             \
    X(HF_EFENCED, -148, "fenced", 0,                                                               \
      "another instance of this validator has claimed its account: this one is locked")            \
    X(HF_EFEWPROVIDERS, -149, "too_few_providers", 1,                                              \
      "fewer providers than the threshold gave a usable answer")                                   \
    X(HF_ESELECTION, -150, "too_few_candidates", 1,                                                \
      "the validator set has too few candidates under the failure-domain rule")                    \
    X(HF_EDRAIN, -151, "drain_refused", 1, "an owner would be left with too few live providers")   \
    X(HF_EDRAINING, -152, "draining", 1, "about to stop: takes no new shares")                     \
    X(HF_ERECORD, -153, "bad_record", 0, "the placement record does not fit what is held")         \
    X(HF_EPREDECESSOR, -154, "older_holders_silent", 1,                                            \
      "too many holders of an older dealing have not heard of the newest: they must come back, "   \
      "or be removed from the set")                                                                \
    /* store: 200-219 */                                                                           \
    X(HF_ESTOREHELD, -200, "store_held", 0, "another daemon holds the data folder")                \
    X(HF_EUNSAFE, -201, "unsafe_folder", 0, "owner or mode of the data folder is not safe")        \
    X(HF_ECORRUPT, -202, "store_corrupt", 0, "what is stored is damaged or was altered")           \
    X(HF_EROLLBACK, -203, "store_rolled_back", 0, "what is stored is not of one moment")           \
    X(HF_EVAULTKEY, -204, "vault_key", 0, "the key is not this vault's")                           \
    X(HF_EVAULTSTATE, -205, "vault_state", 0, "the vault's state does not allow it")               \
    /* net: 220-239 */                                                                             \
    X(HF_EADDRINUSE, -220, "address_in_use", 1, "the port is taken")                               \
    X(HF_EADDRESS, -221, "bad_address", 1, "not an address of this machine")                       \
    X(HF_ERESOLVE, -222, "resolve", 1, "the host's name has no address")                           \
    X(HF_ECONNECT, -223, "connect", 1, "the peer cannot be reached")                               \
    X(HF_ECONNRESET, -224, "connection_lost", 1, "the connection ended before the answer came")    \
    X(HF_EREFUSED, -225, "not_carried_out", 1, "the peer closed before it took the request")       \
    X(HF_ETLS, -226, "tls", 1, "the TLS handshake failed")                                         \
    X(HF_EPEER_CERT, -227, "peer_certificate", 0, "the peer's certificate is not valid")           \
    X(HF_EPEER_ACCOUNT, -228, "peer_account", 0, "the peer proved another account")                \
    X(HF_EPEER_LOCKED, -229, "peer_locked", 1, "the peer is locked: it has proved no account")     \
    X(HF_EHTTP, -230, "http", 1, "the peer does not speak HTTP/2 as specified")                    \
    /* config: 240-259 */                                                                          \
    X(HF_ECONFIG, -240, "config_refused", 0, "the file is refused: each error names its line")
/* clang-format on */

enum hf_error {
#define X(constant, number, name, transient, sentence) constant = number,
    HF_ERROR_MAP(X)
#undef X
};

/* The code's short name, as on the wire and in logs; "ok" for 0, "unknown_error" for a number not
 * in the list. */
const char *hf_error_name(int code);
/* A sentence for a person, without a full stop. */
const char *hf_error_sentence(int code);
/* Whether trying again, unchanged, may succeed. Unknown codes are permanent. */
bool hf_error_transient(int code);
/* The code of a name, or HF_EINTERNAL for an unknown one: what a newer peer sends is an error all
 * the same. */
int hf_error_from_name(const char *name);

#endif
