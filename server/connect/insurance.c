/* What customers share of their insurance policies. (Insurance 4, 5.) */
#include "connect/call_consent.h"
#include "connect/one_time_code.h"
#include "connect/policies.h"

#include "contract_insurance.h"
#include "rows_insurance.h"

#include "base/json.h"

#include <stddef.h>

/* --- the list --------------------------------------------------------------------------------- */

int connect_policies(struct call *call)
{
    struct policy_ids ids;
    return list_page(call) == 0 && access_read_user(call) == 0 &&
                   policies_read_ids(
                       call, contract_parameter(&call->parameters, INSURANCE_INSURANCE_POLICY_IDS),
                       &ids) == 0
               ? policies_list_consented(call, &ids)
               : -1;
}

/* --- one policy ------------------------------------------------------------------------------- */

/* The policy of the path, of the user and the consent; fills the query and what is opened. */
static int read_policy(struct call *call, struct lfi_policy_query *query, unsigned *rights)
{
    struct lfi_slice id = contract_parameter(&call->parameters, INSURANCE_INSURANCE_POLICY_ID);
    *query = (struct lfi_policy_query){.base = {.size = sizeof(*query), .subject_id = id},
                                       .sector = (enum lfi_insurance_sector)call->row->select};
    return access_user(call) == 0 ? call_consent_rights(call, &id, 1, rights) : -1;
}

/* What a core tells at least with a part. */
#define FACTS_LEAST offsetof(struct lfi_policy_part_facts, encrypt)

/* {"data":{"InsurancePolicyId":…, and each part as a member. */
struct policy_parts {
    struct call *call;
    uint32_t wanted;
    unsigned next;            /* parts come in their order, each once */
    struct lfi_slice premium; /* to be encrypted; absent: none. The last part. */
};

static const char *const part_names[LFI_POLICY_PARTS] = {
    [LFI_POLICY_HOLDER] = "PolicyHolder", [LFI_POLICY_EMPLOYMENT] = "Employment",
    [LFI_POLICY_IDENTITY] = "Identity",   [LFI_POLICY_PRODUCT] = "Product",
    [LFI_POLICY_CLAIMS] = "Claims",       [LFI_POLICY_PREMIUM] = "Premium",
};

static int take_part(void *ctx, struct lfi_slice json, const void *given)
{
    struct policy_parts *parts = ctx;
    struct call *call = parts->call;
    struct buf *out = &call->reply->body;
    const struct lfi_policy_part_facts *facts = given;
    if (!facts || facts->size < FACTS_LEAST || !list_is_object(json) || json.len == 2 ||
        facts->part < parts->next || facts->part >= LFI_POLICY_PARTS ||
        !(parts->wanted & 1U << facts->part)) {
        call->record_fault = "a part of the policy is malformed, or was not asked for";
        return -1;
    }
    bool within = facts->part == LFI_POLICY_EMPLOYMENT;
    if (within && parts->next != LFI_POLICY_EMPLOYMENT) {
        return 0; /* of a holder that is not held */
    }
    if (within) {
        out->len--; /* the holder's brace */
    }
    parts->next = (unsigned)facts->part + 1;
    if (facts->part == LFI_POLICY_PREMIUM && facts->size >= sizeof(*facts) && facts->encrypt) {
        parts->premium = arena_keep(call->arena, json);
        return parts->premium.ptr ? 0 : -1;
    }
    buf_append_format(out, ",\"%s\":", part_names[facts->part]);
    buf_append_slice(out, json);
    buf_append_text(out, within ? "}" : "");
    return out->failed ? -1 : 0;
}

static int append_encrypted_premium(struct call *call, const struct policy_parts *parts,
                                    struct lfi_slice policy_id)
{
    struct jwe_code code = {0};
    struct lfi_slice jwe = {NULL, 0};
    const struct one_time_code_use use = {
        .purpose = "premium",
        .limit_id = "PREMIUM-LIMIT",
        .event = "premium-code-sent",
        .about_name = "policy",
        .about = policy_id,
        .consent_id = contract_parameter(&call->parameters, INSURANCE_O3_CONSENT_ID),
        .interaction_id = contract_parameter(&call->parameters, INSURANCE_O3_CALLER_INTERACTION_ID),
        .english = SLICE("the premium of your insurance policy"),
        .arabic = SLICE("قسط وثيقة تأمينك")};
    if (!PROVIDER_SERVES(call->provider, signin, message_send)) {
        return outcome_fail(call, "a premium is to be encrypted, and no message can be sent");
    }
    if (one_time_code_send(call, &use, &code) == 0) {
        jwe = one_time_code_encrypt(call, &code, "Premium", parts->premium);
    }
    jwe_code_wipe(&code);
    buf_append_text(&call->reply->body, ",\"Premium\":");
    buf_append_slice(&call->reply->body, jwe);
    return jwe.ptr ? 0 : -1;
}

int connect_policy(struct call *call)
{
    unsigned rights = 0;
    struct lfi_policy_query query;
    struct lfi_error error = {""};
    struct json_writer w;
    const struct provider *provider = call->provider;
    if (read_policy(call, &query, &rights) != 0) {
        return -1;
    }
    query.parts = policy_rights_parts(rights, query.sector);
    struct policy_parts parts = {.call = call, .wanted = query.parts};
    struct core_answer answer = core_answer(take_part, &parts);
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_open_object(&w, "data");
    json_string(&w, "InsurancePolicyId", query.base.subject_id);
    int rc = provider->insurance->policy(provider->core, &call->core, &query, &answer.base, &error);
    if (outcome_check(call, OUTCOME_POLICY, rc, &error) != 0) {
        return -1;
    }
    if (!(rights & 1U << RIGHT_POLICIES)) {
        return policies_refuse_right(call, RIGHT_POLICIES);
    }
    if (parts.premium.ptr && append_encrypted_premium(call, &parts, query.base.subject_id) != 0) {
        return -1;
    }
    buf_append_text(&call->reply->body, "}}");
    call->reply->status = 200;
    return 0;
}

/* --- who pays --------------------------------------------------------------------------------- */

static int take_payer(void *ctx, struct lfi_slice json, const void *facts)
{
    struct call *call = ctx;
    struct buf *out = &call->reply->body;
    (void)facts;
    if (!list_is_object(json) || out->len > 0) {
        call->record_fault = "the account is not one JSON object";
        return -1;
    }
    buf_append_text(out, "{\"data\":");
    buf_append_slice(out, json);
    buf_append_text(out, "}");
    return out->failed ? -1 : 0;
}

int connect_policy_payer(struct call *call)
{
    unsigned rights = 0;
    struct lfi_policy_query query;
    struct lfi_error error = {""};
    const struct provider *provider = call->provider;
    if (read_policy(call, &query, &rights) != 0) {
        return -1;
    }
    struct core_answer answer = core_answer(take_payer, call);
    int rc = provider->insurance->payer(provider->core, &call->core, &query, &answer.base, &error);
    if (outcome_check(call, OUTCOME_POLICY, rc, &error) != 0) {
        return -1;
    }
    if (!(rights & 1U << RIGHT_PAYER)) {
        buf_clear(&call->reply->body);
        return policies_refuse_right(call, RIGHT_PAYER);
    }
    bool held = call->reply->body.len > 0;
    call->reply->status = held ? 200 : 204;
    call->reply->content_type = held ? call->reply->content_type : NULL;
    return 0;
}
