/* What the operations of CAAP share. Internal to this room. */
#ifndef CONNECT_CAAP_H
#define CONNECT_CAAP_H

#include "caap/keys.h"
#include "caap/link.h"
#include "connect/operation.h"

/* --- caap_caller.c ---------------------------------------------------------------------------- */

/* Whether the operation is one that cannot name its provider. */
bool caap_names_no_provider(const struct call *call);
/*
 * Who asks, and which provider is meant: o3-provider-id where it is sent all the same, else the
 * only provider with authorization caap whose credential the caller has, and of whose callers the
 * certificate is. `unnamed` as stage_caller. Refused besides as caller_authenticate and
 * caller_check_binding say: PROVIDER-CONFLICT 403, when header and credential are of two providers.
 * (CAAP 3.1.)
 */
int caap_find_caller(struct call *call, struct caller_identity *identity,
                     const struct refusal *unnamed);

/* --- caap_choice.c ---------------------------------------------------------------------------- */

/* Whether CAAP asks so that a customer can choose: o3-is-caap-consent-operation. */
bool caap_is_choice(const struct call *call);
/* Choices are shown to registered customers, where the provider's rules say so: CAAP-USER 400. */
int caap_check_choice(struct call *call);

/* --- caap_codes.c: challenges, what they cost and who may have them --------------------------- */

/* A user of the body, as the core and the state know it. */
struct caap_user {
    struct lfi_person person;
    struct link_ref ref;
    struct link link;
};

/* The member `data` of the body; the caller frees *tree in any case. */
const cJSON *caap_data(struct call *call, cJSON **tree);
/*
 * Reads what is known of the user: CAAP-USER 400 Consent.InvalidUserIdentifier when there is no
 * such user, or else what outcome_check says.
 */
int caap_user_of(struct call *call, struct lfi_slice user_id, struct caap_user *out);
/* Of a customer whom the core has found. */
int caap_user_found(struct call *call, const struct lfi_person *person, struct caap_user *out);
/* CAAP-USER: the same answer to whoever is not known, not linked or another's. */
int caap_refuse_user(struct call *call, const char *detail);

/*
 * One use of a limit, kept for all instances. *allowed: there was one left. `about` says of whom
 * or what, and is digested with a key.
 */
int caap_take(struct call *call, const char *kind, struct lfi_slice about,
              const struct state_allowance *allowance, bool *allowed);

/* The channel of the provider's rules that reaches the person; 0: none does. */
unsigned caap_channel(const struct call *call, const struct lfi_person *person);
/*
 * Makes a challenge and sends its code, or finds the one that was sent a moment ago. It is kept
 * before it is sent. *out is a copy, in the end Sent or TransmissionFailed; the link of a user who
 * is none yet becomes `pending` meanwhile. 0, or -1: refused.
 */
int caap_send_code(struct call *call, struct caap_user *user, enum challenge_purpose purpose,
                   struct challenge *out);
/*
 * Judges what the customer typed, against the challenge of this id (absent: the newest) of the
 * purpose, and keeps the outcome with that of the link. *out is a copy. 0; -1: refused,
 * CAAP-CHALLENGE 404 when there is none.
 */
int caap_judge_code(struct call *call, struct caap_user *user, enum challenge_purpose purpose,
                    struct lfi_slice id, struct lfi_slice code, struct challenge *out);
/* CAAP-CHALLENGE: the same answer to an unknown challenge and to another user's. */
int caap_refuse_challenge(struct call *call);

#endif
