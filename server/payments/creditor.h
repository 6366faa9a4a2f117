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

/* 23 characters of the UAE, without blanks, whose check digits are right (ISO 13616). */
bool creditor_iban_is_valid(struct lfi_slice iban);

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

#endif
