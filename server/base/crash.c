#include "base/crash.h"
#include "base/array.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024
#define MAPS_BYTES 4096
#define STACK_BYTES ((size_t)64 * 1024) /* untouched until a crash */

static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
#define FATAL_COUNT ARRAY_LEN(fatal)

/* A handler gets no context but what is global. Written once, before threads begin. */
static _Atomic(const struct log *) crash_log;
static struct sigaction before[FATAL_COUNT];
static _Thread_local const char *noted_provider, *noted_operation;
static _Thread_local void *own_stack;
static _Thread_local stack_t stack_before;

bool crash_forbid_core(void)
{
    const struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

/* Only what POSIX calls async-signal-safe is used from here on. */
struct text {
    char bytes[LINE_MAX_BYTES];
    size_t len;
};

static void put(struct text *text, const char *more)
{
    for (; *more != '\0' && text->len < sizeof(text->bytes) - 4; more++) {
        /* names of files and of operations: nothing that needs an escape may get through */
        text->bytes[text->len++] = *more;
    }
}

static void put_number(struct text *text, uint64_t number, int digits)
{
    char reversed[24];
    int count = 0;

    do {
        reversed[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0 || count < digits);
    while (count > 0) {
        const char one[2] = {reversed[--count], '\0'};
        put(text, one);
    }
}

static void put_member(struct text *text, const char *name, const char *value)
{
    if (value && value[0] != '\0') {
        put(text, ",\"");
        put(text, name);
        put(text, "\":\"");
        put(text, value);
        put(text, "\"");
    }
}

/* Days since the epoch to a date (Howard Hinnant's civil_from_days). */
static void put_time(struct text *text)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seconds = (uint64_t)now.tv_sec;
    uint64_t days = seconds / 86400 + 719468;
    uint64_t era = days / 146097;
    uint64_t of_era = days - era * 146097;
    uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint64_t shifted = (5 * of_year + 2) / 153;
    uint64_t month = shifted < 10 ? shifted + 3 : shifted - 9;

    put_number(text, year + era * 400 + (month <= 2), 4);
    put(text, "-");
    put_number(text, month, 2);
    put(text, "-");
    put_number(text, of_year - (153 * shifted + 2) / 5 + 1, 2);
    put(text, "T");
    put_number(text, seconds / 3600 % 24, 2);
    put(text, ":");
    put_number(text, seconds / 60 % 60, 2);
    put(text, ":");
    put_number(text, seconds % 60, 2);
    put(text, ".");
    put_number(text, (uint64_t)now.tv_nsec / 1000000, 3);
    put(text, "Z");
}

static uintptr_t read_hex(const char **at)
{
    uintptr_t number = 0;

    for (;; (*at)++) {
        char c = **at;
        if (c >= '0' && c <= '9') {
            number = number * 16 + (uintptr_t)(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            number = number * 16 + (uintptr_t)(c - 'a' + 10);
        } else {
            return number;
        }
    }
}

/* "from-to rights offset device inode   /path" */
static const char *file_of_line(const char *line, uintptr_t address)
{
    const char *at = line;
    uintptr_t from = read_hex(&at);
    uintptr_t to = *at == '-' ? (at++, read_hex(&at)) : 0;

    return address >= from && address < to ? strchr(line, '/') : NULL;
}

/* The file mapped at an address, in `line`, or NULL. */
static const char *file_at(uintptr_t address, char line[MAPS_BYTES])
{
    const char *found = NULL;
    char c;
    size_t len = 0;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

    while (fd >= 0 && !found && read(fd, &c, 1) == 1) {
        if (c != '\n' && len < MAPS_BYTES - 1) {
            line[len++] = c;
            continue;
        }
        line[len] = '\0';
        len = 0;
        found = file_of_line(line, address);
    }
    if (fd >= 0) {
        close(fd);
    }
    return found && !strpbrk(found, "\"\\") ? found : NULL;
}

static const char *name_of(int number)
{
    switch (number) {
    case SIGSEGV:
        return "SIGSEGV";
    case SIGBUS:
        return "SIGBUS";
    case SIGABRT:
        return "SIGABRT";
    case SIGFPE:
        return "SIGFPE";
    default:
        return "SIGILL";
    }
}

static void write_last_line(const struct log *log, int number, const siginfo_t *info)
{
    char maps[MAPS_BYTES];
    struct text text = {.len = 0};

    log_flush_in_crash(log);
    put(&text, "{\"ts\":\"");
    put_time(&text);
    put(&text, "\",\"level\":\"error\",\"event\":\"crashed\"");
    put_member(&text, "signal", name_of(number));
    put_member(&text, "provider", noted_provider);
    put_member(&text, "operation", noted_operation);
    if (number == SIGBUS && info->si_code > 0) {
        put_member(&text, "file", file_at((uintptr_t)info->si_addr, maps));
    }
    text.bytes[text.len++] = '}';
    text.bytes[text.len++] = '\n';
    if (write(log->fd, text.bytes, text.len) < 0) {
        return; /* there is nowhere left to write to */
    }
}

static void on_fatal(int number, siginfo_t *info, void *context)
{
    const struct log *log = atomic_exchange(&crash_log, NULL); /* one thread speaks */

    (void)context;
    if (log) {
        write_last_line(log, number, info);
    }
    for (size_t i = 0; i < FATAL_COUNT; i++) {
        if (fatal[i] == number) {
            (void)sigaction(number, &before[i], NULL);
        }
    }
    if (info->si_code <= 0 || number == SIGABRT) {
        (void)raise(number); /* was sent: it does not come again by itself */
    }
}

void crash_prepare(const struct log *log)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
    bool first = !atomic_exchange(&crash_log, log);

    if (first && log) {
        crash_thread_begin();
    } else if (!log) {
        crash_thread_end();
    }
    sigemptyset(&action.sa_mask);
    action.sa_sigaction = on_fatal;
    for (size_t i = 0; first && log && i < FATAL_COUNT; i++) {
        (void)sigaction(fatal[i], &action, &before[i]);
    }
}

void crash_thread_begin(void)
{
    stack_t stack = {.ss_size = STACK_BYTES};

    stack.ss_sp =
        mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack.ss_sp == MAP_FAILED) {
        return;
    }
    if (sigaltstack(&stack, &stack_before) != 0) {
        (void)munmap(stack.ss_sp, STACK_BYTES);
        return;
    }
    own_stack = stack.ss_sp;
}

void crash_thread_end(void)
{
    if (own_stack) {
        (void)sigaltstack(&stack_before, NULL);
        (void)munmap(own_stack, STACK_BYTES);
        own_stack = NULL;
    }
}

void crash_note(const char *provider, const char *operation)
{
    noted_provider = provider;
    noted_operation = operation;
}
