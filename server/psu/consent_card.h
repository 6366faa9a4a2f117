/*
 * What a customer is shown of a consent that is theirs (consent management interface 2 to 5). Pure:
 * reads the Hub's consent and writes what the page needs; labels are the page's.
 */
#ifndef PSU_CONSENT_CARD_H
#define PSU_CONSENT_CARD_H

#include "consent/consent.h"

/*
 * Members of a card: id, tpp, status, kind, created, updated, and where there are any: accounts
 * or policies (how many), lastShared, lastPaid, expires, amount, paidTotal. Times are texts.
 * `pending`: its revocation is decided but the Hub does not know yet.
 */
void consent_card_append(const struct consent *consent, bool pending, struct json_writer *writer);

#endif
