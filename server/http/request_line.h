/*
 * What CivetWeb does not take in a request line, but RFC 9110 and 9112 ask of a server, put into
 * the form that it takes:
 *
 *   - A target in absolute form (RFC 9112, 3.2.2) becomes its path; what it says of the host counts
 *     instead of the header Host.
 *   - A later minor version of HTTP/1 is read as 1.1 (RFC 9110, 6.2).
 *
 * Whatever else is in the line stays as it is, for CivetWeb and head.h to judge.
 */
#ifndef HTTP_REQUEST_LINE_H
#define HTTP_REQUEST_LINE_H

#include <stddef.h>

#define REQUEST_LINE_HOST_MAX 264 /* a name of 253 characters, a port, some room and a NUL */

/*
 * `head` is a whole head of `len` bytes. Returns its length now, never more than before. `host`
 * becomes the host and port of the target, "" when it names none.
 */
size_t request_line_settle(char *head, size_t len, char host[REQUEST_LINE_HOST_MAX]);

#endif
