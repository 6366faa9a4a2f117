/* Who a customer is: the password, and what is asked of users and approvals. */
#include "check.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 4
#define TRIES_MAX 12   /* while the shortest of both differ */
#define ALIKE_US 20000 /* by which the shortest may differ besides half of the longer */

static int ask_sign_in(struct run *run, const char *login, const char *password, struct lfi_id *out)
{
    struct lfi_error error = {""};
    struct lfi_call call = call_of(run, NULL);
    const struct lfi_login asked = {
        .size = sizeof(asked), .login = slice_of(login), .password = slice_of(password)};
    int status = run->provider->signin->sign_in(run->provider->core, &call, &asked, out, &error);
    watch(run, "signin.sign_in", &call, status, &error);
    return status;
}

/* Whether there is a login to try. */
static bool can_sign_in(struct run *run)
{
    if (!PROVIDER_SERVES(run->provider, signin, sign_in)) {
        not_checked(run, "the core offers no sign-in");
    } else if (!run->login) {
        not_checked(run, "it needs --login");
    }
    return run->verdict == VERDICT_KEPT;
}

static void sign_in(struct run *run)
{
    struct lfi_id id = {""};
    struct lfi_error error = {""};
    if (!can_sign_in(run)) {
        return;
    }
    int status = ask_sign_in(run, run->login, run->password, &id);
    if (status != LFI_OK) {
        broken(run, "%s for the login and its password", status_name(status));
        return;
    }
    struct lfi_call call = call_of(run, id.text);
    status =
        run->provider->customers->exists(run->provider->core, &call, slice_of(id.text), &error);
    if (status != LFI_OK) {
        broken(run, "the user of the login is %s to customers.exists", status_name(status));
    }
    status = ask_sign_in(run, run->login, CHECK_ID_UNKNOWN, &id);
    if (status != LFI_DENIED) {
        broken(run, "%s for a wrong password", status_name(status));
    }
    status = ask_sign_in(run, CHECK_ID_UNKNOWN, run->password, &id);
    if (status != LFI_DENIED) {
        broken(run, "%s for an unknown login; it must be as for a wrong password",
               status_name(status));
    }
}

/* The shorter of what is known and of one more try: what else the machine does only adds to it. */
static int64_t shorter_us(struct run *run, const char *login, int64_t known_us)
{
    struct lfi_id id;
    int64_t start = clock_monotonic_us();
    (void)ask_sign_in(run, login, CHECK_ID_UNKNOWN, &id);
    int64_t took = clock_monotonic_us() - start;
    return took < known_us ? took : known_us;
}

static bool differ(int64_t a_us, int64_t b_us)
{
    int64_t longer = a_us > b_us ? a_us : b_us;
    return llabs(a_us - b_us) > longer / 2 + ALIKE_US;
}

static void alike(struct run *run)
{
    int64_t known = INT64_MAX, unknown = INT64_MAX;
    if (!can_sign_in(run)) {
        return;
    }
    for (size_t i = 0; i < TRIES || (i < TRIES_MAX && differ(known, unknown)); i++) {
        known = shorter_us(run, run->login, known);
        unknown = shorter_us(run, CHECK_ID_UNKNOWN, unknown);
    }
    if (differ(known, unknown)) {
        broken(run,
               "a wrong password takes %" PRId64 " us, an unknown login %" PRId64
               ": who has an account can be told by the time",
               known, unknown);
    }
}

static void may_sign_in(struct run *run)
{
    if (!PROVIDER_SERVES(run->provider, signin, may_sign_in)) {
        not_checked(run, "the core does not say who may sign in");
        return;
    }
    for (size_t i = 0; i <= run->user_count; i++) {
        bool known = i < run->user_count;
        struct lfi_error error = {""};
        const char *user = known ? run->users[i] : CHECK_ID_UNKNOWN;
        struct lfi_call call = call_of(run, user);
        int status =
            run->provider->signin->may_sign_in(run->provider->core, &call, slice_of(user), &error);
        watch(run, "signin.may_sign_in", &call, status, &error);
        if (known ? status != LFI_OK && status != LFI_BLOCKED : status != LFI_UNKNOWN) {
            broken(run, "user %s: %s", user, status_name(status));
        }
    }
}

static void approval_unknown(struct run *run)
{
    if (!PROVIDER_SERVES(run->provider, signin, approval_state)) {
        not_checked(run, "the core offers no approvals");
        return;
    }
    for (size_t i = 0; i < run->user_count; i++) {
        struct lfi_error error = {""};
        enum lfi_approval_state state = LFI_APPROVAL_WAITING;
        struct lfi_call call = call_of(run, run->users[i]);
        const struct lfi_approval approval = {.size = sizeof(approval),
                                              .user_id = slice_of(run->users[i]),
                                              .approval_id = SLICE(CHECK_ID_UNKNOWN)};
        int status = run->provider->signin->approval_state(run->provider->core, &call, &approval,
                                                           &state, &error);
        watch(run, "signin.approval_state", &call, status, &error);
        if (status != LFI_UNKNOWN) {
            broken(run, "%s for an approval that nobody asked for", status_name(status));
        }
    }
}

const struct rule RULES_SIGNIN[] = {
    {"sign-in", "A login and its password give a user that exists; others are LFI_DENIED.",
     sign_in},
    {"sign-in-alike", "A wrong password and an unknown login take the same time.", alike},
    {"may-sign-in", "Users may sign in or are barred; others are UNKNOWN.", may_sign_in},
    {"approval-unknown", "An approval that nobody asked for is UNKNOWN.", approval_unknown},
    {NULL, NULL, NULL},
};
