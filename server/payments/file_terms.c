#include "payments/file_terms.h"

#include "base/base64.h"
#include "base/datetime.h"
#include "base/decimal.h"

#define DAY_US (INT64_C(24) * 3600 * 1000000)
#define YEAR_DAYS 366 /* the same date of the next year, whichever it is */

const char *file_terms_read(const cJSON *object, struct arena *arena, struct lfi_file_terms *out)
{
    int64_t count = 0;
    struct lfi_slice hash = base64_decode_any(arena, json_get_string(object, "FileHash"));
    *out = (struct lfi_file_terms){
        .size = sizeof(*out),
        .file_type = json_get_string(object, "FileType"),
        .reference = json_get_string(object, "FileReference"),
        .execution_date = json_get_string(object, "RequestedExecutionDate"),
        .total_minor = decimal_minor(json_get_string(object, "ControlSum")),
    };
    if (hash.len != sizeof(out->hash)) {
        return "FileHash must be the SHA-256 of the file in Base64.";
    }
    memcpy(out->hash, hash.ptr, sizeof(out->hash));
    if (!json_get_int(object, "NumberOfTransactions", &count) || count < 1) {
        return "NumberOfTransactions must be above zero.";
    }
    out->count = (uint64_t)count;
    return out->total_minor > 0 ? NULL : "ControlSum must be above zero.";
}

bool file_terms_are_ahead(const struct lfi_file_terms *terms, int64_t now_us)
{
    struct datetime date;
    if (terms->execution_date.len == 0) {
        return true;
    }
    if (!datetime_parse(terms->execution_date, &date)) {
        return false;
    }
    int64_t day = datetime_wall_us_from(&date) / DAY_US;
    int64_t today = (now_us + DATETIME_GULF_OFFSET_US) / DAY_US;
    return day > today && day <= today + YEAR_DAYS;
}

bool file_terms_match(const struct lfi_file_terms *terms, const struct lfi_file_facts *facts)
{
    return memcmp(terms->hash, facts->hash, sizeof(terms->hash)) == 0 &&
           terms->count == facts->count && terms->total_minor == facts->total_minor &&
           slice_equal_text(terms->file_type, facts->file_type) &&
           slice_equal_text(terms->reference, facts->reference) &&
           slice_equal_text(terms->execution_date, facts->execution_date);
}

bool file_terms_type_is_read(const struct provider *provider, struct lfi_slice file_type)
{
    const char *const *types = provider->files ? provider->files->file_types : NULL;
    while (types && *types && !slice_equal_text(file_type, *types)) {
        types++;
    }
    return types && *types;
}
