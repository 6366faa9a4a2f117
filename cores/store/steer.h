/*
 * Requests that steer the reference cores to an outcome: what of a request decides, and what comes
 * of it. The rows are made from the tables by which the cores decide, for lists of where each
 * outcome is to be seen.
 */
#ifndef STORE_STEER_H
#define STORE_STEER_H

#include <stdbool.h>
#include <stddef.h>

/* Whose Emirates ID the request has. */
enum store_steer_party {
    STORE_STEER_NOBODY,   /* the request names nobody, or somebody whom the bank does not know */
    STORE_STEER_CUSTOMER, /* a customer who can sign in */
    STORE_STEER_BARRED,   /* a customer whom the bank bars */
};

/* To whom a payment of a file goes; which IBAN that is, the data say. */
enum store_steer_creditor {
    STORE_STEER_CREDITOR_NONE, /* the request is of another kind */
    STORE_STEER_CREDITOR_ORDINARY,
    STORE_STEER_CREDITOR_INVALID,     /* no IBAN */
    STORE_STEER_CREDITOR_UNREACHABLE, /* at a bank that no rail reaches */
    STORE_STEER_CREDITOR_UNUSABLE,    /* an account of ours that takes no money */
    STORE_STEER_CREDITOR_REJECTED,    /* whom the table of payments rejects, for its reason */
};

struct store_steer {
    const char *place; /* its name, unique */
    char shows[96];
    enum store_steer_party party;
    char request[192];  /* JSON merge patch (RFC 7396) of the data of an ordinary request */
    const char *status; /* in which it ends; "204": the bank offers nothing */
    char reason[96];    /* that it is told with; empty: none */
    enum store_steer_creditor creditor;
};

/* The n-th row; false: there are fewer. */
bool store_steer_fx(size_t n, struct store_steer *out);
bool store_steer_opening(size_t n, struct store_steer *out);
/* Of quotes of insurance, in every sector. */
bool store_steer_quote(size_t n, struct store_steer *out);
/*
 * Instructions of a file beside an ordinary one, with the status of each in the report; then terms
 * that do not fit their file.
 */
bool store_steer_file(size_t n, struct store_steer *out);

#endif
