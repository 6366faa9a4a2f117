#include "options.h"
#include "base/array.h"

#include <getopt.h>
#include <stdio.h>

static const char USAGE[] =
    "usage: bench-loadgen --port N --path PATH --ca FILE --cert FILE --key FILE [OPTION...]\n"
    "  --host NAME        name in the server's certificate (localhost)\n"
    "  --method METHOD    (GET)\n"
    "  --headers FILE     a header on each line\n"
    "  --body FILE        sent as application/json\n"
    "  --tokens FILE      a bearer token on each line, each used once\n"
    "  --skip N           tokens that earlier runs have used (0)\n"
    "  --reuse-tokens     start again when the tokens run out\n"
    "  --rows FILE        columns between tabs for $1, $2, ... in headers and body, a row for\n"
    "                     each request in turn; $0 is the number of the request, after --skip\n"
    "  --rate N           requests in a second, however long replies take (as many as can be)\n"
    "  --connections N    (8)\n"
    "  --requests N       (1000)\n"
    "  --handshakes       a new connection, fully negotiated, for each request\n"
    "  --save FILE        keeps the body of a good reply\n";

static bool set_number(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
    return slice_to_u64(slice_of(text), out) && *out >= low && *out <= high;
}

static bool set_option(struct options *options, int option, const char *value)
{
    const char **const texts[] = {
        ['a'] = &options->files.ca,     ['c'] = &options->files.cert, ['k'] = &options->files.key,
        ['h'] = &options->host,         ['m'] = &options->method,     ['p'] = &options->path,
        ['H'] = &options->headers_file, ['b'] = &options->body_file,  ['t'] = &options->tokens_file,
        ['s'] = &options->save_file,    ['R'] = &options->rows_file,
    };

    switch (option) {
    case 'P':
        return set_number(value, 1, 65535, &options->port);
    case 'S':
        return set_number(value, 0, MAX_REQUESTS, &options->skip);
    case 'C':
        return set_number(value, 1, MAX_CONNECTIONS, &options->connections);
    case 'q':
        return set_number(value, 1, MAX_RATE, &options->rate);
    case 'n':
        return set_number(value, 1, MAX_REQUESTS, &options->requests);
    case 'r':
        return options->reuse_tokens = true;
    case 'f':
        return options->handshakes = true;
    default:
        if (option >= (int)ARRAY_LEN(texts) || !texts[option]) {
            return false;
        }
        *texts[option] = value;
        return true;
    }
}

static bool parse(int argc, char **argv, struct options *options)
{
    static const struct option OPTIONS[] = {
        {"port", required_argument, NULL, 'P'},
        {"path", required_argument, NULL, 'p'},
        {"ca", required_argument, NULL, 'a'},
        {"cert", required_argument, NULL, 'c'},
        {"key", required_argument, NULL, 'k'},
        {"host", required_argument, NULL, 'h'},
        {"method", required_argument, NULL, 'm'},
        {"headers", required_argument, NULL, 'H'},
        {"body", required_argument, NULL, 'b'},
        {"tokens", required_argument, NULL, 't'},
        {"skip", required_argument, NULL, 'S'},
        {"connections", required_argument, NULL, 'C'},
        {"requests", required_argument, NULL, 'n'},
        {"rows", required_argument, NULL, 'R'},
        {"rate", required_argument, NULL, 'q'},
        {"save", required_argument, NULL, 's'},
        {"reuse-tokens", no_argument, NULL, 'r'},
        {"handshakes", no_argument, NULL, 'f'},
        {NULL, 0, NULL, 0},
    };
    int option;

    *options =
        (struct options){.host = "localhost", .method = "GET", .requests = 1000, .connections = 8};
    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        if (!set_option(options, option, optarg)) {
            return false;
        }
    }
    return optind == argc && options->port != 0 && options->path && options->files.ca &&
           options->files.cert && options->files.key;
}

bool options_read(int argc, char **argv, struct options *out)
{
    if (!parse(argc, argv, out)) {
        fputs(USAGE, stderr);
        return false;
    }
    return true;
}
