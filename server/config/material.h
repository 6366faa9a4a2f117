/*
 * Certificates, keys and trust bundles that a configuration names, checked before they are used:
 * they parse, a certificate and its key belong together, the chain is in order, the purpose and
 * the dates fit. One thread at a time.
 *
 * During a rotation two pairs of certificate and key stand side by side. The one that is presented
 * is valid and began last, so the next takes over in its first minutes, without a reload.
 */
#ifndef CONFIG_MATERIAL_H
#define CONFIG_MATERIAL_H

#include "config/config.h"

#include <time.h>

#define MATERIAL_MAX 64
#define MATERIAL_WARN_DAYS 30 /* a certificate that ends sooner is warned of */

/* What ends, and when: a leaf, an authority of a bundle, a revocation list, a shared secret. */
struct material_certificate {
    char setting[48]; /* "hubListener.certificate" */
    char
        subject[72]; /* its common name, for people; of a list, its issuer's; of a secret, its id */
    char serial[44]; /* hexadecimal; of a list or secret, "" */
    time_t not_before, not_after;
    bool needed;  /* nothing works without it: the leaf presented, the bundle's last authority */
    bool secret;  /* no certificate, but a key or client secret that both sides know */
    bool covered; /* its end needs no warning: another is there, or it is renewed by itself */
};

enum material_pair {
    MATERIAL_HUB_LISTENER,
    MATERIAL_PUBLIC_LISTENER,
    MATERIAL_HUB,
    MATERIAL_PAIRS
};

struct material {
    struct material_certificate certificates[MATERIAL_MAX];
    size_t count;
    size_t in_use[MATERIAL_PAIRS]; /* which of the configuration's pairs is presented */
    time_t changes_at;             /* when that may be another one; 0: never */
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
/* The same part by part, 0 to MATERIAL_ITEMS - 1; `out` begins as {0}. */
#define MATERIAL_ITEMS 13
int material_check_item(const struct config *config, size_t item,
                        const struct material_warnings *warnings, struct material *out,
                        struct lfi_error *error);
/* Whole days left, negative when it has ended. */
int material_days_left(const struct material_certificate *certificate, time_t now);

struct material_validity {
    time_t from, until;
};
/*
 * Which is presented: of those valid the one that began last. In the first
 * LIMIT_CERTIFICATE_MARGIN_S another valid one goes before it. When none is valid, the one that
 * ends last. `count` is not 0.
 */
size_t material_choose(const struct material_validity *pairs, size_t count, time_t now);
/* When material_choose may say otherwise; 0: never. */
time_t material_next_change(const struct material_validity *pairs, size_t count, time_t now);

#endif
