#include "doctor.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>

#define LONG_MS 100

void doctor_report(struct doctor_job *job, enum doctor_grade grade, const char *name,
                   const char *format, ...)
{
    char text[DOCTOR_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    job->report(job, grade, name, text);
}

const char *doctor_delay(int64_t began_us, char out[static DOCTOR_TIME_BYTES])
{
    const long long took_ms = (clock_monotonic_us() - began_us) / 1000;

    out[0] = '\0';
    if (took_ms >= LONG_MS) {
        snprintf(out, DOCTOR_TIME_BYTES, ", after %lld ms", took_ms);
    }
    return out;
}
