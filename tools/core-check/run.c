/* Calling the core, and keeping what it said. */
#include "check.h"

#include "base/clock.h"
#include "contract/contract.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool broken(struct run *run, const char *format, ...)
{
    if (run->verdict != VERDICT_BROKEN) {
        va_list values;
        va_start(values, format);
        (void)vsnprintf(run->why, sizeof(run->why), format, values);
        va_end(values);
    }
    run->verdict = VERDICT_BROKEN;
    return false;
}

void not_checked(struct run *run, const char *why)
{
    if (run->verdict == VERDICT_KEPT) {
        run->verdict = VERDICT_NOT_CHECKED;
        (void)snprintf(run->why, sizeof(run->why), "%s", why);
    }
}

/* --- calling ---------------------------------------------------------------------------------- */

struct lfi_call call_of(const struct run *run, const char *user)
{
    struct lfi_call call = core_call(run->provider->host, NULL);
    call.deadline_us = clock_monotonic_us() + INT64_C(1000) * run->deadline_ms;
    call.interaction_id = SLICE("7b0c1d2e-0000-4000-8000-000000000001");
    call.user_id = slice_of(user);
    return call;
}

const char *status_name(int status)
{
    static const char *const names[] = {"LFI_OK",      "LFI_UNKNOWN",     "LFI_DENIED",
                                        "LFI_BLOCKED", "LFI_UNAVAILABLE", "LFI_FAILED",
                                        "LFI_STOPPED", "LFI_IN_DOUBT"};
    return status <= 0 && status >= LFI_IN_DOUBT ? names[-status] : "an unknown status";
}

static void keep_first(char *out, size_t size, const char *what, const char *text)
{
    if (!out[0]) {
        (void)snprintf(out, size, "%s: %s", what, text);
    }
}

void watch(struct run *run, const char *what, const struct lfi_call *call, int status,
           const struct lfi_error *error)
{
    struct watched *watched = &run->watched;
    char text[64];
    int64_t late_us = clock_monotonic_us() - call->deadline_us;
    if (late_us > 0) {
        (void)snprintf(text, sizeof(text), "came back %" PRId64 " ms after its deadline",
                       late_us / 1000);
        keep_first(watched->late, sizeof(watched->late), what, text);
    }
    if (status > 0 || status < LFI_IN_DOUBT) {
        (void)snprintf(text, sizeof(text), "returned %d", status);
        keep_first(watched->status, sizeof(watched->status), what, text);
    }
    if ((status == LFI_FAILED || status == LFI_UNAVAILABLE) && !error->message[0]) {
        keep_first(watched->unexplained, sizeof(watched->unexplained), what, status_name(status));
    }
}

/* --- records ---------------------------------------------------------------------------------- */

static bool make_room(struct records *records)
{
    if (records->count < records->room) {
        return true;
    }
    size_t room = records->room ? 2 * records->room : 64;
    struct record *items = realloc(records->items, room * sizeof(*items));
    if (!items) {
        records->failed = true;
        return false;
    }
    records->items = items;
    records->room = room;
    return true;
}

static int take_record(void *ctx, struct lfi_slice json, const void *facts)
{
    struct records *records = ctx;
    if (records->stop_after && records->count >= records->stop_after) {
        records->ignored_stop = true;
        return -1;
    }
    if (!make_room(records)) {
        return -1;
    }
    struct record *record = &records->items[records->count];
    *record = (struct record){.text = strndup(json.len > 0 ? json.ptr : "", json.len)};
    if (!record->text) {
        records->failed = true;
        return -1;
    }
    if (facts) { /* an older core knows fewer of them */
        uint32_t size = 0;
        memcpy(&size, facts, sizeof(size));
        record->has_facts = true;
        memcpy(&record->fx_change, facts,
               size < sizeof(record->fx_change) ? size : sizeof(record->fx_change));
    }
    records->count++;
    return records->stop_after && records->count >= records->stop_after ? -1 : 0;
}

struct core_answer records_answer(struct records *records)
{
    return core_answer(take_record, records);
}

/* One object from brace to brace, without duplicated members or trailing data. */
static bool is_object(const struct record *record)
{
    size_t len = strlen(record->text);
    return len >= 2 && record->text[0] == '{' && record->text[len - 1] == '}' &&
           cJSON_IsObject(record->tree);
}

bool records_take(struct run *run, const char *what, const struct core_answer *answer,
                  struct records *records)
{
    records->total = answer->base.total;
    if (records->failed) {
        return broken(run, "%s: out of memory", what);
    }
    for (size_t i = 0; i < records->count; i++) {
        struct record *record = &records->items[i];
        record->tree = json_parse(slice_of(record->text));
        if (!is_object(record)) {
            keep_first(run->watched.bytes, sizeof(run->watched.bytes), what,
                       "a record is not one JSON object without white space around it");
            return broken(run, "%s: a record is not a JSON object", what);
        }
    }
    return true;
}

void records_free(struct records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        free(records->items[i].text);
        cJSON_Delete(records->items[i].tree);
    }
    free(records->items);
    *records = (struct records){.total = 0};
}

bool records_move(struct records *records, struct records *from)
{
    for (size_t i = 0; i < from->count; i++) {
        if (!make_room(records)) {
            records_free(from);
            return false;
        }
        records->items[records->count++] = from->items[i];
        from->items[i] = (struct record){.text = NULL};
    }
    records_free(from);
    return true;
}

bool records_equal(const struct records *a, const struct records *b)
{
    bool equal = a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++) {
        equal = strcmp(a->items[i].text, b->items[i].text) == 0;
    }
    return equal;
}

const char *record_text(const struct record *record, const char *member)
{
    const cJSON *value = json_get(record->tree, member);
    return cJSON_IsString(value) ? value->valuestring : "";
}

bool read_minor(struct lfi_slice text, int64_t *out)
{
    int behind = -1; /* digits behind the point; -1: before it */
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '.' && behind < 0 && i > 0) {
            behind = 0;
            continue;
        }
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || (behind >= 2 && text.ptr[i] != '0')) {
            return false;
        }
        behind += behind >= 0;
        if (behind <= 2 && (__builtin_mul_overflow(*out, 10, out) ||
                            __builtin_add_overflow(*out, text.ptr[i] - '0', out))) {
            return false;
        }
    }
    for (int digits = behind < 0 ? 0 : behind; digits < 2; digits++) {
        if (__builtin_mul_overflow(*out, 10, out)) {
            return false;
        }
    }
    return text.len > 0;
}

/* --- accounts --------------------------------------------------------------------------------- */

int ask_held(struct run *run, const char *user, const char *const *ids, size_t count,
             struct records *out)
{
    struct lfi_slice wanted[CHECK_USERS_MAX];
    struct lfi_error error = {""};
    struct core_answer answer = records_answer(out);
    struct lfi_call call = call_of(run, user);
    struct lfi_held_query query = {.base = {.size = sizeof(query), .subject_id = slice_of(user)},
                                   .account_ids = ids ? wanted : NULL,
                                   .account_count = count};
    for (size_t i = 0; i < count; i++) {
        wanted[i] = slice_of(ids[i]);
    }
    int status =
        run->provider->accounts->held(run->provider->core, &call, &query, &answer.base, &error);
    watch(run, "accounts.held", &call, status, &error);
    (void)records_take(run, "accounts.held", &answer, out);
    return status;
}

int ask_subject(struct run *run, const char *user, const char *account,
                struct lfi_account_facts *out)
{
    struct lfi_error error = {""};
    struct lfi_call call = call_of(run, user);
    const struct lfi_subject_query query = {
        .size = sizeof(query), .user_id = slice_of(user), .account_id = slice_of(account)};
    *out = (struct lfi_account_facts){.size = sizeof(*out)};
    int status = run->provider->accounts->subject(run->provider->core, &call, &query, out, &error);
    watch(run, "accounts.subject", &call, status, &error);
    return status;
}

int ask_list(struct run *run, const char *what, lfi_account_list_fn *list, const char *account,
             struct records *out)
{
    struct lfi_error error = {""};
    struct core_answer answer = records_answer(out);
    struct lfi_call call = call_of(run, NULL);
    const struct lfi_query query = {.size = sizeof(query), .subject_id = slice_of(account)};
    int status = list(run->provider->core, &call, &query, &answer.base, &error);
    watch(run, what, &call, status, &error);
    (void)records_take(run, what, &answer, out);
    return status;
}

/* --- the contract ----------------------------------------------------------------------------- */

/* The reply around a record, to be checked whole: `head`, the record without its first `skip`
 * bytes, `tail`. */
struct envelope {
    const char *serves, *head, *tail;
    size_t skip;
};

static const struct envelope ENVELOPES[] = {
    {"customers.customer", "{\"data\":", ",\"meta\":{}}", 0},
    {"payments.find", "{\"data\":", ",\"meta\":{}}", 0},
    {"fx.find", "{\"data\":", "}", 0},
    {"opening.find", "{\"data\":", ",\"links\":{\"Self\":\"https://bank.example/a\"}}", 0},
    {"accounts.statements",
     "{\"data\":{\"AccountId\":\"a\",\"AccountSubType\":\"CurrentAccount\",\"Statements\":[",
     "]},\"meta\":{}}", 0},
    {"open_data.atms", "{\"data\":[{\"LFIId\":\"a\",",
     "],\"meta\":{\"LastUpdatedDateTime\":\"2026-01-01T00:00:00+04:00\",\"TotalRecords\":1}}", 1},
    {"open_data.catalogue", "{\"data\":[{\"LFIId\":\"a\",\"LFIBrandId\":\"a\",\"Products\":[",
     "]}],\"meta\":{\"totalPages\":1,\"totalRecords\":1}}", 0},
    /* every other list */
    {NULL, "{\"data\":[", "],\"meta\":{\"totalPages\":1,\"totalRecords\":1}}", 0},
};

static const struct contract_operation *operation_of(const struct apis *apis, const char *serves,
                                                     unsigned sector)
{
    for (size_t i = 0; i < apis_operation_count(apis); i++) {
        const struct flow_row *row = apis_row_at(apis, i);
        if (row->serves && row->select == sector && strcmp(row->serves, serves) == 0) {
            return apis_operation_at(apis, i);
        }
    }
    return NULL;
}

/* Notes names that do not fit; where the first stands, a check in the newest version says. */
static void watch_misfits(struct run *run, const char *serves,
                          const struct contract_operation *operation, struct lfi_slice reply,
                          const struct contract_misfit_counts *counts)
{
    struct contract_violation violation = {.where = "", .rule = ""};
    unsigned found = counts->left_out + counts->refused + counts->later;
    run->watched.misfits += found;
    if (found == 0 || run->watched.misfit[0]) {
        return;
    }
    int rc = contract_check_response(contract_operation_in(operation, UINT32_MAX), 200,
                                     SLICE("application/json"), reply, &violation);
    bool named = rc != 0 && strcmp(violation.rule, "pattern") == 0;
    (void)snprintf(run->watched.misfit, sizeof(run->watched.misfit), "%s%s%s", serves,
                   named ? ", " : "", named ? violation.where : "");
}

bool reply_fits_contract(struct run *run, const char *serves, unsigned sector,
                         struct lfi_slice reply)
{
    const struct contract_operation *operation = operation_of(run->apis, serves, sector);
    struct contract_violation violation;
    struct contract_misfit_counts counts = {0};
    struct buf body;
    if (!operation) {
        return broken(run, "%s: no operation of the contract is served by it", serves);
    }
    buf_init(&body, SIZE_MAX);
    buf_append_slice(&body, reply);
    const struct contract_reply checked = {
        .status = 200, .content_type = SLICE("application/json"), .body = &body};
    bool fits = contract_check_reply(operation, &checked, &counts, &violation) == 0;
    buf_free(&body);
    watch_misfits(run, serves, operation, reply, &counts);
    return fits || broken(run, "%s: %s %s", serves, violation.where, violation.message);
}

bool fits_contract(struct run *run, const char *serves, const struct record *record)
{
    const struct envelope *envelope = ENVELOPES;
    struct buf body;
    while (envelope->serves && strcmp(envelope->serves, serves) != 0) {
        envelope++;
    }
    buf_init(&body, SIZE_MAX);
    buf_append_text(&body, envelope->head);
    buf_append_text(&body, record->text + envelope->skip);
    buf_append_text(&body, envelope->tail);
    bool fits = reply_fits_contract(run, serves, 0, buf_slice(&body));
    buf_free(&body);
    return fits;
}
