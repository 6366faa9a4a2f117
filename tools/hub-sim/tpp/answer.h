/* What the resource server makes of the bank's answers. */
#ifndef HUB_SIM_TPP_ANSWER_H
#define HUB_SIM_TPP_ANSWER_H

#include "bank.h"
#include "tpp/resources.h"

/*
 * Calls the bank for the TPP of the call. 0: the answer has the status `expected`, or 204 where the
 * TPP's operation knows that, and keeps the contract. Refused: TPP-CONSENT 400, TPP-PERMISSION,
 * TPP-ACCOUNT and TPP-POLICY 403, TPP-BANK with what the bank's refusal means to a TPP. `out` is to
 * be freed in either case.
 */
int answer_from_bank(struct tpp_call *call, struct bank_request *request, int expected,
                     struct bank_answer *out);
/* The same of an answer that came otherwise; `refusal` is that of the call to the bank. */
int answer_judge(struct tpp_call *call, const struct bank_answer *answer,
                 const struct refusal *refusal, int expected);

#endif
