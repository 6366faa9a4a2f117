/*
 * A connection of a listener: its socket, its TLS session, and the bytes that have come and were
 * not read yet. CivetWeb takes every connection for plain HTTP; encryption is done here.
 *
 * It belongs to one thread at a time: to the intake (intake.h) until a request is there, then to
 * the worker that serves it. Every call returns at once; who must wait polls the socket.
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include "base/limits.h"
#include "http/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct ssl_st;

/* Larger than the limit of a head, so that one slightly too large can be told from garbage. */
#define CONNECTION_INPUT_BYTES (2 * LIMIT_HEAD_BYTES)

/* What has come of a request that is not being served yet. */
enum connection_input {
    INPUT_NONE,
    INPUT_PARTIAL,
    INPUT_COMPLETE, /* head and body */
    INPUT_HEAD,     /* a head whose body is still to come, or does not fit the buffer */
    INPUT_UNUSABLE, /* no head: for the worker to refuse */
};

struct connection {
    int fd;
    struct ssl_st *ssl; /* NULL: plain HTTP */
    struct tls_peer peer;
    struct sockaddr_storage address; /* of the peer; IPv4 never in its IPv6 form */
    socklen_t address_len;
    int64_t opened_us;   /* accepted */
    int64_t received_us; /* first byte of the request that is coming; 0: none has come */
    bool served;         /* a request of it was answered */
    bool ended;          /* the peer sends nothing more, or the connection is broken */
    bool wants_to_write; /* what the last TLS step waits for */

    char *input; /* from `begin` to `end`: not read yet */
    size_t begin, end, capacity;
    size_t scanned; /* bytes from `begin` that hold no end of a head */
    size_t head;    /* bytes from `begin` that are the current head; 0: not known */
    size_t wanted;  /* head and body together; SIZE_MAX: the worker finds out */

    /* The intake's. */
    struct connection *next, *previous;
    int list;          /* enum intake_list */
    int64_t listed_us; /* when it came into its list */
    unsigned slot;     /* of its peer */
    bool slow;         /* its worker is drawn from the budget of slow bodies */
};

/* Takes over `fd`. NULL when memory is short; the socket is closed then. */
struct connection *connection_new(int fd, struct tls *tls, const struct sockaddr_storage *address,
                                  socklen_t address_len);
void connection_free(struct connection *connection);

/* "::ffff:192.0.2.1" becomes 192.0.2.1, in logs as in counts. Returns the length. */
socklen_t connection_unmap(struct sockaddr_storage *address, socklen_t len);
/* Equal for one peer: an IPv4 address, or the half of an IPv6 address that names a network. */
uint64_t connection_network(const struct sockaddr_storage *address);

/* Numeric address of the peer; empty when it cannot be told. */
#define CONNECTION_REMOTE_MAX 64
void connection_remote(const struct connection *connection, char out[CONNECTION_REMOTE_MAX]);

/* 1 done, 0 more must come (or go, see wants_to_write), -1 failed. */
int connection_handshake(struct connection *connection);
/* The end of what is sent, as TLS has it. */
void connection_say_end(struct connection *connection);

/* Like recv and send on a socket that does not block: -1 with errno EAGAIN when it would. */
ssize_t connection_read(struct connection *connection, void *bytes, size_t len);
ssize_t connection_write(struct connection *connection, const void *bytes, size_t len);
/*
 * Whether TLS keeps its buffers, 33 KB, from one record to the next. To allocate, wipe and free
 * them costs as much as to decrypt a request, but idle connections may be many.
 */
void connection_keep_buffers(struct connection *connection, bool keep);
/* Gives the buffers back until more comes. */
void connection_free_buffers(struct connection *connection);
/* Whether a read would find something although the socket has nothing. */
bool connection_has_input(const struct connection *connection);

/* Reads what has come into the buffer and says how far the request is. */
enum connection_input connection_receive(struct connection *connection);
/* Takes up to `len` bytes from the buffer: of a head that has come never more than that head. */
size_t connection_take(struct connection *connection, char *bytes, size_t len);
/* Gives bytes back that were read too far; false when memory is short. */
bool connection_put_back(struct connection *connection, const char *bytes, size_t len);

#endif
