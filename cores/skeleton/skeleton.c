/*
 * The smallest core that carries a whole consent journey: one customer with one account, answered
 * from constants, who signs in as skeleton / skeleton-password. Copy this folder to start an
 * adapter, then replace each function by a call to your core banking system and add the
 * capabilities that you offer (see lfi/core.h). It needs that header, the C library and POSIX
 * threads, and nothing else.
 */
#include <lfi/core.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char USER[] = "5f0c6d0e-7a51-4a39-9d0c-1d6f2f1c0001";
static const char LOGIN[] = "skeleton";
static const char PASSWORD[] = "skeleton-password";
static const char APPROVAL_PREFIX[] = "approval-";
#define ACCOUNT_ID "skeleton-account-1"
static const char ACCOUNT[] = ACCOUNT_ID;

static const char ACCOUNT_JSON[] =
    "{\"id\":\"skeleton-account-1\",\"status\":\"Active\",\"currency\":\"AED\","
    "\"accountType\":\"Retail\",\"accountSubType\":\"CurrentAccount\","
    "\"accountHolderName\":\"Skeleton Customer\","
    "\"customers\":[{\"id\":\"skeleton-customer-1\",\"customerName\":\"Skeleton Customer\"}],"
    "\"accountNumbers\":[{\"schemeName\":\"IBAN\","
    "\"identification\":\"AE879990000000000000001\"}]}";

static const char BALANCE_JSON[] =
    "{\"accountId\":\"skeleton-account-1\",\"balanceType\":\"InterimAvailable\","
    "\"creditDebitIndicator\":\"Credit\",\"timestamp\":\"2026-01-01T00:00:00+04:00\","
    "\"amount\":{\"amount\":\"100.00\",\"currency\":\"AED\"}}";

/* What an adapter would keep: connections, credentials, caches. */
struct skeleton {
    char *provider_id;
    int64_t (*now_us)(void *clock);
    void *clock;
    pthread_mutex_t lock; /* of what follows */
    uint64_t approvals;
};

/* Not in constant time, which a real password check must be. */
static int same(struct lfi_slice text, const char *constant)
{
    return text.len == strlen(constant) && memcmp(text.ptr, constant, text.len) == 0;
}

static int give(struct lfi_answer *answer, const char *json, const void *facts)
{
    struct lfi_slice record = {json, strlen(json)};
    return answer->record(answer, record, facts) == 0 ? LFI_OK : LFI_STOPPED;
}

static int fail(const struct skeleton *core, int status, const char *why, struct lfi_error *error)
{
    (void)snprintf(error->message, sizeof(error->message), "%s: %s", core->provider_id, why);
    return status;
}

/* --- life ------------------------------------------------------------------------------------- */

/* The configuration's texts are gone after open(): what is kept is copied. The clock stays. */
static int skeleton_open(void **out, const struct lfi_core_config *config, struct lfi_error *error)
{
    struct skeleton *core = calloc(1, sizeof(*core));
    if (!core || !(core->provider_id = strdup(config->provider_id))) {
        (void)snprintf(error->message, sizeof(error->message), "out of memory");
        free(core);
        return LFI_FAILED;
    }
    core->now_us = config->now_us;
    core->clock = config->clock;
    (void)pthread_mutex_init(&core->lock, NULL);
    *out = core;
    return LFI_OK;
}

static void skeleton_close(void *context)
{
    struct skeleton *core = context;
    (void)pthread_mutex_destroy(&core->lock);
    free(core->provider_id);
    free(core);
}

/* --- customers and what they hold ------------------------------------------------------------- */

static int skeleton_exists(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                           struct lfi_error *error)
{
    (void)core, (void)call, (void)error;
    return same(user_id, USER) ? LFI_OK : LFI_UNKNOWN;
}

static const struct lfi_customers CUSTOMERS = {.size = sizeof(CUSTOMERS),
                                               .exists = skeleton_exists};

static const struct lfi_account_facts FACTS = {.size = sizeof(FACTS),
                                               .status = LFI_ACCOUNT_ACTIVE,
                                               .account_id = ACCOUNT_ID,
                                               .sub_type = "CurrentAccount",
                                               .currency = "AED",
                                               .role = "Principal"};

/* Fills no more than the server has room for: it may be older or newer than this core. */
static int skeleton_subject(void *core, const struct lfi_call *call,
                            const struct lfi_subject_query *query, struct lfi_account_facts *out,
                            struct lfi_error *error)
{
    uint32_t size = out->size;
    (void)core, (void)call, (void)error;
    if (!same(query->user_id, USER)) {
        out->user_unknown = 1;
        return LFI_UNKNOWN;
    }
    if (!same(query->account_id, ACCOUNT)) {
        return LFI_UNKNOWN;
    }
    memcpy(out, &FACTS, size < sizeof(FACTS) ? size : sizeof(FACTS));
    out->size = size;
    return LFI_OK;
}

static int skeleton_held(void *core, const struct lfi_call *call,
                         const struct lfi_held_query *query, struct lfi_answer *answer,
                         struct lfi_error *error)
{
    int wanted = query->account_count == 0;
    (void)call;
    if (!lfi_query_is_known(&query->base, sizeof(*query))) {
        return fail(core, LFI_FAILED, "a query that this core does not know", error);
    }
    if (!same(query->base.subject_id, USER)) {
        return LFI_UNKNOWN;
    }
    for (uint64_t i = 0; i < query->account_count; i++) {
        wanted = wanted || same(query->account_ids[i], ACCOUNT);
    }
    return wanted ? give(answer, ACCOUNT_JSON, &FACTS) : LFI_OK;
}

static int skeleton_balances(void *core, const struct lfi_call *call, const struct lfi_query *query,
                             struct lfi_answer *answer, struct lfi_error *error)
{
    (void)call;
    if (!lfi_query_is_known(query, sizeof(*query))) {
        return fail(core, LFI_FAILED, "a query that this core does not know", error);
    }
    return same(query->subject_id, ACCOUNT) ? give(answer, BALANCE_JSON, NULL) : LFI_UNKNOWN;
}

static const struct lfi_accounts ACCOUNTS = {.size = sizeof(ACCOUNTS),
                                             .subject = skeleton_subject,
                                             .held = skeleton_held,
                                             .balances = skeleton_balances};

/* --- sign-in and strong customer authentication ----------------------------------------------- */

static int skeleton_sign_in(void *core, const struct lfi_call *call, const struct lfi_login *login,
                            struct lfi_id *out_user_id, struct lfi_error *error)
{
    (void)core, (void)call, (void)error;
    if (!same(login->login, LOGIN) || !same(login->password, PASSWORD)) {
        return LFI_DENIED;
    }
    (void)snprintf(out_user_id->text, sizeof(out_user_id->text), "%s", USER);
    return LFI_OK;
}

/* An adapter would ask the customer's device here. This one counts as approved at once. */
static int skeleton_approval_start(void *context, const struct lfi_call *call,
                                   const struct lfi_approval_request *request,
                                   struct lfi_id *out_approval_id, struct lfi_error *error)
{
    struct skeleton *core = context;
    (void)call, (void)error;
    if (!same(request->user_id, USER)) {
        return LFI_UNKNOWN;
    }
    (void)pthread_mutex_lock(&core->lock);
    (void)snprintf(out_approval_id->text, sizeof(out_approval_id->text), "%s%llu-%lld",
                   APPROVAL_PREFIX, (unsigned long long)++core->approvals,
                   (long long)core->now_us(core->clock));
    (void)pthread_mutex_unlock(&core->lock);
    return LFI_OK;
}

static int skeleton_approval_state(void *core, const struct lfi_call *call,
                                   const struct lfi_approval *approval,
                                   enum lfi_approval_state *out, struct lfi_error *error)
{
    size_t prefix = strlen(APPROVAL_PREFIX);
    (void)core, (void)call, (void)error;
    if (!same(approval->user_id, USER) || approval->approval_id.len < prefix ||
        memcmp(approval->approval_id.ptr, APPROVAL_PREFIX, prefix) != 0) {
        return LFI_UNKNOWN;
    }
    *out = LFI_APPROVAL_APPROVED;
    return LFI_OK;
}

/* The next two serve the simulated bank app, in which nothing is ever left to be approved. */
static int skeleton_approvals_waiting(void *core, const struct lfi_call *call,
                                      const struct lfi_query *query, struct lfi_answer *answer,
                                      struct lfi_error *error)
{
    (void)call, (void)answer;
    if (!lfi_query_is_known(query, sizeof(*query))) {
        return fail(core, LFI_FAILED, "a query that this core does not know", error);
    }
    return same(query->subject_id, USER) ? LFI_OK : LFI_UNKNOWN;
}

static int skeleton_approval_decide(void *core, const struct lfi_call *call,
                                    const struct lfi_approval *approval, int approve,
                                    struct lfi_error *error)
{
    (void)core, (void)call, (void)approve, (void)error;
    return same(approval->user_id, USER) ? LFI_DENIED : LFI_UNKNOWN;
}

static const struct lfi_signin SIGNIN = {.size = sizeof(SIGNIN),
                                         .sign_in = skeleton_sign_in,
                                         .approval_start = skeleton_approval_start,
                                         .approval_state = skeleton_approval_state,
                                         .approvals_waiting = skeleton_approvals_waiting,
                                         .approval_decide = skeleton_approval_decide};

/* --- the table -------------------------------------------------------------------------------- */

static const struct lfi_core_ops OPS = {
    .abi = LFI_CORE_ABI,
    .size = sizeof(struct lfi_core_ops),
    .name = "skeleton",
    .open = skeleton_open,
    .close = skeleton_close,
    .accounts = &ACCOUNTS,
    .customers = &CUSTOMERS,
    .signin = &SIGNIN,
};

__attribute__((visibility("default"))) const struct lfi_core_ops *lfi_core_get_ops(void)
{
    return &OPS;
}
