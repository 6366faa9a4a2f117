/* A listener in the test's own process, and a caller that writes raw bytes to it. */
#ifndef TEST_HTTP_PEER_H
#define TEST_HTTP_PEER_H

#include "base/clock.h"
#include "http/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct clock peer_clock;
static struct log peer_log = {.fd = -1, .level = LOG_ERROR, .clock = &peer_clock};

static inline int peer_connect(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static inline void peer_send(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            return; /* the listener had enough */
        }
        bytes += sent;
        len -= (size_t)sent;
    }
}

static inline void peer_say(int fd, const char *text)
{
    peer_send(fd, text, strlen(text));
}

/* One reply, head and body by Content-Length, NUL-terminated; its length, 0 on end of stream. */
static inline size_t peer_reply(int fd, char *out, size_t size, int timeout_ms)
{
    size_t len = 0;
    size_t wanted = size - 1;

    while (len < wanted) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, timeout_ms) <= 0) {
            break;
        }
        /* Byte by byte through the head, so as not to take from the next reply. */
        bool in_head = wanted == size - 1;
        ssize_t got = recv(fd, out + len, in_head ? 1 : wanted - len, 0);
        if (got <= 0) {
            break;
        }
        len += (size_t)got;
        out[len] = '\0';
        if (in_head && len >= 4 && memcmp(out + len - 4, "\r\n\r\n", 4) == 0) {
            const char *length = strstr(out, "Content-Length: ");
            wanted = len + (length ? strtoul(length + 16, NULL, 10) : 0);
            if (wanted == len) {
                break;
            }
        }
    }
    out[len] = '\0';
    return len;
}

static inline int peer_status(const char *reply)
{
    return strncmp(reply, "HTTP/1.1 ", 9) == 0 ? (int)strtol(reply + 9, NULL, 10) : 0;
}

/* Whether the listener ends the connection within the time. */
static inline bool peer_is_closed(int fd, int timeout_ms)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    char byte;

    return poll(&ready, 1, timeout_ms) > 0 && recv(fd, &byte, 1, 0) <= 0;
}

#endif
