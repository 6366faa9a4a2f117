/* What the directory tells of a TPP's software: its software statement (RFC 7591 2.3). */
#ifndef HUB_SIM_SOFTWARE_H
#define HUB_SIM_SOFTWARE_H

#include "base/buf.h"
#include "sim.h"
#include "tpps.h"

/* The `tpp` block of consents, interactions and payments, with the decoded statement; owned. */
cJSON *software_describe_tpp(const struct sim *sim, const struct tpp *tpp);

/*
 * Appends the statement as a JWT that the directory has signed; -1 when memory is short. The
 * simulator must have the directory's key.
 */
int software_append_assertion(const struct sim *sim, const struct tpp *tpp, struct buf *out);

#endif
