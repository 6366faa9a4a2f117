/* What is asked when the PII of a payment is opened (pii.h). Texts are borrowed. */
#ifndef PAYMENTS_PII_QUERY_H
#define PAYMENTS_PII_QUERY_H

#include "base/json.h"

/* The form that the PII has, and how old its signature may be. */
enum pii_stage {
    PII_OF_CONSENT, /* validation: signed seconds ago; a list of creditors, perhaps a debtor */
    PII_OF_REVIEW,  /* the same form at any later time: authorization page, payments */
    PII_OF_PAYMENT, /* signed for this payment, or with the consent; one creditor */
};

/* Forms in which some TPPs repeat the PII of a consent at a payment. (Payment PII 6.) */
enum pii_forms {
    PII_FORM_NESTED = 1U << 0,  /* the creditor is Initiation.Creditor */
    PII_FORM_CONSENT = 1U << 1, /* that of a consent: a list of creditors, perhaps a debtor */
};

struct pii_query {
    const cJSON *member; /* PersonalIdentifiableInformation; NULL: it is missing */
    enum pii_stage stage;
    struct lfi_slice client_id;   /* o3-caller-client-id: iss and sub of a verified signature */
    struct lfi_slice software_id; /* o3-caller-software-statement-id: whose keys these are */
    int64_t created_s;            /* when the consent was made; 0: not known */
    /* Whose PII_OF_REVIEW it is, which is kept decrypted for a while. */
    struct lfi_slice provider_id, consent_id; /* absent: it is not kept */
    const char *audience; /* aud of a verified signature; NULL: the bank's issuer */
    unsigned forms;       /* enum pii_forms: of a payment, taken besides its own */
    bool abroad;          /* the consent or payment has a CurrencyRequest */
};

#endif
