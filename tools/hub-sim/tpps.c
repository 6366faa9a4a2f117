#include "tpps.h"
#include "base/array.h"
#include "config.h"

const struct tpp tpps[] = {
    {"Karak Money", "karak", "5f0c1b7e-2d0a-4c53-9a3e-6f1f6f0b9a11",
     "0d4b9a52-7a7f-4d0e-8c59-3b7a52c4e101", "7c9e2f10-31a4-4b6b-a2d5-9e1c0f7a2201", "retail",
     "AccountAggregation", "All your accounts in one place, and what is left until payday."},
    {"Dune Ledger", "dune", "c2a6d8f4-9b1e-4e7a-b0c8-2a4d6e8f0b22",
     "1e5c0b63-8b80-4e1f-9d60-4c8b63d5f202", "8dae3021-42b5-4c7c-b3e6-0f2d108b3302", "sme",
     "AuditReconciliation", "Bookkeeping that writes itself from the accounts of your business."},
    {"Pearl Home Loans", "pearl", "e8b4c6a2-5d7f-4a9b-8c1d-3e5f7a9b1c33",
     "2f6d1c74-9c91-4f20-ae71-5d9c74e60303", "9ebf4132-53c6-4d8d-84f7-103e219c4403", "retail",
     "RiskAssessment", "A mortgage offer in minutes, from your income of two years."},
};
const size_t tpp_count = ARRAY_LEN(tpps);
_Static_assert(ARRAY_LEN(tpps) <= SIM_TPPS, "a key for each");

const struct tpp *tpp_find(struct lfi_slice client_id)
{
    for (size_t i = 0; i < tpp_count; i++) {
        if (slice_equal_text(client_id, tpps[i].client_id)) {
            return &tpps[i];
        }
    }
    return NULL;
}

const struct tpp *tpp_of_slug(struct lfi_slice slug)
{
    for (size_t i = 0; i < tpp_count; i++) {
        if (slice_equal_text(slug, tpps[i].slug)) {
            return &tpps[i];
        }
    }
    return NULL;
}
