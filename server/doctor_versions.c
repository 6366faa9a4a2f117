/* Which versions of the standard each provider serves, and the documents that they follow. */
#include "doctor.h"

#include "base/array.h"
#include "base/buf.h"
#include "connect/families.h"
#include "contract/version.h"
#include "lfi_version.h"

#include <stdio.h>

#define LINE_BYTES 500
#define NAME_BYTES 100

/*
 * The official documents that those of openapi/ were compared with, family by family. A number
 * alone does not tell them: the same has been published with two contents. (Versions 2.)
 */
static const struct {
    enum contract_family family;
    const char *version, *sha256;
} followed[] = {
    {CONTRACT_DATA_SHARING, "v2.1.11",
     "2d48b905eab9883adb9b8dae5bcb12f31cb484b941c421669972d9ececd51b4d"},
    {CONTRACT_PRODUCTS, "v2.1.2",
     "14bc8f1c6cd44878d6fd15a166c36d121a86943ec4890ce2fcede02f7a076548"},
    {CONTRACT_OPEN_DATA, "v2.1.1",
     "a6d72f53195b9c2d88405e3f369fc5ddaef9eeaed62ced70a0a8d146b39ee24e"},
    {CONTRACT_SERVICE_INITIATION, "v2.1.8",
     "5da23dddc161448338f7547b38d6f9807086e8ed0964bfff5a42fec970f4730c"},
    {CONTRACT_INSURANCE, "v2.1.4",
     "f650799616bee972ac23f2d466c7861bad47525446de1f84ae7f010cadd3f42b"},
    {CONTRACT_CONSENT_EVENTS, "v2.1.7",
     "f7fd8b52d123abc79cde7945d31eae8a95a8b82c3201092a4338d156f067dc28"},
    {CONTRACT_CAAP, "v2.1.4", "35a5a209db2b6541cfb9c0f7d2b9fcba46580b4380ce5b75689181e2373fedfc"},
    {CONTRACT_HEALTH_CHECK, "v2.1.2",
     "99be0f39b218b1d22a4ff9b6031f6a650c6bde487655ab52a7a74b99f42697d4"},
};

/* "v2.1, v2.2 (draft)" */
static void append_list(struct buf *out, const struct apis *apis, const uint32_t *list)
{
    char text[VERSION_TEXT_MAX];
    for (size_t i = 0; list && list[i]; i++) {
        version_format(list[i], text);
        buf_append_format(out, "%s%s%s", i > 0 ? ", " : "", text,
                          apis_standing_of(apis, list[i]) == CONTRACT_FINAL   ? ""
                          : apis_standing_of(apis, list[i]) == CONTRACT_DRAFT ? " (draft)"
                                                                              : " (not known)");
    }
}

static void tell_provider(struct doctor_job *job, const struct apis *apis,
                          const struct config_provider *provider)
{
    const struct offers *offers = &provider->offers;
    const uint32_t *all = offers->versions[CONTRACT_CONSENT_EVENTS]; /* has no list of its own */
    char name[NAME_BYTES];
    struct buf line;
    buf_init(&line, LINE_BYTES);
    append_list(&line, apis, all);
    for (size_t family = 0; family < CONTRACT_FAMILIES; family++) {
        if (offers->versions[family] != all) {
            buf_append_format(&line, "; %s: ", contract_family_names[family]);
            append_list(&line, apis, offers->versions[family]);
        }
    }
    if (offers->closing && offers->closing[0]) {
        buf_append_text(&line, "; no new consents in ");
        append_list(&line, apis, offers->closing);
    }
    snprintf(name, sizeof(name), "versions of %s", provider->id);
    doctor_report(job, DOCTOR_OK, name, "%.*s", SLICE_ARG(buf_slice(&line)));
    buf_free(&line);
}

static void tell_documents(struct doctor_job *job, const struct apis *apis)
{
    const struct contract_api *versioned = apis_versioned(apis);
    char name[NAME_BYTES], version[VERSION_TEXT_MAX];
    for (size_t i = 0; i < ARRAY_LEN(followed); i++) {
        snprintf(name, sizeof(name), "document %s", contract_family_names[followed[i].family]);
        doctor_report(job, DOCTOR_OK, name, "%s, final, SHA-256 %s", followed[i].version,
                      followed[i].sha256);
    }
    for (size_t i = 1; i < contract_version_count(versioned); i++) {
        uint32_t number = contract_version_at(versioned, i);
        version_format(number, version);
        snprintf(name, sizeof(name), "documents %s", version);
        doctor_report(job, DOCTOR_OK, name, "%s, as differences from the ones above, SHA-256 %s",
                      contract_standing_of(versioned, number) == CONTRACT_DRAFT ? "draft" : "final",
                      LFI_OVERLAY_SHA256);
    }
}

void doctor_check_versions(struct doctor_job *job)
{
    struct apis *apis = NULL;
    struct lfi_error error = {""};
    if (connect_apis_new(&apis, job->config->base_paths, &error) != 0) {
        return; /* the configuration as a whole is told to be wrong */
    }
    for (size_t i = 0; i < job->config->provider_count; i++) {
        tell_provider(job, apis, &job->config->providers[i]);
    }
    tell_documents(job, apis);
    apis_free(apis);
}
