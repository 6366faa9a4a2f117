#include "payments/validate.h"

#include "base/array.h"
#include "payments/creditor.h"
#include "payments/file_terms.h"

struct inspection {
    struct call *call;
    enum pii_stage stage;
    const struct payment_type *type; /* NULL: none, or several at once */
    const cJSON *debtor, *creditors; /* NULL: none is named */
    const cJSON *file;               /* what is said of one */
    bool abroad;                     /* into another currency */
    struct consent_finding *out;
};

static int found(struct inspection *in, const char *code, const char *description)
{
    *in->out = (struct consent_finding){code, description};
    return 0;
}

/* A description that does not outlive its maker. */
static int found_because(struct inspection *in, const char *code, const char *description)
{
    const char *kept = arena_text(in->call->arena, slice_of(description));
    return kept ? found(in, code, kept) : outcome_fail(in->call, "out of memory");
}

/* --- 2: personal data ------------------------------------------------------------------------- */

static int open_pii(struct inspection *in, struct pii_reader *reader, const cJSON *asked,
                    struct pii *pii)
{
    struct call *call = in->call;
    struct refusal refusal = {.id = NULL};
    const struct pii_query query = {
        .member = json_get(asked, "PersonalIdentifiableInformation"),
        .stage = in->stage,
        .client_id = request_header(call->request, "o3-caller-client-id", NULL),
        .software_id = request_header(call->request, "o3-caller-software-statement-id", NULL),
        .audience = call->provider->payment_rules.pii_audience,
        .abroad = in->abroad,
    };
    if (pii_open(reader, &query, call->arena, pii, &refusal) == 0) {
        const cJSON *initiation = json_get(pii->tree, "Initiation");
        in->debtor = json_get(initiation, "DebtorAccount");
        in->creditors = json_get(initiation, "Creditor");
        return 0;
    }
    if (refusal.status >= 500) {
        *call->refusal = refusal;
        return -1;
    }
    return found_because(in, "InvalidPII", refusal.error_message);
}

/* --- 3: debtor -------------------------------------------------------------------------------- */

/* Who holds it is asked after the customer has signed in. */
static int check_debtor(struct inspection *in)
{
    struct call *call = in->call;
    const struct provider *provider = call->provider;
    struct lfi_slice iban = json_get_string(in->debtor, "Identification");
    struct lfi_account_by_iban account = {.size = sizeof(account)};
    struct lfi_error error = {""};
    if (!in->debtor) {
        return 0;
    }
    if (!creditor_iban_is_valid(iban, &provider->payment_rules)) {
        return found(in, "InvalidDebtorAccount", "The debtor account must be an IBAN of the UAE.");
    }
    int rc =
        provider->payments->account_by_iban(provider->core, &call->core, iban, &account, &error);
    if (rc == LFI_UNKNOWN) {
        return found(in, "InvalidDebtorAccount", "The bank holds no such debtor account.");
    }
    if (outcome_check(call, OUTCOME_BANK, rc, &error) != 0) {
        return -1;
    }
    if (call->core.user_id.len > 0 && !account.held) {
        return found(in, "InvalidDebtorAccount", "The customer holds no such debtor account.");
    }
    return account.status == LFI_ACCOUNT_ACTIVE
               ? 0
               : found(in, "InvalidDebtorAccount", "The debtor account cannot pay.");
}

/* --- 4: creditors ----------------------------------------------------------------------------- */

static int check_creditor(struct inspection *in, const cJSON *entry)
{
    struct creditor creditor;
    struct lfi_error why = {""};
    (void)creditor_read(entry, &creditor);
    if (in->abroad && !creditor_is_sound_abroad(&creditor, &why)) {
        return found_because(in, "InvalidCreditor", why.message);
    }
    if (in->abroad) {
        return 0;
    }
    switch (creditor_judge(&creditor, in->call->provider, &in->call->core, &why)) {
    case CREDITOR_FINE:
        return 0;
    case CREDITOR_INVALID:
        return found_because(in, "InvalidCreditor", why.message);
    case CREDITOR_UNREACHABLE:
        return found_because(in, "UnreachableCreditorAccount", why.message);
    case CREDITOR_UNKNOWN:
        break;
    }
    return outcome_check(in->call, OUTCOME_BANK, LFI_UNAVAILABLE, &why);
}

static int check_creditors(struct inspection *in)
{
    int rc = 0;
    const cJSON *entry;
    if (in->type && !payment_type_allows(in->type, cJSON_GetArraySize(in->creditors))) {
        return found(in, "InvalidCreditor",
                     "A payment of this type has another number of creditors.");
    }
    cJSON_ArrayForEach(entry, in->creditors)
    {
        if (rc == 0 && !in->out->code) {
            rc = check_creditor(in, entry);
        }
    }
    return rc;
}

/* --- 5: type ---------------------------------------------------------------------------------- */

static int check_type(struct inspection *in)
{
    const char *const *advertised = in->call->provider->offers.payment_types;
    char flag[PAYMENT_FLAG_MAX];
    if (!in->type) {
        return found(in, "PaymentTypeNotSupported", "The bank takes no payments of this kind.");
    }
    payment_type_flag(in->type, cJSON_GetArraySize(in->creditors), flag);
    return !advertised || offers_list(advertised, slice_of(flag))
               ? 0
               : found(
                     in, "PaymentTypeNotSupported",
                     "The bank does not advertise payments of this type and number of creditors.");
}

/* --- a file ----------------------------------------------------------------------------------- */

/* It comes later; only what is said of it can be judged. */
static int check_file(struct inspection *in)
{
    struct lfi_file_terms terms;
    const struct provider *provider = in->call->provider;
    if (!in->type || !in->type->file) {
        return 0;
    }
    if (!provider->files) {
        return found(in, "PaymentTypeNotSupported", "The bank takes no payments by file.");
    }
    const char *wrong = file_terms_read(in->file, in->call->arena, &terms);
    if (wrong) {
        return found(in, "InvalidFile", wrong);
    }
    if (!file_terms_type_is_read(provider, terms.file_type)) {
        return found(in, "InvalidFile", "The bank does not read files of this FileType.");
    }
    return file_terms_are_ahead(&terms, provider->host->now_us(provider->host))
               ? 0
               : found(in, "InvalidFile",
                       "RequestedExecutionDate must be after today and within a year.");
}

/* ---------------------------------------------------------------------------------------------- */

int payment_validate(struct call *call, struct pii_reader *reader, struct opened_pii *opened,
                     const cJSON *asked, struct consent_finding *out)
{
    static int (*const checks[])(struct inspection *) = {check_debtor, check_creditors, check_type,
                                                         check_file};
    const cJSON *schedule = json_get(json_get(asked, "ControlParameters"), "ConsentSchedule");
    struct inspection in = {.call = call,
                            .stage = opened->stage,
                            .type = payment_type_of(json_get(asked, "ControlParameters")),
                            .file = json_get(schedule, "FilePayment"),
                            .abroad = json_get(asked, "CurrencyRequest"),
                            .out = out};
    struct pii pii = {.tree = NULL};
    *out = (struct consent_finding){NULL, NULL};
    int rc = open_pii(&in, reader, asked, &pii);
    opened->jws = pii.jws;
    opened->payload = pii.payload;
    for (size_t i = 0; i < ARRAY_LEN(checks) && rc == 0 && !out->code; i++) {
        rc = checks[i](&in);
    }
    pii_close(&pii);
    return rc;
}
