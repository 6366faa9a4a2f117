#include "provider/provider.h"
#include "base/error.h"
#include "provider/core_call.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

struct loaded {
    struct provider provider;
    struct core_host host;
    void *library;
    uint64_t device, inode; /* of the core's storage; 0: not known */
};

struct provider_set {
    struct loaded *items;
    size_t count;
};

static int64_t now_for_core(void *clock)
{
    return clock_now_us(clock);
}

/* Only abi and size may be read before both are known to fit. */
static int check_ops(const struct lfi_core_ops *ops, const char *provider, struct lfi_error *error)
{
    if (!ops) {
        return error_set(error, "provider %s: the core returned no capabilities", provider);
    }
    if (ops->abi != LFI_CORE_ABI) {
        return error_set(error, "provider %s: the core was built for ABI %u, this server needs %d",
                         provider, ops->abi, LFI_CORE_ABI);
    }
    size_t required = offsetof(struct lfi_core_ops, open_data) + sizeof(ops->open_data);
    if (ops->size < required || !ops->name || !ops->open || !ops->close || !ops->accounts ||
        !ops->customers) {
        return error_set(error, "provider %s: the core lacks a required capability", provider);
    }
    return 0;
}

static bool insurance_is_whole(const struct provider *provider)
{
    return PROVIDER_SERVES(provider, insurance, held) &&
           PROVIDER_SERVES(provider, insurance, policy) &&
           PROVIDER_SERVES(provider, insurance, payer);
}

static bool payments_are_whole(const struct provider *provider)
{
    return PROVIDER_SERVES(provider, payments, create) &&
           PROVIDER_SERVES(provider, payments, find) && PROVIDER_SERVES(provider, payments, list) &&
           PROVIDER_SERVES(provider, payments, changes) &&
           PROVIDER_SERVES(provider, payments, account_by_iban) &&
           PROVIDER_SERVES(provider, payments, reach) &&
           PROVIDER_SERVES(provider, payments, payable);
}

static bool identity_is_whole(const struct provider *provider)
{
    return PROVIDER_SERVES(provider, identity, find) &&
           PROVIDER_SERVES(provider, identity, about) &&
           PROVIDER_SERVES(provider, identity, deliver);
}

static bool opening_is_whole(const struct provider *provider)
{
    return PROVIDER_SERVES(provider, opening, request) &&
           PROVIDER_SERVES(provider, opening, find) && PROVIDER_SERVES(provider, opening, changes);
}

static bool fx_is_whole(const struct provider *provider)
{
    return PROVIDER_SERVES(provider, fx, quote) && PROVIDER_SERVES(provider, fx, find) &&
           PROVIDER_SERVES(provider, fx, accept) && PROVIDER_SERVES(provider, fx, changes);
}

static bool quotes_are_whole(const struct provider *provider)
{
    return PROVIDER_SERVES(provider, quotes, quote) && PROVIDER_SERVES(provider, quotes, find) &&
           PROVIDER_SERVES(provider, quotes, update) && PROVIDER_SERVES(provider, quotes, issue) &&
           PROVIDER_SERVES(provider, quotes, changes);
}

static bool files_are_whole(const struct provider *provider)
{
    return provider->payments && provider->files->size >= sizeof(*provider->files) &&
           provider->files->file_types && PROVIDER_SERVES(provider, files, expect) &&
           PROVIDER_SERVES(provider, files, find) && PROVIDER_SERVES(provider, files, begin) &&
           PROVIDER_SERVES(provider, files, piece) && PROVIDER_SERVES(provider, files, end) &&
           PROVIDER_SERVES(provider, files, keep) && PROVIDER_SERVES(provider, files, abandon) &&
           PROVIDER_SERVES(provider, files, report);
}

/* The families of the core, whose required functions must be there. */
static int take_families(struct provider *provider, struct lfi_error *error)
{
    provider->accounts = provider->ops->accounts;
    provider->customers = provider->ops->customers;
    provider->payee = provider->ops->payee;
    provider->open_data = provider->ops->open_data;
    provider->signin = PROVIDER_GET(provider, signin);
    provider->levers = PROVIDER_GET(provider, levers);
    provider->payments = PROVIDER_GET(provider, payments);
    provider->identity = PROVIDER_GET(provider, identity);
    provider->insurance = PROVIDER_GET(provider, insurance);
    provider->opening = PROVIDER_GET(provider, opening);
    provider->fx = PROVIDER_GET(provider, fx);
    provider->quotes = PROVIDER_GET(provider, quotes);
    provider->files = PROVIDER_GET(provider, files);
    if (!PROVIDER_SERVES(provider, accounts, subject) ||
        !PROVIDER_SERVES(provider, accounts, held) ||
        !PROVIDER_SERVES(provider, customers, exists) ||
        (provider->payments && !payments_are_whole(provider)) ||
        (provider->insurance && !insurance_is_whole(provider)) ||
        (provider->caap && !identity_is_whole(provider)) ||
        (provider->opening && !opening_is_whole(provider)) ||
        (provider->fx && !fx_is_whole(provider)) ||
        (provider->quotes && !quotes_are_whole(provider)) ||
        (provider->files && !files_are_whole(provider))) {
        return error_set(error, "provider %s: the core lacks a required capability", provider->id);
    }
    return 0;
}

static int load(struct loaded *item, const struct provider_config *config,
                const struct clock *clock, const struct log *log, struct lfi_error *error)
{
    core_host_init(&item->host, config->id, clock, log);
    lfi_core_get_ops_fn *get_ops = NULL;
    struct lfi_error detail = {""};
    const struct lfi_core_config core_config = {.provider_id = config->id,
                                                .settings = config->settings,
                                                .base_dir = config->base_dir,
                                                .segment = config->segment,
                                                .now_us = now_for_core,
                                                .clock = (void *)(uintptr_t)clock,
                                                .threads = config->threads,
                                                .host = &item->host.base};
    item->library = dlopen(config->library, RTLD_NOW | RTLD_LOCAL);
    if (!item->library) {
        return error_set(error, "provider %s: cannot load the core: %s", config->id, dlerror());
    }
    void *symbol = dlsym(item->library, LFI_CORE_SYMBOL);
    if (!symbol) {
        return error_set(error, "provider %s: %s does not export %s", config->id, config->library,
                         LFI_CORE_SYMBOL);
    }
    memcpy(&get_ops, &symbol, sizeof(get_ops));
    item->provider = (struct provider){.id = config->id,
                                       .segment = config->segment,
                                       .audience = config->audience,
                                       .ops = get_ops(),
                                       .host = &item->host.base,
                                       .caap = config->caap,
                                       .caap_rules = config->caap_rules,
                                       .offers = config->offers,
                                       .statement_day = config->statement_day,
                                       .payment_rules = config->payment_rules};
    if (check_ops(item->provider.ops, config->id, error) != 0 ||
        take_families(&item->provider, error) != 0) {
        return -1;
    }
    if (item->provider.ops->open(&item->provider.core, &core_config, &detail) != LFI_OK) {
        item->provider.core = NULL;
        return error_set(error, "provider %s: core %s did not open: %s", config->id,
                         item->provider.ops->name, detail.message);
    }
    item->provider.warning = detail;
    return 0;
}

/* Two cores over one storage would see each other's customers, and LMDB forbids it. */
static int check_storage(struct loaded *items, size_t count, struct lfi_error *error)
{
    struct loaded *item = &items[count];
    struct lfi_health health = {.size = sizeof(health)};
    struct lfi_error detail = {""};

    if (!PROVIDER_HAS(&item->provider, health)) {
        return 0;
    }
    const struct lfi_call call = core_call(item->provider.host, NULL);
    if (item->provider.ops->health(item->provider.core, &call, &health, &detail) != LFI_OK) {
        return error_set(error, "provider %s: the core is not well: %s", item->provider.id,
                         detail.message);
    }
    item->device = health.storage_device;
    item->inode = health.storage_inode;
    for (size_t i = 0; i < count && item->inode != 0; i++) {
        if (items[i].device == item->device && items[i].inode == item->inode) {
            return error_set(error, "provider %s: the core's storage is that of provider %s",
                             item->provider.id, items[i].provider.id);
        }
    }
    return 0;
}

int provider_set_open(struct provider_set **out, const struct provider_config *configs,
                      size_t count, const struct clock *clock, const struct log *log,
                      size_t *failed, struct lfi_error *error)
{
    *out = NULL;
    struct provider_set *set = calloc(1, sizeof(*set));
    if (!set || !(set->items = calloc(count, sizeof(*set->items)))) {
        free(set);
        return error_set(error, "out of memory");
    }
    for (; set->count < count; set->count++) {
        struct loaded *item = &set->items[set->count];
        if (load(item, &configs[set->count], clock, log, error) != 0 ||
            check_storage(set->items, set->count, error) != 0) {
            *failed = set->count;
            set->count++;
            provider_set_close(set);
            return -1;
        }
        LOG_EVENT(log, LOG_INFO, "core-open", LOG_TEXT("provider", slice_of(item->provider.id)),
                  LOG_TEXT("segment", slice_of(item->provider.segment)),
                  LOG_TEXT("core", slice_of(item->provider.ops->name)));
    }
    *out = set;
    return 0;
}

void provider_set_close(struct provider_set *set)
{
    if (!set) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        struct loaded *item = &set->items[i];
        if (item->provider.core) {
            item->provider.ops->close(item->provider.core);
        }
        if (item->library) {
            (void)dlclose(item->library);
        }
    }
    free(set->items);
    free(set);
}

size_t provider_count(const struct provider_set *set)
{
    return set->count;
}

const struct provider *provider_at(const struct provider_set *set, size_t index)
{
    return &set->items[index].provider;
}

size_t provider_index(const struct provider_set *set, const struct provider *provider)
{
    for (size_t i = 0; i < set->count; i++) {
        if (&set->items[i].provider == provider) {
            return i;
        }
    }
    return set->count;
}

const struct provider *provider_find(const struct provider_set *set, struct lfi_slice id)
{
    for (size_t i = 0; i < set->count; i++) {
        if (slice_equal_text(id, set->items[i].provider.id)) {
            return &set->items[i].provider;
        }
    }
    return NULL;
}

int provider_of_request(const struct provider_set *set, const struct request *request,
                        const struct provider **out, struct refusal *refusal)
{
    size_t count = 0;
    struct lfi_slice id = request_header(request, "o3-provider-id", &count);
    if (count == 0 || id.len == 0) {
        return refusal_set(refusal, "PROVIDER-MISSING", 400, "Body.InvalidFormat",
                           "The header o3-provider-id is missing.");
    }
    if (count > 1) {
        return refusal_set(refusal, "PROVIDER-REPEATED", 400, "Body.InvalidFormat",
                           "The header o3-provider-id occurs more than once.");
    }
    *out = provider_find(set, id);
    if (!*out) {
        return refusal_set(refusal, "PROVIDER-UNKNOWN", 403, "GenericError",
                           "The provider is not served here.");
    }
    return 0;
}
