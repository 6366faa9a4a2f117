#include "connect/policies.h"

#include "connect/call_consent.h"

#include "base/json.h"

int policies_refuse_right(struct call *call, enum policy_right right)
{
    (void)refusal_set(call->refusal, "POLICY-RIGHT", 403, "AccessToken.InvalidScope",
                      "The consent does not permit this.");
    refusal_detail(call->refusal, "the consent lacks %s for %s", policy_right_code(right),
                   policy_sector_name((enum lfi_insurance_sector)call->row->select));
    return -1;
}

int policies_read_ids(struct call *call, struct lfi_slice text, struct policy_ids *out)
{
    struct lfi_slice id, rest = text;
    *out = (struct policy_ids){arena_array(call->arena, rest.len / 2 + 1, sizeof(id)), 0};
    while (out->items && slice_next(&rest, ',', &id)) {
        id = slice_trim(id);
        size_t at = 0;
        while (at < out->count && !slice_equal(out->items[at], id)) {
            at++;
        }
        if (id.len > 0 && at == out->count) {
            out->items[out->count++] = id;
        }
    }
    return out->count > 0
               ? 0
               : call_refuse_parameter(call, "POLICY-IDS", "insurancePolicyIds must hold %s",
                                       out->items ? "an id" : "fewer ids");
}

/* --- records ---------------------------------------------------------------------------------- */

struct policy_list {
    struct call *call;
    bool choices;           /* with what CAAP shows */
    uint64_t held, written; /* of all sectors; of this one */
};

static void add_missing(cJSON *record, const char *name, const char *text)
{
    if (text[0] && !json_get(record, name)) {
        (void)cJSON_AddStringToObject(record, name, text);
    }
}

/* The record with the members of CAAP that are held. */
static void append_choice(struct buf *out, struct lfi_slice json,
                          const struct lfi_policy_facts *facts)
{
    cJSON *record = json_parse(json);
    add_missing(record, "PolicyEndDate", facts->ends);
    add_missing(record, "ProductName", facts->product);
    if (facts->sector == LFI_INSURANCE_MOTOR) {
        add_missing(record, "BodyType", facts->body_type);
        add_missing(record, "PlateNumber", facts->plate);
    }
    char *text = cJSON_PrintUnformatted(record);
    buf_append_slice(out, text ? slice_of(text) : json);
    cJSON_free(text);
    cJSON_Delete(record);
}

static int take_listed(void *ctx, struct lfi_slice json, const void *given)
{
    struct policy_list *list = ctx;
    struct call *call = list->call;
    struct buf *out = &call->reply->body;
    const struct lfi_policy_facts *facts = given;
    if (!list_is_object(json) || !facts || facts->size < sizeof(*facts)) {
        call->record_fault = "a policy is not a JSON object with its facts";
        return -1;
    }
    list->held++;
    if (facts->sector == call->row->select) {
        buf_append_text(out, list->written++ > 0 ? "," : "");
        if (list->choices) {
            append_choice(out, json, facts);
        } else {
            buf_append_slice(out, json);
        }
    }
    return out->failed ? -1 : 0;
}

/* Every policy wanted is held, whatever its sector. */
static int append_held(struct call *call, const struct policy_ids *ids, bool choices)
{
    struct lfi_error error = {"no such user"};
    struct policy_list list = {.call = call, .choices = choices};
    const struct provider *provider = call->provider;
    const struct lfi_held_policies_query query = {
        .base = {.size = sizeof(query), .subject_id = call->core.user_id},
        .policy_ids = ids->items,
        .policy_count = ids->count};
    struct core_answer answer = core_answer(take_listed, &list);
    buf_append_text(&call->reply->body, "{\"data\":{\"Policies\":[");
    int rc = provider->insurance->held(provider->core, &call->core, &query, &answer.base, &error);
    if (outcome_check(call, rc == LFI_UNKNOWN ? OUTCOME_USER : OUTCOME_POLICY, rc, &error) != 0) {
        return -1;
    }
    if (list.held < ids->count) {
        const struct lfi_error other = {"the user does not hold every policy"};
        return outcome_check(call, OUTCOME_POLICY, LFI_UNKNOWN, &other);
    }
    buf_append_text(&call->reply->body, "]}}");
    call->reply->status = 200;
    return 0;
}

int policies_list_consented(struct call *call, const struct policy_ids *ids)
{
    unsigned rights = 0;
    if (call_consent_rights(call, ids->items, ids->count, &rights) != 0 ||
        append_held(call, ids, false) != 0) {
        return -1;
    }
    return rights & 1U << RIGHT_POLICIES ? 0 : policies_refuse_right(call, RIGHT_POLICIES);
}

int policies_list_choices(struct call *call, const struct policy_ids *ids)
{
    return append_held(call, ids, true);
}
