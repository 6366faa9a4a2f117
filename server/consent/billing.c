#include "consent/billing.h"

int billing_find(const struct provider *provider, const struct lfi_call *call, enum lfi_maybe *out,
                 struct lfi_error *error)
{
    struct lfi_billing billing = {.size = sizeof(billing)};
    *out = LFI_NOT_KNOWN;
    if (call->user_id.len == 0 || !PROVIDER_SERVES(provider, customers, billing)) {
        return LFI_OK;
    }
    int status = provider->customers->billing(provider->core, call, call->user_id, &billing, error);
    if (status == LFI_OK) {
        *out = billing.large_corporate;
    }
    return status;
}

void billing_write(struct json_writer *w, const char *name, enum lfi_maybe large_corporate)
{
    if (large_corporate == LFI_NOT_KNOWN) {
        return;
    }
    json_open_object(w, name);
    json_bool(w, "IsLargeCorporate", large_corporate == LFI_YES);
    json_close_object(w);
}
