#include "payments/find.h"

#include "base/error.h"
#include "payments/agreed.h"
#include "payments/record.h"

#define NAME_CHARACTERS 70 /* of a name in the contract */

/* --- a payment -------------------------------------------------------------------------------- */

int payment_find(struct call *call, struct lfi_slice payment_id)
{
    struct lfi_error error = {"the payment is of another consent"};
    struct payment_record record;
    struct core_answer found = payment_record_answer(&record, call);
    const struct lfi_payment_query query = {
        .base = {.size = sizeof(query), .subject_id = payment_id}};
    const struct provider *provider = call->provider;
    int status = provider->payments->find(provider->core, &call->core, &query, &found.base, &error);
    if (status == LFI_OK && record.taken &&
        !slice_equal_text(call->core.consent_id, record.facts.consent_id)) {
        status = LFI_UNKNOWN;
    }
    if (outcome_check(call, OUTCOME_PAYMENT, status, &error) != 0 ||
        payment_record_end(&record, 200) != 0) {
        return -1;
    }
    if (!slice_equal_text(payment_id, record.facts.payment_id)) {
        return outcome_refuse_record(call, "the payment is not the one that was asked for");
    }
    call->account_id = arena_keep(call->arena, slice_of(record.facts.account_id));
    return call->account_id.ptr ? access_account(call) : outcome_fail(call, "out of memory");
}

/* --- refund ----------------------------------------------------------------------------------- */

/* The one account of the consent, in the arena. */
static int find_account(struct call *call, const struct payment_means *means,
                        struct lfi_slice *account_id)
{
    cJSON *tree;
    struct consent consent;
    int rc = agreed_fetch(call, means, &tree);
    if (rc == 0) {
        consent_read(tree, &consent);
        rc = consent.kind->pays ? agreed_account(call, &consent, account_id)
                                : agreed_refuse(call, "PAYMENT-CONSENT-KIND",
                                                "The consent is not one to payments.");
        *account_id = arena_keep(call->arena, *account_id);
        rc = rc == 0 && !account_id->ptr ? outcome_fail(call, "out of memory") : rc;
    }
    cJSON_Delete(tree);
    return rc;
}

static int check_status(struct call *call, enum lfi_account_status status)
{
    static const char message[] = "The debtor account is blocked from receiving payments.";
    switch (status) {
    case LFI_ACCOUNT_SUSPENDED:
        return refusal_set(call->refusal, "REFUND-BLOCKED", 403,
                           "Consent.AccountTemporarilyBlocked", message);
    case LFI_ACCOUNT_CLOSED:
    case LFI_ACCOUNT_DECEASED:
    case LFI_ACCOUNT_UNCLAIMED:
        return refusal_set(call->refusal, "REFUND-BLOCKED-FOR-GOOD", 403,
                           "Consent.PermanentAccountAccessFailure", message);
    default:
        return 0;
    }
}

/* As many characters as the contract takes. */
static struct lfi_slice cut_name(const char *name)
{
    return slice_cut_characters(slice_of(name), NAME_CHARACTERS);
}

static void write_account(struct call *call, const struct lfi_refund_account *account)
{
    struct json_writer w;
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_open_object(&w, "data");
    json_string(&w, "consentId", call->core.consent_id);
    json_open_object(&w, "refundAccount");
    json_text(&w, "schemeName", "IBAN");
    json_text(&w, "identification", account->iban);
    json_open_object(&w, "name");
    json_string_if_any(&w, "en", cut_name(account->name_en));
    json_string_if_any(&w, "ar", cut_name(account->name_ar));
    json_close_object(&w);
    json_close_object(&w);
    json_close_object(&w);
    json_open_object(&w, "meta");
    json_close_object(&w);
    json_close_object(&w);
    call->reply->status = 200;
}

int payment_refund_account(struct call *call, const struct payment_means *means,
                           struct lfi_slice consent_id)
{
    struct lfi_error error = {""};
    struct lfi_slice account_id = {0};
    struct lfi_refund_account account = {.size = sizeof(account)};
    const struct provider *provider = call->provider;
    if (!slice_equal(consent_id, call->core.consent_id)) {
        return agreed_refuse(call, "PAYMENT-CONSENT-ID",
                             "The consent is not the one that o3-consent-id names.");
    }
    if (access_read_user(call) != 0 || find_account(call, means, &account_id) != 0) {
        return -1;
    }
    int status = provider->payments->refund_account(provider->core, &call->core, account_id,
                                                    &account, &error);
    if (outcome_check(call, OUTCOME_ACCOUNT, status, &error) != 0 ||
        check_status(call, account.status) != 0) {
        return -1;
    }
    if (!account.iban[0] || (!account.name_en[0] && !account.name_ar[0])) {
        return outcome_fail(call, "the refund account has no IBAN or no name");
    }
    write_account(call, &account);
    return 0;
}
