/* lfi/open_data.h — what is public: ATMs and products; and leads. */
#ifndef LFI_OPEN_DATA_H
#define LFI_OPEN_DATA_H

#include <lfi/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lfi_atm_summary {
    uint32_t size;
    int64_t updated_us; /* the newest change of any of them, UTC */
};

/* What of the bank's product catalogue is wanted. Products no longer in effect are left out. */
struct lfi_product_query {
    struct lfi_query base;     /* the window counts products */
    struct lfi_slice category; /* absent: all */
    int64_t updated_since_us;  /* UTC, inclusive; INT64_MIN: all */
    int32_t sharia;            /* 1: only compliant, 0: only others, -1: all */
    uint32_t by_id;            /* order by product id, else by last update, then id */
    uint32_t descending;       /* products without a last update come last either way */
};

struct lfi_product_facts {
    uint32_t size;
    struct lfi_slice brand_id;
};

/* Each may be NULL: not offered. */
struct lfi_open_data {
    uint32_t size;
    /* ATM records by id ascending, without LFIId; answer->summary is a struct lfi_atm_summary. */
    int (*atms)(void *core, const struct lfi_call *call, const struct lfi_query *query,
                struct lfi_answer *answer, struct lfi_error *error);
    /*
     * The window of the products, with struct lfi_product_facts. Charges as in account products:
     * the ProfitCalculationMethod of Sharia-compliant ones is told as InterestCalculationMethod in
     * v2.1.
     */
    int (*catalogue)(void *core, const struct lfi_call *call, const struct lfi_product_query *query,
                     struct lfi_answer *answer, struct lfi_error *error);
    /* Keeps a request to be called, durably before it returns; `lead` is the request's data. */
    int (*lead_create)(void *core, const struct lfi_call *call, struct lfi_slice lead,
                       struct lfi_id *out, struct lfi_error *error);
    /* For the operator: every lead, {"leadId","createdAt","lead"}, by id; createdAt in seconds. */
    int (*leads)(void *core, const struct lfi_call *call, const struct lfi_query *query,
                 struct lfi_answer *answer, struct lfi_error *error);
};

#ifdef __cplusplus
}
#endif

#endif
