/*
 * Which certificates may call a provider, and for what: its Hub's C4, and CAAP's where CAAP has one
 * of its own. (CAAP 3.1, 3.2.)
 */
#ifndef CALLER_BINDING_H
#define CALLER_BINDING_H

#include "caller/caller.h"

/* Who calls, and whom an operation is for; both may be. */
#define CALLER_HUB 1U
#define CALLER_CAAP 2U

struct caller_binding {
    const char *ou;
    const char *cn; /* NULL: any */
    unsigned kinds; /* CALLER_HUB, CALLER_CAAP or both */
};

/*
 * Whether the subject may call an operation of these kinds at the provider of this index: without
 * bindings every Hub may. CALLER-BINDING 403 GenericError.
 */
int caller_check_binding(const struct caller *caller, size_t provider,
                         const struct caller_subject *subject, unsigned kinds,
                         struct refusal *refusal);
/* Whether it is a Hub's organisation, or one that a provider names among its callers. */
bool caller_is_pinned(const struct caller_config *config, struct lfi_slice ou);
/* Whether one certificate could be of both providers. */
bool caller_bindings_overlap(const struct caller_provider *a, const struct caller_provider *b);

#endif
