/* Payees, open data, levers and sign-in. */
#include "small_bank.h"

/* --- payees and open data --------------------------------------------------------------------- */

static const char HOLDER[] =
    "{\"id\":\"c1\",\"verifiedClaims\":[{\"verification\":{\"trustFramework\":\"UAE.FI\"},"
    "\"claims\":{\"fullName\":\"Amal Marjan\",\"givenName\":\"Amal\",\"familyName\":\"Marjan\"}}]}";

#define TEN "NameNameNa"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static int give_holder(const struct bank *bank, struct lfi_answer *answer)
{
    struct lfi_payee_facts facts = {.size = sizeof(facts),
                                    .arabic_name = TEXT("\xd8\xa3\xd9\x85\xd9\x84"),
                                    .other_names = {TEXT(HUNDRED TEN TEN TEN TEN)}};
    if (breaks(bank, "payee-names")) {
        facts.other_names[1] = TEXT(HUNDRED TEN TEN TEN TEN "x");
    }
    return give(bank, answer, HOLDER, &facts) ? LFI_OK : LFI_STOPPED;
}

static int holders(void *core, const struct lfi_call *call, const struct lfi_query *query,
                   struct lfi_answer *answer, struct lfi_error *error)
{
    static const enum lfi_payee_state BLOCKED[] = {LFI_PAYEE_SHOWN, LFI_PAYEE_BLOCKED_FOR_NOW,
                                                   LFI_PAYEE_BLOCKED_FOR_GOOD};
    const struct bank *bank = core;
    struct lfi_payee_summary *summary = answer->summary;
    (void)call, (void)error;
    for (size_t i = 0; i < ACCOUNT_COUNT; i++) {
        if (same(query->subject_id, ACCOUNTS[i].number)) {
            summary->state =
                breaks(bank, "levers-credit") ? LFI_PAYEE_SHOWN : BLOCKED[bank->blocks[i]];
        }
        if (same(query->subject_id, ACCOUNTS[i].number) && summary->state == LFI_PAYEE_SHOWN) {
            return give_holder(bank, answer);
        }
    }
    summary->state = breaks(bank, "payee") ? LFI_PAYEE_BLOCKED_FOR_GOOD : LFI_PAYEE_HIDDEN;
    return LFI_OK;
}

const struct lfi_payee PAYEE = {.size = sizeof(PAYEE), .holders = holders};

static int atms(void *core, const struct lfi_call *call, const struct lfi_query *query,
                struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    char json[512];
    (void)call, (void)query, (void)error;
    for (unsigned i = 1; i <= 2; i++) {
        (void)snprintf(json, sizeof(json),
                       "{%s\"LFIBrandId\":\"bank\",\"ATMId\":\"ATM-%u\",\"SupportedCurrencies\":["
                       "\"AED\"],\"Location\":{\"LocationCategory\":[\"RetailerOutlet\"],"
                       "\"PostalAddress\":{\"AddressLine\":[\"Harbour\"],\"TownName\":\"Dubai\","
                       "\"CountrySubDivision\":\"Dubai\",\"Country\":\"AE\"},\"GeoLocation\":{"
                       "\"Latitude\":\"25.59240\",\"Longitude\":\"56.26180\"}}}",
                       breaks(bank, "atms") ? "\"LFIId\":\"bank\"," : "", i);
        if (!give(bank, answer, json, NULL)) {
            return LFI_STOPPED;
        }
    }
    return LFI_OK;
}

static int catalogue(void *core, const struct lfi_call *call, const struct lfi_product_query *query,
                     struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    const struct lfi_product_facts facts = {.size = sizeof(facts), .brand_id = TEXT("bank")};
    char json[512];
    (void)call, (void)error;
    answer->total = 0;
    for (int i = 0; i < 2; i++) { /* the second complies with Sharia */
        if (query->sharia != -1 && query->sharia != i && !breaks(bank, "catalogue")) {
            continue;
        }
        answer->total++;
        (void)snprintf(json, sizeof(json),
                       "{\"ProductId\":\"p%d\",\"ProductName\":\"Account\",\"ProductCategory\":"
                       "\"CurrentAccount\",\"LastUpdatedDateTime\":\"2025-07-07T12:00:00+04:00\","
                       "\"Product\":{\"CurrentAccount\":{\"Type\":\"Advanced\","
                       "\"IsOverdraftAvailable\":false}}}",
                       i);
        if (!give(bank, answer, json, &facts)) {
            return LFI_STOPPED;
        }
    }
    return LFI_OK;
}

const struct lfi_open_data OPEN_DATA = {
    .size = sizeof(OPEN_DATA), .atms = atms, .catalogue = catalogue};

/* --- levers ----------------------------------------------------------------------------------- */

static int set_status(void *core, const struct lfi_call *call, struct lfi_slice account_id,
                      enum lfi_account_status status, struct lfi_error *error)
{
    struct bank *bank = core;
    const struct account *account = account_of(account_id);
    (void)call, (void)error;
    if (!account) {
        return breaks(bank, "levers-unknown") ? LFI_OK : LFI_UNKNOWN;
    }
    bank->statuses[account - ACCOUNTS] = status;
    if (breaks(bank, "levers-status")) {
        bank->statuses[ACCOUNT_COUNT - 1] = status;
    }
    return LFI_OK;
}

static int set_credit_block(void *core, const struct lfi_call *call, struct lfi_slice account_id,
                            enum lfi_credit_block block, struct lfi_error *error)
{
    struct bank *bank = core;
    const struct account *account = account_of(account_id);
    (void)call, (void)error;
    if (!account) {
        return LFI_UNKNOWN;
    }
    bank->blocks[account - ACCOUNTS] = block;
    return LFI_OK;
}

static int account_states(void *core, const struct lfi_call *call, const struct lfi_query *query,
                          struct lfi_answer *answer, struct lfi_error *error)
{
    static const char *const blocks[] = {"none", "temporary", "permanent"};
    const struct bank *bank = core;
    bool found = !query->subject_id.ptr;
    char json[128];
    (void)call, (void)error;
    for (size_t i = 0; i < ACCOUNT_COUNT; i++) {
        if (query->subject_id.ptr && !same(query->subject_id, ACCOUNTS[i].id)) {
            continue;
        }
        found = true;
        (void)snprintf(
            json, sizeof(json), "{\"accountId\":\"%s\",\"status\":\"%s\",\"creditBlock\":\"%s\"}",
            ACCOUNTS[i].id, breaks(bank, "levers-states") ? "Odd" : STATUSES[bank->statuses[i]],
            blocks[bank->blocks[i]]);
        if (!give(bank, answer, json, NULL)) {
            return LFI_STOPPED;
        }
    }
    return found ? LFI_OK : LFI_UNKNOWN;
}

static int reset(void *core, const struct lfi_call *call, struct lfi_error *error)
{
    struct bank *bank = core;
    (void)call, (void)error;
    for (size_t i = 0; i < ACCOUNT_COUNT && !breaks(bank, "levers-reset"); i++) {
        bank->statuses[i] = LFI_ACCOUNT_ACTIVE;
        bank->blocks[i] = LFI_CREDIT_OPEN;
    }
    return LFI_OK;
}

const struct lfi_levers LEVERS = {.size = sizeof(LEVERS),
                                  .account_set_status = set_status,
                                  .account_set_credit_block = set_credit_block,
                                  .account_states = account_states,
                                  .reset = reset};

/* --- sign-in ---------------------------------------------------------------------------------- */

static int sign_in(void *core, const struct lfi_call *call, const struct lfi_login *login,
                   struct lfi_id *out_user_id, struct lfi_error *error)
{
    const struct bank *bank = core;
    (void)call, (void)error;
    if (breaks(bank, "sign-in-alike") && same(login->login, "amal")) {
        wait_ms(100); /* as if only a known login's password were hashed */
    }
    if (!same(login->login, "amal")) {
        return breaks(bank, "sign-in") ? LFI_UNKNOWN : LFI_DENIED;
    }
    if (!same(login->password, "sesame")) {
        return LFI_DENIED;
    }
    (void)snprintf(out_user_id->text, sizeof(out_user_id->text), "first");
    return LFI_OK;
}

static int approval_start(void *core, const struct lfi_call *call,
                          const struct lfi_approval_request *request,
                          struct lfi_id *out_approval_id, struct lfi_error *error)
{
    (void)core, (void)call, (void)error;
    if (!is_user(request->user_id)) {
        return LFI_UNKNOWN;
    }
    (void)snprintf(out_approval_id->text, sizeof(out_approval_id->text), "approval");
    return LFI_OK;
}

static int approval_state(void *core, const struct lfi_call *call,
                          const struct lfi_approval *approval, enum lfi_approval_state *out,
                          struct lfi_error *error)
{
    (void)call, (void)error;
    if (!same(approval->approval_id, "approval") && !breaks(core, "approval-unknown")) {
        return LFI_UNKNOWN;
    }
    *out = LFI_APPROVAL_APPROVED;
    return LFI_OK;
}

static int may_sign_in(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                       struct lfi_error *error)
{
    (void)call, (void)error;
    return is_user(user_id) || breaks(core, "may-sign-in") ? LFI_OK : LFI_UNKNOWN;
}

const struct lfi_signin SIGNIN = {.size = sizeof(SIGNIN),
                                  .sign_in = sign_in,
                                  .approval_start = approval_start,
                                  .approval_state = approval_state,
                                  .may_sign_in = may_sign_in};
