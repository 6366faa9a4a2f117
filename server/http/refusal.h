/*
 * A refusal: what a stage answers instead of passing the request on. `id` is the stable name of the
 * check (code, log, tests); the caller of the API sees status, error_code and error_message only.
 */
#ifndef HTTP_REFUSAL_H
#define HTTP_REFUSAL_H

#include "base/slice.h"

struct refusal {
    const char *id;         /* "JWT-AUD"; NULL: nothing refused */
    int status;             /* HTTP */
    const char *error_code; /* of the contract; NULL where the contract has none (health) */
    char error_message[384];
    char detail[384]; /* for the log: expected and received, without secrets or personal data */
};

/* Fills `out` (never NULL); the message is cut to fit. Returns -1, so callers can `return` it. */
int refusal_set(struct refusal *out, const char *id, int status, const char *error_code,
                const char *message);
void refusal_detail(struct refusal *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
