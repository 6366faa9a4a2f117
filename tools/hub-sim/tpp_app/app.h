/* The backend of the TPP app: a TPP like any other to the Hubs, with the simulator's own data of
 * the TPPs. It calls what TPPs are served at, and nothing else of the simulator. */
#ifndef HUB_SIM_TPP_APP_APP_H
#define HUB_SIM_TPP_APP_APP_H

#include "http/message.h"
#include "sim.h"
#include "tpp_app/flows.h"

#include <pthread.h>

struct tpp_app {
    const struct sim *sim;
    struct flows *flows;
    pthread_mutex_t refreshing; /* a refresh token is used by one at a time */
    /* By place in tpps; NULL: that TPP has no certificate, and does not call. */
    struct http_client *clients[SIM_TPPS];
};

/* NULL in *out when TPPs are not served or none has a certificate (C1). */
int tpp_app_open(struct tpp_app **out, const struct sim *sim, struct lfi_error *error);
void tpp_app_close(struct tpp_app *app); /* NULL is fine */

/* Whether the TPP at this place of tpps calls its Hubs. */
bool tpp_app_calls(const struct tpp_app *app, size_t place);
/* The flow that the browser of a request has with this state or consent id. */
bool tpp_app_find(const struct tpp_app *app, const struct request *request, struct lfi_slice id,
                  struct flow *out);

/* --- the steps of a flow; -1 with the reason in `error` ----------------------------------------
 */

/* Discovery and the pushed authorization request; the address of the bank in the arena. */
int app_request(struct tpp_app *app, struct flow *flow, const cJSON *details, struct arena *arena,
                struct lfi_slice *address, struct lfi_error *error);
/* Redeems the code and checks the ID token; the tokens are in the flow. */
int app_redeem(struct tpp_app *app, struct flow *flow, struct lfi_slice code, struct arena *arena,
               struct lfi_error *error);

struct app_read {
    struct lfi_slice path, query; /* below the address of account information */
    const char *customer;         /* address of the customer's browser */
};
/* Reads with the flow's token, which is refreshed when it has expired. */
int app_read(struct tpp_app *app, struct flow *flow, const struct app_read *read,
             struct arena *arena, struct http_answer *answer, struct lfi_error *error);

#endif
