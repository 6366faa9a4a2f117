/*
 * Certificates, keys and trust bundles that a configuration names, judged before they are used:
 * they parse, a certificate and its key belong together, the chain is in order, the purpose and
 * the dates fit. One thread at a time.
 */
#ifndef CONFIG_MATERIAL_H
#define CONFIG_MATERIAL_H

#include "config/config.h"

#include <time.h>

#define MATERIAL_MAX 16
#define MATERIAL_WARN_DAYS 30 /* a certificate that ends sooner is told */

/* What ends, and when: the leaf of a chain, or the authority of a bundle that ends last. */
struct material_certificate {
    char setting[48]; /* "hubListener.certificate" */
    char subject[72]; /* its common name, for people */
    const char *file; /* the configuration's */
    time_t not_after;
};

struct material {
    struct material_certificate certificates[MATERIAL_MAX];
    size_t count;
};

/* Receives what is not wrong enough to refuse: "$.hub.key" and a cause. */
struct material_warnings {
    void (*warn)(void *ctx, const char *path, const char *cause);
    void *ctx;
};

/*
 * Fills `out`. -1 with "FILE:LINE: $.path: cause" for what cannot work, and outside development
 * for what has expired; in development that is a warning.
 */
int material_check(const struct config *config, const struct material_warnings *warnings,
                   struct material *out, struct lfi_error *error);
/* Whole days left, negative when it has ended. */
int material_days_left(const struct material_certificate *certificate, time_t now);

#endif
