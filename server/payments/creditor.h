/*
 * A creditor as the PII of a payment names it: read, compared with those of the consent, and judged
 * by the rules for whom money can be sent to. Texts are borrowed from the tree; any thread.
 * (Payment PII 7, 8.)
 */
#ifndef PAYMENTS_CREDITOR_H
#define PAYMENTS_CREDITOR_H

#include "base/json.h"
#include "provider/provider.h"

/* What is compared. Absent texts differ from empty ones. */
struct creditor {
    struct lfi_slice scheme, iban;
    struct lfi_slice name_en, name_ar;
    struct lfi_slice agent_scheme, agent_id; /* absent: no agent is named */
};

/* Reads an entry of the consent's Creditor, or a payment's Initiation. False: NULL. */
bool creditor_read(const cJSON *entry, struct creditor *out);
/* Byte by byte: letters that differ in case are different. */
bool creditor_equal(const struct creditor *a, const struct creditor *b);

/*
 * The one creditor of a payment's PII, in any form that was taken: Initiation itself, or what is in
 * its Creditor. NULL: none, or several.
 */
const cJSON *creditor_of_payment(const cJSON *pii);

/*
 * 23 characters of the UAE, without blanks, whose check digits are right (ISO 13616), or one of the
 * provider's test IBANs.
 */
bool creditor_iban_is_valid(struct lfi_slice iban, const struct payment_rules *rules);

enum creditor_verdict {
    CREDITOR_FINE,
    CREDITOR_INVALID,     /* by itself: account, name or bank */
    CREDITOR_UNREACHABLE, /* no rail leads there, or the account takes no money */
    CREDITOR_UNKNOWN,     /* the core could not say */
};

/*
 * Judges a creditor that nobody has judged before. `why` says what is wrong: it may go to the TPP
 * and into the log, and has nothing of the creditor.
 */
enum creditor_verdict creditor_judge(const struct creditor *creditor,
                                     const struct provider *provider, const struct lfi_call *call,
                                     struct lfi_error *why);
/* The same of one in another country, by its form alone: no rail and no directory knows it. */
bool creditor_is_sound_abroad(const struct creditor *creditor, struct lfi_error *why);

#endif
