/* Inside the store: quotes of insurance cover. */
#ifndef STORE_COVER_H
#define STORE_COVER_H

#include "store/payments.h"

#include <cjson/cJSON.h>

#define COVER_ID_SIZE 37 /* a UUID, and NUL */
#define COVER_TOKEN_SIZE 33
#define COVER_PLANS 3
#define COVER_EMIRATES_SIZE 16 /* the digits of an Emirates ID, and NUL */
#define COVER_USER_SIZE 65
#define COVER_NUMBER_SIZE 24

#define COVER_NO_CLAIMS                                                                            \
    "\"Summary\":[{\"NumberOfMonthsInPeriod\":0,\"Claims\":0,\"ApprovedClaims\":0,"                \
    "\"TotalGrossApprovedClaimAmount\":{\"Currency\":\"AED\",\"Amount\":\"0.00\"},"                \
    "\"TotalGrossPaidAmount\":{\"Currency\":\"AED\",\"Amount\":\"0.00\"}}]"

/* What a TPP may do itself (PolicyIssuanceAllowed). */
#define COVER_VERIFICATION 1U
#define COVER_PAYMENT 2U
#define COVER_DOCUMENTS 4U

/* What becomes of a quote that is accepted. */
enum cover_plan {
    COVER_COMPLETE,
    COVER_REJECT, /* by the insurer, when it has looked */
    COVER_CANCEL, /* by the customer, who does not pay */
};

/* By how the CustomerId of its request begins. */
enum cover_plan cover_plan_of(const char *customer);

enum cover_salary { COVER_SALARY_UNKNOWN, COVER_SALARY_UNDER_4K, COVER_SALARY_OVER_4K };

enum cover_text {
    COVER_HEAD,   /* of the record: what a quote without a price has too; "{…" */
    COVER_TERMS,  /* the members that a priced one has besides: ",…" */
    COVER_END,    /* what a completed one tells the Hub: "{…", without its last brace */
    COVER_POLICY, /* `data` of the policy's reply; empty: there is none yet */
    COVER_PARTS,  /* what the customer can share of the policy: {"PolicyHolder":{…},…} */
    COVER_TEXTS,
};

/* A quote in the database; its texts lie behind it. Texts here are NUL-terminated. */
struct cover_value {
    int64_t created_us, updated_us;
    int64_t priced_us;  /* when the price is there */
    int64_t expires_us; /* when it cannot be accepted any more */
    int64_t due_us;     /* when it goes on; 0: it has ended */
    uint32_t sector;    /* enum lfi_insurance_sector */
    uint32_t status;    /* enum lfi_quote_status */
    uint32_t changes;   /* how many there were */
    uint32_t allowed;   /* COVER_VERIFICATION, …; 0: the insurer leads the customer itself */
    uint32_t plan;      /* enum cover_plan */
    uint32_t salary;    /* enum cover_salary */
    uint32_t lengths[COVER_TEXTS];
    char id[COVER_ID_SIZE];
    char policy_id[COVER_ID_SIZE];
    char token[COVER_TOKEN_SIZE]; /* of the addresses that the customer gets */
    char client_id[129];
    char emirates_id[COVER_EMIRATES_SIZE]; /* the holder's, its digits; empty: not named */
    char user_id[COVER_USER_SIZE];         /* of the holder; empty: no customer, or not one only */
    char unused[7];
};

struct cover_quote {
    struct cover_value value;
    const char *texts[COVER_TEXTS]; /* not NUL-terminated; where they come from owns them */
};

/* --- cover_price.c -----------------------------------------------------------------------------
 */

/* What the insurer offers: a quote for each plan, but for id, policy_id, token and client. The
 * texts are cJSON's, COVER_HEAD lacking the id. */
struct cover_offer {
    struct cover_quote quotes[COVER_PLANS];
    size_t count; /* 0: it declines */
};
/* lfi_status. cover_offer_free() afterwards in any case. */
int cover_offer(enum lfi_insurance_sector sector, const cJSON *data, int64_t now_us,
                struct cover_offer *out, struct lfi_error *error);
void cover_offer_free(struct cover_offer *offer);

/* --- cover_policy.c ----------------------------------------------------------------------------
 */

/* Notes whose Emirates ID the request, or what is verified, has for the holder. lfi_status. */
int cover_name_holder(struct store *store, const cJSON *data, struct cover_value *value,
                      struct lfi_error *error);
/* The same, and COVER_PARTS of the quote, whose terms are there. lfi_status. */
int cover_keep_parts(struct store *store, const cJSON *data, struct cover_quote *quote,
                     struct lfi_error *error);
/* The terms of a quote as a tree, for cJSON_Delete(); NULL: out of memory. */
cJSON *cover_terms(const struct cover_quote *quote);
/* As printed on the policy. */
void cover_number(const struct cover_value *value, char out[COVER_NUMBER_SIZE]);
/* The policy as DB_POLICIES would have it, to be freed. LMDB codes. */
int cover_make_policy(const struct cover_quote *quote, MDB_val *out);
int cover_put_policy(struct payments *payments, MDB_txn *txn, const struct cover_value *value,
                     MDB_val *policy);

/* --- cover.c -----------------------------------------------------------------------------------
 */

/* Begins to read, after what is due has moved. lfi_status. */
int cover_begin_read(struct store *store, MDB_txn **txn, struct lfi_error *error);

/* --- cover_text.c ------------------------------------------------------------------------------
 */

/* Results are to be freed with cJSON_free(); NULL: out of memory. */
char *cover_record(const struct cover_quote *quote);
/* What the Hub's log is told beside the status. */
char *cover_told(const struct cover_quote *quote);
char *cover_policy(const struct cover_value *value, const cJSON *data);
void cover_url(const struct cover_value *value, const char *what, char out[513]);

#endif
