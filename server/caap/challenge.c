#include "caap/challenge.h"

#include "base/limits.h"

static const char *const status_names[CHALLENGE_STATUSES] = {
    [CHALLENGE_PENDING] = "Pending",
    [CHALLENGE_SENT] = "Sent",
    [CHALLENGE_PASSED] = "Passed",
    [CHALLENGE_UNSENT] = "TransmissionFailed",
    [CHALLENGE_WRONG] = "VerificationFailed",
};

/* What an event makes of a status; NO: nothing. Those that have ended take no event. */
#define NO CHALLENGE_STATUSES
static const enum challenge_status moves[CHALLENGE_EVENTS][CHALLENGE_STATUSES] = {
    /* from                Pending            Sent               Passed            Unsent  Wrong */
    [CHALLENGE_ACCEPTED] = {CHALLENGE_SENT, NO, NO, NO, NO},
    [CHALLENGE_REFUSED] = {CHALLENGE_UNSENT, NO, NO, NO, NO},
    [CHALLENGE_RIGHT] = {CHALLENGE_PASSED, CHALLENGE_PASSED, CHALLENGE_PASSED, NO,
                         CHALLENGE_PASSED},
    [CHALLENGE_WRONG_CODE] = {CHALLENGE_WRONG, CHALLENGE_WRONG, CHALLENGE_PASSED, NO,
                              CHALLENGE_WRONG},
    [CHALLENGE_NEWER] = {CHALLENGE_WRONG, CHALLENGE_WRONG, NO, NO, CHALLENGE_WRONG},
};

bool challenge_new(struct challenge *out, enum challenge_purpose purpose, enum lfi_channel channel,
                   int64_t now_us)
{
    *out = (struct challenge){.purpose = purpose,
                              .channel = channel,
                              .made_s = now_us / 1000000,
                              .until_s = now_us / 1000000 + LIMIT_CAAP_CODE_S,
                              .changed_us = now_us,
                              .tries_left = LIMIT_CAAP_CODE_TRIES};
    return id_uuid4(out->id);
}

static void set_status(struct challenge *challenge, enum challenge_status status, int64_t now_us)
{
    if (challenge->status != status) {
        challenge->status = status;
        challenge->changed_us = now_us;
    }
}

void challenge_expire(struct challenge *challenge, int64_t now_us)
{
    bool waits = challenge->status != CHALLENGE_PASSED && challenge->status != CHALLENGE_UNSENT;
    if (challenge->end == CHALLENGE_OPEN && waits && now_us / 1000000 >= challenge->until_s) {
        challenge->end = CHALLENGE_EXPIRED;
        set_status(challenge, CHALLENGE_WRONG, challenge->until_s * 1000000);
    }
}

bool challenge_move(struct challenge *challenge, enum challenge_event event, int64_t now_us)
{
    enum challenge_status next = moves[event][challenge->status];
    if (challenge->end != CHALLENGE_OPEN || next == NO) {
        return false;
    }
    set_status(challenge, next, now_us);
    if (event == CHALLENGE_NEWER) {
        challenge->end = CHALLENGE_REPLACED;
    } else if (event == CHALLENGE_WRONG_CODE && next == CHALLENGE_WRONG &&
               --challenge->tries_left == 0) {
        challenge->end = CHALLENGE_TRIES;
    }
    return true;
}

const char *challenge_status_name(enum challenge_status status)
{
    return status_names[status];
}

const char *challenge_type(enum lfi_channel channel)
{
    return channel == LFI_CHANNEL_SMS     ? "SmsCode"
           : channel == LFI_CHANNEL_EMAIL ? "EmailCode"
                                          : "AppCode";
}

const char *challenge_message(const struct challenge *challenge)
{
    static const char *const ends[CHALLENGE_ENDS] = {
        [CHALLENGE_TRIES] = "There were too many wrong codes. A new code is needed.",
        [CHALLENGE_EXPIRED] = "The code has expired. A new code is needed.",
        [CHALLENGE_REPLACED] = "A newer code was sent.",
    };
    if (challenge->end != CHALLENGE_OPEN) {
        return ends[challenge->end];
    }
    if (challenge->status == CHALLENGE_UNSENT) {
        return "The code could not be sent.";
    }
    return challenge->status == CHALLENGE_WRONG ? "The code is wrong." : NULL;
}
