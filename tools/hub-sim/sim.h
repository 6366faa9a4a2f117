/*
 * The simulator: one process that plays the Hubs of several providers. What all of its parts share;
 * built once at start by main.c and constant afterwards, except for what store, faults, caller and
 * switches guard themselves.
 */
#ifndef HUB_SIM_SIM_H
#define HUB_SIM_SIM_H

#include "bank_clock.h"
#include "caller/caller.h"
#include "certificate.h"
#include "config.h"
#include "directory.h"
#include "faults.h"
#include "flow/api.h"
#include "http/client.h"
#include "jose/jose.h"
#include "switches.h"

struct store;
struct jwe_key;
struct events;
struct webhooks;
struct webhook_receiver;
struct consent;
struct tpp_app;

#define SIM_INTERFACES 2 /* Heimdall, Consent Manager */

struct sim_hub {
    const struct config_hub *config;
    char issuer[256];                   /* what the TPP receives as `iss` */
    char resources[256];                /* base address for TPPs; empty: they are not served */
    struct certificate_subject subject; /* of C4 */
    struct jose_signer *signer;         /* Sig3 */
    struct jose_signer *responses;      /* Sig2; NULL: none */
    struct http_client *client;         /* presents C4 to the bank */
    struct credential *credential;      /* credential.h */
    struct sim_hub *caap;               /* CAAP, as it calls the bank; NULL: there is none */
};

struct sim {
    const struct sim_config *config;
    struct clock *clock;                       /* moved as the bank's is */
    struct bank_clock *bank_clock;             /* NULL: never moved */
    struct jwe_key *bank_key;                  /* what TPPs encrypt for; NULL: none */
    struct jose_signer *tpp_signers[SIM_TPPS]; /* by place in tpps; NULL: no key */
    struct jwe_key *tpp_keys[SIM_TPPS];        /* what events are encrypted for; the same */
    const struct log *log;
    /* Tells the bank of a consent (bank_tell). False: no answer. */
    bool (*tell)(struct sim *sim, const struct consent *consent, const char *operation);
    /* Tells the TPP of a payment's status, or with NULL of the consent's (webhooks_announce). */
    void (*announce)(const struct sim *sim, const struct consent *consent, const cJSON *payment);
    struct caller *caller; /* judges what the bank presents */
    struct apis *bank;     /* what the bank offers, by enum connect_family */
    struct directory *directory;
    struct jose_signer *directory_signer; /* of software statements; NULL: none are issued */
    struct faults *faults;
    struct store *store;
    struct apis *script_apis;            /* of the plain listener */
    struct apis *key_apis;               /* of the key store's */
    struct apis *judged[SIM_INTERFACES]; /* of the one that the bank calls; judge.h */
    struct events *events;               /* NULL: the bank is told nothing */
    struct switches switches;            /* of the side that TPPs see */
    struct webhooks *webhooks;           /* NULL: no TPP is told anything */
    struct webhook_receiver *receiver;   /* of the simulated TPPs; NULL with webhooks */
    struct tpp_app *app;                 /* backend of the TPP app; NULL: its pages script */
    struct sim_hub hubs[SIM_HUBS];
    struct sim_hub caaps[SIM_HUBS]; /* borrowed by the hubs */
    size_t hub_count, caap_count;
    struct caller_provider callers[SIM_HUBS]; /* these two are borrowed by the caller */
    char key_base[64];
};

/* Builds everything from what main() sets: config … announce. sim_close also after a failure. */
int sim_open(struct sim *sim, struct lfi_error *error);
void sim_close(struct sim *sim);

/* NULL when there is no such provider. */
const struct sim_hub *sim_hub_of(const struct sim *sim, struct lfi_slice provider_id);

#endif
