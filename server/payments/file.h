/*
 * Files of payments: which file a consent is for, the file itself, which is read as it comes, and
 * what became of its instructions. The core keeps all of it (lfi/files.h); a file is paid by POST
 * /payments. (Other service initiation 1.)
 */
#ifndef PAYMENTS_FILE_H
#define PAYMENTS_FILE_H

#include "flow/call.h"
#include "payments/means.h"

/* Notes what the body says: 201 without a body. FILE-CONSENT-ID, FILE-TERMS, FILE-TYPE, FILE-DATE,
 * FILE-DIFFERS. */
int file_expect(struct call *call, const struct payment_means *means);
/*
 * Takes the file of the consent: 204. The core reads it as it comes; hash, number and sum are
 * compared with the consent at its end. FILE-CONSENT-…, FILE-ENCODING, FILE-MEDIA, FILE-FORM,
 * FILE-HASH, FILE-COUNT, FILE-SUM.
 */
int file_take(struct call *call, const struct payment_means *means, struct lfi_slice consent_id);
/* The report on a payment of this consent. */
int file_report(struct call *call, struct lfi_slice payment_id);

#endif
