/*
 * lfi/insurance.h — policies that a customer shares. For insurers; a core without the family offers
 * none of the insurance operations.
 *
 * The seven sectors are served alike: a function is told which one it is about. What differs
 * between them is inside the records, whose shapes the contract prescribes.
 */
#ifndef LFI_INSURANCE_H
#define LFI_INSURANCE_H

#include <lfi/base.h>

#ifdef __cplusplus
extern "C" {
#endif

enum lfi_insurance_sector {
    LFI_INSURANCE_EMPLOYMENT = 1,
    LFI_INSURANCE_HEALTH,
    LFI_INSURANCE_HOME,
    LFI_INSURANCE_LIFE,
    LFI_INSURANCE_MOTOR,
    LFI_INSURANCE_RENTERS,
    LFI_INSURANCE_TRAVEL,
    LFI_INSURANCE_SECTORS, /* one past the last */
};

/* What a policy consists of besides its id: a consent opens each alone. */
enum lfi_policy_part {
    LFI_POLICY_HOLDER,     /* without the next */
    LFI_POLICY_EMPLOYMENT, /* of the holder; its member Employment */
    LFI_POLICY_IDENTITY,
    LFI_POLICY_PRODUCT,
    LFI_POLICY_CLAIMS,
    LFI_POLICY_PREMIUM,
    LFI_POLICY_PARTS, /* how many there are */
};

/* Beside the record of a policy in a list. Texts are NUL-terminated; empty: not held. */
struct lfi_policy_facts {
    uint32_t size;
    enum lfi_insurance_sector sector;
    char policy_id[65];
    char number[65];               /* as printed on the policy */
    char status[24];               /* PolicyStatus of the contract: "New", "Lapsed", … */
    char ends[11];                 /* "2027-05-31" */
    char premium[24], currency[4]; /* of one payment: "1250.00", "AED" */
    char product[129];             /* as customers know it */
    char body_type[24], plate[24]; /* of a car: "Saloon", "40512" */
};

/* `base.subject_id` is the user; the policies wanted, in any order. */
struct lfi_held_policies_query {
    struct lfi_query base;
    const struct lfi_slice *policy_ids; /* without duplicates */
    /* 0: those to be offered, running or ended no longer than five years ago */
    uint64_t policy_count;
};

/* `base.subject_id` is the policy, held by call->user_id. */
struct lfi_policy_query {
    struct lfi_query base;
    enum lfi_insurance_sector sector; /* a policy of another one is unknown */
    uint32_t parts;                   /* that are wanted, 1U << enum lfi_policy_part each */
};

/* Beside the record of a part. */
struct lfi_policy_part_facts {
    uint32_t size;
    enum lfi_policy_part part;
    /* LFI_POLICY_PREMIUM: it leaves the bank only encrypted, with a code that the server has
       sent by lfi/signin.h's message_send. Cores may know no more than what is before this. */
    uint32_t encrypt;
};

/* Every function may be called from any number of threads at once. */
struct lfi_insurance {
    uint32_t size;
    uint32_t sectors; /* underwritten here, 1U << enum lfi_insurance_sector each */

    /* --- required ----------------------------------------------------------------------------- */

    /*
     * Elements of the contract's list of policies with struct lfi_policy_facts, of all sectors,
     * newest PolicyStartDate first, ties by id. "Held" means: as the policyholder. What is not held
     * is left out. LFI_UNKNOWN: no such user.
     */
    int (*held)(void *core, const struct lfi_call *call,
                const struct lfi_held_policies_query *query, struct lfi_answer *answer,
                struct lfi_error *error);
    /*
     * The parts of a policy that are wanted and held, each a record with struct
     * lfi_policy_part_facts, in the order of their enum. LFI_UNKNOWN: there is no such policy, the
     * user does not hold it, or it is of another sector; whatever its status is.
     */
    int (*policy)(void *core, const struct lfi_call *call, const struct lfi_policy_query *query,
                  struct lfi_answer *answer, struct lfi_error *error);
    /* The account from which the holder pays the premiums, or no record when none is held. */
    int (*payer)(void *core, const struct lfi_call *call, const struct lfi_policy_query *query,
                 struct lfi_answer *answer, struct lfi_error *error);
};

#ifdef __cplusplus
}
#endif

#endif
