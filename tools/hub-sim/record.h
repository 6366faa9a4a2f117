/* A consent as the simulated Hubs remember it; store.h says who may look at it. */
#ifndef HUB_SIM_RECORD_H
#define HUB_SIM_RECORD_H

#include "base/id.h"
#include "base/json.h"

#define STORE_NOTES 100 /* exchanges, steps, changes, findings or events of a consent */
#define STORE_ADDRESS_MAX 1024

struct sim_hub;
struct tpp;

enum interaction { INTERACTION_NONE, INTERACTION_OPEN, INTERACTION_CONFIRMED, INTERACTION_FAILED };

struct consent {
    const struct sim_hub *hub;
    const struct tpp *tpp;
    char id[129];
    cJSON *data; /* as the Consent Manager shows it */

    /* the authorization request and where it led */
    char request_uri[80], state[ID_UUID_MAX];
    char query[STORE_ADDRESS_MAX]; /* given to the browser, expected at GET /auth byte for byte */
    int64_t request_expires_s;
    enum interaction interaction;
    char interaction_id[ID_UUID_MAX];
    char callback_query[STORE_ADDRESS_MAX]; /* of the Location that ended the interaction */
    cJSON *callback;                        /* what the customer brought back; NULL: not yet here */
    cJSON *grant;                           /* grant.h; NULL: the simulator plays the TPP itself */

    cJSON *payments; /* payments.h: an array, oldest first */
    cJSON *reserved; /* payments that the bank is being asked for; NULL: none */
    cJSON *history, *exchanges, *steps, *findings; /* arrays, oldest first */
    cJSON *events;        /* an array too: what the Hub told the simulated TPP */
    cJSON *fresh;         /* findings since the last exchange */
    size_t body_bytes;    /* kept of bodies */
    bool stored, changed; /* in the store; its head differs from what is in the file */
};

#endif
