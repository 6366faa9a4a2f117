/*
 * The authentication modes, one row each: how a Hub proves itself beyond its client certificate. A
 * new mode is a row here, a member of enum caller_mode, and what a provider of it is configured
 * with (struct caller_provider).
 */
#ifndef CALLER_MODE_H
#define CALLER_MODE_H

#include "caller/caller.h"

/* A provider, with what its mode keeps for it. */
struct caller_member {
    const struct caller_provider *provider;
    void *made; /* by the mode's open */
};

struct caller {
    struct caller_config config;
    const struct clock *clock;
    const struct log *log;
    struct metrics *metrics;
    struct caller_member *members; /* as many as config.provider_count */

    struct keystore *keystore; /* of the modes that verify signatures; NULL: none does */

    /* JWT Auth: what its providers share. */
    struct replay *replay;       /* NULL when off */
    struct replay_table *resize; /* its table from caller_commit on; NULL: unchanged */
    const char **audiences;      /* of its providers */
    size_t audience_count;
};

struct caller_mode_row {
    enum metrics_counter refused;
    /* Makes what a provider needs, in member->made. NULL: nothing. */
    int (*open)(struct caller *caller, struct caller_member *member, struct lfi_error *error);
    void (*close)(void *made); /* NULL: there is nothing to free */
    /*
     * Checks the credential for the provider with this index, which has this mode. The certificate
     * has passed, and out->subject is filled in.
     */
    int (*authenticate)(struct caller *caller, size_t provider, const struct request *request,
                        struct caller_identity *out, struct refusal *refusal);
};

extern const struct caller_mode_row caller_jwt, caller_api_key, caller_client_credentials,
    caller_mtls;

/* For a mode that verifies signatures; they share one. */
int caller_open_keystore(struct caller *caller, struct lfi_error *error);

/* The one answer to every caller who is not authenticated; `id` and the detail are for the log. */
int caller_refuse(struct refusal *out, const char *id);

#endif
