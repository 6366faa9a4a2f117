#include "contract/body.h"
#include "contract/misfit.h"

#include <stdlib.h>

/* The exact status, else its class (2XX), else default. */
static const struct contract_response_rules *find_rules(const struct contract_operation *operation,
                                                        int status)
{
    const struct contract_response_rules *found = NULL;
    for (size_t i = 0; i < operation->response_count; i++) {
        const struct contract_response_rules *rules = &operation->responses[i];
        if (rules->status == status) {
            return rules;
        }
        if (rules->status == -(status / 100) ||
            (rules->status == CONTRACT_STATUS_DEFAULT && !found)) {
            found = rules;
        }
    }
    return found;
}

static const struct contract_object_rules *object_of(const struct contract_operation *operation,
                                                     int status)
{
    const struct contract_response_rules *rules = find_rules(operation, status);
    return rules && rules->body.schema ? rules->body.schema->object : NULL;
}

bool contract_response_names(const struct contract_operation *operation, int status)
{
    const struct contract_response_rules *rules = find_rules(operation, status);
    return rules && rules->status == status;
}

bool contract_response_has_body(const struct contract_operation *operation, int status)
{
    const struct contract_response_rules *rules = find_rules(operation, status);
    return !rules || rules->body.media != CONTRACT_MEDIA_NONE;
}

bool contract_response_has(const struct contract_operation *operation, int status,
                           const char *member)
{
    const struct contract_object_rules *object = object_of(operation, status);
    for (size_t i = 0; object && i < object->member_count; i++) {
        if (strcmp(object->members[i].name.ptr, member) == 0) {
            return true;
        }
    }
    return false;
}

int contract_check_response(const struct contract_operation *operation, int status,
                            struct lfi_slice content_type, struct lfi_slice body,
                            struct contract_violation *violation)
{
    const struct contract_response_rules *rules = find_rules(operation, status);
    if (!rules) {
        return contract_violate(violation, "status", "$", "is not a status of this operation");
    }
    if (rules->body.media != CONTRACT_MEDIA_NONE) {
        return contract_check_body(&rules->body, content_type, body, NULL, violation);
    }
    /* a redirect may carry a note for people */
    if (body.len > 0 && status / 100 != 3) {
        return contract_violate(violation, "body", "$", "must be absent");
    }
    return 0;
}

bool contract_response_cuts(const struct contract_operation *operation, int status)
{
    const struct contract_response_rules *rules = find_rules(operation, status);
    return rules && (rules->cuts || rules->tolerates);
}

/*
 * Checks the body; once more when texts do not fit, because only then it is known of all whether
 * they are required; and a third time to tell where one stands that cannot go out.
 */
static int check_body(const struct contract_schema *schema, const struct contract_reply *reply,
                      struct contract_cuts *cuts, struct contract_misfit_counts *counts,
                      struct contract_violation *violation)
{
    struct lfi_slice body = buf_slice(reply->body);
    int rc = contract_check_tree(schema, reply->records, body, cuts, violation);
    if (rc == 0 && cuts && cuts->misfits && cuts->misfits->count > 0) {
        cuts->count = 0;
        rc = contract_check_tree(schema, reply->records, body, cuts, violation);
        contract_mend_misfits(cuts->misfits, reply->transliterate, reply->body, cuts, counts);
    }
    if (rc == 0 && counts->refused > 0) {
        counts->left_out = counts->transliterated = 0;
        rc = contract_check_tree(schema, reply->records, body, cuts, violation);
    }
    if (rc == 0 && cuts && (cuts->failed || (cuts->misfits && cuts->misfits->failed))) {
        rc = contract_violate(violation, "memory", "$", "could not be cut");
    }
    return rc;
}

int contract_check_reply(const struct contract_operation *operation,
                         const struct contract_reply *reply, struct contract_misfit_counts *counts,
                         struct contract_violation *violation)
{
    struct contract_misfits misfits = {0}, later = {0};
    struct contract_misfit_counts found = {0};
    const struct contract_response_rules *rules = find_rules(operation, reply->status);
    struct contract_cuts cuts = {.misfits = rules && rules->tolerates ? &misfits : NULL,
                                 .later = rules && rules->foresees ? &later : NULL};
    bool edits = rules && (rules->cuts || rules->tolerates || rules->foresees);
    int rc;
    if (!rules || rules->body.media != CONTRACT_MEDIA_JSON || (!reply->records && !edits)) {
        rc = reply->records ? contract_violate(violation, "body", "$", "must be absent")
                            : contract_check_response(operation, reply->status, reply->content_type,
                                                      buf_slice(reply->body), violation);
    } else {
        rc = contract_check_media(&rules->body, reply->content_type, violation);
        rc = rc == 0
                 ? check_body(rules->body.schema, reply, edits ? &cuts : NULL, &found, violation)
                 : rc;
    }
    found.later = (unsigned)later.count;
    if (counts) {
        *counts = found;
    }
    cuts.count = rc == 0 ? cuts.count : 0;
    if (reply->cut) {
        contract_name_cuts(&cuts, buf_slice(reply->body), reply->cut);
    }
    if (!contract_cut(&cuts, reply->body)) {
        rc = contract_violate(violation, "memory", "$", "has no room for the names of its version");
    }
    free(misfits.items);
    free(later.items);
    return rc;
}
