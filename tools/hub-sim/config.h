/*
 * The configuration file of the simulator: JSON, checked against config.schema.yaml. Texts and the
 * object itself live until sim_config_free; paths are absolute or relative to the working folder.
 */
#ifndef HUB_SIM_CONFIG_H
#define HUB_SIM_CONFIG_H

#include "base/error.h"
#include "base/log.h"
#include "contract/family.h"
#include "provider/offers.h"

#define SIM_HUBS 16
#define SIM_PUBLISHED 16
#define SIM_TPPS 8
#define SIM_REDIRECT_URIS 8
#define SIM_RETRIES 10
#define SIM_VERSIONS 2

struct config_address {
    const char *address;
    int port;
};

/* How a Hub proves itself to the bank, on top of its certificate. */
enum hub_auth { HUB_AUTH_JWT, HUB_AUTH_API_KEY, HUB_AUTH_CLIENT_CREDENTIALS, HUB_AUTH_MTLS };

struct config_hub {
    const char *provider_id, *segment, *audience, *user_type;
    const char *name, *text;       /* objects of JSON with a text for each language; NULL: none */
    const char *certificate, *key; /* C4 */
    const char *signing_key, *kid; /* Sig3; kid NULL: derived */
    enum hub_auth auth;
    const char *secret_file;  /* API key, or the secret of the client; NULL: no such mode */
    const char *retired_file; /* API key that the bank has retired; NULL: none */
    const char *token_url, *client_id;       /* of client credentials */
    const char *response_key, *response_kid; /* Sig2; NULL: nothing is signed for TPPs */
    const char *authorize_url;
    bool offers_validate, sends_events;
    enum hub_form payment_log, quote_log;     /* the version in which it is told of them */
    uint32_t versions[SIM_VERSIONS + 1];      /* in which TPPs are served; 0 at the end */
    uint32_t bank_versions[SIM_VERSIONS + 1]; /* that the bank serves; the same */
    /* The same with what CAAP presents to the bank; NULL: customers decide at the bank. */
    const struct config_hub *caap;
};

struct config_published {
    const char *certificate; /* its OU and CN are the address */
    const char *key, *kid;
};

/* A TPP of tpps.h, what it signs with, and how the directory has registered it. */
struct config_tpp {
    const char *slug, *signing_key, *kid;        /* kid NULL: derived */
    const char *transport_cert, *transport_key;  /* C1; NULL: the TPP app does not play it */
    const char *encryption_key, *encryption_kid; /* Enc2; NULL: none, so that it gets no events */
    const char *redirect_uris[SIM_REDIRECT_URIS];
    size_t redirect_uri_count;
    unsigned roles; /* enum tpp_role */
};

struct sim_config {
    enum log_level level;
    struct config_address http, https, keystore;
    struct config_address tpp; /* address NULL: TPPs are not served */
    const char *tpp_url;       /* its origin */
    const char *keystore_url;  /* origin of the key store; NULL: not told */
    const char *directory_key; /* signs software statements; NULL: none are issued */
    const char *switches;      /* an object of JSON; NULL: as they are when nothing is said */
    int webhook_retry_ms[SIM_RETRIES]; /* before each further try */
    size_t webhook_retry_count;
    const char *webhook_ca; /* trust anchors of TPPs' receivers */
    const char *url;        /* origin of the TPP app */
    const char *certificate, *key, *client_ca;
    const char *state_folder;                    /* NULL: consents are kept in memory only */
    const char *bank_clock_url, *operator_token; /* NULL: the bank's clock is not followed */
    const char *bank_url, *bank_ca, *bank_ou;
    int bank_ms;                                 /* a bank that takes longer gives no answer */
    const char *bank_code;                       /* in its IBANs; NULL: not told */
    const char *base_paths[CONTRACT_FAMILIES];   /* of the bank; NULL: none */
    struct config_published bank_encryption;     /* key NULL; certificate NULL: none */
    const char *bank_pages_url, *bank_admin_url; /* shown on the start page; NULL: not */
    const char *places;                          /* the bank's logins by situation; NULL: none */
    struct config_hub hubs[SIM_HUBS];
    size_t hub_count;
    struct config_published published[SIM_PUBLISHED];
    size_t published_count;
    struct config_tpp tpps[SIM_TPPS];
    size_t tpp_count;
    struct arena *arena;
};

/* On failure `error` names file, line and place: "FILE:LINE: $.path: cause". */
int sim_config_load(struct sim_config **out, const char *path, struct lfi_error *error);
void sim_config_free(struct sim_config *config);

#endif
