/*
 * The steps that a request takes on every listener whose operations are rows: find the operation,
 * check the request against the contract, carry out the row (flow.h), answer, check the answer.
 * Who may call, and what is logged and counted, is the listener's own and comes in between.
 */
#ifndef FLOW_DISPATCH_H
#define FLOW_DISPATCH_H

#include "flow/call.h"

/*
 * Finds what the request means: call->found and, when it is an operation, operation and row. Where
 * call->provider is known it decides between documents with the same path.
 */
void dispatch_find(struct call *call, const struct apis *apis);
/* 0 when an operation was found; else refused: ROUTE-PATH 404, ROUTE-METHOD 405 with Allow. */
int dispatch_route(struct call *call);
/*
 * The operation in the version that the request is for: o3-api-uri names it, or the base path, or
 * else it is the first of those that are served. `served` ends with 0; NULL: one for all. Refused:
 * VERSION-SERVED 400; ROUTE-PATH for an operation that the version lacks. Fills call->version.
 * (Versions 3.)
 */
int dispatch_version(struct call *call, const uint32_t *served);
/*
 * Path, query, headers and body against the contract, into call->parameters. Refused:
 * CONTRACT-PARAMETER and CONTRACT-REQUEST 400, ROUTE-PATH for a path that its enum does not know.
 */
int dispatch_check_request(struct call *call);
/*
 * Whether the refusal comes of a request that could not be read for want of memory, in the arena or
 * since dispatch_find outside it, whatever check found nothing: then it becomes REQUEST-MEMORY 500
 * GenericRecoverableError, which is no fault of the caller's.
 */
bool dispatch_was_memory(struct call *call);
/*
 * Writes the refusal as the reply, REQUEST-MEMORY in its place where it applies, in the form that
 * the operation's document has for it: 401 where that is named and 403 is not, no errorCode where
 * the document has none, no body where it has none.
 */
void dispatch_refuse(struct call *call);
/*
 * The reply and its records against the contract, which leaves out of it what its version of the
 * standard lacks, and what does not fit it and need not be told; counted in call->misfits. Appends
 * the names of what the version lacks to `cut`, which may be NULL. `transliterate` is that of the
 * provider's offers. -1 with *violation filled.
 */
int dispatch_check_reply(struct call *call, bool transliterate, struct buf *cut,
                         struct contract_violation *violation);

#endif
