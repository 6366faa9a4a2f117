/* Inside the contract room: bodies of requests and replies. */
#ifndef CONTRACT_BODY_H
#define CONTRACT_BODY_H

#include "contract/check.h"

/* Fills the violation; returns -1. */
int contract_violate(struct contract_violation *violation, const char *rule, const char *where,
                     const char *message);
/* Checks the content type of a JSON body or a form. */
int contract_check_media(const struct contract_body_rules *rules, struct lfi_slice content_type,
                         struct contract_violation *violation);
/* Checks a body that is there against what is declared. The arena is for decoding forms. */
int contract_check_body(const struct contract_body_rules *rules, struct lfi_slice content_type,
                        struct lfi_slice body, struct arena *arena,
                        struct contract_violation *violation);

#endif
