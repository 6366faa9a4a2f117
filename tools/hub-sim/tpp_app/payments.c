/* The app pays under a consent, and asks whose an account is. */
#include "tpp_app/calls.h"

#include <stdio.h>

#define FAMILY_PAYEE "confirmation-of-payee"
#define SCOPE_PAYEE "confirmation-of-payee"

/* --- a payment -------------------------------------------------------------------------------- */

/* {Data} of a new payment, the personal data sealed; NULL with the reason in `error`. */
static cJSON *write_payment(struct sim_call *call, struct flow *flow, struct lfi_error *error)
{
    cJSON *message = cJSON_CreateObject();
    cJSON *data = cJSON_Duplicate(json_get(call->body, "data"), true);
    cJSON_AddItemToObject(message, "Data", data);
    cJSON_DeleteItemFromObjectCaseSensitive(data, "ConsentId");
    cJSON_AddStringToObject(data, "ConsentId", flow->consent_id);
    if (app_seal(call->sim->app, flow, data, call->base.arena, error) != 0) {
        cJSON_Delete(message);
        return NULL;
    }
    return message;
}

/* A repeat sends what was sent first: sealed anew, it would be another payment to Hub and bank. */
static cJSON *need_payment(struct sim_call *call, struct flow *flow, const char *key,
                           struct lfi_error *error)
{
    struct flows *flows = call->sim->app->flows;
    cJSON *message = flows_find_payment(flows, flow->state, key);
    if (!message) {
        message = write_payment(call, flow, error);
        if (message) {
            flows_keep_payment(flows, flow, key, message);
        }
    }
    return message;
}

int tpp_app_make_payment(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct flow flow;
    struct app_answer answer = {.body = NULL};
    struct lfi_error error = {""};
    struct lfi_slice auth_date = json_get_string(call->body, "authDate");
    const char *key = arena_text(base->arena, json_get_string(call->body, "key"));
    if (calls_find_flow(call, json_get_string(call->body, "consentId"), &flow) != 0) {
        return -1;
    }
    cJSON *message = need_payment(call, &flow, key, &error);
    const struct app_call pay = {.family = "payment",
                                 .method = "POST",
                                 .path = SLICE("/payments"),
                                 .customer = base->request->remote,
                                 .message = message,
                                 .key = key,
                                 .auth_date =
                                     auth_date.ptr ? arena_text(base->arena, auth_date) : NULL};
    int rc = message ? app_call(call->sim->app, &flow, &pay, base->arena, &answer, &error) : -1;
    cJSON_Delete(message);
    return calls_reply(call, rc, &answer, NULL, &error);
}

/* --- confirmation of payee -------------------------------------------------------------------- */

static void add_copy(cJSON *to, const char *name, const cJSON *from, const char *member)
{
    cJSON_AddItemToObject(to, name, cJSON_Duplicate(json_get(from, member), true));
}

/* Asks at /discovery or, with the name, at /confirmation. */
static int ask(struct sim_call *call, struct flow *flow, bool with_name, struct app_answer *answer,
               struct lfi_error *error)
{
    cJSON *message = cJSON_CreateObject(), *data = cJSON_AddObjectToObject(message, "Data");
    cJSON_AddStringToObject(data, "SchemeName", "IBAN");
    add_copy(data, "Identification", call->body, "iban");
    if (with_name) {
        add_copy(data, "Name", call->body, "name");
    }
    const struct app_call confirm = {.family = FAMILY_PAYEE,
                                     .method = "POST",
                                     .path =
                                         with_name ? SLICE("/confirmation") : SLICE("/discovery"),
                                     .customer = call->base.request->remote,
                                     .message = message,
                                     .scope = SCOPE_PAYEE};
    int rc = app_call(call->sim->app, flow, &confirm, call->base.arena, answer, error);
    cJSON_Delete(message);
    return rc;
}

/* Where the bank of the account is asked, which the first Hub tells. */
static void move_to(struct flow *flow, const cJSON *body)
{
    struct lfi_slice resources = json_get_string(json_get(body, "Data"), "ResourceServerUrl");
    if (resources.ptr && resources.len < sizeof flow->resources) {
        (void)snprintf(flow->resources, sizeof flow->resources, "%.*s", SLICE_ARG(resources));
    }
}

int tpp_app_check_payee(struct call *base)
{
    struct sim_call *call = sim_call_of(base);
    struct flow flow = {0};
    struct app_answer answer = {.body = NULL};
    struct lfi_error error = {""};
    if (calls_begin_flow(call, &flow) != 0) {
        return -1;
    }
    flow.notes = cJSON_CreateArray();
    int rc = app_discover(call->sim->app, &flow, base->arena, &error);
    if (rc == 0) {
        rc = ask(call, &flow, false, &answer, &error);
    }
    if (rc == 0 && answer.status == 200) {
        move_to(&flow, answer.body);
        app_answer_free(&answer);
        rc = ask(call, &flow, true, &answer, &error);
    }
    return calls_reply(call, rc, &answer, flow.notes, &error);
}
