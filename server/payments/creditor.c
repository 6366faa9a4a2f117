#include "payments/creditor.h"

#include "base/error.h"

#define IBAN_LEN 23 /* of the UAE */
#define IBAN_SHORTEST 15
#define IBAN_LONGEST 34 /* ISO 13616; an account number is no longer either */
#define BIC_SHORT 8
#define BIC_LONG 11

/* --- reading ---------------------------------------------------------------------------------- */

bool creditor_read(const cJSON *entry, struct creditor *out)
{
    const cJSON *account = json_get(entry, "CreditorAccount");
    const cJSON *agent = json_get(entry, "CreditorAgent");
    *out = (struct creditor){
        .scheme = json_get_string(account, "SchemeName"),
        .iban = json_get_string(account, "Identification"),
        .name_en = json_get_string(json_get(account, "Name"), "en"),
        .name_ar = json_get_string(json_get(account, "Name"), "ar"),
        .agent_scheme = json_get_string(agent, "SchemeName"),
        .agent_id = json_get_string(agent, "Identification"),
    };
    return entry;
}

const cJSON *creditor_of_payment(const cJSON *pii)
{
    const cJSON *initiation = json_get(pii, "Initiation");
    const cJSON *nested = json_get(initiation, "Creditor");
    if (cJSON_IsArray(nested)) {
        return cJSON_GetArraySize(nested) == 1 ? nested->child : NULL;
    }
    return json_get(initiation, "CreditorAccount") ? initiation
           : json_get(nested, "CreditorAccount")   ? nested
                                                   : NULL;
}

static bool same(struct lfi_slice a, struct lfi_slice b)
{
    return !a.ptr || !b.ptr ? !a.ptr && !b.ptr : slice_equal(a, b);
}

bool creditor_equal(const struct creditor *a, const struct creditor *b)
{
    return same(a->scheme, b->scheme) && same(a->iban, b->iban) && same(a->name_en, b->name_en) &&
           same(a->name_ar, b->name_ar) && same(a->agent_scheme, b->agent_scheme) &&
           same(a->agent_id, b->agent_id);
}

/* --- rules ------------------------------------------------------------------------------------ */

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Modulo 97 of the digits, A to Z as 10 to 35; the country and check digits count last. */
static bool has_right_rest(struct lfi_slice iban)
{
    unsigned rest = 0;
    for (size_t i = 0; i < iban.len; i++) {
        char c = iban.ptr[(i + 4) % iban.len];
        rest = c >= 'A' ? rest * 100 + (unsigned)(c - 'A' + 10) : rest * 10 + (unsigned)(c - '0');
        rest %= 97;
    }
    return rest == 1;
}

static bool has_right_digits(struct lfi_slice iban)
{
    if (iban.len != IBAN_LEN || iban.ptr[0] != 'A' || iban.ptr[1] != 'E') {
        return false;
    }
    for (size_t i = 2; i < IBAN_LEN; i++) {
        if (!is_digit(iban.ptr[i])) {
            return false;
        }
    }
    return has_right_rest(iban);
}

/* Of any country: two letters, two digits, letters and digits. (ISO 13616.) */
static bool is_iban_of_any_country(struct lfi_slice iban)
{
    if (iban.len < IBAN_SHORTEST || iban.len > IBAN_LONGEST || !is_capital(iban.ptr[0]) ||
        !is_capital(iban.ptr[1]) || !is_digit(iban.ptr[2]) || !is_digit(iban.ptr[3])) {
        return false;
    }
    for (size_t i = 4; i < iban.len; i++) {
        if (!is_capital(iban.ptr[i]) && !is_digit(iban.ptr[i])) {
            return false;
        }
    }
    return has_right_rest(iban);
}

bool creditor_iban_is_valid(struct lfi_slice iban, const struct payment_rules *rules)
{
    return has_right_digits(iban) || (rules->test_ibans && offers_list(rules->test_ibans, iban));
}

/* ISO 9362: letters of bank and country, then letters and digits. */
static bool is_bic(struct lfi_slice text)
{
    if (text.len != BIC_SHORT && text.len != BIC_LONG) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        bool digit = is_digit(text.ptr[i]);
        if (!is_capital(text.ptr[i]) && (!digit || (i >= 4 && i < 6))) {
            return false;
        }
    }
    return true;
}

/* The longer form of one of them says more than the shorter, and contradicts nothing. */
static bool bics_agree(struct lfi_slice given, struct lfi_slice derived)
{
    if (derived.len < BIC_SHORT || memcmp(given.ptr, derived.ptr, BIC_SHORT) != 0) {
        return derived.len == 0; /* the bank's is not known */
    }
    return given.len != derived.len || slice_equal(given, derived);
}

static enum creditor_verdict refuse(struct lfi_error *why, enum creditor_verdict verdict,
                                    const char *text)
{
    (void)error_set(why, "%s", text);
    return verdict;
}

static enum creditor_verdict judge_party(const struct creditor *creditor, struct lfi_error *why)
{
    if (creditor->name_en.len == 0 && creditor->name_ar.len == 0) {
        return refuse(why, CREDITOR_INVALID, "the creditor must have a name, en or ar");
    }
    if (slice_equal_text(creditor->agent_scheme, "BICFI") && !is_bic(creditor->agent_id)) {
        return refuse(why, CREDITOR_INVALID, "the creditor's agent must be a BIC of 8 or 11");
    }
    return CREDITOR_FINE;
}

static enum creditor_verdict judge_form(const struct creditor *creditor,
                                        const struct payment_rules *rules, struct lfi_error *why)
{
    if (!slice_equal_text(creditor->scheme, "IBAN")) {
        return refuse(why, CREDITOR_INVALID, "SchemeName of the creditor's account must be IBAN");
    }
    if (!creditor_iban_is_valid(creditor->iban, rules)) {
        return refuse(why, CREDITOR_INVALID, "the creditor's account must be an IBAN of the UAE");
    }
    return judge_party(creditor, why);
}

bool creditor_is_sound_abroad(const struct creditor *creditor, struct lfi_error *why)
{
    if (slice_equal_text(creditor->scheme, "IBAN") && !is_iban_of_any_country(creditor->iban)) {
        (void)error_set(why, "the creditor's account is not an IBAN");
        return false;
    }
    if (creditor->iban.len > IBAN_LONGEST) {
        (void)error_set(why, "the creditor's account number has more than 34 characters");
        return false;
    }
    return judge_party(creditor, why) == CREDITOR_FINE;
}

enum creditor_verdict creditor_judge(const struct creditor *creditor,
                                     const struct provider *provider, const struct lfi_call *call,
                                     struct lfi_error *why)
{
    struct lfi_reach reach = {.size = sizeof(reach)};
    enum creditor_verdict verdict = judge_form(creditor, &provider->payment_rules, why);
    if (verdict != CREDITOR_FINE) {
        return verdict;
    }
    if (provider->payments->reach(provider->core, call, creditor->iban, &reach, why) != LFI_OK) {
        return CREDITOR_UNKNOWN;
    }
    if (slice_equal_text(creditor->agent_scheme, "BICFI") &&
        !bics_agree(creditor->agent_id, slice_of(reach.bic))) {
        return refuse(why, CREDITOR_INVALID, "the creditor's agent is not the bank of the IBAN");
    }
    if (!reach.own && !reach.aani && !reach.uaefts) {
        return refuse(why, CREDITOR_UNREACHABLE, "the creditor's bank cannot be reached");
    }
    if (reach.can_receive == LFI_NO) {
        return refuse(why, CREDITOR_UNREACHABLE, "the creditor's account takes no payments");
    }
    return CREDITOR_FINE;
}
