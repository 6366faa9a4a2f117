/*
 * What TPPs ask of a bank: quotes of currency exchange, accounts, insurance. Mostly under no
 * consent: then the bank knows which client has asked, and the Hub keeps nothing of it but what the
 * bank tells its logs.
 */
#ifndef HUB_SIM_TPP_ASKED_H
#define HUB_SIM_TPP_ASKED_H

#include "tpp/answer.h"

struct asked {
    const char *method, *path;   /* of the bank */
    struct lfi_slice query;      /* of the bank; what the Hub adds to it is not there yet */
    const cJSON *message;        /* what the TPP sends; NULL: nothing */
    int status;                  /* of the bank's answer */
    struct lfi_slice consent_id; /* absent: none is needed */
};

/*
 * The bank gets the Data of the message as `data`; answer.h. Refused besides: TPP-SUBSCRIPTION and
 * TPP-BODY 400.
 */
int asked_send(struct tpp_call *call, const struct asked *asked, struct bank_answer *out);

#endif
