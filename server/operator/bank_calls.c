/* What the operator asks about one bank: accounts, leads, parked tasks, a reset. */
#include "base/core_answer.h"
#include "contract_operator.h"
#include "flow/outcome.h"
#include "operator/call.h"
#include "rows_operator.h"

/* --- accounts --------------------------------------------------------------------------------- */

/* The place of a text in a list; the contract check has made sure that it is there. */
static int index_of(const char *const *names, size_t count, struct lfi_slice name)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_equal_text(name, names[i])) {
            return (int)i;
        }
    }
    return 0;
}

int operator_set_account(struct call *call)
{
    static const char *const statuses[] = {"Active",   "Inactive",  "Dormant", "Unclaimed",
                                           "Deceased", "Suspended", "Closed"};
    static const char *const blocks[] = {"none", "temporary", "permanent"};
    struct lfi_error error = {{0}};
    int rc = LFI_OK;
    const cJSON *body = operator_call_of(call)->body;
    struct lfi_slice id = contract_parameter(&call->parameters, OPERATOR_ACCOUNT_ID);
    struct lfi_slice status = json_get_string(body, "status");
    struct lfi_slice block = json_get_string(body, "creditBlock");
    const struct provider *provider = call->provider;
    if ((status.ptr && !PROVIDER_SERVES(provider, levers, account_set_status)) ||
        (block.ptr && !PROVIDER_SERVES(provider, levers, account_set_credit_block))) {
        return operator_refuse_absent(call);
    }
    const struct lfi_call core = core_call(provider->host, call->request->cancellation);
    if (block.ptr) {
        enum lfi_credit_block wanted = (enum lfi_credit_block)index_of(blocks, 3, block);
        rc = provider->levers->account_set_credit_block(provider->core, &core, id, wanted, &error);
        if (rc == LFI_UNKNOWN) {
            return operator_check_outcome(call, OUTCOME_CREDIT, rc, &error);
        }
    }
    if (rc == LFI_OK && status.ptr) {
        enum lfi_account_status wanted = (enum lfi_account_status)index_of(statuses, 7, status);
        rc = provider->levers->account_set_status(provider->core, &core, id, wanted, &error);
    }
    return operator_check_outcome(call, OUTCOME_LEVER, rc, &error);
}

static int append_whole(void *ctx, struct lfi_slice json, const void *facts)
{
    (void)facts;
    buf_append_slice(ctx, json);
    return 0;
}

/* The state of one account, or of all. */
static int ask_states(const struct call *call, struct lfi_slice account_id,
                      struct core_answer *answer, struct lfi_error *error)
{
    const struct provider *provider = call->provider;
    const struct lfi_call core = core_call(provider->host, call->request->cancellation);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = account_id};
    return provider->levers->account_states(provider->core, &core, &query, &answer->base, error);
}

int operator_read_account(struct call *call)
{
    struct lfi_error error = {{0}};
    const struct provider *provider = call->provider;
    struct lfi_slice id = contract_parameter(&call->parameters, OPERATOR_ACCOUNT_ID);
    if (!PROVIDER_SERVES(provider, levers, account_states)) {
        return operator_refuse_absent(call);
    }
    struct core_answer answer = core_answer(append_whole, &call->reply->body);
    int rc = ask_states(call, id, &answer, &error);
    if (operator_check_outcome(call, OUTCOME_LEVER, rc, &error) != 0) {
        return -1;
    }
    call->reply->status = 200;
    return 0;
}

/* A key of the provider in the server's state; absent: all of them. */
static struct state_ref ref_of(struct call *call, struct lfi_slice key)
{
    return (struct state_ref){operator_call_of(call)->config->state, call->provider->id, key};
}

/* The server forgets first: what it remembers is about what the core has still. */
int operator_reset(struct call *call)
{
    struct lfi_error error = {{0}};
    const struct provider *provider = call->provider;
    const struct state_ref all = ref_of(call, (struct lfi_slice){NULL, 0});
    if (!PROVIDER_SERVES(provider, levers, reset)) {
        return operator_refuse_absent(call);
    }
    int rc = state_forget(&all, &error);
    if (rc == LFI_OK) {
        const struct lfi_call core = core_call(provider->host, call->request->cancellation);
        rc = provider->levers->reset(provider->core, &core, &error);
    }
    return operator_check_outcome(call, OUTCOME_LEVER, rc, &error);
}

/* --- lists ------------------------------------------------------------------------------------ */

/* {"<name>":[ */
static void begin_list(struct call *call, struct json_writer *w, const char *name)
{
    json_begin(w, &call->reply->body);
    json_open_object(w, NULL);
    json_open_array(w, name);
}

static int end_list(struct call *call, struct json_writer *w, int rc, const struct lfi_error *error)
{
    json_close_array(w);
    json_close_object(w);
    if (operator_check_outcome(call, OUTCOME_LEVER, rc, error) != 0) {
        buf_clear(&call->reply->body);
        return -1;
    }
    call->reply->status = 200;
    return 0;
}

static int append_item(void *ctx, struct lfi_slice json, const void *facts)
{
    (void)facts;
    json_raw(ctx, NULL, json);
    return 0;
}

int operator_list_accounts(struct call *call)
{
    struct json_writer w;
    struct lfi_error error = {{0}};
    const struct provider *provider = call->provider;
    if (!PROVIDER_SERVES(provider, levers, account_states)) {
        return operator_refuse_absent(call);
    }
    begin_list(call, &w, "accounts");
    struct core_answer answer = core_answer(append_item, &w);
    int rc = ask_states(call, (struct lfi_slice){NULL, 0}, &answer, &error);
    return end_list(call, &w, rc, &error);
}

int operator_list_leads(struct call *call)
{
    struct json_writer w;
    struct lfi_error error = {{0}};
    const struct provider *provider = call->provider;
    if (!PROVIDER_SERVES(provider, open_data, leads)) {
        return operator_refuse_absent(call);
    }
    begin_list(call, &w, "leads");
    const struct lfi_call core = core_call(provider->host, call->request->cancellation);
    const struct lfi_query query = {.size = sizeof(query)};
    struct core_answer answer = core_answer(append_item, &w);
    int rc = provider->open_data->leads(provider->core, &core, &query, &answer.base, &error);
    return end_list(call, &w, rc, &error);
}

/* --- parked tasks ----------------------------------------------------------------------------- */

static bool append_task(void *ctx, struct lfi_slice key, struct lfi_slice record)
{
    struct json_writer *w = ctx;
    json_open_object(w, NULL);
    json_string(w, "key", key);
    json_raw(w, "record", record);
    json_close_object(w);
    return true;
}

int operator_list_tasks(struct call *call)
{
    struct json_writer w;
    struct lfi_error error = {{0}};
    const struct state_ref all = ref_of(call, (struct lfi_slice){NULL, 0});
    const struct state_task_sink sink = {append_task, &w};
    begin_list(call, &w, "tasks");
    int rc = state_tasks_parked(&all, &sink, &error);
    return end_list(call, &w, rc, &error);
}

int operator_decide_task(struct call *call)
{
    struct lfi_error error = {{0}};
    const cJSON *body = operator_call_of(call)->body;
    const struct operator_config *config = operator_call_of(call)->config;
    const struct state_ref ref = ref_of(call, json_get_string(body, "key"));
    int rc = slice_equal_text(json_get_string(body, "do"), "retry")
                 ? config->retry_task(&ref, clock_now_s(config->clock), &error)
                 : config->drop_task(&ref, &error);
    return operator_check_outcome(call, OUTCOME_TASK, rc, &error);
}
