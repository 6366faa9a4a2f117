/*
 * Members of a reply that leave the bank only encrypted with a one-time code, which goes to the
 * customer and never through the TPP. (Data sharing 8.4; insurance 5.5.)
 */
#ifndef CONNECT_ONE_TIME_CODE_H
#define CONNECT_ONE_TIME_CODE_H

#include "connect/operation.h"

/* What a code is for; texts live as long as the call. */
struct one_time_code_use {
    const char *purpose;    /* names the rate limit, of each consent and subject */
    const char *limit_id;   /* of its refusal */
    const char *event;      /* logged when the code was sent, with the subject as about_name */
    const char *about_name; /* "account" */
    struct lfi_slice about; /* the subject's id */
    struct lfi_slice consent_id;
    struct lfi_slice interaction_id;  /* of the TPP; absent: it sent none */
    struct lfi_slice english, arabic; /* what the code shows: "the rates of Call Account" */
};

/*
 * Takes one use of (consent, subject), draws a code and sends it to the call's user; the caller
 * ends it with jwe_code_wipe. Never while a core hands out records. -1: refused, limit_id 429 with
 * Retry-After, or the bank cannot be asked.
 */
int one_time_code_send(struct call *call, const struct one_time_code_use *use,
                       struct jwe_code *code);

/*
 * {"MEMBER":…,"iat":…,"exp":…} as a compact JWE for half an hour, a JSON string in the arena;
 * `json` is the member's value. Absent: refused.
 */
struct lfi_slice one_time_code_encrypt(struct call *call, const struct jwe_code *code,
                                       const char *member, struct lfi_slice json);

#endif
