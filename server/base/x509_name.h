/* Attributes of names in certificates, taken whole and never cut at commas. */
#ifndef BASE_X509_NAME_H
#define BASE_X509_NAME_H

#include "base/buf.h"

struct x509_st;

/*
 * Appends an attribute (NID_…) of the subject as UTF-8. False, and nothing appended, when it is
 * missing, empty, or there more than once: which of two would be meant is not ours to choose.
 */
bool x509_append_subject(struct buf *out, const struct x509_st *certificate, int nid);

#endif
