/*
 * What a customer is shown of a consent that is theirs (consent management interface 2 to 5). Pure:
 * reads the Hub's consent and writes what the page needs; labels are the page's.
 */
#ifndef PSU_OWN_CONSENT_H
#define PSU_OWN_CONSENT_H

#include "base/arena.h"
#include "base/json.h"

/* Whether the consent says that it is this customer's. Others are not shown, however they came. */
bool own_consent_is_of(const cJSON *consent, struct lfi_slice user_id);
/* Whether the customer may end it: only what is not ended yet. */
bool own_consent_is_revocable(const cJSON *consent);
/* The root of the chain that it renews; absent: it renews none. */
struct lfi_slice own_consent_base(const cJSON *consent);
/*
 * Members of a card: id, tpp, status, kind, created, updated, and where there are any: accounts
 * (how many), lastShared, expires, amount. Times are texts. `pending`: its revocation is decided
 * but the Hub does not know yet.
 */
void own_consent_append_card(const cJSON *consent, bool pending, struct json_writer *w);

#endif
