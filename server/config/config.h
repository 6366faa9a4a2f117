/*
 * The configuration file: JSON, checked against config.schema.yaml (compiled like a contract
 * document), so every mistake is reported with file, line and cause. Relative paths are relative
 * to the file's folder. Nothing else is read from the environment or the command line.
 *
 * One thread at a time. What is loaded is one block of memory that never changes.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/error.h"
#include "base/log.h"
#include "base/slice.h"
#include "caller/access_check.h"
#include "caller/api_key.h"
#include "caller/caller.h"
#include "caller/client.h"
#include "contract/contract.h"
#include "contract/family.h"
#include "http/forwarded.h"
#include "jose/decrypt.h"
#include "provider/caap_rules.h"
#include "provider/offers.h"
#include "provider/payment_rules.h"
#include "state/driver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A certificate with its key; both NULL: none. */
struct config_pair {
    const char *certificate, *key;
};
/* The pair of today and, during a rotation, the next (material.h says which one is presented). */
#define CONFIG_PAIRS 2

struct config_listener {
    const char *address;
    int port;
    int threads;
    struct config_pair pairs[CONFIG_PAIRS]; /* none: plain HTTP */
    const char *client_ca, *client_crl;
    int min_tls;
};

/* How the personal data of payments is read; no keys: it cannot be. */
struct config_encryption {
    const struct jose_key_file *keys; /* Enc1, those not published any more too */
    size_t key_count;
    const char *jwks_base, *jwks_ca, *audience; /* NULL: signatures are not verified */
    bool judge_times_later;
    const char *const *verdict_jwks_urls; /* Sig2 of the Hubs; ends with NULL */
};

#define CONFIG_FILES_MAX 256 /* 16 providers with some eight each, and forty of all */

struct config_provider {
    const char *id, *segment, *audience;
    const char *core_library;
    const char *core_settings;  /* JSON text */
    const char *authorize_path; /* NULL: no journey */
    bool caap;                  /* customers decide at CAAP */
    struct caap_rules caap_rules;
    const char *heimdall_url, *consent_manager_url, *hub_audience;
    const char *brand;      /* JSON text; NULL: the pages as they are */
    const char *brand_logo; /* files; NULL: none */
    const char *scheme_logo, *scheme_mark;
    struct offers offers;
    enum lfi_statement_day statement_day;
    struct payment_rules payment_rules;
    struct caller_provider caller; /* how its Hub proves itself */
    struct api_keys api_keys;      /* CALLER_API_KEY */
    struct access_rules access;    /* CALLER_CLIENT_CREDENTIALS; its keys are the server's to add */
    struct client client;          /* of our own token endpoint; id NULL: another server's tokens */
};

struct config {
    const char *path;                    /* of the file */
    const char *base_dir;                /* its folder */
    struct lfi_slice text;               /* of the file */
    const char *files[CONFIG_FILES_MAX]; /* all that it names */
    size_t file_count;
    bool watch_files;
    bool development; /* allows what production must not: plain HTTP addresses, the demo app */

    struct config_listener hub, public_, admin;
    const char *base_paths[CONTRACT_FAMILIES]; /* "/x/y"; "": none */
    const char *operator_token_file;           /* NULL: no levers */
    const char *places_file;                   /* of a demonstration; NULL: none */
    const char *demonstration_file;            /* what runs beside the bank; NULL: none */
    bool levers_in_production;
    size_t body_bytes;
    int request_ms, idle_ms, queue_ms, drain_ms, drain_delay_ms;
    int pending, pending_per_peer, connection_s; /* of connections */
    const char *host_name;
    enum log_level log_level;

    const char **caller_ous;
    size_t caller_ou_count;
    const char *jwks_base, *jwks_override, *jwks_ca;
    int token_max_life_s;
    int replay_entries;
    const char *issuer; /* of our own access tokens; NULL: no client of it is configured */
    const char *token_key, *previous_token_key; /* sign access tokens; NULL: none */
    const char *connect_token_key_file, *previous_connect_token_key_file; /* 32 raw bytes each */

    enum contract_replies check_responses;

    const char *hub_ca;
    struct config_pair hub_pairs[CONFIG_PAIRS]; /* C3 */
    const char *hub_signing_key, *hub_kid;      /* Sig4; NULL: mTLS only */
    int hub_timeout_ms;

    const char *public_url, *bank_name;
    const char *session_key_file, *previous_session_key_file; /* 32 raw bytes each */
    struct forwarded_proxies proxies;                         /* of the public listener */
    int session_s, max_attempts;
    bool step_up_data_sharing;
    bool demo_app;

    struct config_encryption encryption;

    struct state_config state; /* but for threads, and whether it is made */

    struct config_provider *providers;
    size_t provider_count;
};

/* enum caller_mode as the file names it; NULL at the end. */
extern const char *const config_caller_modes[CALLER_MODES + 1];

/* Reads and checks; on failure `error` is "FILE:LINE: $.path: cause". Free with config_free. */
int config_load(struct config **out, const char *path, struct lfi_error *error);
/* The same configuration, read anew from the text that was loaded; its files may have changed. */
int config_load_again(struct config **out, const struct config *loaded, struct lfi_error *error);
void config_free(struct config *config);
/* Sets "FILE:LINE: $.path: cause" and returns -1. */
int config_error(const struct config *config, const char *path, const char *cause,
                 struct lfi_error *error);
/*
 * The first member that differs between two files and that a reload cannot change, as "$.path" in
 * `out`; false: there is none.
 */
#define CONFIG_PATH_MAX 128
bool config_needs_restart(const struct config *old, const struct config *new,
                          char out[CONFIG_PATH_MAX]);

#endif
