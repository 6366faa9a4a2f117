/*
 * Confirmation of payee: the holders of an account, independent of the name in the request. The Hub
 * compares names, the server never does.
 */
#include "base/array.h"
#include "connect/operation.h"

#include "rows_data_sharing.h"

#include "base/json.h"

#define IBAN_MAX 34 /* ISO 13616 */
/* How much longer a holder may be in v2.2, in bytes: its further names are of 140 characters at
 * most, six bytes each where they are escaped. */
#define NAMED_MORE ((1 + LFI_PAYEE_OTHER_NAMES) * (size_t)(140 * 6 + 32))

static int refuse_body(struct call *call, const char *where)
{
    (void)refusal_set(call->refusal, "PAYEE-BODY", 400, "Body.InvalidFormat",
                      "The body is invalid: $.data.account is missing.");
    refusal_detail(call->refusal, "%s", where);
    return -1;
}

/* Upper case without blanks and hyphens; longer than any IBAN: the empty text, which no account
 * has.
 */
static struct lfi_slice normalise(struct arena *arena, struct lfi_slice text)
{
    char *out = arena_alloc(arena, IBAN_MAX + 1);
    size_t len = 0;
    for (size_t i = 0; out && i < text.len; i++) {
        char c = text.ptr[i];
        if (c == ' ' || c == '-') {
            continue;
        }
        if (len == IBAN_MAX) {
            return SLICE("");
        }
        out[len++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    return (struct lfi_slice){out, out ? len : 0};
}

/* The document lets data and account be missing; the operation cannot do without them. */
static int read_iban(struct call *call, struct lfi_slice *iban)
{
    cJSON *body = json_parse(call->request->body);
    const cJSON *account = json_get(json_get(body, "data"), "account");
    struct lfi_slice text = json_get_string(account, "identification");
    *iban = normalise(call->arena, text);
    cJSON_Delete(body);
    return account ? 0 : refuse_body(call, "no account in the body");
}

static int refuse_blocked(struct call *call, enum lfi_payee_state payee)
{
    bool for_good = payee == LFI_PAYEE_BLOCKED_FOR_GOOD;
    return refusal_set(call->refusal, for_good ? "PAYEE-BLOCKED-FOR-GOOD" : "PAYEE-BLOCKED", 403,
                       for_good ? "Consent.PermanentAccountAccessFailure"
                                : "Consent.AccountTemporarilyBlocked",
                       "The account is blocked from receiving payments.");
}

static int answer_holders(struct call *call, struct core_answer answer)
{
    struct lfi_payee_summary summary = {sizeof(summary), LFI_PAYEE_HIDDEN};
    struct lfi_error error = {{0}};
    const struct provider *provider = call->provider;
    struct lfi_query query = {.size = sizeof(query)};
    if (list_page(call) != 0 || read_iban(call, &query.subject_id) != 0) {
        return -1;
    }
    list_append_head(call);
    list_begin(&call->list, call, list_offset(&call->page), call->page.size);
    answer.base.summary = &summary;
    int rc = provider->payee->holders(provider->core, &call->core, &query, &answer.base, &error);
    if (outcome_check(call, OUTCOME_BANK, rc, &error) != 0) {
        return -1;
    }
    if (summary.state == LFI_PAYEE_BLOCKED_FOR_NOW || summary.state == LFI_PAYEE_BLOCKED_FOR_GOOD) {
        return refuse_blocked(call, summary.state);
    }
    call->total = call->list.seen;
    return list_end(call, false);
}

int connect_payee(struct call *call)
{
    return answer_holders(call, list_answer(&call->list));
}

/* --- since v2.2: names alone (versions 5.3) --------------------------------------------------- */

/* Members of a person's claims, and what they are called beside a payee's name. */
static const char *const person_names[][2] = {{"fullName", "fullName"},
                                              {"givenName", "firstName"},
                                              {"middleName", "middleName"},
                                              {"familyName", "lastName"}};

/* What an older core does not know of is absent. */
static struct lfi_payee_facts further_names(const void *facts)
{
    struct lfi_payee_facts out = {.size = 0};
    if (facts) {
        uint32_t size = *(const uint32_t *)facts;
        memcpy(&out, facts, size < sizeof(out) ? size : sizeof(out));
    }
    return out;
}

static void write_further(struct json_writer *w, const char *arabic,
                          const struct lfi_payee_facts *names)
{
    if (names->arabic_name.ptr) {
        json_string(w, arabic, names->arabic_name);
    }
    if (names->other_names[0].ptr) {
        json_open_array(w, "alsoKnownAs");
        for (size_t i = 0; i < LFI_PAYEE_OTHER_NAMES && names->other_names[i].ptr; i++) {
            json_string(w, NULL, names->other_names[i]);
        }
        json_close_array(w);
    }
}

/* {"id":…,"name":{…}}; false: the record tells no name. */
static bool write_named(struct json_writer *w, const cJSON *record,
                        const struct lfi_payee_facts *names)
{
    const cJSON *claim = cJSON_GetArrayItem(json_get(record, "verifiedClaims"), 0);
    const cJSON *person = json_get(claim, "claims");
    struct lfi_slice business = json_get_string(json_get(claim, "organisationClaims"), "name");
    json_open_object(w, NULL);
    json_string(w, "id", json_get_string(record, "id"));
    json_open_object(w, "name");
    for (size_t i = 0; i < ARRAY_LEN(person_names); i++) {
        struct lfi_slice name = json_get_string(person, person_names[i][0]);
        if (name.ptr) {
            json_string(w, person_names[i][1], name);
        }
    }
    if (business.ptr) {
        json_string(w, "businessName", business);
    }
    write_further(w, business.ptr ? "businessNameAr" : "fullNameAr", names);
    json_close_object(w);
    json_close_object(w);
    return person || business.ptr;
}

static int take_named(void *ctx, struct lfi_slice json, const void *facts)
{
    struct list *list = ctx;
    struct json_writer w;
    struct buf out;
    const struct lfi_payee_facts names = further_names(facts);
    cJSON *record = json_parse(json);
    buf_init(&out, json.len + NAMED_MORE);
    json_begin(&w, &out);
    int rc = -1;
    if (write_named(&w, record, &names) && !out.failed) {
        rc = list_add(list, buf_slice(&out));
    } else {
        list->call->record_fault = "a holder has no name";
    }
    buf_free(&out);
    cJSON_Delete(record);
    return rc;
}

int connect_payee_named(struct call *call)
{
    return answer_holders(call, core_answer(take_named, &call->list));
}
