/* The certificate's subject, and where its holder's keys are published. */
#ifndef CALLER_SUBJECT_H
#define CALLER_SUBJECT_H

#include "caller/caller.h"

/* Absent where an attribute is missing, empty or occurs more than once. */
struct caller_subject subject_of(struct arena *arena, const struct x509_st *certificate);

/*
 * BASE/{OU}/{CN}/application.jwks, each name as one percent-encoded path segment (hub to bank 4.4).
 * Absent when a name is, or when it could be taken for more than one segment: with a slash, "..",
 * or a control character in it.
 */
struct lfi_slice subject_key_address(struct arena *arena, const char *base,
                                     const struct caller_subject *subject);

#endif
