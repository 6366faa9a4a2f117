#include "operator/operator.h"

#include "contract_operator.h"

#include "base/core_answer.h"
#include "base/datetime.h"
#include "base/json.h"
#include "connect/connect.h"
#include "contract/contract.h"
#include "flow/outcome.h"
#include "provider/core_call.h"
#include "psu/psu.h"
#include "psu/task.h"

struct op {
    const struct operator_levers *levers;
    const struct request *request;
    struct reply *reply;
    struct refusal refusal;
    const struct provider *provider; /* of paths that name one */
    struct lfi_slice argument;       /* what the path's last part says */
    cJSON *body;
    enum log_level level; /* of the line about it */
};

static int refuse(struct op *op, const char *id, int status, const char *message)
{
    return refusal_set(&op->refusal, id, status, "GenericError", message);
}

/* A core's answer to a lever. */
static int core_outcome(struct op *op, int rc, const struct lfi_error *error)
{
    const struct outcome *outcome = outcome_find(OUTCOME_LEVER, rc);
    if (!outcome->id) {
        op->reply->status = 204;
        return 0;
    }
    (void)refuse(op, outcome->id, outcome->status, outcome->message);
    refusal_detail(&op->refusal, "%s", error->message);
    return -1;
}

static int no_lever(struct op *op)
{
    return refuse(op, "LEVER-ABSENT", 409, "The core has no such lever.");
}

static int read_body(struct op *op, const char *schema)
{
    struct contract_violation violation;
    if (contract_check_json(contract_schema_named(&contract_operator, schema), op->request->body,
                            &violation) != 0) {
        struct lfi_slice message = arena_format(op->request->arena, "The body is invalid: %s: %s.",
                                                violation.where, violation.message);
        return refuse(op, "LEVER-BODY", 400, message.ptr ? message.ptr : "The body is invalid.");
    }
    op->body = json_parse(op->request->body);
    return op->body ? 0 : refuse(op, "LEVER-BODY", 400, "The body is invalid.");
}

/* --- levers ----------------------------------------------------------------------------------- */

/* The place of a text in a list; the schema has made sure that it is there. */
static int index_of(const char *const *names, size_t count, struct lfi_slice name)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_equal_text(name, names[i])) {
            return (int)i;
        }
    }
    return 0;
}

static int set_account(struct op *op)
{
    static const char *const statuses[] = {"Active",   "Inactive",  "Dormant", "Unclaimed",
                                           "Deceased", "Suspended", "Closed"};
    static const char *const blocks[] = {"none", "temporary", "permanent"};
    struct lfi_error error = {""};
    int rc = LFI_CORE_OK;
    if (read_body(op, "Account") != 0) {
        return -1;
    }
    struct lfi_slice status = json_get_string(op->body, "status");
    struct lfi_slice block = json_get_string(op->body, "creditBlock");
    const struct provider *provider = op->provider;
    if ((status.ptr && !PROVIDER_HAS(provider, account_set_status)) ||
        (block.ptr && !PROVIDER_HAS(provider, account_set_credit_block))) {
        return no_lever(op);
    }
    if (block.ptr) {
        enum lfi_credit_block wanted = (enum lfi_credit_block)index_of(blocks, 3, block);
        rc = provider->ops->account_set_credit_block(provider->core, op->argument, wanted, &error);
        if (rc == LFI_CORE_UNKNOWN) {
            return refuse(op, "LEVER-UNKNOWN", 404,
                          "There is no such account that could receive payments.");
        }
    }
    if (rc == LFI_CORE_OK && status.ptr) {
        enum lfi_account_status wanted = (enum lfi_account_status)index_of(statuses, 7, status);
        rc = provider->ops->account_set_status(provider->core, op->argument, wanted, &error);
    }
    return core_outcome(op, rc, &error);
}

/* A key of the provider in the server's state; absent: all of them. */
static struct state_ref ref_of(const struct op *op, struct lfi_slice key)
{
    return (struct state_ref){op->levers->state, op->provider->id, key};
}

/* The server forgets first: what it remembers is about what the core has still. */
static int reset(struct op *op)
{
    const struct state_ref all = ref_of(op, (struct lfi_slice){0});
    struct lfi_error error = {""};
    if (!PROVIDER_HAS(op->provider, reset)) {
        return no_lever(op);
    }
    int rc = state_forget(&all, &error);
    if (rc == LFI_CORE_OK) {
        rc = op->provider->ops->reset(op->provider->core, &error);
    }
    return core_outcome(op, rc, &error);
}

static int append_item(void *ctx, struct lfi_slice json)
{
    json_raw(ctx, NULL, json);
    return 0;
}

static int end_list(struct op *op, struct json_writer *w, int rc, const struct lfi_error *error)
{
    json_close_array(w);
    json_close_object(w);
    if (core_outcome(op, rc, error) != 0) {
        buf_clear(&op->reply->body);
        return -1;
    }
    op->reply->status = 200;
    return 0;
}

/* {"accounts":[…]}: the state of every account that levers move. */
static int list_accounts(struct op *op)
{
    struct json_writer w;
    struct lfi_error error = {""};
    if (!PROVIDER_HAS(op->provider, account_states)) {
        return no_lever(op);
    }
    json_begin(&w, &op->reply->body);
    json_open_object(&w, NULL);
    json_open_array(&w, "accounts");
    int rc = op->provider->ops->account_states(op->provider->core, (struct lfi_slice){NULL, 0},
                                               (struct lfi_sink){append_item, &w}, &error);
    return end_list(op, &w, rc, &error);
}

static int append_whole(void *ctx, struct lfi_slice json)
{
    buf_append_slice(ctx, json);
    return 0;
}

static int read_account(struct op *op)
{
    struct lfi_error error = {""};
    if (!PROVIDER_HAS(op->provider, account_states)) {
        return no_lever(op);
    }
    int rc = op->provider->ops->account_states(op->provider->core, op->argument,
                                               (struct lfi_sink){append_whole, &op->reply->body},
                                               &error);
    if (core_outcome(op, rc, &error) != 0) {
        return -1;
    }
    op->reply->status = 200;
    return 0;
}

static int append_record(void *ctx, struct lfi_slice json, const void *facts)
{
    (void)facts;
    return append_item(ctx, json);
}

static int list_leads(struct op *op)
{
    struct json_writer w;
    struct lfi_error error = {""};
    if (!PROVIDER_SERVES(op->provider, open_data, leads)) {
        return no_lever(op);
    }
    json_begin(&w, &op->reply->body);
    json_open_object(&w, NULL);
    json_open_array(&w, "leads");
    const struct lfi_call call = core_call(op->provider->host);
    const struct lfi_query query = {.size = sizeof(query)};
    struct core_answer answer = core_answer(append_record, &w);
    int rc =
        op->provider->open_data->leads(op->provider->core, &call, &query, &answer.base, &error);
    return end_list(op, &w, rc, &error);
}

/* --- parked tasks ------------------------------------------------------------------------------
 */

static bool append_task(void *ctx, struct lfi_slice key, struct lfi_slice record)
{
    struct json_writer *w = ctx;
    json_open_object(w, NULL);
    json_string(w, "key", key);
    json_raw(w, "record", record);
    json_close_object(w);
    return true;
}

static int list_tasks(struct op *op)
{
    struct json_writer w;
    const struct state_ref all = ref_of(op, (struct lfi_slice){0});
    const struct state_task_sink sink = {append_task, &w};
    struct lfi_error error = {""};
    json_begin(&w, &op->reply->body);
    json_open_object(&w, NULL);
    json_open_array(&w, "tasks");
    int rc = state_tasks_parked(&all, &sink, &error);
    return end_list(op, &w, rc, &error);
}

static int decide_task(struct op *op)
{
    struct lfi_error error = {""};
    if (read_body(op, "Task") != 0) {
        return -1;
    }
    const struct state_ref ref = ref_of(op, json_get_string(op->body, "key"));
    int rc = slice_equal_text(json_get_string(op->body, "do"), "retry")
                 ? task_retry(&ref, clock_now_s(op->levers->clock), &error)
                 : task_drop(&ref, &error);
    return rc == LFI_CORE_UNKNOWN
               ? refuse(op, "LEVER-UNKNOWN", 404, "There is no such parked task.")
               : core_outcome(op, rc, &error);
}

static int64_t number_of(const cJSON *body, const char *name, int64_t fallback)
{
    int64_t value = fallback;
    (void)json_get_int(body, name, &value);
    return value;
}

/* Refuses an override that could never apply. */
static int check_override(struct op *op, const struct override *wish)
{
    if (!provider_find(op->levers->providers, wish->provider)) {
        return refuse(op, "LEVER-UNKNOWN", 404, "There is no such provider.");
    }
    bool is_step = psu_is_step(wish->operation);
    if (!is_step && !apis_has_operation(op->levers->apis, wish->operation)) {
        return refuse(op, "LEVER-UNKNOWN", 404, "There is no such operation.");
    }
    if (is_step && json_get(op->body, "body")) {
        return refuse(op, "LEVER-BODY", 400, "The body is invalid: a step takes no body.");
    }
    if (wish->status == 0 && json_get(op->body, "body")) {
        return refuse(op, "LEVER-BODY", 400, "The body is invalid: a body needs a status.");
    }
    if (wish->status == 0 && wish->delay_ms == 0 && !wish->cut) {
        return refuse(op, "LEVER-BODY", 400,
                      "The body is invalid: it wants no status, no delay and no cut.");
    }
    return 0;
}

static int add_override(struct op *op)
{
    struct lfi_error error = {""};
    if (read_body(op, "Override") != 0) {
        return -1;
    }
    struct override wish = {.provider = json_get_string(op->body, "provider"),
                            .operation = json_get_string(op->body, "operation"),
                            .status = (int)number_of(op->body, "status", 0),
                            .delay_ms = (int)number_of(op->body, "delayMs", 0),
                            .cut = json_get_bool(op->body, "cut", false),
                            .times = (uint32_t)number_of(op->body, "times", 1),
                            .expires_us = clock_now_us(op->levers->clock) +
                                          number_of(op->body, "expiresSeconds", 300) * 1000000};
    if (check_override(op, &wish) != 0) {
        return -1;
    }
    const cJSON *body = json_get(op->body, "body");
    char *text = body ? cJSON_PrintUnformatted(body) : NULL;
    wish.body = slice_of(text);
    int rc = wish.body.len > OVERRIDE_BODY_MAX
                 ? error_set(&error, "the body is too large")
                 : overrides_add(op->levers->overrides, &wish, &error);
    cJSON_free(text);
    if (rc != 0) {
        return refuse(op, "LEVER-FULL", 409, error.message);
    }
    op->reply->status = 204;
    return 0;
}

static int clear_overrides(struct op *op)
{
    overrides_clear(op->levers->overrides);
    op->reply->status = 204;
    return 0;
}

static int move_clock(struct op *op)
{
    if (read_body(op, "Clock") != 0) {
        return -1;
    }
    int64_t offset_s = number_of(op->body, "offsetSeconds", 0);
    atomic_store(&op->levers->clock->offset_us, offset_s * 1000000);
    op->reply->status = 204;
    return 0;
}

static int list_overrides(struct op *op)
{
    overrides_render(op->levers->overrides, clock_now_us(op->levers->clock), &op->reply->body);
    op->reply->status = 200;
    return 0;
}

static int read_clock(struct op *op)
{
    struct json_writer w;
    char now[DATETIME_TEXT_MAX];
    (void)datetime_format_utc_ms(clock_now_us(op->levers->clock), now);
    json_begin(&w, &op->reply->body);
    json_open_object(&w, NULL);
    json_int(&w, "offsetSeconds", atomic_load(&op->levers->clock->offset_us) / 1000000);
    json_text(&w, "now", now);
    json_close_object(&w);
    op->reply->status = 200;
    op->level = LOG_DEBUG; /* the Hub simulator asks all the time */
    return 0;
}

static int explain_last(struct op *op)
{
    explain_render_last(op->levers->explain, &op->reply->body);
    op->reply->status = 200;
    return 0;
}

static int explain(struct op *op)
{
    if (!explain_render(op->levers->explain, op->argument, &op->reply->body)) {
        buf_clear(&op->reply->body);
        return refuse(op, "LEVER-UNKNOWN", 404, "Nothing is known about this interaction.");
    }
    op->reply->status = 200;
    return 0;
}

/* --- routes ----------------------------------------------------------------------------------- */

/* {name} stands for one part of a path: the first is the provider where `of_provider`, else the
 * argument. */
struct route {
    const char *method;
    const char *path;
    bool of_provider;
    int (*lever)(struct op *op);
    const char *does; /* for people */
};

static const struct route ROUTES[] = {
    {"GET", "/explain", false, explain_last, "the last fifty refusals and findings"},
    {"GET", "/explain/{interactionId}", false, explain,
     "why one was refused, by either of its ids"},
    {"GET", "/operator/overrides", false, list_overrides, "overrides that wait for a reply"},
    {"POST", "/operator/overrides", false, add_override, "decides an operation's next replies"},
    {"DELETE", "/operator/overrides", false, clear_overrides, "forgets them"},
    {"GET", "/operator/clock", false, read_clock, "the server's time"},
    {"PUT", "/operator/clock", false, move_clock, "moves it: {\"offsetSeconds\"}"},
    {"GET", "/operator/{provider}/accounts", true, list_accounts,
     "each account's status and credit block"},
    {"GET", "/operator/{provider}/accounts/{accountId}", true, read_account,
     "the same of one account"},
    {"PUT", "/operator/{provider}/accounts/{accountId}", true, set_account,
     "{\"status\"?, \"creditBlock\"?}"},
    {"GET", "/operator/{provider}/leads", true, list_leads, "leads that were taken"},
    {"GET", "/operator/{provider}/tasks", true, list_tasks,
     "tasks that the Hub could not be told of, parked after many tries"},
    {"POST", "/operator/{provider}/tasks", true, decide_task,
     "{\"key\", \"do\"}: retry or drop one of them"},
    {"POST", "/operator/{provider}/reset", true, reset, "everything as it was loaded"},
};

void operator_append_routes(struct buf *out)
{
    for (size_t i = 0; i < sizeof(ROUTES) / sizeof(ROUTES[0]); i++) {
        buf_append_format(out, "<tr><td>%s <td><code>%s</code> <td>%s\n", ROUTES[i].method,
                          ROUTES[i].path, ROUTES[i].does);
    }
}

static bool path_fits(const char *pattern, struct lfi_slice path, struct lfi_slice parts[2])
{
    struct lfi_slice want = slice_of(pattern);
    struct lfi_slice want_part;
    struct lfi_slice part;
    size_t stars = 0;
    while (slice_next(&want, '/', &want_part)) {
        if (!slice_next(&path, '/', &part)) {
            return false;
        }
        if (slice_starts_with(want_part, "{") && part.len > 0) {
            parts[stars++] = part;
        } else if (!slice_equal(want_part, part)) {
            return false;
        }
    }
    return path.len == 0;
}

/* The route of path and method; NULL, having refused: none. */
static const struct route *find_route(struct op *op, struct lfi_slice parts[2])
{
    struct lfi_slice allow = {NULL, 0};
    for (size_t i = 0; i < sizeof(ROUTES) / sizeof(ROUTES[0]); i++) {
        if (path_fits(ROUTES[i].path, op->request->path, parts)) {
            if (slice_equal_text(op->request->method, ROUTES[i].method)) {
                return &ROUTES[i];
            }
            allow = allow.ptr
                        ? arena_format(op->request->arena, "%s, %s", allow.ptr, ROUTES[i].method)
                        : slice_of(ROUTES[i].method);
        }
    }
    if (!allow.ptr) {
        (void)refuse(op, "LEVER-PATH", 404, "No such resource.");
    } else {
        reply_header(op->reply, "Allow", allow);
        (void)refuse(op, "LEVER-METHOD", 405, "The resource does not offer this method.");
    }
    return NULL;
}

static int check_token(struct op *op)
{
    struct lfi_slice header = request_header(op->request, "authorization", NULL);
    struct lfi_slice token = op->levers->token;
    if (!token.ptr) {
        return refuse(op, "LEVER-OFF", 404, "There are no levers here.");
    }
    if (!slice_starts_with(header, "Bearer ") ||
        !slice_equal_secret((struct lfi_slice){header.ptr + 7, header.len - 7}, token)) {
        return refuse(op, "LEVER-TOKEN", 401, "The operator's token is missing or wrong.");
    }
    return 0;
}

static int run(struct op *op)
{
    struct lfi_slice parts[2] = {{NULL, 0}, {NULL, 0}};
    if (check_token(op) != 0) {
        return -1;
    }
    const struct route *route = find_route(op, parts);
    if (!route) {
        return -1;
    }
    op->argument = parts[0];
    if (route->of_provider) {
        op->provider = provider_find(op->levers->providers, parts[0]);
        op->argument = parts[1];
        if (!op->provider) {
            return refuse(op, "LEVER-UNKNOWN", 404, "There is no such provider.");
        }
    }
    return route->lever(op);
}

bool operator_owns(struct lfi_slice path)
{
    return slice_starts_with(path, "/operator/") || slice_starts_with(path, "/explain/") ||
           slice_equal_text(path, "/explain");
}

void operator_handle(const struct operator_levers *levers, const struct request *request,
                     struct reply *reply)
{
    struct op op = {.levers = levers, .request = request, .reply = reply, .level = LOG_WARN};
    reply->content_type = "application/json";
    if (run(&op) != 0) {
        reply_refusal(reply, &op.refusal);
    }
    if (reply->status == 204) {
        reply->content_type = NULL;
    }
    cJSON_Delete(op.body);
    LOG_EVENT(levers->log, op.level, "operator", LOG_TEXT("method", request->method),
              LOG_TEXT("path", request->path), LOG_NUMBER("status", reply->status),
              LOG_TEXT("refused", slice_of(op.refusal.id)),
              LOG_TEXT("detail", slice_of(op.refusal.id ? op.refusal.detail : NULL)));
}
