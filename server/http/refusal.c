#include "http/refusal.h"

#include <stdarg.h>
#include <stdio.h>

int refusal_set(struct refusal *out, const char *id, int status, const char *error_code,
                const char *message)
{
    out->id = id;
    out->status = status;
    out->error_code = error_code;
    out->detail[0] = '\0';
    snprintf(out->error_message, sizeof(out->error_message), "%s", message);
    return -1;
}

void refusal_detail(struct refusal *out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(out->detail, sizeof(out->detail), format, args);
    va_end(args);
}
