/* A call of a TPP: what the operations that the documents of this side name get. */
#ifndef HUB_SIM_TPP_CALL_H
#define HUB_SIM_TPP_CALL_H

#include "oauth/form.h"
#include "sim_call.h"
#include "tpp/access.h"
#include "tpp/used.h"

enum tpp_part { TPP_ISSUER, TPP_AUTHORIZATION, TPP_RESOURCES, TPP_PARTS };

/* Endpoints where a client assertion is used; an assertion is good once at each. */
enum tpp_endpoint { TPP_PAR, TPP_TOKEN, TPP_INTROSPECTION, TPP_REVOCATION, TPP_ENDPOINTS };

struct tpp_side {
    struct sim *sim;
    struct apis *apis[TPP_PARTS];
    struct apis *short_resources;                  /* those below the paths of older guides too */
    struct access_keys keys;                       /* of tokens */
    struct jose_keyset *keysets[SIM_TPPS];         /* by place in tpps; NULL: no key */
    const struct config_tpp *registered[SIM_TPPS]; /* the same; NULL: not registered */
    struct used *used;                             /* client assertions and request objects */
};

struct tpp_call {
    struct sim_call base; /* first: an operation gets its address */
    struct tpp_side *side;
    struct lfi_slice full_path; /* as the TPP called it */
    struct lfi_slice interaction_id;
    bool named_itself;                      /* the TPP sent it */
    char thumbprint[ACCESS_THUMBPRINT_MAX]; /* of its certificate; empty: none */
    const struct tpp *tpp;                  /* once it has proved who it is */
    struct form form;                       /* of the authorization server */
    struct access access;                   /* of the resource server */
    uint32_t consent_version;               /* of the standard, of the token's consent; 0: none */
    bool as_jwt;                            /* its answer is to be signed */
    struct lfi_slice said;                  /* the bank's words, told with a refusal; or absent */
    bool signed_body;                       /* body_open has read a signed one */
    struct request opened;                  /* of which this is the request, then */
};

static inline struct tpp_call *tpp_call_of(struct call *call)
{
    return (struct tpp_call *)call;
}

static inline const struct config_tpp *tpp_registration(const struct tpp_call *call)
{
    return call->side->registered[call->tpp - tpps];
}

static inline int tpp_switch(const struct tpp_call *call, enum hub_switch which)
{
    return switches_get(&call->base.sim->switches, which);
}

/* Whether the call is refused for want of an x-fapi-interaction-id. */
static inline bool tpp_lacks_interaction_id(const struct tpp_call *call)
{
    return tpp_switch(call, SWITCH_INTERACTION_ID_REQUIRED) && !call->named_itself;
}

/* As addresses have them: "auth1", "as1", "rs1". */
extern const char *const tpp_part_names[TPP_PARTS];
/* Base address of a part of the call's Hub: "https://localhost:9455/rs1.PROVIDER.apihub". */
struct lfi_slice tpp_base_of(const struct tpp_call *call, enum tpp_part part);

/* The version of the standard that the call's base path names; VERSION_FIRST where it names none.
 */
uint32_t tpp_version(const struct tpp_call *call);
/* The path that the TPP called, as the bank is told it:
 * "/open-finance/…/v2.1/accounts/{AccountId}".
 */
struct lfi_slice tpp_api_uri(const struct tpp_call *call);

/* A call of each part, found and not yet checked: checks, carries out and answers it. */
void tpp_run_issuer(struct tpp_call *call);
void tpp_run_authorization(struct tpp_call *call);
void tpp_run_resources(struct tpp_call *call);

/* Puts the reply's JSON as `message` into a JWT that the Hub signs. */
void tpp_sign_reply(struct tpp_call *call);

/* Refuses by RFC 6749 5.2: 400 with one of its errors. The message is for the TPP. Returns -1. */
int tpp_refuse(struct tpp_call *call, const char *id, const char *error, const char *message);

#endif
