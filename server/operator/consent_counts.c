/*
 * Consents by version of the standard, type and TPP, counted from the Hub's list, as the bank keeps
 * none. (Versions 7.7.)
 */
#include "base/array.h"
#include "base/datetime.h"
#include "consent/consent.h"
#include "contract/version.h"
#include "contract_operator.h"
#include "operator/call.h"
#include "rows_operator.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 1000 /* versions times types times TPPs */
#define DAY_S INT64_C(86400)
#define GULF_S (DATETIME_GULF_OFFSET_US / 1000000)
#define DAYS_USUAL 90

static const char *const statuses[] = {"AwaitingAuthorization",
                                       "Authorized",
                                       "Suspended",
                                       "Consumed",
                                       "Rejected",
                                       "Revoked",
                                       "Expired"};

struct row {
    uint32_t version;
    struct lfi_slice type, tpp, name;
    int64_t active, active_older, created, statuses[ARRAY_LEN(statuses)];
};

struct report {
    struct arena *arena;
    const struct offers *offers;
    int64_t from_day, to_day; /* in the Gulf, since 1970; both count */
    struct row *rows;
    size_t count;
    bool failed; /* more rows than there is room for */
    bool asked;  /* whether there is a Hub */
    enum hub_outcome outcome;
    struct lfi_error error;
};

/* --- counting --------------------------------------------------------------------------------- */

static struct row *row_of(struct report *report, const struct consent *consent, const cJSON *tpp)
{
    uint32_t version = consent_standard_version(consent);
    struct lfi_slice id = json_get_string(tpp, "orgId");
    for (size_t i = 0; i < report->count; i++) {
        struct row *row = &report->rows[i];
        if (row->version == version && slice_equal(row->type, consent->type) &&
            slice_equal(row->tpp, id)) {
            return row;
        }
    }
    struct row row = {.version = version,
                      .type = arena_keep(report->arena, consent->type),
                      .tpp = arena_keep(report->arena, id),
                      .name = arena_keep(report->arena, json_get_string(tpp, "tppName"))};
    if (report->count == ROWS_MAX || !row.type.ptr || !row.tpp.ptr || !row.name.ptr) {
        return NULL;
    }
    report->rows[report->count] = row;
    return &report->rows[report->count++];
}

/* Below the newest version that is served of the consent's family. */
static bool is_older(const struct report *report, const struct consent *consent, uint32_t version)
{
    enum contract_family family = consent->kind->pays       ? CONTRACT_SERVICE_INITIATION
                                  : consent->kind->policies ? CONTRACT_INSURANCE
                                                            : CONTRACT_DATA_SHARING;
    uint32_t newest = 0;
    for (const uint32_t *served = report->offers->versions[family]; served && *served; served++) {
        newest = *served > newest ? *served : newest;
    }
    return version != 0 && version < newest;
}

static void count_consent(struct report *report, const cJSON *tree)
{
    struct consent consent;
    consent_read(tree, &consent);
    struct row *row = row_of(report, &consent, json_get(tree, "tpp"));
    if (!row) {
        report->failed = true;
        return;
    }
    bool active = consent_is_revocable(&consent);
    int64_t day = (consent_created_s(&consent) + GULF_S) / DAY_S;
    row->active += active;
    row->active_older += active && is_older(report, &consent, row->version);
    row->created += day >= report->from_day && day <= report->to_day;
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        row->statuses[i] += slice_equal_text(consent.status, statuses[i]);
    }
}

static void count_page(void *ctx, cJSON *page)
{
    const cJSON *tree;
    cJSON_ArrayForEach(tree, page)
    {
        count_consent(ctx, tree);
    }
}

static void count_all(void *ctx, struct hub *hub, const struct offers *offers)
{
    struct report *report = ctx;
    report->offers = offers;
    if (hub) {
        report->asked = true;
        report->outcome =
            hub_each_consent(hub, (struct hub_visitor){count_page, report}, &report->error);
    }
}

/* --- the answer ------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const struct row *one = a, *other = b;
    if (one->version != other->version) {
        return one->version < other->version ? -1 : 1;
    }
    int types = strcmp(one->type.ptr, other->type.ptr);
    if (types != 0) {
        return types;
    }
    if (one->active != other->active) {
        return one->active > other->active ? -1 : 1;
    }
    return strcmp(one->tpp.ptr, other->tpp.ptr);
}

static void append_row(struct json_writer *w, const struct row *row)
{
    char version[VERSION_TEXT_MAX];
    version_format(row->version, version);
    json_open_object(w, NULL);
    json_text(w, "version", row->version != 0 ? version : "unknown");
    json_string(w, "type", row->type);
    json_string(w, "tpp", row->tpp);
    json_string(w, "name", row->name);
    json_int(w, "active", row->active);
    json_int(w, "activeOlder", row->active_older);
    json_int(w, "created", row->created);
    json_open_object(w, "statuses");
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        if (row->statuses[i] > 0) {
            json_int(w, statuses[i], row->statuses[i]);
        }
    }
    json_close_object(w);
    json_close_object(w);
}

static void append_day(struct json_writer *w, const char *name, int64_t day)
{
    char text[DATETIME_TEXT_MAX];
    (void)datetime_format_utc_ms(day * DAY_S * 1000000, text);
    json_string(w, name, (struct lfi_slice){text, sizeof("2026-01-31") - 1});
}

static void append_report(struct buf *out, const struct report *report)
{
    struct json_writer w;
    struct row all = {0};
    for (size_t i = 0; i < report->count; i++) {
        all.active += report->rows[i].active;
        all.active_older += report->rows[i].active_older;
        all.created += report->rows[i].created;
    }
    json_begin(&w, out);
    json_open_object(&w, NULL);
    append_day(&w, "createdFrom", report->from_day);
    append_day(&w, "createdTo", report->to_day);
    json_int(&w, "active", all.active);
    json_int(&w, "activeOlder", all.active_older);
    json_int(&w, "created", all.created);
    json_open_array(&w, "counts");
    for (size_t i = 0; i < report->count; i++) {
        append_row(&w, &report->rows[i]);
    }
    json_close_array(&w);
    json_close_object(&w);
}

/* --- the call --------------------------------------------------------------------------------- */

/* The contract check has passed it; absent: `usual`. */
static int64_t day_of(struct lfi_slice text, int64_t usual)
{
    struct datetime value;
    return text.ptr && datetime_parse(text, &value) ? value.wall_us / 1000000 / DAY_S : usual;
}

static int judge(struct call *call, const struct report *report)
{
    if (!report->asked) {
        return operator_refuse(
            call, "LEVER-ABSENT", 409,
            "This provider calls no Consent Manager: consentManager is not set.");
    }
    if (report->outcome != HUB_OK) {
        (void)operator_refuse(call, "LEVER-HUB", 502,
                              report->outcome == HUB_UNREACHABLE
                                  ? "The Hub does not answer in time: nothing was counted."
                              : report->outcome == HUB_REFUSED
                                  ? "The Hub refuses its list: nothing was counted."
                                  : "The Hub's list cannot be read: nothing was counted.");
        refusal_detail(call->refusal, "%s", report->error.message);
        return -1;
    }
    return report->failed
               ? operator_refuse(call, "LEVER-FAILED", 500,
                                 "There are more versions, types and TPPs than can be counted.")
               : 0;
}

int operator_count_consents(struct call *call)
{
    const struct operator_config *config = operator_call_of(call)->config;
    const struct contract_parameters *given = &call->parameters;
    int64_t today = (clock_now_s(config->clock) + GULF_S) / DAY_S;
    struct report report = {.arena = call->arena};
    report.to_day = day_of(contract_parameter(given, OPERATOR_CREATED_TO), today);
    report.from_day =
        day_of(contract_parameter(given, OPERATOR_CREATED_FROM), report.to_day - DAYS_USUAL + 1);
    report.rows = arena_array(call->arena, ROWS_MAX, sizeof(*report.rows));
    if (report.from_day > report.to_day) {
        return operator_refuse(call, "LEVER-PERIOD", 400,
                               "createdFrom is after createdTo, or after today.");
    }
    if (!report.rows) {
        return operator_refuse(call, "LEVER-FAILED", 500, "Out of memory.");
    }
    if (config->use_hub) {
        config->use_hub(config->use_hub_ctx, provider_index(config->providers, call->provider),
                        count_all, &report);
    }
    if (judge(call, &report) != 0) {
        return -1;
    }
    qsort(report.rows, report.count, sizeof(*report.rows), compare);
    append_report(&call->reply->body, &report);
    call->reply->status = 200;
    return 0;
}
