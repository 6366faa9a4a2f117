/*
 * Consents that several people approve: who may, how many of each group must, and what the Hub's
 * list says of them (service initiation: multi-authorisation). Pure: no call, no state; any thread.
 */
#ifndef CONSENT_AUTHORIZERS_H
#define CONSENT_AUTHORIZERS_H

#include "base/json.h"

#include <lfi/payments.h>

#define AUTHORIZERS_BYTES (32 * 1024) /* of the list */

/* What the core says of an account. */
struct authorizers {
    struct lfi_approver items[LFI_APPROVERS_MAX];
    size_t count;
    struct lfi_approver_summary rule;
};

enum authorization { AUTHORIZATION_WAITS, AUTHORIZATION_GIVEN, AUTHORIZATION_REFUSED };

/* What one of them has decided; `user_id` absent: nothing new. */
struct authorizer_decision {
    struct lfi_slice user_id;
    bool approves;
    int64_t at_us; /* UTC */
};

/* NULL: this user may not approve. */
const struct lfi_approver *authorizers_find(const struct authorizers *authorizers,
                                            struct lfi_slice user_id);
/* How many must approve in all. */
uint32_t authorizers_required(const struct authorizers *authorizers);
/* "Pending", "Approved" or "Rejected": what the Hub's list says of a user. */
struct lfi_slice authorizers_status(const cJSON *list, struct lfi_slice user_id);
/*
 * Appends the value of MultipleAuthorizers: the Hub's list (NULL: none yet) with the decision
 * added, and says where that leaves the consent. A decision that is in the list already stays as it
 * is. Approvals count while the core still names the approver; one refusal refuses.
 */
enum authorization authorizers_decide(const struct authorizers *authorizers, const cJSON *list,
                                      const struct authorizer_decision *decision, struct buf *out);

#endif
