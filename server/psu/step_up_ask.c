/*
 * Asking for a step-up: the choice is kept in the state under its digest; session, challenge and
 * confirmation are bound to the digest.
 */
#include "psu/step_up.h"

#include "base/id.h"
#include "psu/approval.h"
#include "psu/browser.h"
#include "psu/claim.h"
#include "psu/finish.h"

/* Absent without a digest: all choices of the customer would have one key. */
static struct lfi_slice choice_key(struct actor actor)
{
    if (!actor.session->decision.ptr) {
        return (struct lfi_slice){0};
    }
    return state_key(actor.arena, "choice", actor.session->user_id, actor.session->decision);
}

struct lfi_slice step_up_digest(struct actor actor, struct lfi_slice choice,
                                const struct payment_terms *payment)
{
    struct lfi_slice bound =
        arena_format(actor.arena, "%.*s:%.*s%s%.*s", SLICE_ARG(actor.session->interaction_id),
                     SLICE_ARG(choice), payment->json.ptr ? ":" : "", SLICE_ARG(payment->json));
    return bound.ptr ? id_digest(actor.arena, bound) : bound;
}

/* Keeps the choice and makes it the session's. False: the answer is given. */
static bool keep_choice(struct context *context, struct lfi_slice choice,
                        const struct payment_terms *payment)
{
    struct lfi_error error = {{0}};
    context->session.decision = step_up_digest(context_actor(context), choice, payment);
    int status =
        claim_settle(context_actor(context), choice_key(context_actor(context)), choice, &error);
    if (status != LFI_OK) {
        finish_state(context, status, "claim_settle", &error);
    }
    return status == LFI_OK;
}

static const char *kind_of(const struct consent *consent, const struct payment_terms *payment)
{
    if (!payment->json.ptr) {
        return consent->kind->policies ? "policies" : "step-up";
    }
    return payment->instructions > 0 ? "file" : payment->single ? "payment" : "payments";
}

void step_up_ask(struct context *context, struct lfi_slice choice, const struct consent *consent,
                 const struct payment_terms *payment, int count)
{
    const struct approval_request request = {.kind = kind_of(consent, payment),
                                             .tpp = consent_beneficiary(consent),
                                             .browser = browser_name(context->request),
                                             .accounts = consent->kind->policies ? 0 : count,
                                             .policies = consent->kind->policies ? count : 0,
                                             .instructions = payment->instructions,
                                             .payee = payment->payee,
                                             .amount = payment->amount,
                                             .currency = payment->currency};
    if (keep_choice(context, choice, payment)) {
        step_ask_approval(context, &request, SESSION_CHOSEN);
    }
}

int step_up_find(struct actor actor, struct lfi_slice *choice, struct lfi_error *error)
{
    return claim_find(actor, choice_key(actor), choice, error);
}
