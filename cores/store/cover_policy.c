/*
 * Policies made of quotes, as customers share them. A quote keeps what will be shared from the
 * start; the policy is there when it has been issued, for the customer whose Emirates ID the TPP
 * named. One whose holder the bank does not know is nobody's to share.
 */
#include "store/cover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EMIRATES_DIGITS 15
#define CHILD_AGE 18
#define SENIOR_AGE 65

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(member(object, name));
    return text ? text : "";
}

static bool add_text(cJSON *object, const char *name, const char *value)
{
    return cJSON_AddStringToObject(object, name, value);
}

static bool add_copy(cJSON *object, const char *name, const cJSON *value)
{
    cJSON *copy = cJSON_Duplicate(value, true);
    if (copy && cJSON_AddItemToObject(object, name, copy)) {
        return true;
    }
    cJSON_Delete(copy);
    return false;
}

/* Copies those of the members that are there and not in `to` yet. False: out of memory. */
static bool copy_members(cJSON *to, const cJSON *from, const char *const *names)
{
    bool whole = true;
    for (size_t i = 0; names[i] && whole; i++) {
        const cJSON *value = member(from, names[i]);
        whole = !value || member(to, names[i]) || add_copy(to, names[i], value);
    }
    return whole;
}

/* What a form demands and the request may lack. */
static bool add_usual(cJSON *object, const char *name, const char *json)
{
    return member(object, name) || cJSON_AddRawToObject(object, name, json);
}

static bool has_all(const cJSON *object, const char *const *names)
{
    size_t i = 0;
    while (names[i] && member(object, names[i])) {
        i++;
    }
    return !names[i];
}

/* --- the holder ------------------------------------------------------------------------------- */

static const char *const person[] = {"Salutation",      "FirstName",
                                     "MiddleName",      "LastName",
                                     "Gender",          "DateOfBirth",
                                     "Nationality",     "MaritalStatus",
                                     "MobileNumber",    "LandlineNumber",
                                     "PrimaryLanguage", "EmailAddress",
                                     "Address",         NULL};

/* The person who is insured and is the holder, or else the holder that the request names. */
static const cJSON *find_holder(const cJSON *data)
{
    const cJSON *party, *holder = member(data, "PolicyHolder");
    cJSON_ArrayForEach(party, member(data, "InsuredParties"))
    {
        if (!holder && strcmp(text_of(party, "RelationshipToPolicyholder"), "Self") == 0) {
            holder = party;
        }
    }
    return holder ? holder : member(data, "MainDriver");
}

/* The digits of the Emirates ID that the request has for the holder; "" for none. */
static void find_emirates_id(const cJSON *data, char out[COVER_EMIRATES_SIZE])
{
    const cJSON *own = member(find_holder(data), "Identity");
    const cJSON *identity = own ? own : member(data, "Identity");
    size_t count = 0;
    const char *text = text_of(member(identity, "EmiratesId"), "EmiratesIdNumber");
    for (; *text && count < EMIRATES_DIGITS; text++) {
        if (*text != '-') {
            out[count++] = *text;
        }
    }
    out[count == EMIRATES_DIGITS && !*text ? count : 0] = '\0';
}

struct found {
    size_t count, prefix_len;
    char *user_id;
};

static int take_user(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct found *found = ctx;
    size_t len = key->mv_size - found->prefix_len;
    (void)value;
    if (found->count++ == 0 && len < COVER_USER_SIZE) {
        memcpy(found->user_id, (const char *)key->mv_data + found->prefix_len, len);
        found->user_id[len] = '\0';
    }
    return LFI_OK;
}

int cover_name_holder(struct store *store, const cJSON *data, struct cover_value *value,
                      struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    struct store_key prefix;
    char id[COVER_EMIRATES_SIZE];
    find_emirates_id(data, id);
    if (!id[0] || !key_user_prefix(&prefix, (struct lfi_slice){id, EMIRATES_DIGITS})) {
        return LFI_OK;
    }
    memcpy(value->emirates_id, id, sizeof(id));
    int rc = read_begin(store, &txn, error);
    if (rc == LFI_OK) {
        struct found found = {.prefix_len = prefix.len, .user_id = value->user_id};
        rc = read_walk(store, txn, DB_IDENTITIES, &prefix, take_user, &found, error);
        value->user_id[found.count == 1 ? sizeof(value->user_id) - 1 : 0] = '\0';
        mdb_txn_abort(txn);
    }
    return rc;
}

/* {"AddressLine":…,"Country":…} of the bank's own record. */
static bool add_address(cJSON *holder, const cJSON *address)
{
    cJSON *list = cJSON_AddArrayToObject(holder, "Address");
    cJSON *item = cJSON_CreateObject();
    if (!list || !item || !cJSON_AddItemToArray(list, item)) {
        cJSON_Delete(item);
        return false;
    }
    return add_copy(item, "AddressLine", member(address, "addressLine")) &&
           add_copy(item, "Country", member(address, "country"));
}

/* Fills from the bank's record of the customer what the request does not say. */
static bool add_known(cJSON *holder, const cJSON *customer)
{
    static const char *const names[][2] = {
        {"FirstName", "givenName"},       {"LastName", "familyName"},
        {"DateOfBirth", "birthDate"},     {"Nationality", "nationality"},
        {"MobileNumber", "mobileNumber"}, {"EmailAddress", "email"}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *known = record_find_text(customer, names[i][1]);
        if (known && !member(holder, names[i][0]) && !add_text(holder, names[i][0], known)) {
            return false;
        }
    }
    const cJSON *address = record_find(customer, "residentialAddress");
    bool whole = cJSON_IsArray(member(address, "addressLine")) && member(address, "country");
    return member(holder, "Address") || !whole || add_address(holder, address);
}

static int add_holder(struct store *store, const cJSON *data, const struct cover_value *value,
                      cJSON *parts, struct lfi_error *error)
{
    static const char *const needed[] = {"FirstName",    "LastName",    "Gender",
                                         "DateOfBirth",  "Nationality", "MobileNumber",
                                         "EmailAddress", "Address",     NULL};
    MDB_val record;
    MDB_txn *txn = NULL;
    cJSON *holder = cJSON_CreateObject();
    bool whole = holder && copy_members(holder, find_holder(data), person);
    int rc = read_begin(store, &txn, error);
    if (rc == LFI_OK) {
        struct lfi_slice user = {value->user_id, strlen(value->user_id)};
        if (user.len > 0 && read_value(store, txn, DB_CUSTOMERS, user, &record, error) == LFI_OK) {
            cJSON *customer = cJSON_ParseWithLength(record.mv_data, record.mv_size);
            whole = whole && add_known(holder, customer);
            cJSON_Delete(customer);
        }
        mdb_txn_abort(txn);
    }
    if (rc == LFI_OK && whole && has_all(holder, needed)) {
        whole = cJSON_AddItemToObject(parts, "PolicyHolder", holder);
        holder = whole ? NULL : holder;
    }
    cJSON_Delete(holder);
    return rc == LFI_OK && !whole ? store_say(error, "out of memory") : rc;
}

/* --- the product ------------------------------------------------------------------------------ */

/* What most policies have beside what is the sector's own. */
static bool add_tail(cJSON *policy, const cJSON *terms)
{
    static const char *const names[] = {"Takaful", NULL};
    cJSON *benefits = cJSON_AddArrayToObject(policy, "PolicyCoverAndBenefits");
    cJSON *benefit = cJSON_CreateObject();
    const cJSON *cover = cJSON_GetArrayItem(member(terms, "PolicyCover"), 0);
    if (!benefits || !benefit || !cJSON_AddItemToArray(benefits, benefit)) {
        cJSON_Delete(benefit);
        return false;
    }
    return copy_members(policy, terms, names) &&
           add_text(policy, "ProductName", text_of(terms, "PlanName")) &&
           add_text(benefit, "CoverType", text_of(cover, "CoverType")) &&
           add_text(benefit, "Description", text_of(cover, "Description")) &&
           cJSON_AddTrueToObject(benefit, "Required") &&
           add_copy(benefit, "CoverLimit", member(cover, "CoverLimitAmount"));
}

static bool add_travellers(cJSON *policy, const cJSON *asked)
{
    const cJSON *age;
    int adults = 0, children = 0, seniors = 0;
    cJSON_ArrayForEach(age, member(asked, "AgesOfInsured"))
    {
        double years = cJSON_GetNumberValue(age);
        children += years < CHILD_AGE;
        seniors += years >= SENIOR_AGE;
        adults += years >= CHILD_AGE && years < SENIOR_AGE;
    }
    const cJSON *countries = member(asked, "TravelDestinationCountries");
    return cJSON_AddNumberToObject(policy, "NumberOfAdults", adults) &&
           cJSON_AddNumberToObject(policy, "NumberOfChildren", children) &&
           cJSON_AddNumberToObject(policy, "NumberOfSeniors", seniors) &&
           cJSON_AddNumberToObject(policy, "TripDuration", 365) &&
           cJSON_AddBoolToObject(policy, "MultiTrip",
                                 strcmp(text_of(asked, "CoverType"), "MultiTrip") == 0) &&
           (!countries || add_copy(policy, "TravelDestinationCountryCountries", countries));
}

static bool add_policy(cJSON *product, const cJSON *asked, const cJSON *terms,
                       const struct cover_value *value)
{
    /* of the request, as its sector names them */
    static const char *const names[] = {"SchemeCategory",
                                        "Sector",
                                        "PolicyTerm",
                                        "PremiumFrequency",
                                        "CoverSubjects",
                                        "IsPolicyholderInsured",
                                        "IsPolicyholderLifeAssured",
                                        "RelationshipToLifeInsured",
                                        "ReasonDifferent",
                                        "TypeOfLifeInsurance",
                                        "InsurancePurpose",
                                        "SumAssuredAmount",
                                        "IsFinanceAgainstPolicy",
                                        "RegistrationType",
                                        "CarUsage",
                                        "CarValuation",
                                        "NumberOfInsuredCompanions",
                                        "PurposeOfTravel",
                                        "TravellingWith",
                                        "TravelDestinationRegion",
                                        NULL};
    static const char *const dates[] = {"PolicyStartDate", "PolicyEndDate", NULL};
    const char *cover = text_of(asked, "CoverType");
    const char *start = text_of(terms, "PolicyStartDate");
    cJSON *policy = cJSON_AddObjectToObject(product, "Policy");
    char number[COVER_NUMBER_SIZE];
    cover_number(value, number);
    bool whole = policy && copy_members(policy, asked, names) &&
                 copy_members(policy, terms, dates) &&
                 add_text(policy, "PolicyPurchaseChannelType", "Aggregation") &&
                 (value->sector == LFI_INSURANCE_EMPLOYMENT || add_tail(policy, terms));
    switch (value->sector) {
    case LFI_INSURANCE_HEALTH:
        return whole && add_usual(policy, "PolicyTerm", "\"P1Y\"");
    case LFI_INSURANCE_LIFE:
        return whole && add_text(policy, "CoverType", cover[0] ? cover : "Sole") &&
               add_usual(policy, "IsPolicyholderLifeAssured", "true") &&
               add_usual(policy, "TypeOfLifeInsurance", "\"LevelTermInsurance\"") &&
               add_usual(policy, "InsurancePurpose", "\"PersonalCover\"") &&
               add_usual(policy, "IsFinanceAgainstPolicy", "false");
    case LFI_INSURANCE_MOTOR:
        return whole && add_text(policy, "TypeOfPolicy", cover[0] ? cover : "Comprehensive") &&
               add_text(policy, "PolicyNumber", number) && add_text(policy, "PurchaseDate", start);
    case LFI_INSURANCE_TRAVEL:
        return whole && add_travellers(policy, asked);
    default:
        return whole;
    }
}

/* Construction is left out: its words are other ones in each version of the standard. */
static bool add_property(cJSON *product, const cJSON *asked)
{
    const char *rented = text_of(asked, "TypeOfRentalProperty");
    const char *type = strcmp(rented, "SharedAccommodation") == 0 ? "Other" : rented;
    cJSON *property = cJSON_Duplicate(asked, true);
    cJSON_DeleteItemFromObjectCaseSensitive(property, "Construction");
    cJSON_DeleteItemFromObjectCaseSensitive(property, "TypeOfRentalProperty");
    if (property && (!rented[0] || add_text(property, "TypeOfProperty", type)) &&
        cJSON_AddItemToObject(product, "PropertyDetails", property)) {
        return true;
    }
    cJSON_Delete(property);
    return false;
}

static bool add_insured(cJSON *product, const cJSON *asked)
{
    static const char *const own[] = {"PreviousNameDetails",
                                      "SecondNationality",
                                      "CountryOfBirth",
                                      "Identity",
                                      "Employment",
                                      "LifeStyle",
                                      NULL};
    const cJSON *one;
    cJSON *list = cJSON_AddArrayToObject(product, "InsuredParties");
    cJSON_ArrayForEach(one, asked)
    {
        cJSON *party = cJSON_CreateObject();
        if (!party || !cJSON_AddItemToArray(list, party)) {
            cJSON_Delete(party);
            return false;
        }
        if (!copy_members(party, one, person) || !copy_members(party, one, own)) {
            return false;
        }
    }
    return list;
}

/* The product with what is the sector's own; false: out of memory. */
static bool add_blocks(cJSON *product, const cJSON *data, uint32_t sector)
{
    static const char *const of_property[] = {
        "BuildingsCover",     "PersonalBelongings", "Mortgage", "DomesticHelpers",
        "ImportantQuestions", "LeaseDetails",       NULL};
    static const char *const of_cars[] = {"VehicleDetails", "CarRegistration", NULL};
    static const char *const of_drivers[] = {"DrivingLicenseHistory", NULL};
    switch (sector) {
    case LFI_INSURANCE_HOME:
    case LFI_INSURANCE_RENTERS:
        return add_property(product, member(data, "PropertyDetails")) &&
               copy_members(product, data, of_property);
    case LFI_INSURANCE_LIFE:
        return add_insured(product, member(data, "InsuredParties"));
    case LFI_INSURANCE_MOTOR:
        return copy_members(product, data, of_cars) &&
               copy_members(product, member(data, "MainDriver"), of_drivers);
    default:
        return true;
    }
}

/* Not of a car whose driver's licence is unknown: the form demands its number. */
static bool add_product(cJSON *parts, const cJSON *data, const cJSON *terms,
                        const struct cover_value *value)
{
    const cJSON *licence = member(member(data, "MainDriver"), "DrivingLicenseHistory");
    if (value->sector == LFI_INSURANCE_MOTOR && !member(licence, "DrivingLicenseNumber")) {
        return true;
    }
    cJSON *product = cJSON_AddObjectToObject(parts, "Product");
    return product && add_policy(product, member(data, "Policy"), terms, value) &&
           add_blocks(product, data, value->sector);
}

/* --- the rest --------------------------------------------------------------------------------- */

static bool add_premium(cJSON *parts, const cJSON *quoted)
{
    cJSON *premium = cJSON_AddObjectToObject(parts, "Premium");
    return premium &&
           add_copy(premium, "PremiumAmount", member(quoted, "PremiumAmountExcludingVAT")) &&
           add_copy(premium, "VatAmount", member(quoted, "VATAmount")) &&
           add_copy(premium, "TotalPremiumAmount", member(quoted, "TotalPremiumAmount")) &&
           add_text(premium, "PaymentFrequency", "Annually");
}

static bool add_claims(cJSON *parts, uint32_t sector)
{
    return cJSON_AddRawToObject(parts, "Claims",
                                sector == LFI_INSURANCE_MOTOR
                                    ? "{" COVER_NO_CLAIMS ",\"NoClaimsDiscountAvailable\":false}"
                                    : "{" COVER_NO_CLAIMS "}");
}

cJSON *cover_terms(const struct cover_quote *quote)
{
    size_t len = quote->value.lengths[COVER_TERMS];
    char *text = malloc(len + 2);
    if (!text) {
        return NULL;
    }
    memcpy(text, quote->texts[COVER_TERMS], len);
    text[0] = '{';
    text[len] = '}';
    cJSON *terms = cJSON_ParseWithLength(text, len + 1);
    free(text);
    return terms;
}

int cover_keep_parts(struct store *store, const cJSON *data, struct cover_quote *quote,
                     struct lfi_error *error)
{
    cJSON *parts = cJSON_CreateObject(), *terms = cover_terms(quote);
    int rc = cover_name_holder(store, data, &quote->value, error);
    bool whole = parts && terms && add_product(parts, data, terms, &quote->value) &&
                 add_claims(parts, quote->value.sector) &&
                 add_premium(parts, member(terms, "Premium"));
    rc = rc == LFI_OK && whole ? add_holder(store, data, &quote->value, parts, error) : rc;
    char *text = rc == LFI_OK && whole ? cJSON_PrintUnformatted(parts) : NULL;
    cJSON_Delete(parts);
    cJSON_Delete(terms);
    if (rc == LFI_OK && !text) {
        return store_say(error, "out of memory");
    }
    quote->texts[COVER_PARTS] = text;
    quote->value.lengths[COVER_PARTS] = text ? (uint32_t)strlen(text) : 0;
    return rc;
}

/* --- issued ----------------------------------------------------------------------------------- */

void cover_number(const struct cover_value *value, char out[COVER_NUMBER_SIZE])
{
    static const char *const sectors[LFI_INSURANCE_SECTORS] = {
        [LFI_INSURANCE_EMPLOYMENT] = "EMP", [LFI_INSURANCE_HEALTH] = "HLT",
        [LFI_INSURANCE_HOME] = "HOM",       [LFI_INSURANCE_LIFE] = "LIF",
        [LFI_INSURANCE_MOTOR] = "MOT",      [LFI_INSURANCE_RENTERS] = "REN",
        [LFI_INSURANCE_TRAVEL] = "TRV"};
    (void)snprintf(out, COVER_NUMBER_SIZE, "DT-%s-Q%.8s", sectors[value->sector], value->policy_id);
}

static void copy_text(char *out, size_t room, const char *text)
{
    (void)snprintf(out, room, "%s", text);
}

static void fill_head(const struct cover_value *value, const cJSON *parts, const cJSON *terms,
                      struct policy_value *out)
{
    struct lfi_policy_facts *facts = &out->facts;
    const cJSON *total = member(member(parts, "Premium"), "TotalPremiumAmount");
    const cJSON *vehicle = member(member(parts, "Product"), "VehicleDetails");
    *out = (struct policy_value){
        .facts = {.size = sizeof(*facts), .sector = (enum lfi_insurance_sector)value->sector}};
    copy_text(facts->policy_id, sizeof(facts->policy_id), value->policy_id);
    cover_number(value, facts->number);
    copy_text(facts->status, sizeof(facts->status), "New");
    copy_text(facts->ends, sizeof(facts->ends), text_of(terms, "PolicyEndDate"));
    copy_text(facts->premium, sizeof(facts->premium), text_of(total, "Amount"));
    copy_text(facts->currency, sizeof(facts->currency), text_of(total, "Currency"));
    copy_text(facts->product, sizeof(facts->product), text_of(terms, "PlanName"));
    copy_text(facts->body_type, sizeof(facts->body_type), text_of(vehicle, "BodyType"));
    copy_text(facts->plate, sizeof(facts->plate), text_of(vehicle, "PlateNumber"));
    copy_text(out->starts, sizeof(out->starts), text_of(terms, "PolicyStartDate"));
    copy_text(out->last, sizeof(out->last), facts->ends);
}

static char *print_listed(const struct policy_value *head)
{
    cJSON *listed = cJSON_CreateObject();
    bool whole = listed && add_text(listed, "InsurancePolicyId", head->facts.policy_id) &&
                 add_text(listed, "PolicyNumber", head->facts.number) &&
                 add_text(listed, "PolicyStatus", head->facts.status) &&
                 add_text(listed, "PolicyStartDate", head->starts) &&
                 add_text(listed, "PolicyEndDate", head->facts.ends);
    char *text = whole ? cJSON_PrintUnformatted(listed) : NULL;
    cJSON_Delete(listed);
    return text;
}

/* The parts as texts, each to be freed; NULL: not held. False: out of memory. */
static bool print_parts(const cJSON *parts, char *out[STORE_POLICY_RECORDS])
{
    static const char *const names[LFI_POLICY_PARTS] = {[LFI_POLICY_HOLDER] = "PolicyHolder",
                                                        [LFI_POLICY_IDENTITY] = "Identity",
                                                        [LFI_POLICY_PRODUCT] = "Product",
                                                        [LFI_POLICY_CLAIMS] = "Claims",
                                                        [LFI_POLICY_PREMIUM] = "Premium"};
    bool whole = true;
    for (size_t i = 0; i < LFI_POLICY_PARTS && whole; i++) {
        const cJSON *part = names[i] ? member(parts, names[i]) : NULL;
        char **text = &out[STORE_POLICY_FIRST_PART + i];
        *text = part ? cJSON_PrintUnformatted(part) : NULL;
        whole = !part || *text;
    }
    return whole;
}

/* The Emirates ID as documents print it. */
static bool add_identity(cJSON *parts, const struct cover_value *value)
{
    char number[COVER_EMIRATES_SIZE + 3];
    const char *id = value->emirates_id;
    if (!id[0]) {
        return true;
    }
    (void)snprintf(number, sizeof(number), "%.3s-%.4s-%.7s-%.1s", id, id + 3, id + 7, id + 14);
    cJSON *identity = cJSON_AddObjectToObject(parts, "Identity");
    cJSON *document = cJSON_AddObjectToObject(identity, "EmiratesId");
    return document && add_text(document, "EmiratesIdNumber", number);
}

static int join(struct policy_value *head, char *texts[STORE_POLICY_RECORDS], MDB_val *out)
{
    size_t len = sizeof(*head);
    for (size_t i = 0; i < STORE_POLICY_RECORDS; i++) {
        head->lengths[i] = texts[i] ? (uint32_t)strlen(texts[i]) : 0;
        len += head->lengths[i];
    }
    char *at = malloc(len);
    *out = (MDB_val){len, at};
    if (!at) {
        return ENOMEM;
    }
    memcpy(at, head, sizeof(*head));
    at += sizeof(*head);
    for (size_t i = 0; i < STORE_POLICY_RECORDS; i++) {
        if (head->lengths[i] > 0) {
            memcpy(at, texts[i], head->lengths[i]);
            at += head->lengths[i];
        }
    }
    return 0;
}

int cover_make_policy(const struct cover_quote *quote, MDB_val *out)
{
    struct policy_value head;
    char *texts[STORE_POLICY_RECORDS] = {NULL};
    const struct cover_value *value = &quote->value;
    cJSON *terms = cover_terms(quote);
    cJSON *parts = cJSON_ParseWithLength(quote->texts[COVER_PARTS], value->lengths[COVER_PARTS]);
    bool whole = terms && parts && add_identity(parts, value);
    if (whole) {
        fill_head(value, parts, terms, &head);
        texts[STORE_POLICY_LISTED] = print_listed(&head);
        whole = texts[STORE_POLICY_LISTED] && print_parts(parts, texts);
    }
    int rc = whole ? join(&head, texts, out) : ENOMEM;
    for (size_t i = 0; i < STORE_POLICY_RECORDS; i++) {
        cJSON_free(texts[i]);
    }
    cJSON_Delete(parts);
    cJSON_Delete(terms);
    return rc;
}

int cover_put_policy(struct payments *payments, MDB_txn *txn, const struct cover_value *value,
                     MDB_val *policy)
{
    struct store_key pair;
    struct lfi_slice user = {value->user_id, strlen(value->user_id)};
    struct lfi_slice id = {value->policy_id, strlen(value->policy_id)};
    MDB_val key = val_of(id), none = {0, NULL};
    int rc = mdb_put(txn, payments->db[PAYMENTS_COVER_POLICIES], &key, policy, 0);
    if (rc == 0 && user.len > 0 && key_pair(&pair, user, id)) {
        key = key_val(&pair);
        rc = mdb_put(txn, payments->db[PAYMENTS_COVER_HOLDERS], &key, &none, 0);
    }
    return rc;
}
