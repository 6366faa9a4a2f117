/* The peer of a TLS connection, as tls.h and certificate.h see it. */
#ifndef HTTP_PEER_H
#define HTTP_PEER_H

#include <stdint.h>

struct x509_st;
struct stack_st_X509;

/* Who is at the other end of a connection, and how long that may be believed. */
struct tls_peer {
    struct x509_st *certificate; /* NULL: there is none */
    struct stack_st_X509 *chain; /* as it was sent; NULL after a resumed session */
    unsigned generation;         /* of the files that it was judged by */
    int64_t from_s, until_s;     /* validity of the whole chain */
};

#endif
