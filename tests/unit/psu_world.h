/*
 * A world for the journey: a Hub that answers what the test prepared and writes down what it was
 * asked (in place of server/hub), a core and a state in memory, and a browser that keeps its
 * cookie.
 */
#ifndef TESTS_PSU_WORLD_H
#define TESTS_PSU_WORLD_H

#include "flow/api.h"
#include "psu/context.h"
#include "psu/psu.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WORLD_ORIGIN "https://auth.bank.example"
#define WORLD_BACK "https://tpp.example/cb?code=a%2Fb+c&state=%7E"
#define WORLD_CLAIMS 64
#define WORLD_TASKS 8

static struct world {
    struct clock clock;
    struct log log;
    struct provider provider;
    struct psu *psu;
    struct state *state;
    struct overrides *overrides;
    struct shares *shares;
    /* the Hub */
    enum hub_outcome auth, read, patch, confirm, fail;
    bool auth_redirects;
    bool auth_says_400;
    const char *consent; /* JSON of every consent but "base" */
    const char *base;    /* JSON of the consent "base" */
    const char *own;     /* JSON array: the consents of any user, and of any group */
    enum hub_outcome list, revoke;
    enum hub_outcome reads_after_patch;
    const char *consent_after_patch; /* JSON; NULL: the same */
    bool patched;                    /* somebody has sent a PATCH */
    char calls[4096];                /* what changed at the Hub: a line each */
    int auths, reads;
    pthread_mutex_t lock; /* guards `calls` and `reads`: workers may call at once */
    void (*on_call)(struct hub *hub, const char *what, struct lfi_slice consent_id); /* or NULL */
    /* the core */
    int sign_in, approval_start, accounts_status;
    enum lfi_approval_state approval;
    const char *accounts[8];
    char purpose[512];
    unsigned withdrawn; /* approvals */
    /* the state */
    int claim_status, settle_status;
    struct world_claim {
        char key[128];
        char result[512];
        int64_t until_s;
        bool settled;
    } claims[WORLD_CLAIMS];
    struct world_task {
        char key[128];
        char destination[128];
        char record[512];
        int64_t due_s;
    } tasks[WORLD_TASKS];
    int task_put_status;
    uint64_t task_limit;          /* 0: 100 */
    int tasks_when_told;          /* how many were kept when the Hub was told to revoke */
    size_t arena_bytes;           /* of a request; 0: plenty */
    unsigned allowed, allow_most; /* uses counted; more are refused, 0: none is */
    unsigned writes;              /* calls that keep something in the state */
    /* the browser */
    char cookie[4096];
    char known[1024]; /* the cookie of a browser that signed in before */
    const char *remote;
    const char *forwarded_for; /* X-Forwarded-For; NULL: none */
    const char *origin, *content_type, *method;
    int status;
    bool hung_up;
    char location[256];
    char headers[4096];
    char body[32768];
} world;

#define WORLD_CONSENT                                                                              \
    "{\"id\":\"c-1\",\"consentType\":\"cbuae-account-access-consents\","                           \
    "\"status\":\"AwaitingAuthorization\",\"tpp\":{\"tppName\":\"Falcon Budget\"},"                \
    "\"consentBody\":{\"Data\":{\"ConsentId\":\"c-1\",\"Permissions\":[\"ReadAccountsBasic\","     \
    "\"ReadBalances\"],\"ExpirationDateTime\":\"2099-01-01T00:00:00Z\"}}}"
#define WORLD_ACCOUNT(id, sub_type, status)                                                        \
    "{\"id\":\"" id "\",\"status\":\"" status "\",\"accountType\":\"Retail\","                     \
    "\"accountSubType\":\"" sub_type "\",\"currency\":\"AED\"}"

/* --- the Hub ---------------------------------------------------------------------------------- */

static void world_note(const char *what, struct lfi_slice text)
{
    pthread_mutex_lock(&world.lock);
    size_t used = strlen(world.calls);
    snprintf(world.calls + used, sizeof(world.calls) - used, "%s%.*s\n", what, SLICE_ARG(text));
    pthread_mutex_unlock(&world.lock);
}

static void world_called(struct hub *hub, const char *what, struct lfi_slice consent_id)
{
    if (world.on_call) {
        world.on_call(hub, what, consent_id);
    }
}

enum hub_outcome hub_get_auth(struct hub *hub, struct arena *arena, struct lfi_slice raw_query,
                              struct hub_authorization *out, struct lfi_error *error)
{
    (void)hub;
    (void)arena;
    (void)raw_query;
    (void)error;
    *out = (struct hub_authorization){0};
    world.auths++;
    if (world.auth_says_400) {
        out->error = SLICE("invalid_client");
        return HUB_REFUSED;
    }
    out->redirect = world.auth_redirects;
    out->location = SLICE(WORLD_BACK);
    out->interaction_id = SLICE("i-1");
    out->consent_id = SLICE("c-1");
    return world.auth;
}

int hub_timeout_ms(const struct hub *hub)
{
    (void)hub;
    return 5000;
}

enum hub_outcome hub_do_confirm(struct hub *hub, struct arena *arena,
                                struct lfi_slice interaction_id, struct lfi_slice *location,
                                struct lfi_error *error)
{
    (void)hub;
    (void)arena;
    (void)error;
    world_note("doConfirm ", interaction_id);
    *location = world.confirm == HUB_OK ? SLICE(WORLD_BACK) : (struct lfi_slice){0};
    return world.confirm;
}

enum hub_outcome hub_do_fail(struct hub *hub, struct arena *arena, struct lfi_slice interaction_id,
                             const char *error_value, const char *error_description,
                             struct lfi_slice *location, struct lfi_error *error)
{
    (void)hub;
    (void)error;
    (void)interaction_id;
    world_note("doFail ", arena_format(arena, "%s %s", error_value, error_description));
    *location = world.fail == HUB_OK ? SLICE(WORLD_BACK) : (struct lfi_slice){0};
    return world.fail;
}

enum hub_outcome hub_get_consent(struct hub *hub, struct arena *arena, struct lfi_slice consent_id,
                                 cJSON **out, struct lfi_error *error)
{
    (void)arena;
    (void)error;
    world_called(hub, "get", consent_id);
    pthread_mutex_lock(&world.lock);
    world.reads++;
    pthread_mutex_unlock(&world.lock);
    bool after = world.patched && world.consent_after_patch;
    const char *text = slice_equal_text(consent_id, "base") ? world.base
                       : after                              ? world.consent_after_patch
                                                            : world.consent;
    enum hub_outcome outcome = world.patched ? world.reads_after_patch : HUB_OK;
    outcome = world.read != HUB_OK ? world.read : outcome;
    *out = outcome == HUB_OK ? json_parse(slice_of(text)) : NULL;
    return outcome;
}

enum hub_outcome hub_patch_consent(struct hub *hub, struct arena *arena,
                                   struct lfi_slice consent_id, struct lfi_slice patch,
                                   struct lfi_error *error)
{
    (void)hub;
    (void)arena;
    (void)consent_id;
    (void)error;
    world_note("PATCH ", patch);
    world.patched = true;
    return world.patch;
}

enum hub_outcome hub_revoke_consent(struct hub *hub, struct arena *arena,
                                    struct lfi_slice consent_id, const char *revoked_by,
                                    struct lfi_error *error)
{
    (void)arena;
    (void)error;
    world_called(hub, "revoke", consent_id);
    world_note("revoke ", slice_of(revoked_by));
    pthread_mutex_lock(&world.lock);
    world.tasks_when_told = 0;
    for (size_t i = 0; i < WORLD_TASKS; i++) {
        world.tasks_when_told += world.tasks[i].key[0] != '\0';
    }
    pthread_mutex_unlock(&world.lock);
    return world.revoke;
}

enum hub_outcome hub_list_of_user(struct hub *hub, struct arena *arena, struct lfi_slice user_id,
                                  const char *status, cJSON **out, struct lfi_error *error)
{
    (void)hub;
    (void)arena;
    (void)user_id;
    (void)status;
    (void)error;
    world.reads++;
    *out = world.list == HUB_OK ? json_parse(slice_of(world.own)) : NULL;
    return world.list;
}

enum hub_outcome hub_list_of_group(struct hub *hub, struct arena *arena, struct lfi_slice group_id,
                                   cJSON **out, struct lfi_error *error)
{
    return hub_list_of_user(hub, arena, group_id, NULL, out, error);
}

/* --- the core --------------------------------------------------------------------------------- */

static int world_sign_in(void *core, const struct lfi_call *call, const struct lfi_login *login,
                         struct lfi_id *out, struct lfi_error *error)
{
    (void)core;
    (void)call;
    (void)error;
    if (world.sign_in == LFI_OK && !slice_equal_text(login->password, "right")) {
        return LFI_DENIED;
    }
    snprintf(out->text, sizeof(out->text), "u-1");
    return world.sign_in;
}

static int world_approval_start(void *core, const struct lfi_call *call,
                                const struct lfi_approval_request *request, struct lfi_id *out,
                                struct lfi_error *error)
{
    (void)core;
    (void)call;
    (void)error;
    snprintf(world.purpose, sizeof(world.purpose), "%.*s", SLICE_ARG(request->purpose));
    snprintf(out->text, sizeof(out->text), "a-1");
    return world.approval_start;
}

static int world_approval_state(void *core, const struct lfi_call *call,
                                const struct lfi_approval *approval, enum lfi_approval_state *out,
                                struct lfi_error *error)
{
    (void)core;
    (void)call;
    (void)error;
    *out = world.approval;
    bool ours = slice_equal_text(approval->user_id, "u-1") &&
                slice_equal_text(approval->approval_id, "a-1");
    return ours ? LFI_OK : LFI_UNKNOWN;
}

static int world_approvals_waiting(void *core, const struct lfi_call *call,
                                   const struct lfi_query *query, struct lfi_answer *answer,
                                   struct lfi_error *error)
{
    (void)core;
    (void)call;
    (void)query;
    (void)error;
    return lfi_give(answer, SLICE("{\"approvalId\":\"a-1\"}"));
}

static int world_approval_decide(void *core, const struct lfi_call *call,
                                 const struct lfi_approval *approval, int approve,
                                 struct lfi_error *error)
{
    (void)core;
    (void)call;
    (void)error;
    if (!slice_equal_text(approval->approval_id, "a-1")) {
        return LFI_UNKNOWN;
    }
    if (world.approval != LFI_APPROVAL_WAITING) {
        return LFI_DENIED;
    }
    world.approval = approve ? LFI_APPROVAL_APPROVED : LFI_APPROVAL_DENIED;
    return LFI_OK;
}

/* The user holds every account; of those asked for by id, as many of the first. */
static int world_held(void *core, const struct lfi_call *call, const struct lfi_held_query *query,
                      struct lfi_answer *answer, struct lfi_error *error)
{
    const struct lfi_account_facts facts = {.size = sizeof(facts)};
    (void)core;
    (void)call;
    (void)error;
    for (uint64_t i = 0; i < query->account_count; i++) {
        answer->record(answer, slice_of(world.accounts[0]), &facts);
    }
    if (query->account_count > 0) {
        return LFI_OK;
    }
    for (size_t i = 0; world.accounts[i]; i++) {
        if (answer->record(answer, slice_of(world.accounts[i]), &facts) != 0) {
            return LFI_STOPPED;
        }
    }
    return world.accounts_status;
}

static const struct lfi_accounts world_accounts = {.size = sizeof(world_accounts),
                                                   .held = world_held};
static const struct lfi_customers world_customers = {.size = sizeof(world_customers)};
static struct core_host world_host;

static int world_approval_withdraw(void *core, const struct lfi_call *call,
                                   const struct lfi_approval *approval, struct lfi_error *error)
{
    int status = world_approval_decide(core, call, approval, 0, error);
    world.withdrawn += status == LFI_OK;
    return status;
}

static const struct lfi_signin world_signin = {
    .size = sizeof(world_signin),
    .sign_in = world_sign_in,
    .approval_start = world_approval_start,
    .approval_state = world_approval_state,
    .approval_withdraw = world_approval_withdraw,
    .approvals_waiting = world_approvals_waiting,
    .approval_decide = world_approval_decide,
};

static const struct lfi_core_ops world_ops = {
    .abi = LFI_CORE_ABI,
    .size = sizeof(struct lfi_core_ops),
    .name = "world",
    .accounts = &world_accounts,
    .customers = &world_customers,
    .signin = &world_signin,
};

/* Whether what the app is asked begins so, and names the number that the page shows. */
static inline bool world_asks(const char *begin)
{
    char number[16];
    const char *shown = strstr(world.body, "\"number\":");
    snprintf(number, sizeof(number), "%.12s", shown ? shown : "none"); /* two digits and a comma */
    return strncmp(world.purpose, begin, strlen(begin)) == 0 && strstr(world.purpose, number) &&
           strstr(world.purpose, "\"at\":");
}

/* --- the state -------------------------------------------------------------------------------- */

static struct world_claim *world_find_claim(struct lfi_slice key)
{
    for (size_t i = 0; i < WORLD_CLAIMS; i++) {
        if (world.claims[i].key[0] == '\0' || slice_equal_text(key, world.claims[i].key)) {
            return &world.claims[i];
        }
    }
    abort();
}

static int world_do_claim(void *store, const struct state_call *call, uint32_t ttl_s,
                          const struct state_sink *sink, enum state_claim *out)
{
    (void)store;
    struct world_claim *claim = world_find_claim(call->key);
    int64_t now = clock_now_s(&world.clock);
    world.writes++;
    if (claim->settled) {
        *out = STATE_CLAIM_SETTLED;
        sink->take(sink->ctx, slice_of(claim->result));
    } else if (claim->key[0] != '\0' && now < claim->until_s) {
        *out = STATE_CLAIM_TAKEN;
    } else {
        *out = STATE_CLAIM_YOURS;
        snprintf(claim->key, sizeof(claim->key), "%.*s", SLICE_ARG(call->key));
        claim->until_s = now + ttl_s;
    }
    return world.claim_status;
}

static int world_claim_settle(void *store, const struct state_call *call, struct lfi_slice result)
{
    (void)store;
    struct world_claim *claim = world_find_claim(call->key);
    world.writes++;
    snprintf(claim->key, sizeof(claim->key), "%.*s", SLICE_ARG(call->key));
    claim->settled = true;
    snprintf(claim->result, sizeof(claim->result), "%.*s", SLICE_ARG(result));
    return world.settle_status;
}

static int world_claim_find(void *store, const struct state_call *call,
                            const struct state_sink *sink)
{
    (void)store;
    const struct world_claim *claim = world_find_claim(call->key);
    if (world.claim_status != LFI_OK) {
        return world.claim_status;
    }
    if (!claim->settled) {
        return LFI_UNKNOWN;
    }
    sink->take(sink->ctx, slice_of(claim->result));
    return LFI_OK;
}

/* The task with this key; with an empty one, a free place. */
static struct world_task *world_task(struct lfi_slice key)
{
    for (size_t i = 0; i < WORLD_TASKS; i++) {
        if (slice_equal_text(key, world.tasks[i].key)) {
            return &world.tasks[i];
        }
    }
    return NULL;
}

static int world_task_put(void *store, const struct state_call *call,
                          const struct state_task *wanted)
{
    (void)store;
    struct world_task *task = world_task(call->key);
    world.writes++;
    task = !task ? world_task(SLICE("")) : task;
    if (world.task_put_status == LFI_OK) {
        snprintf(task->key, sizeof(task->key), "%.*s", SLICE_ARG(call->key));
        snprintf(task->record, sizeof(task->record), "%.*s", SLICE_ARG(wanted->record));
        if (wanted->destination.ptr) {
            snprintf(task->destination, sizeof(task->destination), "%.*s",
                     SLICE_ARG(wanted->destination));
        }
        task->due_s = wanted->due_s;
    }
    return world.task_put_status;
}

static int world_task_take(void *store, const struct state_call *call, uint32_t hold_s,
                           const struct state_sink *sink)
{
    (void)store;
    (void)call;
    int64_t now = clock_now_s(&world.clock);
    for (size_t i = 0; i < WORLD_TASKS; i++) {
        struct world_task *task = &world.tasks[i];
        if (task->key[0] != '\0' && task->due_s <= now) {
            task->due_s = now + hold_s;
            sink->take(sink->ctx, slice_of(task->record));
            return LFI_OK;
        }
    }
    return LFI_UNKNOWN;
}

static int world_task_find(void *store, const struct state_call *call,
                           const struct state_sink *sink)
{
    (void)store;
    struct world_task *task = world_task(call->key);
    if (!task) {
        return LFI_UNKNOWN;
    }
    sink->take(sink->ctx, slice_of(task->record));
    return LFI_OK;
}

static int world_task_done(void *store, const struct state_call *call)
{
    (void)store;
    struct world_task *task = world_task(call->key);
    world.writes++;
    if (!task) {
        return LFI_UNKNOWN;
    }
    *task = (struct world_task){0};
    return LFI_OK;
}

static int world_limit_take(void *store, const struct state_call *call,
                            const struct state_allowance *allowance, uint32_t *wait_s)
{
    (void)store;
    (void)call;
    (void)allowance;
    world.writes++;
    bool refused = world.allow_most > 0 && world.allowed >= world.allow_most;
    *wait_s = refused ? 60 : 0;
    world.allowed += !refused;
    return LFI_OK;
}

static int world_task_counts(void *store, const struct state_call *call,
                             struct state_task_counts *out)
{
    (void)store;
    (void)call;
    out->kept = out->parked = 0;
    out->limit = world.task_limit > 0 ? world.task_limit : 100;
    for (size_t i = 0; i < WORLD_TASKS; i++) {
        out->kept += world.tasks[i].key[0] != '\0';
        out->parked += world.tasks[i].due_s == STATE_PARKED_S;
    }
    return LFI_OK;
}

static int world_limit_give_back(void *store, const struct state_call *call)
{
    (void)store;
    (void)call;
    world.writes++;
    world.allowed -= world.allowed > 0;
    return LFI_OK;
}

/* A test may put functions of its own in their places. */
static struct state_driver world_driver;

static void world_close_state(void *store)
{
    (void)store;
}

static void world_open_state(void)
{
    static char store; /* is not looked at */
    world_driver = (struct state_driver){
        .size = sizeof(world_driver),
        .name = "world",
        .close = world_close_state,
        .claim = world_do_claim,
        .claim_settle = world_claim_settle,
        .claim_find = world_claim_find,
        .limit_take = world_limit_take,
        .limit_give_back = world_limit_give_back,
        .task_put = world_task_put,
        .task_take = world_task_take,
        .task_find = world_task_find,
        .task_done = world_task_done,
        .task_counts = world_task_counts,
    };
    if (state_new(&world.state, &world_driver, &store, &world.clock, NULL) != 0) {
        abort();
    }
}

/* A key of the provider. */
static inline struct state_ref world_ref(struct lfi_slice key)
{
    return (struct state_ref){world.state, world.provider.id, key};
}

/* --- the bank --------------------------------------------------------------------------------- */

static struct psu_config world_config(const struct psu_endpoint *endpoint)
{
    return (struct psu_config){
        .endpoints = endpoint,
        .endpoint_count = 1,
        .public_url = WORLD_ORIGIN "/",
        .bank_name = "Dhow <Bank>",
        .session_key = SLICE("0123456789abcdef0123456789abcdef"),
        .session_s = 600,
        .max_attempts = 3,
        .demo_app = true,
        .state = world.state,
        .overrides = world.overrides,
        .shares = world.shares,
    };
}

static inline int world_set_up(void **state)
{
    (void)state;
    memset(&world, 0, sizeof(world));
    pthread_mutex_init(&world.lock, NULL);
    world.log =
        (struct log){.fd = open("/dev/null", O_WRONLY), .level = LOG_DEBUG, .clock = &world.clock};
    static const char *const offered[] = {"cbuae-account-access-consents", NULL};
    core_host_init(&world_host, "dhowretail", &world.clock, &world.log);
    world.provider = (struct provider){.id = "dhowretail",
                                       .ops = &world_ops,
                                       .host = &world_host.base,
                                       .accounts = &world_accounts,
                                       .customers = &world_customers,
                                       .signin = &world_signin,
                                       .offers = {.consent_types = offered}};
    world.consent = WORLD_CONSENT;
    world.accounts[0] = WORLD_ACCOUNT("acc-1", "CurrentAccount", "Active");
    world.accounts[1] = WORLD_ACCOUNT("acc-2", "Savings", "Dormant");
    world.origin = WORLD_ORIGIN;
    world.content_type = "application/json";
    world.method = "POST";
    world.overrides = overrides_new();
    world.shares = shares_new(1, 1);
    world_open_state();
    struct psu_endpoint endpoint = {.path = "/authorize", .provider = &world.provider};
    struct psu_config config = world_config(&endpoint);
    return psu_new(&world.psu, &config, &world.clock, &world.log, NULL);
}

static inline int world_tear_down(void **state)
{
    (void)state;
    psu_free(world.psu);
    overrides_free(world.overrides);
    shares_free(world.shares);
    state_close(world.state);
    close(world.log.fd);
    pthread_mutex_destroy(&world.lock);
    return 0;
}

/* --- the browser ------------------------------------------------------------------------------ */

static void world_keep(const struct reply *reply)
{
    struct lfi_slice lines = buf_slice(&reply->headers);
    struct lfi_slice line;
    /* what the listener makes of an answer that did not fit */
    world.status = reply->headers.failed || reply->body.failed ? 500 : reply->status;
    world.hung_up = reply->hang_up;
    snprintf(world.headers, sizeof(world.headers), "%.*s", SLICE_ARG(lines));
    snprintf(world.body, sizeof(world.body), "%.*s", SLICE_ARG(buf_slice(&reply->body)));
    world.location[0] = '\0';
    while (slice_next(&lines, '\n', &line)) {
        if (slice_starts_with(line, "Set-Cookie: __Host-known=")) {
            snprintf(world.known, sizeof(world.known), "%.*s", (int)strcspn(line.ptr + 12, ";"),
                     line.ptr + 12);
        } else if (slice_starts_with(line, "Set-Cookie: ")) {
            snprintf(world.cookie, sizeof(world.cookie), "%.*s", (int)strcspn(line.ptr + 12, ";"),
                     line.ptr + 12);
        } else if (slice_starts_with(line, "Location: ")) {
            snprintf(world.location, sizeof(world.location), "%.*s", (int)line.len - 11,
                     line.ptr + 10);
        }
    }
}

/* The key of a task or claim of the journey: "decision", "journey". */
static inline struct lfi_slice world_key(const char *kind)
{
    static char text[128];
    struct arena *arena = arena_new(4096);
    struct lfi_slice key = state_key(arena, kind, (struct lfi_slice){0}, SLICE("i-1"));
    snprintf(text, sizeof(text), "%.*s", SLICE_ARG(key));
    arena_free(arena);
    return slice_of(text);
}

/* The decision is being made elsewhere, for some seconds; or was made, without a code. */
static inline struct world_claim *world_decide_elsewhere(bool settled)
{
    struct world_claim *claim = world_find_claim(world_key("decision"));
    snprintf(claim->key, sizeof(claim->key), "%s", world_key("decision").ptr);
    snprintf(claim->result, sizeof(claim->result), "{\"location\":\"%s\"}", WORLD_BACK);
    claim->until_s = clock_now_s(&world.clock) + 5;
    claim->settled = settled;
    return claim;
}

/* Every answer of a step is one that its document (openapi/psu) describes. */
static void world_check(const struct request *request, const struct reply *reply)
{
    struct contract_violation violation;
    struct api_match match = {0};
    apis_find(world.psu->apis, APIS_OWN, request->method, request->path, &match);
    if (match.found == CONTRACT_FOUND && !reply->hang_up && !reply->body.failed &&
        contract_check_response(match.contract.operation, reply->status,
                                slice_of(reply->content_type), buf_slice(&reply->body),
                                &violation) != 0) {
        fprintf(stderr, "%.*s answers %d: %s: %s\n", SLICE_ARG(request->path), reply->status,
                violation.where, violation.message);
        abort();
    }
}

static void world_send(const char *method, const char *path, const char *query, const char *body)
{
    struct header headers[4];
    size_t count = 0;
    struct reply reply = {0};
    char cookies[sizeof(world.cookie) + sizeof(world.known) + 2];
    snprintf(cookies, sizeof(cookies), "%s%s%s", world.cookie,
             world.cookie[0] && world.known[0] ? "; " : "", world.known);
    if (cookies[0] != '\0') {
        headers[count++] = (struct header){SLICE("cookie"), slice_of(cookies)};
    }
    if (world.origin) {
        headers[count++] = (struct header){SLICE("origin"), slice_of(world.origin)};
    }
    if (world.content_type) {
        headers[count++] = (struct header){SLICE("content-type"), slice_of(world.content_type)};
    }
    if (world.forwarded_for) {
        headers[count++] = (struct header){SLICE("x-forwarded-for"), slice_of(world.forwarded_for)};
    }
    struct request request = {
        .method = slice_of(method),
        .path = slice_of(path),
        .query = slice_of(query),
        .headers = headers,
        .header_count = count,
        .body = slice_of(body),
        .remote = world.remote ? world.remote : "127.0.0.1",
        .arena = arena_new(world.arena_bytes > 0 ? world.arena_bytes : 1024 * 1024)};
    buf_init(&reply.headers, 16384);
    buf_init(&reply.body, 256 * 1024);
    psu_handle(world.psu, &request, &reply);
    world_check(&request, &reply);
    world_keep(&reply);
    buf_free(&reply.headers);
    buf_free(&reply.body);
    arena_free(request.arena);
}

static inline void world_get(const char *path, const char *query)
{
    world_send("GET", path, query, NULL);
}

static inline void world_post(const char *path, const char *body)
{
    world_send(world.method, path, NULL, body);
}

/* Whether the last answer has this member, as JSON text. */
static inline bool world_says(const char *text)
{
    return strstr(world.body, text);
}

static inline void world_arrive(void)
{
    world_get("/authorize", "client_id=x&request_uri=urn%3Ay");
}

#define WORLD_SIGN_IN "{\"journey\":\"i-1\",\"login\":\"layla\",\"password\":\"right\"}"
#define WORLD_SIGN_IN_WRONG "{\"journey\":\"i-1\",\"login\":\"layla\",\"password\":\"wrong\"}"
#define WORLD_STEP "{\"journey\":\"i-1\"}"
#define WORLD_APPROVE "{\"journey\":\"i-1\",\"accountIds\":[\"acc-1\"]}"

/* Does one task that is due; false: none is. */
static inline bool world_run_due(void)
{
    return psu_run_task(world.psu, &world.provider);
}

/* The next run of a step goes as the operator wants. */
static inline void world_override(const char *step, int status, bool cut)
{
    struct override wish = {.provider = slice_of(world.provider.id),
                            .operation = slice_of(step),
                            .status = status,
                            .cut = cut,
                            .times = 1,
                            .expires_us = INT64_MAX};
    if (overrides_add(world.overrides, &wish, NULL) != 0) {
        abort();
    }
}

/* Walks to a stage. */
static inline void world_go(enum session_stage stage)
{
    world_arrive();
    if (stage >= SESSION_APPROVAL) {
        world_post("/journey/sign-in", WORLD_SIGN_IN);
    }
    if (stage >= SESSION_REVIEW) {
        world.approval = LFI_APPROVAL_APPROVED;
        world_post("/journey/approval", WORLD_STEP);
    }
    if (stage >= SESSION_STEP_UP) {
        world.psu->step_up_data_sharing = stage == SESSION_STEP_UP;
        world_post("/journey/approve", WORLD_APPROVE);
    }
}

#endif
