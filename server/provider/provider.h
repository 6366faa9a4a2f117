/*
 * Providers: o3-provider-id to core, the first branch of every Ozone Connect request, and the only
 * place where a core is picked. A provider is one Hub instance: one segment, one core.
 */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include "base/error.h"
#include "base/log.h"
#include "http/message.h"
#include "provider/caap_rules.h"
#include "provider/offers.h"
#include "provider/payment_rules.h"

#include <lfi/core.h>

struct provider {
    const char *id;       /* LFI code: lower-case letters and digits */
    const char *segment;  /* "retail", "sme": as the bank calls it */
    const char *audience; /* PROVIDER_ID in JWT Auth; usually equal to id */
    const struct lfi_core_ops
        *ops; /* members past ops->size must be asked for with PROVIDER_HAS or PROVIDER_GET */
    void *core;
    const struct lfi_host *host; /* for calls of the core */
    /* Families of the core; NULL: not offered. Members: PROVIDER_SERVES. */
    const struct lfi_accounts *accounts;
    const struct lfi_customers *customers;
    const struct lfi_payee *payee;
    const struct lfi_open_data *open_data;
    const struct lfi_signin *signin;
    const struct lfi_levers *levers;
    const struct lfi_payments *payments;
    const struct lfi_identity *identity;
    bool caap; /* its customers decide at CAAP, not on the bank's own pages */
    struct caap_rules caap_rules;
    const struct lfi_insurance *insurance;
    const struct lfi_opening *opening;
    const struct lfi_fx *fx;
    const struct lfi_quotes *quotes;
    const struct lfi_files *files;
    struct offers offers;
    enum lfi_statement_day statement_day;
    struct payment_rules payment_rules;
    struct lfi_error warning; /* what the core said of its settings, or "" */
};

/* Whether the core was compiled with a capability and offers it. */
#define PROVIDER_HAS(p, member)                                                                    \
    (offsetof(struct lfi_core_ops, member) + sizeof((p)->ops->member) <= (p)->ops->size &&         \
     (p)->ops->member)

/* A capability, or NULL. */
#define PROVIDER_GET(p, member) (PROVIDER_HAS(p, member) ? (p)->ops->member : NULL)

/* Whether the core offers this function of this family. */
#define PROVIDER_SERVES(p, family, member)                                                         \
    ((p)->family &&                                                                                \
     offsetof(struct lfi_##family, member) + sizeof((p)->family->member) <= (p)->family->size &&   \
     (p)->family->member)

struct provider_config {
    const char *id, *segment, *audience;
    const char *library;  /* path of the core's shared object */
    const char *settings; /* JSON text for the core */
    const char *base_dir;
    uint32_t threads; /* that may call the core at once */
    bool caap;
    struct caap_rules caap_rules;
    struct offers offers;
    enum lfi_statement_day statement_day;
    struct payment_rules payment_rules;
};

struct provider_set;

/*
 * Loads and opens all cores. Fails, having closed what it opened, when a library is missing, lacks
 * the symbol, was compiled for another ABI, lacks a required capability, or open() fails: `error`
 * names provider and cause,
 * *failed is its index.
 */
int provider_set_open(struct provider_set **out, const struct provider_config *configs,
                      size_t count, const struct clock *clock, const struct log *log,
                      size_t *failed, struct lfi_error *error);
void provider_set_close(struct provider_set *set);
size_t provider_count(const struct provider_set *set);
const struct provider *provider_at(const struct provider_set *set, size_t index);
size_t provider_index(const struct provider_set *set, const struct provider *provider);
const struct provider *provider_find(const struct provider_set *set, struct lfi_slice id);

/*
 * The provider of a request by its o3-provider-id. Refusals: PROVIDER-MISSING and
 * PROVIDER-REPEATED 400 Body.InvalidFormat, PROVIDER-UNKNOWN 403 GenericError. o3-aspsp-id plays
 * no part. (Hub to bank 2.3.)
 */
int provider_of_request(const struct provider_set *set, const struct request *request,
                        const struct provider **out, struct refusal *refusal);

#endif
