/* Confirmation of Payee: which bank to ask for an IBAN, and whether a name is its holder's. */
#include "payee.h"

#include "base/array.h"
#include "rows_hub_payee_confirmation.h"
#include "tpp/answer.h"
#include "tpp/body.h"
#include "versions.h"

#define BANK_CODE_AT 4 /* in an IBAN of the Emirates, three digits */
#define BANK_CODE_LEN 3

/* The bank behind these Hubs is found by the code in its IBANs; the bank is not asked. */
static bool is_of_bank(const struct tpp_call *call, struct lfi_slice iban)
{
    const char *code = call->base.sim->config->bank_code;
    return code && slice_starts_with(iban, "AE") && iban.len >= BANK_CODE_AT + BANK_CODE_LEN &&
           memcmp(iban.ptr + BANK_CODE_AT, code, BANK_CODE_LEN) == 0;
}

static void add_source(cJSON *out, struct tpp_call *call, const struct sim_hub *hub)
{
    struct arena *arena = call->base.base.arena;
    struct lfi_slice discovery =
        arena_format(arena, "%s/.well-known/openid-configuration", hub->issuer);
    cJSON_AddStringToObject(out, "DiscoveryEndpointUrl", discovery.ptr ? discovery.ptr : "");
    cJSON_AddStringToObject(out, "ResourceServerUrl", hub->resources);
}

/*
 * v2.2: the Hubs of the bank's segments that can be asked, first the one that was called; those
 * that insure hold no accounts. (Versions 4, change 7.)
 */
static void add_sources(cJSON *data, struct tpp_call *call, bool found)
{
    const struct sim *sim = call->base.sim;
    cJSON *list = cJSON_AddArrayToObject(data, "ConfirmationSource");
    for (size_t i = 0; found && i < sim->hub_count; i++) {
        const struct sim_hub *hub = &sim->hubs[i];
        if (!version_is_listed(hub->config->versions, tpp_version(call)) ||
            strcmp(hub->config->segment, "insurance") == 0) {
            continue;
        }
        cJSON *source = cJSON_CreateObject();
        add_source(source, call, hub);
        if (hub == call->base.hub) {
            cJSON_InsertItemInArray(list, 0, source);
        } else {
            cJSON_AddItemToArray(list, source);
        }
    }
}

int tpp_discover_payee(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    cJSON *request = NULL;
    bool older = tpp_version(call) == VERSION_FIRST;
    if (resource_need_scope(call, "confirmation-of-payee") != 0 ||
        body_read(call, "PayeeDiscovery", false, &request) != 0) {
        return -1;
    }
    bool found = is_of_bank(call, json_get_string(json_get(request, "Data"), "Identification"));
    cJSON_Delete(request);
    if (!found && older) {
        return resource_refuse(call, "TPP-PAYEE", 404, NULL, "No bank has this IBAN.");
    }
    cJSON *message = cJSON_CreateObject(), *data = cJSON_AddObjectToObject(message, "Data");
    if (older) {
        add_source(data, call, call->base.hub);
    } else {
        add_sources(data, call, found);
    }
    (void)resource_add_self(message, call);
    cJSON_AddObjectToObject(message, "Meta");
    sim_reply_json(base->reply, 200, message);
    return 0;
}

/* The name in the bank's words; `whole` is what is compared. */
static cJSON *translate_name(const cJSON *name, struct lfi_slice *whole)
{
    static const char *const names[][2] = {{"FullName", "fullName"},
                                           {"GivenName", "firstName"},
                                           {"LastName", "lastName"},
                                           {"BusinessName", "businessName"}};
    cJSON *out = cJSON_CreateObject();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const cJSON *part = json_get(name, names[i][0]);
        if (part) {
            cJSON_AddItemToObject(out, names[i][1], cJSON_Duplicate(part, false));
        }
    }
    *whole = json_get_string(name, json_get(name, "FullName") ? "FullName" : "BusinessName");
    return out;
}

static int ask_bank(struct tpp_call *call, const cJSON *data)
{
    struct lfi_slice whole;
    struct bank_answer answer;
    cJSON *name = translate_name(json_get(data, "Name"), &whole);
    bool told = bank_version(call->base.hub, tpp_version(call)) == VERSION_FIRST;
    char *text = payee_print_query(json_get(data, "Identification"), told ? name : NULL);
    struct bank_request request = {.method = SLICE("POST"),
                                   .path = SLICE("/customers/action/cop-query"),
                                   .body = slice_of(text)};
    int rc = answer_from_bank(call, &request, 200, &answer);
    if (rc == 0) {
        cJSON *message = cJSON_CreateObject(), *out = cJSON_AddObjectToObject(message, "Data");
        if (payee_judge(answer.shown, whole, out, "NameMatchIndicator", "MaskedName")) {
            (void)resource_add_self(message, call);
            cJSON_AddObjectToObject(message, "Meta");
            sim_reply_json(call->base.base.reply, 200, message);
        } else {
            cJSON_Delete(message);
            call->base.base.reply->status = 204;
        }
    }
    bank_answer_free(&answer);
    cJSON_free(text);
    cJSON_Delete(name);
    return rc;
}

int tpp_confirm_payee(struct call *base)
{
    struct tpp_call *call = tpp_call_of(base);
    cJSON *request = NULL;
    if (resource_need_scope(call, "confirmation-of-payee") != 0 ||
        body_read(call, "PayeeConfirmation", false, &request) != 0) {
        return -1;
    }
    int rc = ask_bank(call, json_get(request, "Data"));
    cJSON_Delete(request);
    return rc;
}
