/*
 * The products of an account. FinanceRates leaves only under a consent that permits it, and for
 * products that the bank protects only encrypted with a one-time code, which goes to the customer
 * and never through the TPP. (Data sharing 8.)
 */
#include "connect/call_consent.h"
#include "connect/operation.h"

#include "contract_data_sharing.h"
#include "rows_data_sharing.h"

#include "base/json.h"

#include <inttypes.h>
#include <openssl/crypto.h>

#define CODE_LIFE_S 1800
#define NAME_BYTES 140 /* of a product or TPP in a message: with both languages it then fits */
static const struct state_allowance CODE_ALLOWANCE = {.gap_s = 60, .times = 12, .window_s = 86400};

/* Copies, because the code must not be made while the core is handing out records. */
struct product {
    struct lfi_slice json;
    struct lfi_slice finance_rates, name;
    bool encrypt;
};

struct products {
    struct arena *arena;
    struct product items[LFI_ACCOUNT_PRODUCTS_MAX];
    size_t count;
    const char *fault; /* of what the core gave; NULL: none */
};

static int collect(void *ctx, struct lfi_slice json, const void *facts)
{
    struct products *all = ctx;
    const struct lfi_account_product_facts *said = facts;
    const struct product copy = {.json = arena_keep(all->arena, json),
                                 .finance_rates = arena_keep(all->arena, said->finance_rates),
                                 .name = arena_keep(all->arena, said->name),
                                 .encrypt = said->encrypt};
    if (!list_is_object(json) || json.len == 2) {
        all->fault = "a product is not a JSON object with members";
    } else if (all->count == LFI_ACCOUNT_PRODUCTS_MAX) {
        all->fault = "an account has more products than the core's header allows";
    } else if (!copy.json.ptr || (said->finance_rates.ptr && !copy.finance_rates.ptr)) {
        all->fault = "the products of an account do not fit into the request's memory";
    } else {
        all->items[all->count++] = copy;
        return 0;
    }
    return -1;
}

/* --- the one-time code ------------------------------------------------------------------------ */

/* Headers beside the refusal's own: when to try again, and the interaction. */
static int refuse_wait(struct call *call, uint32_t wait_s)
{
    struct lfi_slice interaction =
        contract_parameter(&call->parameters, DATA_SHARING_O3_CALLER_INTERACTION_ID);
    if (!interaction.ptr) {
        interaction = call->core.interaction_id;
    }
    reply_header(call->reply, "Retry-After", arena_format(call->arena, "%" PRIu32, wait_s));
    reply_header(call->reply, "x-fapi-interaction-id", interaction);
    return refusal_set(call->refusal, "RATES-LIMIT", 429, "GenericError",
                       "Too many one-time codes were asked for. Nothing was sent.");
}

/* What the customer reads, in both languages: no rate, no link. */
static struct lfi_slice message_text(struct call *call, const struct jwe_code *code,
                                     struct lfi_slice product)
{
    struct buf text;
    struct json_writer w;
    const char *bank = call->connect->config.bank_name;
    struct lfi_slice tpp = slice_cut(call_consent_beneficiary(call), NAME_BYTES);
    struct lfi_slice tpp_arabic = tpp.ptr ? tpp : SLICE("التطبيق المتصل");
    if (!tpp.ptr) {
        tpp = SLICE("the connected app");
    }
    product = slice_cut(product, NAME_BYTES);
    struct lfi_slice english = arena_format(
        call->arena,
        "%s: %s is your code to show the rates of %.*s to %.*s. Valid for 30 minutes. If this was "
        "not you, ignore it. Never share it with anyone who calls or writes to you.",
        bank, code->digits, SLICE_ARG(product), SLICE_ARG(tpp));
    struct lfi_slice arabic = arena_format(
        call->arena,
        "%s: %s هو رمزك لعرض أسعار %.*s لدى %.*s. صالح لمدة 30 دقيقة. إذا لم تطلبه فتجاهله. "
        "لا تشاركه مع أي شخص يتصل بك أو يراسلك.",
        bank, code->digits, SLICE_ARG(product), SLICE_ARG(tpp_arabic));
    buf_init(&text, LFI_MESSAGE_BYTES_MAX);
    json_begin(&w, &text);
    json_open_object(&w, NULL);
    json_string(&w, "en", english);
    json_string(&w, "ar", arabic);
    json_close_object(&w);
    struct lfi_slice copy =
        text.failed ? (struct lfi_slice){0} : arena_keep(call->arena, buf_slice(&text));
    OPENSSL_cleanse(text.ptr, text.len);
    buf_free(&text);
    return copy;
}

/* Takes one use of (consent, account), draws a code and sends it. -1: refused. */
static int send_code(struct call *call, struct lfi_slice product, struct jwe_code *code)
{
    uint32_t wait_s = 0;
    struct lfi_error error = {""};
    const struct provider *provider = call->provider;
    struct lfi_slice consent_id = contract_parameter(&call->parameters, DATA_SHARING_O3_CONSENT_ID);
    struct lfi_slice about =
        arena_format(call->arena, "%.*s:%.*s", SLICE_ARG(consent_id), SLICE_ARG(call->account_id));
    const struct state_ref ref = {
        .state = call->connect->config.state,
        .provider_id = provider->id,
        .key = state_key(call->arena, "rates", call->core.user_id, about),
    };
    int rc = state_limit_take(&ref, &CODE_ALLOWANCE, &wait_s, &error);
    if (outcome_check(call, OUTCOME_STATE, rc, &error) != 0) {
        return -1;
    }
    if (wait_s > 0) {
        return refuse_wait(call, wait_s);
    }
    if (jwe_code_pool_take(call->connect->codes, code, &error) != 0) {
        rc = LFI_FAILED;
    }
    if (rc == LFI_OK) {
        arena_hold_secret(call->arena); /* the code stands in the message */
        struct lfi_slice text = message_text(call, code, product);
        rc = text.ptr ? provider->signin->message_send(provider->core, &call->core,
                                                       call->core.user_id, text, &error)
                      : error_set(&error, "the message does not fit");
    }
    if (outcome_check(call, OUTCOME_BANK, rc, &error) != 0) {
        return -1;
    }
    LOG_EVENT(call->connect->log, LOG_INFO, "rates-code-sent",
              LOG_TEXT("provider", slice_of(provider->id)), LOG_TEXT("consent", consent_id),
              LOG_TEXT("account", call->account_id));
    return 0;
}

/* {"FinanceRates":…,"iat":…,"exp":…} as a compact JWE, a JSON string in the arena. */
static struct lfi_slice encrypted_rates(struct call *call, const struct jwe_code *code,
                                        struct lfi_slice rates)
{
    struct buf clear;
    struct buf jwe;
    struct json_writer w;
    struct lfi_error error = {""};
    int64_t now = clock_now_s(call->connect->clock);
    struct lfi_slice quoted = {NULL, 0};
    buf_init(&clear, rates.len + 256);
    buf_init(&jwe, 4 * rates.len + 4096);
    json_begin(&w, &clear);
    json_open_object(&w, NULL);
    json_raw(&w, "FinanceRates", rates);
    json_int(&w, "iat", now);
    json_int(&w, "exp", now + CODE_LIFE_S);
    json_close_object(&w);
    buf_append_text(&jwe, "\"");
    if (!clear.failed && jwe_encrypt(code, "OneTimeCode", buf_slice(&clear), &jwe, &error) == 0) {
        buf_append_text(&jwe, "\"");
        quoted = jwe.failed ? quoted : arena_keep(call->arena, buf_slice(&jwe));
    }
    if (!quoted.ptr) {
        (void)outcome_fail(call, error.message[0] ? error.message : "the rates do not fit");
    }
    buf_free(&jwe);
    buf_free(&clear);
    return quoted;
}

/* Encrypts what must be of the page, with one code for the whole call. -1: refused. */
static int protect(struct call *call, struct products *all)
{
    const struct page *page = &call->page;
    uint64_t first = list_offset(page);
    struct jwe_code code = {0};
    int outcome = 0;
    bool have_code = false;
    for (uint64_t i = first; i < all->count && i - first < page->size && outcome == 0; i++) {
        struct product *product = &all->items[i];
        if (!product->finance_rates.ptr || !product->encrypt) {
            continue;
        }
        if (!have_code) {
            outcome = send_code(call, product->name, &code);
            have_code = true;
        }
        if (outcome == 0) {
            product->finance_rates = encrypted_rates(call, &code, product->finance_rates);
            outcome = product->finance_rates.ptr ? 0 : -1;
        }
    }
    jwe_code_wipe(&code);
    return outcome;
}

/* --- the operation ---------------------------------------------------------------------------- */

/* The record with its rates put back before the closing brace. */
static struct lfi_slice with_rates(struct arena *arena, const struct product *product)
{
    struct lfi_slice json = product->json;
    return arena_format(arena, "%.*s,\"FinanceRates\":%.*s}", (int)json.len - 1, json.ptr,
                        SLICE_ARG(product->finance_rates));
}

static int append_products(struct call *call, const struct products *all, bool permitted)
{
    list_append_head(call);
    list_begin(&call->list, call, list_offset(&call->page), call->page.size);
    for (size_t i = 0; i < all->count; i++) {
        const struct product *product = &all->items[i];
        struct lfi_slice json = permitted && product->finance_rates.ptr
                                    ? with_rates(call->arena, product)
                                    : product->json;
        if (!json.ptr || list_add(&call->list, json) != 0) {
            return outcome_fail(call, "the products do not fit into the reply");
        }
    }
    call->total = call->list.seen;
    return list_end(call, false);
}

int connect_account_products(struct call *call)
{
    struct products all = {.arena = call->arena};
    struct lfi_error error = {{0}};
    const struct provider *provider = call->provider;
    if (!PROVIDER_SERVES(provider, signin, message_send)) {
        return outcome_not_offered(call);
    }
    if (list_page(call) != 0 || access_by_path(call) != 0) {
        return -1;
    }
    const struct lfi_query query = {.size = sizeof(query), .subject_id = call->account_id};
    struct core_answer answer = core_answer(collect, &all);
    int rc =
        provider->accounts->products(provider->core, &call->core, &query, &answer.base, &error);
    call->record_fault = all.fault;
    if (outcome_check(call, OUTCOME_ACCOUNT, rc, &error) != 0) {
        return -1;
    }
    bool permitted = call_consent_permits_rates(call);
    if (permitted && protect(call, &all) != 0) {
        return -1;
    }
    return append_products(call, &all, permitted);
}
