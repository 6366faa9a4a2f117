/* Challenges of users whom the bank knows: challenge/initialize, complete and query. (CAAP 6.) */
#include "connect/caap.h"

#include "base/datetime.h"
#include "base/json.h"
#include "rows_caap.h"

static void write_challenge(struct call *call, const struct challenge *challenge, bool is_new)
{
    char changed[DATETIME_TEXT_MAX];
    struct json_writer w;
    json_begin(&w, &call->reply->body);
    json_open_object(&w, NULL);
    json_open_object(&w, "data");
    json_text(&w, "challengeId", challenge->id);
    if (!is_new) {
        json_text(&w, "challengeType", challenge_type(challenge->channel));
    }
    json_text(&w, "status", challenge_status_name(challenge->status));
    if (!is_new) {
        datetime_format_utc_ms(challenge->changed_us, changed);
        json_text(&w, "lastStatusUpdateDateTime", changed);
    }
    if (challenge_message(challenge)) {
        json_text(&w, "message", challenge_message(challenge));
    }
    json_close_object(&w);
    json_close_object(&w);
    call->reply->status = 200;
}

static int begin(struct call *call, const cJSON *data)
{
    struct caap_user user;
    struct challenge sent;
    if (caap_user_of(call, json_get_string(data, "userId"), &user) != 0) {
        return -1;
    }
    if (user.link.state == LINK_NONE) {
        return caap_refuse_user(call, "the user is not registered");
    }
    if (caap_send_code(call, &user, CHALLENGE_OF_VERIFICATION, &sent) != 0) {
        return -1;
    }
    write_challenge(call, &sent, true);
    return 0;
}

int connect_caap_challenge(struct call *call)
{
    cJSON *tree;
    const cJSON *data = caap_data(call, &tree);
    int rc = begin(call, data);
    cJSON_Delete(tree);
    return rc;
}

static int judge(struct call *call, const cJSON *data)
{
    struct caap_user user;
    struct challenge judged;
    if (caap_user_of(call, json_get_string(data, "userId"), &user) != 0 ||
        caap_judge_code(call, &user, CHALLENGE_OF_VERIFICATION,
                        json_get_string(data, "challengeId"),
                        json_get_string(data, "challengeResponseData"), &judged) != 0) {
        return -1;
    }
    write_challenge(call, &judged, false);
    return 0;
}

int connect_caap_challenge_complete(struct call *call)
{
    cJSON *tree;
    const cJSON *data = caap_data(call, &tree);
    int rc = judge(call, data);
    json_wipe(tree);
    return rc;
}

int connect_caap_challenge_query(struct call *call)
{
    cJSON *tree;
    struct caap_user user;
    const cJSON *data = caap_data(call, &tree);
    int rc = caap_user_of(call, json_get_string(data, "userId"), &user);
    const struct challenge *challenge =
        rc == 0 ? link_challenge(&user.link, json_get_string(data, "challengeId")) : NULL;
    if (challenge && challenge->purpose == CHALLENGE_OF_VERIFICATION) {
        write_challenge(call, challenge, false);
    } else if (rc == 0) {
        rc = caap_refuse_challenge(call);
    }
    cJSON_Delete(tree);
    return rc;
}
