/* lfi-server: reads the configuration, starts the server, reloads and stops it on signals. */
#include "base/crash.h"
#include "base/descriptors.h"
#include "config/config.h"
#include "doctor.h"
#include "key_command.h"
#include "lfi_version.h"
#include "serve.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXIT_USAGE 2
/* Arenas and caches for each of hundreds of threads would multiply the memory. */
#define MALLOC_SETTINGS "glibc.malloc.arena_max=4:glibc.malloc.tcache_count=0"

static const char usage[] =
    "usage: lfi-server --config FILE [--check | --doctor]\n"
    "       lfi-server key new|list|retire --file FILE [--id ID] [--days N]\n"
    "\n"
    "The bank's side of UAE Open Finance: Ozone Connect for the API Hub, and the pages on which\n"
    "customers decide on consents.\n"
    "\n"
    "  --config FILE  the configuration\n"
    "  --check        only checks the configuration, its certificates, keys, cores, stores and "
    "state\n"
    "  --doctor       the same and what only shows at run time: chains and names of certificates,\n"
    "                 ports, whether state and cores answer, key store, Hub, clock. A line each, "
    "ok,\n"
    "                 warn or FAIL, with what to do; may run beside the server. Exit status: 0 "
    "all\n"
    "                 ok, 1 something warns, 2 something fails\n"
    "  key new        adds a secret of a caller to FILE, which keeps a salted hash of it, and "
    "shows\n"
    "                 it, once; it is valid from now on for N days, 400 when absent. ID is its "
    "name\n"
    "  key list       shows the names in FILE, and until when each is valid\n"
    "  key retire     ends the secret of this ID\n"
    "  --version      the version\n"
    "  --help         this text\n"
    "\n"
    "SIGTERM and SIGINT end the server, SIGHUP makes it read configuration, certificates and keys\n"
    "again. Exit status: 0 done, 1 failed, 2 wrong usage or configuration.\n";

struct arguments {
    const char *config;
    bool check, doctor, help, version;
};

/* The cause comes behind the usage, where it is seen. */
static bool refuse(const char *argument, const char *cause)
{
    fprintf(stderr, "%s\nlfi-server: %s%s\n", usage, argument, cause);
    return false;
}

static bool parse(struct arguments *out, int argc, char **argv)
{
    *out = (struct arguments){0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc && !out->config) {
            out->config = argv[++i];
        } else if (strcmp(argv[i], "--check") == 0) {
            out->check = true;
        } else if (strcmp(argv[i], "--doctor") == 0) {
            out->doctor = true;
        } else if (strcmp(argv[i], "--help") == 0) {
            out->help = true;
        } else if (strcmp(argv[i], "--version") == 0) {
            out->version = true;
        } else {
            return strcmp(argv[i], "--config") == 0
                       ? refuse(argv[i], " takes one file, and comes once")
                       : refuse(argv[i], ": there is no such option");
        }
    }
    if (out->help || out->version) {
        return true;
    }
    if (!out->config) {
        return refuse("--config FILE", " is missing");
    }
    return !(out->check && out->doctor) || refuse("--check", " and --doctor exclude each other");
}

/* SIGHUP is delivered first, whichever came first: reloads without a pause must not put it off. */
static bool is_told_to_end(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1);
}

/* Until SIGTERM or SIGINT. */
static void handle_signals(struct serve *serve, const sigset_t *signals)
{
    static const struct timespec interval = {SERVE_POLL_MS / 1000, SERVE_POLL_MS % 1000 * 1000000L};

    for (;;) {
        int got = sigtimedwait(signals, NULL, &interval);
        if (got == SIGHUP && !is_told_to_end()) {
            serve_reload(serve);
        } else if (got < 0) {
            serve_poll(serve); /* no signal within the interval */
        } else {
            return;
        }
    }
}

/* Blocked before any thread begins, so that only handle_signals() receives them. */
static void prepare_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* the write fails, as on a full disk */
}

/* These settings are read when a program starts, so it starts once more; if not, without them. */
static void settle_malloc(char **argv)
{
    char self[PATH_MAX] = "";

    if (!getenv("GLIBC_TUNABLES") && readlink("/proc/self/exe", self, sizeof(self) - 1) > 0 &&
        setenv("GLIBC_TUNABLES", MALLOC_SETTINGS, 0) == 0) {
        (void)execv(self, argv);
    }
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct config *config = NULL;
    struct serve *serve = NULL;
    struct lfi_error error = {""};
    sigset_t signals;

    descriptors_open_standard();
    if (argc > 1 && strcmp(argv[1], "key") == 0) {
        int status = key_command(argc - 1, argv + 1);
        return status == KEY_COMMAND_USAGE ? (fputs(usage, stderr), EXIT_USAGE) : status;
    }
    if (!parse(&arguments, argc, argv)) {
        return EXIT_USAGE;
    }
    if (arguments.help || arguments.version) {
        fputs(arguments.help ? usage : "lfi-server " LFI_VERSION "\n", stdout);
        return EXIT_SUCCESS;
    }
    settle_malloc(argv);
    if (arguments.doctor) {
        signal(SIGPIPE, SIG_IGN);
        return doctor_run(arguments.config);
    }
    if (config_load(&config, arguments.config, &error) != 0) {
        fprintf(stderr, "%s\n", error.message);
        return EXIT_USAGE;
    }
    if (arguments.check) {
        int status = serve_check(config, &error);
        if (status != 0) {
            fprintf(stderr, "%s\n", error.message);
        }
        config_free(config);
        return status != 0 ? EXIT_USAGE : EXIT_SUCCESS;
    }
    if (!config->development && !crash_forbid_core()) {
        fputs("lfi-server: core dumps cannot be switched off\n", stderr);
        config_free(config);
        return EXIT_FAILURE;
    }
    prepare_signals(&signals);
    if (serve_start(&serve, config, &error) != 0) {
        return EXIT_FAILURE;
    }
    handle_signals(serve, &signals);
    if (serve_stop(serve) != 0) {
        _exit(EXIT_SUCCESS);
    }
    return EXIT_SUCCESS;
}
