/* What bench-loadgen was asked for on its command line. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "connection.h"

#define MAX_REQUESTS 100000000
#define MAX_CONNECTIONS 1024
#define MAX_RATE 1000000

struct options {
    struct endpoint_files files;
    const char *host, *method, *path;
    const char *headers_file, *body_file, *tokens_file, *rows_file, *save_file;
    uint64_t port, requests, connections, skip;
    uint64_t rate;     /* 0: as many as can be */
    bool reuse_tokens; /* start again at the first when they run out */
    bool handshakes;   /* a new connection for each request */
};

/* False, with the usage on standard error, when they are not understood. Texts are argv's. */
bool options_read(int argc, char **argv, struct options *out);

#endif
