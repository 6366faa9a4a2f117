/*
 * Calls from a Hub to the bank's Ozone Connect: C4 on the connection, a fresh Sig3 token and the
 * o3-* headers on every call. The Hub first applies its own rules to what a TPP asks, then checks
 * the bank's answer against the contract.
 */
#ifndef HUB_SIM_BANK_H
#define HUB_SIM_BANK_H

#include "consent.h"

/* A TPP's request: under a consent, or of a TPP to a bank where none is needed. */
struct bank_request {
    struct lfi_slice consent_id; /* absent: none */
    const struct sim_hub *hub;   /* without a consent; NULL: not named */
    const struct tpp *tpp;
    struct lfi_slice method, path;
    struct lfi_slice query;            /* absent: none */
    struct lfi_slice body;             /* JSON; absent: none */
    struct lfi_slice customer_address; /* absent: a made-up one */
    struct lfi_slice interaction_id;   /* a UUID that the TPP has given; absent: a fresh one */
    /*
     * The path that the TPP called, with its version of the standard, as the bank is told it;
     * absent: one is made up, in the version of the consent.
     */
    struct lfi_slice api_uri;
};

/*
 * The version of the standard in which the bank of a Hub answers a call of this version, 0: of
 * none; within a major the next that it serves.
 */
uint32_t bank_version(const struct sim_hub *hub, uint32_t asked);

struct bank_answer {
    char interaction_id[ID_UUID_MAX];
    struct http_answer http;
    cJSON *shown;      /* what the TPP receives of a body that is JSON; else NULL */
    const char *wrong; /* BANK-REPLY, or the id of the refusal; NULL: all is well */
};

/*
 * Refusals of the Hub itself, before the bank is asked: SIM-OPERATION and those of rules_check 403;
 * SIM-CONSENT-UNKNOWN 404; SIM-PROVIDER 400 when neither consent nor Hub is named; SIM-BANK-DOWN
 * 502 when the bank gives no answer. A wrong answer of the bank is a finding (BANK-REPLY), not a
 * refusal. `out` must be freed with bank_answer_free in either case.
 */
int bank_call(struct sim *sim, const struct bank_request *request, struct arena *arena,
              struct bank_answer *out, struct refusal *refusal);
void bank_answer_free(struct bank_answer *answer);

/*
 * Asks the bank whether a new consent, not yet stored, is acceptable. 0: valid; -1: refused, with
 * the bank's answer in `out` (SIM-INVALID 422, SIM-BANK-DOWN 502).
 */
int bank_validate(struct sim *sim, struct consent *consent, struct arena *arena,
                  struct bank_answer *out, struct refusal *refusal);

/* A call as it stands, that belongs to no consent here. */
struct bank_plain_call {
    const struct sim_hub *hub;
    struct lfi_slice method, path;
    struct lfi_slice query, body; /* absent: none */
    struct lfi_slice user_id;     /* absent: nobody's data */
    struct lfi_slice consent_id;  /* absent: a fresh one */
};
/*
 * Sends it with the Hub's certificate, credential and headers, and applies none of the Hub's rules.
 * -1: SIM-OPERATION 403, the contract has no such operation; SIM-BANK-DOWN 502.
 */
int bank_send(struct sim *sim, const struct bank_plain_call *plain, struct arena *arena,
              struct bank_answer *out, struct refusal *refusal);

/* A call about a consent, of whichever state. */
struct bank_about {
    struct lfi_slice consent_id;
    struct consent *made; /* the consent, while it is not stored; NULL: it is found by its id */
    const char *method;
    struct lfi_slice path;           /* ends with NUL */
    struct lfi_slice body;           /* absent: none */
    const char *content_type;        /* of the body; NULL: JSON */
    struct lfi_slice interaction_id; /* this and the next as in struct bank_request */
    struct lfi_slice api_uri;
};
/*
 * Has the bank make a payment, or asks what became of one: none of the Hub's own rules apply, and
 * nothing but the exchange is noted. -1: SIM-CONSENT-UNKNOWN 404, SIM-BANK-DOWN 502.
 */
int bank_ask_about(struct sim *sim, const struct bank_about *about, struct arena *arena,
                   struct bank_answer *out, struct refusal *refusal);

/* A call of CAAP about a consent that a customer decides on there, or about the customer. */
struct bank_caap_call {
    const struct sim_hub *caap;  /* as it calls the bank */
    struct lfi_slice consent_id; /* whose exchange it is noted with */
    struct lfi_slice method, path;
    struct lfi_slice query, body; /* absent: none */
    struct lfi_slice user_id;     /* absent: the operation needs none */
    struct lfi_slice use_case;    /* accounts or payments; absent: nothing is to be chosen */
};
/*
 * Sends it with CAAP's certificate and credential. -1: SIM-OPERATION 403, CAAP has no such
 * operation; SIM-CONSENT-UNKNOWN 404; SIM-BANK-DOWN 502.
 */
int bank_send_as_caap(struct sim *sim, const struct bank_caap_call *caap, struct arena *arena,
                      struct bank_answer *out, struct refusal *refusal);

/*
 * Tells the bank that a consent was made ("post") or changed ("patch"): `consent` is a copy of what
 * it was then. Whatever comes back is noted with the consent, and otherwise ignored. False: nothing
 * came back.
 */
bool bank_tell(struct sim *sim, const struct consent *consent, const char *operation);

#endif
