/*
 * Operations on payments over a core, a Hub and a PII that the test prepares.
 */
#ifndef TESTS_PAYMENT_WORLD_H
#define TESTS_PAYMENT_WORLD_H

#include "base/array.h"
#include "base/base64.h"
#include "base/limits.h"
#include "flow/dispatch.h"
#include "payments/create.h"
#include "payments/find.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW_S INT64_C(1800000000) /* 2027-01-15T08:00:00Z */
#define CONSENT "consent-1"

/* --- the world -------------------------------------------------------------------------------- */

static struct world {
    cJSON *consent;       /* what the Hub has; NULL: none */
    enum hub_outcome hub; /* when it has none */
    unsigned hub_calls;
    struct consent_copies *copies; /* NULL: none are kept */
    int64_t later_s;               /* after NOW_S */
    cJSON *pii, *agreed;           /* of the payment, of the consent */
    const char *pii_fault;         /* id; NULL: it opens */
    int create_status;
    enum lfi_order_outcome outcome;
    bool kept; /* the core has a payment for the key */
    unsigned char kept_digest[LFI_ORDER_DIGEST_SIZE];
    const char *kept_consent;
    int find_status; /* when it has none */
    unsigned orders;
    char order_account[65], order_iban[35], order_key[129], order_bic[12];
    struct lfi_payment_order order; /* its numbers; the texts are gone */
    struct lfi_reach reach;
    struct lfi_refund_account refund;
    enum lfi_account_status account;
    struct payment_rules rules;
    unsigned forms; /* in which the PII of the payment was taken */
} w;

/* Stands in for hub/consent_manager.c. */
enum hub_outcome hub_find_payment_consent(struct hub *hub, struct arena *arena,
                                          struct lfi_slice consent_id, cJSON **out,
                                          struct lfi_error *error)
{
    (void)hub;
    (void)arena;
    (void)consent_id;
    (void)error;
    w.hub_calls++;
    *out = w.consent ? cJSON_Duplicate(w.consent, true) : NULL;
    return *out ? HUB_OK : w.consent ? HUB_UNREACHABLE : w.hub;
}

/* Stands in for payments/pii.c, which has tests of its own. */
int pii_open(struct pii_reader *reader, const struct pii_query *query, struct arena *arena,
             struct pii *out, struct refusal *refusal)
{
    (void)reader;
    (void)arena;
    bool payment = query->stage == PII_OF_PAYMENT;
    *out = (struct pii){.tree = NULL};
    w.forms = payment ? query->forms : w.forms;
    if (!query->member || (payment && w.pii_fault)) {
        return refusal_set(refusal, w.pii_fault ? w.pii_fault : "PII-MISSING", 400,
                           "JWE.DecryptionError", "It cannot be decrypted.");
    }
    out->tree = cJSON_Duplicate(payment ? w.pii : w.agreed, true);
    return out->tree ? 0
                     : refusal_set(refusal, "PII-UNABLE", 500, "GenericRecoverableError",
                                   "It cannot be read.");
}

void pii_close(struct pii *pii)
{
    json_wipe(pii->tree);
    pii->tree = NULL;
}

static inline void copy(char *out, size_t size, struct lfi_slice text)
{
    (void)snprintf(out, size, "%.*s", SLICE_ARG(text));
}

static inline int give(struct lfi_answer *answer, const unsigned char *digest)
{
    struct lfi_payment_facts facts = {.size = sizeof(facts)};
    copy(facts.payment_id, sizeof(facts.payment_id), SLICE("payment-1"));
    (void)snprintf(facts.consent_id, sizeof(facts.consent_id), "%s",
                   w.kept_consent ? w.kept_consent : CONSENT);
    copy(facts.account_id, sizeof(facts.account_id), SLICE("account-1"));
    memcpy(facts.digest, digest, sizeof(facts.digest));
    return answer->record(answer, SLICE("{\"id\":\"payment-1\"}"), &facts) == 0 ? LFI_OK
                                                                                : LFI_STOPPED;
}

static inline int create(void *core, const struct lfi_call *call,
                         const struct lfi_payment_order *order, struct lfi_answer *answer,
                         struct lfi_error *error)
{
    (void)core;
    (void)call;
    (void)error;
    w.orders++;
    w.order = *order;
    copy(w.order_account, sizeof(w.order_account), order->account_id);
    copy(w.order_iban, sizeof(w.order_iban), order->creditor.iban);
    copy(w.order_bic, sizeof(w.order_bic), order->creditor.bic);
    copy(w.order_key, sizeof(w.order_key), order->idempotency_key);
    ((struct lfi_order_summary *)answer->summary)->outcome = w.outcome;
    bool gives = w.outcome == LFI_ORDER_CREATED || w.outcome == LFI_ORDER_EXISTS;
    return w.create_status == LFI_OK && gives ? give(answer, order->digest) : w.create_status;
}

static inline int find(void *core, const struct lfi_call *call,
                       const struct lfi_payment_query *query, struct lfi_answer *answer,
                       struct lfi_error *error)
{
    (void)core;
    (void)call;
    (void)error;
    bool known =
        !query->base.subject_id.ptr || slice_equal_text(query->base.subject_id, "payment-1");
    return w.kept && known ? give(answer, w.kept_digest) : w.find_status;
}

static inline int reach(void *core, const struct lfi_call *call, struct lfi_slice iban,
                        struct lfi_reach *out, struct lfi_error *error)
{
    (void)core;
    (void)call;
    (void)iban;
    (void)error;
    *out = w.reach;
    return LFI_OK;
}

static inline int refund_account(void *core, const struct lfi_call *call,
                                 struct lfi_slice account_id, struct lfi_refund_account *out,
                                 struct lfi_error *error)
{
    (void)core;
    (void)call;
    (void)error;
    assert_true(slice_equal_text(account_id, "account-1"));
    *out = w.refund;
    return LFI_OK;
}

static inline int subject(void *core, const struct lfi_call *call,
                          const struct lfi_subject_query *query, struct lfi_account_facts *out,
                          struct lfi_error *error)
{
    (void)core;
    (void)call;
    (void)error;
    out->status = w.account;
    copy(out->account_id, sizeof(out->account_id), query->account_id);
    return LFI_OK;
}

/* --- what is asked ---------------------------------------------------------------------------- */

static const char *const body_text =
    "{\"paymentType\":\"cbuae-payment\",\"request\":{\"Data\":{\"ConsentId\":\"" CONSENT "\","
    "\"Instruction\":{\"Amount\":{\"Amount\":\"100.00\",\"Currency\":\"AED\"}},"
    "\"PersonalIdentifiableInformation\":\"sealed\",\"PaymentPurposeCode\":\"ACM\","
    "\"DebtorReference\":\"Invoice 7\",\"OpenFinanceBilling\":{\"Type\":\"PushP2P\"}}},"
    "\"requestHeaders\":{\"X-Idempotency-Key\":\"key-1\","
    "\"x-fapi-customer-ip-address\":\"192.0.2.7\","
    "\"X-FAPI-Auth-Date\":\"Fri, 15 Jan 2027 07:59:00 GMT\"},\"tpp\":{}}";

static const char *const creditor_text =
    "{\"CreditorAccount\":{\"SchemeName\":\"IBAN\",\"Identification\":\"AE219900000000000000001\","
    "\"Name\":{\"en\":\"Sidr Stationery\"}},"
    "\"CreditorAgent\":{\"SchemeName\":\"BICFI\",\"Identification\":\"SIDRAEA0\"}}";

static const char *const risk_text =
    "{\"DebtorIndicators\":{\"Authentication\":{\"ChallengeOutcome\":\"Pass\","
    "\"AuthenticationFlow\":\"MFA\",\"ChallengeDateTime\":\"2027-01-15T07:59:30Z\","
    "\"PossessionFactor\":{\"IsUsed\":true,\"Type\":\"Passkey\"},"
    "\"InherenceFactor\":{\"IsUsed\":true,\"Type\":\"Fingerprint\"}}}}";

static const char single[] = "{\"ConsentSchedule\":{\"SinglePayment\":{\"Type\":"
                             "\"SingleInstantPayment\"}}}";
static const char on_demand[] = "{\"ConsentSchedule\":{\"MultiPayment\":{\"PeriodicSchedule\":"
                                "{\"Type\":\"VariableOnDemand\"}}}}";
static const char periodic[] = "{\"ConsentSchedule\":{\"MultiPayment\":{\"PeriodicSchedule\":"
                               "{\"Type\":\"FixedPeriodicSchedule\"}}}}";
static const char delegated[] = "{\"IsDelegatedAuthentication\":true,\"ConsentSchedule\":{}}";

/* The four documents that a case may change. */
struct documents {
    cJSON *body, *consent, *pii, *agreed;
};

static inline cJSON *parse(const char *text)
{
    cJSON *tree = json_parse(slice_of(text));
    assert_non_null(tree);
    return tree;
}

static inline struct documents documents_for(const char *control)
{
    struct documents d = {.body = parse(body_text)};
    d.consent =
        parse("{\"id\":\"" CONSENT "\",\"consentType\":\"cbuae-service-initiation-consents\","
              "\"status\":\"Authorized\",\"psuIdentifiers\":{\"userId\":\"user-1\"},"
              "\"accountIds\":[\"account-1\"],"
              "\"consentBody\":{\"Data\":{\"ExpirationDateTime\":\"2027-12-01T00:00:00Z\"}},"
              "\"request\":{\"consent\":{\"PersonalIdentifiableInformation\":\"sealed\"}}}");
    cJSON_AddItemToObject(cJSON_GetObjectItem(cJSON_GetObjectItem(d.consent, "request"), "consent"),
                          "ControlParameters", parse(control));
    d.pii = cJSON_CreateObject();
    cJSON_AddItemToObject(d.pii, "Initiation", parse(creditor_text));
    cJSON_AddItemToObject(d.pii, "Risk", parse(risk_text));
    d.agreed = cJSON_CreateObject();
    cJSON *creditors =
        cJSON_AddArrayToObject(cJSON_AddObjectToObject(d.agreed, "Initiation"), "Creditor");
    cJSON_AddItemToArray(creditors, parse(creditor_text));
    return d;
}

/*
 * Sets "a.b.c" of a document to a JSON value, or takes it away when that is NULL. Numbers are
 * places in an array.
 */
static inline void change(cJSON *tree, const char *path, const char *value)
{
    struct lfi_slice rest = slice_of(path), part;
    char name[64];
    uint64_t place;
    cJSON *parent = NULL, *at = tree;
    while (slice_next(&rest, '.', &part)) {
        parent = at;
        copy(name, sizeof(name), part);
        at = slice_to_u64(part, &place) ? cJSON_GetArrayItem(parent, (int)place)
                                        : cJSON_GetObjectItemCaseSensitive(parent, name);
    }
    if (cJSON_IsArray(parent)) {
        assert_true(slice_to_u64(slice_of(name), &place));
        cJSON_DeleteItemFromArray(parent, (int)place);
        if (value) {
            cJSON_InsertItemInArray(parent, (int)place, parse(value));
        }
        return;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(parent, name);
    if (value) {
        char wrapped[512];
        (void)snprintf(wrapped, sizeof(wrapped), "{\"v\":%s}", value);
        cJSON *holder = parse(wrapped);
        cJSON_AddItemToObject(parent, name, cJSON_DetachItemFromObject(holder, "v"));
        cJSON_Delete(holder);
    }
}

struct answer {
    int status;
    char id[64], code[64], message[384], body[1024];
};

static inline struct answer run(int (*operation)(struct call *, const struct payment_means *,
                                                 void *),
                                void *ctx, const char *body)
{
    static const struct lfi_payments payments = {.size = sizeof(payments),
                                                 .create = create,
                                                 .find = find,
                                                 .reach = reach,
                                                 .refund_account = refund_account};
    static const struct lfi_accounts accounts = {.size = sizeof(accounts), .subject = subject};
    static const struct lfi_core_ops ops = {.name = "test"};
    static const struct flow_row row = {.psu = 1};
    const struct provider provider = {.id = "dhowretail",
                                      .ops = &ops,
                                      .payments = &payments,
                                      .accounts = &accounts,
                                      .payment_rules = w.rules};
    struct clock clock = {0};
    struct reply reply = {0};
    struct refusal refusal = {0};
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    if (!arena) {
        return (struct answer){.status = 500};
    }
    const struct request request = {.body = slice_of(body), .arena = arena};
    struct call call = {.request = &request,
                        .row = &row,
                        .provider = &provider,
                        .arena = arena,
                        .reply = &reply,
                        .refusal = &refusal,
                        .core = {.size = sizeof(struct lfi_call),
                                 .consent_id = SLICE(CONSENT),
                                 .interaction_id = SLICE("interaction-1")}};
    const struct payment_means means = {.hub = (struct hub *)&w,
                                        .copies = w.copies,
                                        .pii = (struct pii_reader *)&w,
                                        .clock = &clock};
    struct answer out = {0};
    atomic_store(&clock.offset_us, NOW_S * 1000000 - clock_now_us(&clock));
    call.parameters.values[1] = SLICE("eyJ1c2VySWQiOiJ1c2VyLTEifQ"); /* {"userId":"user-1"} */
    buf_init(&reply.body, 65536);
    errno = 0;
    int rc = operation(&call, &means, ctx);
    if (rc != 0) {
        (void)dispatch_was_memory(&call);
    }
    if (rc == 0 && reply.body.failed) { /* as the listener does */
        refusal.status = 500;
        rc = -1;
    }
    out.status = rc == 0 ? reply.status : refusal.status;
    if (rc != 0) {
        (void)snprintf(out.id, sizeof(out.id), "%s", refusal.id ? refusal.id : "");
        (void)snprintf(out.code, sizeof(out.code), "%s",
                       refusal.error_code ? refusal.error_code : "");
        (void)snprintf(out.message, sizeof(out.message), "%s", refusal.error_message);
    } else {
        copy(out.body, sizeof(out.body), buf_slice(&reply.body));
    }
    buf_free(&reply.body);
    arena_free(arena);
    return out;
}

static inline int call_create(struct call *call, const struct payment_means *means, void *ctx)
{
    (void)ctx;
    return payment_create(call, means);
}

/* Takes over the documents. */
static inline struct answer pay(struct documents *d)
{
    char *body = cJSON_PrintUnformatted(d->body);
    w.consent = d->consent;
    w.pii = d->pii;
    w.agreed = d->agreed;
    struct answer answer = run(call_create, NULL, body);
    cJSON_free(body);
    cJSON_Delete(d->body);
    cJSON_Delete(d->consent);
    cJSON_Delete(d->pii);
    cJSON_Delete(d->agreed);
    w.consent = w.pii = w.agreed = NULL;
    return answer;
}

static inline int begin(void **state)
{
    (void)state;
    w = (struct world){.hub = HUB_REFUSED,
                       .outcome = LFI_ORDER_CREATED,
                       .find_status = LFI_UNKNOWN,
                       .rules = {.proof_age_s = LIMIT_PROOF_AGE_S,
                                 .proof_skew_s = LIMIT_PROOF_SKEW_S,
                                 .key_life_s = LIMIT_PAYMENT_KEY_S},
                       .reach = {.size = sizeof(w.reach), .aani = 1, .bic = "SIDRAEA0XXX"}};
    return 0;
}

#endif
