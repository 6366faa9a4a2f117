// link: lfi-http lfi-base
/* What a caller may write to a listener: whatever it is, handlers see only well-formed requests. */
#include "http/http.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_MAX 4096

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sockaddr_in address = {.sin_family = AF_INET};

static void demand(bool fine)
{
    if (!fine) {
        abort();
    }
}

static void judge_line(struct lfi_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        demand(c >= 0x20 && c != 0x7f);
    }
}

static void judge_framing(const struct request *request)
{
    size_t lengths, encodings, hosts;
    uint64_t length = 0;
    struct lfi_slice text = request_header(request, "content-length", &lengths);
    struct lfi_slice encoding = request_header(request, "transfer-encoding", &encodings);

    request_header(request, "host", &hosts);
    demand(hosts <= 1);
    demand(lengths == 0 || encodings == 0);
    demand(encodings == 0 || (encodings == 1 && slice_equal_nocase(encoding, "chunked")));
    demand(lengths == 0 || slice_to_u64(text, &length));
    demand(encodings == 1 || request->body.len == length);
    demand(request->body.len <= BODY_MAX);
}

static void judge(void *ctx, const struct request *request, struct reply *reply)
{
    (void)ctx;
    demand(slice_starts_with(request->path, "/"));
    demand(!memchr(request->path.ptr, '?', request->path.len));
    judge_line(request->path);
    judge_line(request->query);
    for (size_t i = 0; i < request->header_count; i++) {
        demand(request->headers[i].name.len > 0);
        demand(!memchr(request->headers[i].name.ptr, ' ', request->headers[i].name.len));
        judge_line(request->headers[i].name);
        judge_line(request->headers[i].value);
    }
    judge_framing(request);
    reply->status = 200;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct clock clock;
    static const struct log log = {.fd = -1, .level = LOG_ERROR, .clock = &clock};
    const struct http_listener_config config = {.name = "fuzz",
                                                .address = "127.0.0.1",
                                                .limits = {.body_bytes = BODY_MAX,
                                                           .reply_bytes = 1000,
                                                           .request_ms = 5000,
                                                           .idle_ms = 5000,
                                                           .threads = 4},
                                                .handler = judge,
                                                .log = &log};
    struct http_listener *listener = NULL;
    struct lfi_error error;

    (void)argc;
    (void)argv;
    demand(http_listener_start(&listener, &config, &error) == 0);
    address.sin_port = htons((uint16_t)http_listener_port(listener));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char reply[4096];
    ssize_t got;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    demand(fd >= 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        /* the fuzzer's own alarm, or no port left after so many connections */
        demand(errno == EINTR || errno == EADDRNOTAVAIL);
        close(fd);
        return 0;
    }
    while (size > 0 && (got = send(fd, data, size, MSG_NOSIGNAL)) > 0) {
        data += got;
        size -= (size_t)got;
    }
    shutdown(fd, SHUT_WR);
    got = recv(fd, reply, sizeof(reply), MSG_WAITALL);
    demand(got <= 0 || (got > 9 && memcmp(reply, "HTTP/1.1 ", 9) == 0));
    close(fd);
    return 0;
}
