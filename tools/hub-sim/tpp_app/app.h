/* The backend of the TPP app: a TPP like any other to the Hubs, with the simulator's own data of
 * the TPPs. It calls what TPPs are served at, and nothing else of the simulator. */
#ifndef HUB_SIM_TPP_APP_APP_H
#define HUB_SIM_TPP_APP_APP_H

#include "http/message.h"
#include "roles.h"
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
/* Whether it does, and has this role. */
bool tpp_app_may(const struct tpp_app *app, size_t place, enum tpp_role role);
/* The flow that the browser of a request has with this state or consent id. */
bool tpp_app_find(const struct tpp_app *app, const struct request *request, struct lfi_slice id,
                  struct flow *out);

/* --- the steps of a flow; -1 with the reason in `error` ----------------------------------------
 */

/* What the Hub offers, into the flow. */
int app_discover(struct tpp_app *app, struct flow *flow, struct arena *arena,
                 struct lfi_error *error);
/* The Hub's key set, fetched once for each flow. */
int app_need_keys(struct tpp_app *app, struct flow *flow, struct arena *arena,
                  struct lfi_error *error);
/* Seals personal data that is plain in `terms`, for the key that the Hub publishes of its bank. */
int app_seal(struct tpp_app *app, struct flow *flow, cJSON *terms, struct arena *arena,
             struct lfi_error *error);
/* Discovery and the pushed authorization request, personal data sealed; the address of the bank in
 * the arena. */
int app_request(struct tpp_app *app, struct flow *flow, cJSON *details, struct arena *arena,
                struct lfi_slice *address, struct lfi_error *error);
/* Redeems the code and checks the ID token; the tokens are in the flow. */
int app_redeem(struct tpp_app *app, struct flow *flow, struct lfi_slice code, struct arena *arena,
               struct lfi_error *error);
/* The claims of what the Hub has signed for this app, to be freed; NULL: it has not. */
cJSON *app_verify(struct tpp_app *app, struct flow *flow, struct lfi_slice compact,
                  struct arena *arena, struct lfi_error *error);
/* Another token in place of the flow's: the TPP's own with this scope, or with NULL the customer's,
 * by the refresh token. */
int app_renew(struct tpp_app *app, struct flow *flow, const char *scope, struct arena *arena,
              struct lfi_error *error);

/* --- resources ---------------------------------------------------------------------------------
 */

struct app_call {
    const char *family; /* "account-information", "payment", "confirmation-of-payee" */
    const char *method;
    struct lfi_slice path, query; /* below the address of the family */
    const char *customer;         /* address of the customer's browser */
    const cJSON *message;         /* sent signed; NULL: no body */
    const char *key;              /* x-idempotency-key; NULL: none */
    const char *auth_date;        /* when the app authenticated the customer; NULL: it did not */
    const char *scope;            /* of a token of the TPP's own; NULL: the customer's is used */
};

struct app_answer {
    int status;
    cJSON *body; /* the message, when the Hub signed it; NULL: none */
    char retry_after[32];
};

/* Calls with a token that is renewed when it has expired. The answer is freed with app_answer_free
 * in either case. */
int app_call(struct tpp_app *app, struct flow *flow, const struct app_call *call,
             struct arena *arena, struct app_answer *out, struct lfi_error *error);
void app_answer_free(struct app_answer *answer);

#endif
