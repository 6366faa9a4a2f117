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

static const struct rule *const RULES[] = {
    RULES_ACCOUNTS, RULES_LISTS,    RULES_SERIES,    RULES_OTHERS,
    RULES_SIGNIN,   RULES_PAYMENTS, RULES_APPROVERS, RULES_PAYMENTS_MADE,
    RULES_REPEATS,  RULES_ASKED,    RULES_FILES,     RULES_FILES_PAID,
    RULES_POLICIES, RULES_QUOTES,   RULES_LEVERS,    RULES_CALLS};
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
    "  --payments IBAN      make payments to this account from a user's: many of some fils and one "
    "of\n"
    "                       half of what is available; the core is closed and opened meanwhile\n"
    "  --file TYPE,MEDIA,PATH\n"
    "                       have the core take a file of payments of this type, sent as this\n"
    "                       media type, and with --payments pay it\n"
    "  --levers             move the levers of a test bank: statuses and credit blocks are set "
    "and\n"
    "                       set back, and at last the bank is reset, which forgets its leads and\n"
    "                       approvals\n"
    "  --settings JSON      the core's settings, as in the server's configuration; {} by default\n"
    "  --base-dir DIR       what relative paths in the settings are relative to; . by default\n"
    "  --provider ID        the provider that the core serves; corecheck by default\n"
    "  --deadline MS        how long a call may take; 2000 by default\n"
    "  --only RULE          check this rule alone; may be given more than once\n"
    "  --rules              list the rules and end\n"
    "  --help, --version\n"
    "\n"
    "Without --levers, --payments and --file it reads, and changes nothing. One line is printed "
    "for each "
    "rule: kept, "
    "BROKEN with the\n"
    "first case, or not checked with the reason. Names that the newest version of the standard\n"
    "does not take are counted at the end: clean them before that version is served.\n"
    "Exit status: 0 no rule is broken, 1 one is, 2 wrong usage, 3 the core cannot be opened.\n";

#define ONLY_MAX 64

struct options {
    const char *core, *settings, *base_dir, *provider;
    uint32_t deadline_ms;
    const char *only[ONLY_MAX];
    size_t only_count; /* 0: all */
};

/* What opens a core, again and again. */
struct session {
    struct provider_config config;
    struct clock clock;
    struct log log;
    struct provider_set *set;
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

static bool is_rule(const char *id)
{
    for (size_t i = 0; i < RULE_LISTS; i++) {
        for (const struct rule *rule = RULES[i]; rule->id; rule++) {
            if (strcmp(rule->id, id) == 0) {
                return true;
            }
        }
    }
    return false;
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

/* The option's text is cut at its first two commas. */
static bool take_file(struct run *run, char *option)
{
    char *media = strchr(option, ',');
    char *path = media ? strchr(media + 1, ',') : NULL;
    if (!path) {
        return false;
    }
    *media = *path = '\0';
    run->file_type = option;
    run->file_media = media + 1;
    run->file_path = path + 1;
    return true;
}

enum option_id {
    CORE,
    USER,
    LOGIN,
    LEVERS,
    PAYMENTS,
    FILE_OF_PAYMENTS,
    ONLY,
    SETTINGS,
    BASE_DIR,
    PROVIDER,
    DEADLINE,
    LIST,
    HELP,
    VERSION
};
static const struct option OPTIONS[] = {{"core", required_argument, NULL, CORE},
                                        {"user", required_argument, NULL, USER},
                                        {"login", required_argument, NULL, LOGIN},
                                        {"levers", no_argument, NULL, LEVERS},
                                        {"payments", required_argument, NULL, PAYMENTS},
                                        {"file", required_argument, NULL, FILE_OF_PAYMENTS},
                                        {"only", required_argument, NULL, ONLY},
                                        {"settings", required_argument, NULL, SETTINGS},
                                        {"base-dir", required_argument, NULL, BASE_DIR},
                                        {"provider", required_argument, NULL, PROVIDER},
                                        {"deadline", required_argument, NULL, DEADLINE},
                                        {"rules", no_argument, NULL, LIST},
                                        {"help", no_argument, NULL, HELP},
                                        {"version", no_argument, NULL, VERSION},
                                        {NULL, 0, NULL, 0}};

/* -1: go on; else the exit status. */
static int read_options(int argc, char **argv, struct options *options, struct run *run)
{
    int option;
    uint64_t number = 0;
    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
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
        case PAYMENTS:
            run->creditor = optarg;
            break;
        case FILE_OF_PAYMENTS:
            if (!take_file(run, optarg)) {
                return usage_error("--file takes TYPE,MEDIA,PATH");
            }
            break;
        case ONLY:
            if (options->only_count == ONLY_MAX || !is_rule(optarg)) {
                return usage_error("--only takes a rule that --rules lists");
            }
            options->only[options->only_count++] = optarg;
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

static bool is_wanted(const struct options *options, const struct rule *rule)
{
    bool wanted = options->only_count == 0;
    for (size_t i = 0; i < options->only_count; i++) {
        wanted = wanted || strcmp(options->only[i], rule->id) == 0;
    }
    return wanted;
}

static int check_all(struct run *run, const struct options *options)
{
    size_t counts[3] = {0};
    for (size_t u = 0; u < run->user_count; u++) {
        (void)ask_held(run, run->users[u], NULL, 0, &run->held[u]);
    }
    for (size_t i = 0; i < RULE_LISTS; i++) {
        for (const struct rule *rule = RULES[i]; rule->id; rule++) {
            if (is_wanted(options, rule)) {
                check_rule(run, rule, counts);
            }
        }
    }
    if (run->watched.misfits > 0) {
        printf("names: %u do not fit the newest version of the standard; the first: %s\n",
               run->watched.misfits, run->watched.misfit);
    }
    printf("core %s: %zu rules kept, %zu broken, %zu not checked\n", run->provider->ops->name,
           counts[VERDICT_KEPT], counts[VERDICT_BROKEN], counts[VERDICT_NOT_CHECKED]);
    for (size_t u = 0; u < run->user_count; u++) {
        records_free(&run->held[u]);
    }
    return counts[VERDICT_BROKEN] == 0 ? 0 : 1;
}

/* Opens the core: 0, or -1 with the reason. */
static int open_core(struct run *run, struct lfi_error *error)
{
    size_t failed = 0;
    struct session *session = run->session;
    if (provider_set_open(&session->set, &session->config, 1, &session->clock, &session->log,
                          &failed, error) != 0) {
        return -1;
    }
    run->provider = provider_at(session->set, 0);
    return 0;
}

static void reopen_core(struct run *run)
{
    struct lfi_error error = {""};
    struct session *session = run->session;
    provider_set_close(session->set);
    session->set = NULL;
    if (open_core(run, &error) != 0) {
        printf("BROKEN: the core cannot be opened again: %s\n", error.message);
        (void)fflush(stdout);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    static struct run run;
    static struct session session;
    struct options options = {
        .settings = "{}", .base_dir = ".", .provider = "corecheck", .deadline_ms = 2000};
    int rc = read_options(argc, argv, &options, &run);
    if (rc >= 0) {
        return rc;
    }
    struct lfi_error error = {""};
    struct apis *apis = NULL;
    session.log = (struct log){.fd = STDERR_FILENO, .level = LOG_WARN, .clock = &session.clock};
    session.config = (struct provider_config){.id = options.provider,
                                              .audience = options.provider,
                                              .library = options.core,
                                              .settings = options.settings,
                                              .base_dir = options.base_dir,
                                              .threads = 16};
    run.session = &session;
    run.reopen = reopen_core;
    run.clock = &session.clock;
    if (connect_apis_new(&apis, NULL, &error) != 0 || open_core(&run, &error) != 0) {
        (void)fprintf(stderr, "core-check: %s\n", error.message);
        rc = 3;
    } else {
        run.apis = apis;
        run.deadline_ms = options.deadline_ms;
        rc = check_all(&run, &options);
    }
    provider_set_close(session.set);
    apis_free(apis);
    return rc;
}
