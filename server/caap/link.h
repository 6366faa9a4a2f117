/*
 * The link between CAAP and a user of a provider: whether the user is registered, and the
 * challenges of the last hours. Kept durably, for all instances, in one record of the state that
 * is changed by one at a time. (CAAP 7.1.)
 */
#ifndef CAAP_LINK_H
#define CAAP_LINK_H

#include "caap/challenge.h"
#include "state/state.h"

enum link_state {
    LINK_NONE,
    LINK_PENDING, /* awaits a code */
    LINK_LINKED,
    LINK_STATES,
};

#define LINK_CHALLENGES 6 /* the newest; older ones are unknown */

struct link {
    enum link_state state;
    struct challenge challenges[LINK_CHALLENGES]; /* newest first */
    size_t count;
    struct lfi_slice text; /* as it was read, in the arena; absent: there was none */
};

/* Whose link it is. */
struct link_ref {
    const struct state *state;
    const char *provider_id;
    struct arena *arena;
    struct lfi_slice user_id;
    int64_t now_us;
};

/* LFI_OK, also where there is none; challenges whose life is over have ended. */
int link_read(const struct link_ref *ref, struct link *out, struct lfi_error *error);
/* LFI_DENIED: somebody else was faster. Read it again, and do what is to be done on that. */
int link_write(const struct link_ref *ref, const struct link *link, struct lfi_error *error);

/* The newest challenge of the purpose, or the one with this id; NULL: there is none. */
struct challenge *link_newest(struct link *link, enum challenge_purpose purpose);
struct challenge *link_challenge(struct link *link, struct lfi_slice id);
/* Puts a challenge in front, and ends older ones of its purpose. */
void link_add(struct link *link, const struct challenge *challenge, int64_t now_us);

#endif
