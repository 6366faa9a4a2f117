/* lfi/payee.h — confirmation of payee. Serves POST /customers/action/cop-query. */
#ifndef LFI_PAYEE_H
#define LFI_PAYEE_H

#include <lfi/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether payers may be told who holds an account. */
enum lfi_payee_state {
    LFI_PAYEE_SHOWN,
    LFI_PAYEE_HIDDEN,           /* no such account here, or a holder opted out: not told apart */
    LFI_PAYEE_BLOCKED_FOR_NOW,  /* cannot receive: suspended, or a temporary credit block */
    LFI_PAYEE_BLOCKED_FOR_GOOD, /* cannot receive: closed, deceased, unclaimed, permanent block */
};

struct lfi_payee_summary {
    uint32_t size;
    enum lfi_payee_state state;
};

#define LFI_PAYEE_OTHER_NAMES 4

/* Further names of a holder, 1 to 140 characters each, told since v2.2. Absent: not held. */
struct lfi_payee_facts {
    uint32_t size;
    struct lfi_slice arabic_name;
    /* trading names, names before marriage, …; the first absent one ends them */
    struct lfi_slice other_names[LFI_PAYEE_OTHER_NAMES];
};

struct lfi_payee {
    uint32_t size;
    /*
     * The holders of the account with the IBAN `query->subject_id` (upper case, no blanks), one
     * customer record each, the primary holder first; none unless the state in answer->summary, a
     * struct lfi_payee_summary, is LFI_PAYEE_SHOWN. Names are not compared here: the Hub does that.
     * A record may come with a struct lfi_payee_facts. Takes the same time for known and unknown
     * IBANs.
     */
    int (*holders)(void *core, const struct lfi_call *call, const struct lfi_query *query,
                   struct lfi_answer *answer, struct lfi_error *error);
};

#ifdef __cplusplus
}
#endif

#endif
