#include "versions.h"

#include <stdio.h>
#include <string.h>

#define PREFIX "urn:openfinanceuae:"
#define NAME_MAX_BYTES 128

void details_type_format(const char *family, uint32_t version, char out[DETAILS_TYPE_MAX])
{
    char number[VERSION_TEXT_MAX];
    version_format(version, number);
    (void)snprintf(out, DETAILS_TYPE_MAX, PREFIX "%s:%s", family, number);
}

bool details_type_read(struct lfi_slice type, struct lfi_slice *family, uint32_t *version)
{
    struct lfi_slice rest;
    if (!slice_starts_with(type, PREFIX)) {
        return false;
    }
    rest = (struct lfi_slice){type.ptr + strlen(PREFIX), type.len - strlen(PREFIX)};
    if (!slice_next(&rest, ':', family)) {
        return false;
    }
    *version = version_read(rest);
    return *version != 0;
}

const struct contract_schema *schema_in_version(const struct contract_api *api, const char *name,
                                                uint32_t version)
{
    char own[NAME_MAX_BYTES], number[VERSION_TEXT_MAX];
    const struct contract_schema *schema = NULL;
    if (version > VERSION_FIRST) {
        version_format(version, number);
        (void)snprintf(own, sizeof(own), "%s %s", name, number);
        schema = contract_schema_named(api, own);
    }
    return schema ? schema : contract_schema_named(api, name);
}
