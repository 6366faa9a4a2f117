#include "http/request_line.h"

#include "base/array.h"
#include "base/slice.h"

#include <string.h>

/* `line` ends with its line feed. */
static void settle_version(char *line, size_t len)
{
    static const char start[] = " HTTP/1.";
    const size_t tail = sizeof(start) - 1 + strlen("2\r\n");

    if (len > tail && memcmp(line + len - tail, start, sizeof(start) - 1) == 0 &&
        line[len - 3] >= '2' && line[len - 3] <= '9' && line[len - 2] == '\r') {
        line[len - 3] = '1';
    }
}

/* Bytes of "http://" or "https://" at the begin of the target. */
static size_t scheme_len(struct lfi_slice target)
{
    static const char *const schemes[] = {"http://", "https://"};

    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        size_t len = strlen(schemes[i]);
        if (target.len > len &&
            slice_equal_nocase((struct lfi_slice){target.ptr, len}, schemes[i])) {
            return len;
        }
    }
    return 0;
}

static size_t host_len(struct lfi_slice rest)
{
    size_t len = 0;

    while (len < rest.len && !strchr("/?# \r\n", rest.ptr[len])) {
        len++;
    }
    return len;
}

/* Returns how many bytes of the target were left out. */
static size_t settle_target(char *target, size_t len, char host[REQUEST_LINE_HOST_MAX])
{
    size_t scheme = scheme_len((struct lfi_slice){target, len});
    size_t named = scheme > 0 ? host_len((struct lfi_slice){target + scheme, len - scheme}) : 0;

    if (named == 0 || named >= REQUEST_LINE_HOST_MAX) {
        return 0;
    }
    memcpy(host, target + scheme, named);
    host[named] = '\0';
    size_t path = scheme + named;
    if (target[path] != '/') {
        target[--path] = '/'; /* an empty path is "/" */
    }
    return path;
}

size_t request_line_settle(char *head, size_t len, char host[REQUEST_LINE_HOST_MAX])
{
    char *line = len > 2 && memcmp(head, "\r\n", 2) == 0 ? head + 2 : head;
    const char *end = memchr(line, '\n', len - (size_t)(line - head));

    host[0] = '\0';
    if (!end) {
        return len;
    }
    size_t line_len = (size_t)(end + 1 - line);
    settle_version(line, line_len);
    char *target = memchr(line, ' ', line_len);
    if (!target) {
        return len;
    }
    target++;
    size_t left_out = settle_target(target, line_len - (size_t)(target - line), host);
    if (left_out > 0) {
        memmove(target, target + left_out, len - (size_t)(target - head) - left_out);
    }
    return len - left_out;
}
