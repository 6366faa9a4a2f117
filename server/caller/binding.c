#include "caller/binding.h"

#include "caller/mode.h"

static bool is_bound(const struct caller_binding *binding, const struct caller_subject *subject)
{
    return subject->ou.len > 0 && slice_equal_text(subject->ou, binding->ou) &&
           (!binding->cn || slice_equal_text(subject->cn, binding->cn));
}

/* Whether it is the organisation of the Hubs. */
static bool is_hub(const struct caller_config *config, struct lfi_slice ou)
{
    for (size_t i = 0; i < config->allowed_ou_count; i++) {
        if (slice_equal_text(ou, config->allowed_ous[i])) {
            return ou.len > 0;
        }
    }
    return false;
}

static bool is_bound_organisation(const struct caller_provider *provider, struct lfi_slice ou)
{
    bool bound = false;
    for (size_t i = 0; i < provider->binding_count; i++) {
        bound = bound || slice_equal_text(ou, provider->bindings[i].ou);
    }
    return bound && ou.len > 0;
}

bool caller_is_pinned(const struct caller_config *config, struct lfi_slice ou)
{
    bool pinned = is_hub(config, ou);
    for (size_t i = 0; i < config->provider_count && !pinned; i++) {
        pinned = is_bound_organisation(&config->providers[i], ou);
    }
    return pinned;
}

int caller_check_binding(const struct caller *caller, size_t index,
                         const struct caller_subject *subject, unsigned kinds,
                         struct refusal *refusal)
{
    const struct caller_provider *provider = &caller->config.providers[index];
    bool open = provider->binding_count == 0 && is_hub(&caller->config, subject->ou);
    unsigned bound = open ? kinds : 0;
    for (size_t i = 0; i < provider->binding_count; i++) {
        const struct caller_binding *binding = &provider->bindings[i];
        bound |= is_bound(binding, subject) ? binding->kinds : 0;
    }
    if (bound & kinds) {
        return 0;
    }
    refusal_set(refusal, "CALLER-BINDING", 403, "GenericError", "The caller is not accepted.");
    refusal_detail(refusal, "%s",
                   bound ? "the certificate is not for this operation"
                         : "the certificate is not one of the provider's callers");
    return -1;
}

bool caller_bindings_overlap(const struct caller_provider *a, const struct caller_provider *b)
{
    bool overlap = a->binding_count == 0 || b->binding_count == 0;
    for (size_t i = 0; i < a->binding_count; i++) {
        for (size_t j = 0; j < b->binding_count; j++) {
            const struct caller_binding *x = &a->bindings[i], *y = &b->bindings[j];
            overlap = overlap || (strcmp(x->ou, y->ou) == 0 &&
                                  (!x->cn || !y->cn || strcmp(x->cn, y->cn) == 0));
        }
    }
    return overlap;
}
