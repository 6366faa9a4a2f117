#include "psu/password.h"

#include "psu/known_browser.h"
#include "psu/slots.h"

#define BUSY_WAIT_S 5 /* when to try again */

bool password_take_try(struct context *context, struct lfi_slice login, struct rate_limit_uses *out)
{
    const struct rate_limit_try wanted = {
        .login = login,
        .browser = known_browser_find(context_actor(context), context->request, login),
        .client = forwarded_client(context->request, &context->psu->proxies),
    };
    struct step_refusal refusal;
    bool taken = rate_limit_take_sign_in(context_actor(context), &wanted, out, &refusal);
    if (!taken) {
        context_refuse_with(context, &refusal);
    }
    return taken;
}

int password_check(struct context *context, const cJSON *body, struct lfi_id *user_id,
                   struct lfi_error *error)
{
    static const struct step_refusal busy = {
        .id = "SIGN-IN-BUSY", .status = 503, .wait_s = BUSY_WAIT_S};
    const struct provider *provider = context->endpoint->provider;
    if (!slots_take(context->psu->sign_ins)) {
        metrics_count(context->psu->metrics, METRICS_SIGN_IN_BUSY);
        context_refuse_with(context, &busy);
        return LFI_STOPPED;
    }
    const struct lfi_call call = actor_core_call(context_actor(context));
    const struct lfi_login login = {.size = sizeof(login),
                                    .login = json_get_string(body, "login"),
                                    .password = json_get_string(body, "password")};
    int status = provider->signin->sign_in(provider->core, &call, &login, user_id, error);
    slots_release(context->psu->sign_ins);
    return status;
}
