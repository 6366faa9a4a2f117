/*
 * Confirmation of payee: the holders of an account, whoever was asked for. Names are compared by
 * the Hub, never here.
 */
#include "connect/call.h"

#include "routes_ozone_connect.h"

#include "base/json.h"

#define IBAN_MAX 34 /* ISO 13616 */

static int refuse_body(struct call *call, const char *where)
{
    (void)refusal_set(call->refusal, "PAYEE-BODY", 400, "Body.InvalidFormat",
                      "The body is invalid: $.data.account is missing.");
    refusal_detail(call->refusal, "%s", where);
    return -1;
}

/* Upper case without blanks and hyphens; longer than any IBAN: the empty text, which nobody holds.
 */
static struct lfi_slice normalise(struct arena *arena, struct lfi_slice text)
{
    char *out = arena_alloc(arena, IBAN_MAX + 1);
    size_t len = 0;
    for (size_t i = 0; out && i < text.len; i++) {
        char c = text.ptr[i];
        if (c == ' ' || c == '-') {
            continue;
        }
        if (len == IBAN_MAX) {
            return SLICE("");
        }
        out[len++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    return (struct lfi_slice){out, out ? len : 0};
}

/* The document lets data and account be missing; the operation cannot do without them. */
static int read_iban(struct call *call, struct lfi_slice *iban)
{
    cJSON *body = json_parse(call->request->body);
    const cJSON *account = json_get(json_get(body, "data"), "account");
    struct lfi_slice text = json_get_string(account, "identification");
    *iban = normalise(call->arena, text);
    cJSON_Delete(body);
    return account ? 0 : refuse_body(call, "no account in the body");
}

static int refuse_blocked(struct call *call, enum lfi_payee payee)
{
    bool for_good = payee == LFI_PAYEE_BLOCKED_FOR_GOOD;
    return refusal_set(call->refusal, for_good ? "PAYEE-BLOCKED-FOR-GOOD" : "PAYEE-BLOCKED", 403,
                       for_good ? "Consent.PermanentAccountAccessFailure"
                                : "Consent.AccountTemporarilyBlocked",
                       "The account is blocked from receiving payments.");
}

int connect_find_customer_for_cop(struct call *call)
{
    struct page page;
    struct list list;
    struct lfi_slice iban;
    enum lfi_payee payee = LFI_PAYEE_HIDDEN;
    struct lfi_error error = {""};
    if (!PROVIDER_HAS(call->provider, payee)) {
        return outcome_not_offered(call);
    }
    if (list_page(call, &page) != 0 || read_iban(call, &iban) != 0) {
        return -1;
    }
    list_begin(&list, call, list_offset(&page), page.size);
    int rc =
        call->provider->ops->payee(call->provider->core, iban, list_sink(&list), &payee, &error);
    if (outcome_check(call, OUTCOME_BANK, rc, &error) != 0) {
        return -1;
    }
    if (payee == LFI_PAYEE_BLOCKED_FOR_NOW || payee == LFI_PAYEE_BLOCKED_FOR_GOOD) {
        return refuse_blocked(call, payee);
    }
    return list_end(&list, &page, list.seen, false);
}
