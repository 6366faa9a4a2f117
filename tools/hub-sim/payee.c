#include "payee.h"

#include "name_match.h"
#include "transcript.h"

/* The name of a record in v2.2, or in v2.1 of its first claim; absent when the record has none. */
static struct name_holder holder_of(const cJSON *record)
{
    const cJSON *name = json_get(record, "name");
    if (name) {
        struct lfi_slice trade = json_get_string(name, "businessName");
        return (struct name_holder){trade.ptr ? trade : json_get_string(name, "fullName"),
                                    trade.ptr};
    }
    const cJSON *claim = cJSON_GetArrayItem(json_get(record, "verifiedClaims"), 0);
    struct lfi_slice business = json_get_string(json_get(claim, "organisationClaims"), "name");
    struct lfi_slice person = json_get_string(json_get(claim, "claims"), "fullName");
    return (struct name_holder){business.ptr ? business : person, business.ptr};
}

bool payee_judge(const cJSON *body, struct lfi_slice submitted, cJSON *out, const char *indicator,
                 const char *mask)
{
    static const char *const verdicts[] = {"ConfirmationOfPayee.No", "ConfirmationOfPayee.Partial",
                                           "ConfirmationOfPayee.Yes"};
    struct name_holder holders[NAME_HOLDERS];
    size_t count = 0, best = 0;
    struct buf masked;
    const cJSON *record;
    cJSON_ArrayForEach(record, json_get(body, "data"))
    {
        struct name_holder holder = holder_of(record);
        if (holder.name.ptr && count < NAME_HOLDERS) {
            holders[count++] = holder;
        }
    }
    if (count == 0) {
        return false;
    }
    enum name_verdict verdict = name_match(submitted, holders, count, &best);
    cJSON_AddStringToObject(out, indicator, verdicts[verdict]);
    if (verdict != NAME_YES) {
        buf_init(&masked, NAME_MASK_BYTES);
        name_mask(&holders[best], &masked);
        transcript_add_text(out, mask, buf_slice(&masked), NAME_MASK_BYTES);
        buf_free(&masked);
    }
    return true;
}

char *payee_print_query(const cJSON *iban, const cJSON *name)
{
    cJSON *query = cJSON_CreateObject(), *data = cJSON_AddObjectToObject(query, "data");
    cJSON *account = cJSON_AddObjectToObject(data, "account");
    cJSON_AddStringToObject(account, "schemeName", "IBAN");
    cJSON_AddItemToObject(account, "identification", cJSON_Duplicate(iban, false));
    if (name) {
        cJSON_AddItemToObject(account, "name", cJSON_Duplicate(name, true));
    }
    char *text = cJSON_PrintUnformatted(query);
    cJSON_Delete(query);
    return text;
}
