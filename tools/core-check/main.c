/* core-check: options, the run through all rules, and the report. */
#include "base/array.h"
#include "check.h"

#include "base/clock.h"
#include "base/log.h"
#include "connect/families.h"

#include "lfi_version.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct rule *const RULES[] = {RULES_ACCOUNTS, RULES_LISTS,  RULES_SERIES, RULES_OTHERS,
                                           RULES_SIGNIN,   RULES_LEVERS, RULES_CALLS};
#define RULE_LISTS ARRAY_LEN(RULES)

static const char USAGE[] =
    "Usage: core-check --core FILE --user ID [--user ID]... [OPTION]...\n"
    "Checks a bank's core against what the headers of its families promise (lfi/core.h).\n"
    "\n"
    "  --core FILE          the core's shared object\n"
    "  --user ID            an identifier of a user that the core has issued; give at least two\n"
    "                       whose accounts differ, up to 64\n"
    "  --login NAME:PASSWORD\n"
    "                       of one of the users, for the rules of sign-in\n"
    "  --levers             move the levers of a test bank: statuses and credit blocks are set "
    "and\n"
    "                       set back, and at last the bank is reset, which forgets its leads and\n"
    "                       approvals\n"
    "  --settings JSON      the core's settings, as in the server's configuration; {} by default\n"
    "  --base-dir DIR       what relative paths in the settings are relative to; . by default\n"
    "  --provider ID        the provider that the core serves; corecheck by default\n"
    "  --deadline MS        how long a call may take; 2000 by default\n"
    "  --rules              list the rules and end\n"
    "  --help, --version\n"
    "\n"
    "Without --levers it reads, and changes nothing. One line is printed for each rule: kept, "
    "BROKEN with the\n"
    "first case, or not checked with the reason.\n"
    "Exit status: 0 no rule is broken, 1 one is, 2 wrong usage, 3 the core cannot be opened.\n";

struct options {
    const char *core, *settings, *base_dir, *provider;
    uint32_t deadline_ms;
};

static int usage_error(const char *what)
{
    (void)fprintf(stderr, "core-check: %s\n%s", what, USAGE);
    return 2;
}

static int list_rules(void)
{
    for (size_t i = 0; i < RULE_LISTS; i++) {
        for (const struct rule *rule = RULES[i]; rule->id; rule++) {
            printf("%-20s %s\n", rule->id, rule->promise);
        }
    }
    return 0;
}

/* The option's text is cut at its first colon. */
static bool take_login(struct run *run, char *option)
{
    char *colon = strchr(option, ':');
    if (!colon) {
        return false;
    }
    *colon = '\0';
    run->login = option;
    run->password = colon + 1;
    return true;
}

/* -1: go on; else the exit status. */
static int read_options(int argc, char **argv, struct options *options, struct run *run)
{
    enum { CORE, USER, LOGIN, LEVERS, SETTINGS, BASE_DIR, PROVIDER, DEADLINE, LIST, HELP, VERSION };
    static const struct option known[] = {{"core", required_argument, NULL, CORE},
                                          {"user", required_argument, NULL, USER},
                                          {"login", required_argument, NULL, LOGIN},
                                          {"levers", no_argument, NULL, LEVERS},
                                          {"settings", required_argument, NULL, SETTINGS},
                                          {"base-dir", required_argument, NULL, BASE_DIR},
                                          {"provider", required_argument, NULL, PROVIDER},
                                          {"deadline", required_argument, NULL, DEADLINE},
                                          {"rules", no_argument, NULL, LIST},
                                          {"help", no_argument, NULL, HELP},
                                          {"version", no_argument, NULL, VERSION},
                                          {NULL, 0, NULL, 0}};
    int option;
    uint64_t number = 0;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case CORE:
            options->core = optarg;
            break;
        case USER:
            if (run->user_count == CHECK_USERS_MAX) {
                return usage_error("too many users");
            }
            run->users[run->user_count++] = optarg;
            break;
        case LOGIN:
            if (!take_login(run, optarg)) {
                return usage_error("--login takes NAME:PASSWORD");
            }
            break;
        case LEVERS:
            run->levers = true;
            break;
        case SETTINGS:
            options->settings = optarg;
            break;
        case BASE_DIR:
            options->base_dir = optarg;
            break;
        case PROVIDER:
            options->provider = optarg;
            break;
        case DEADLINE:
            if (!slice_to_u64(slice_of(optarg), &number) || number < 1 || number > 60000) {
                return usage_error("--deadline takes milliseconds from 1 to 60000");
            }
            options->deadline_ms = (uint32_t)number;
            break;
        case LIST:
            return list_rules();
        case HELP:
            (void)fputs(USAGE, stdout);
            return 0;
        case VERSION:
            printf("core-check %s\n", LFI_VERSION);
            return 0;
        default:
            (void)fputs(USAGE, stderr);
            return 2;
        }
    }
    if (optind < argc) {
        return usage_error("unknown argument");
    }
    return options->core && run->user_count > 0 ? -1 : usage_error("--core and --user are needed");
}

/* The id comes before the check: of a core that ends the process it is the last word. */
static void check_rule(struct run *run, const struct rule *rule, size_t counts[3])
{
    static const char *const words[] = {"kept", "BROKEN", "not checked"};
    run->verdict = VERDICT_KEPT;
    run->why[0] = '\0';
    printf("%-20s ", rule->id);
    (void)fflush(stdout);
    rule->check(run);
    counts[run->verdict]++;
    printf("%s%s%s\n", words[run->verdict], run->why[0] ? ": " : "", run->why);
}

static int check_all(struct run *run)
{
    size_t counts[3] = {0};
    for (size_t u = 0; u < run->user_count; u++) {
        (void)ask_held(run, run->users[u], NULL, 0, &run->held[u]);
    }
    for (size_t i = 0; i < RULE_LISTS; i++) {
        for (const struct rule *rule = RULES[i]; rule->id; rule++) {
            check_rule(run, rule, counts);
        }
    }
    printf("core %s: %zu rules kept, %zu broken, %zu not checked\n", run->provider->ops->name,
           counts[VERDICT_KEPT], counts[VERDICT_BROKEN], counts[VERDICT_NOT_CHECKED]);
    for (size_t u = 0; u < run->user_count; u++) {
        records_free(&run->held[u]);
    }
    return counts[VERDICT_BROKEN] == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    static struct run run;
    struct options options = {
        .settings = "{}", .base_dir = ".", .provider = "corecheck", .deadline_ms = 2000};
    int rc = read_options(argc, argv, &options, &run);
    if (rc >= 0) {
        return rc;
    }
    struct lfi_error error = {""};
    struct clock clock = {0};
    struct log log = {.fd = STDERR_FILENO, .level = LOG_WARN, .clock = &clock};
    struct provider_set *set = NULL;
    size_t failed = 0;
    const struct provider_config config = {.id = options.provider,
                                           .audience = options.provider,
                                           .library = options.core,
                                           .settings = options.settings,
                                           .base_dir = options.base_dir,
                                           .threads = 16};
    struct apis *apis = NULL;
    if (connect_apis_new(&apis, NULL, &error) != 0 ||
        provider_set_open(&set, &config, 1, &clock, &log, &failed, &error) != 0) {
        (void)fprintf(stderr, "core-check: %s\n", error.message);
        rc = 3;
    } else {
        run.apis = apis;
        run.provider = provider_at(set, 0);
        run.deadline_ms = options.deadline_ms;
        rc = check_all(&run);
    }
    provider_set_close(set);
    apis_free(apis);
    return rc;
}
