#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>

void doctor_report(struct doctor_job *job, enum doctor_grade grade, const char *name,
                   const char *format, ...)
{
    char line[DOCTOR_LINE_BYTES];
    va_list arguments;

    size_t len = (size_t)snprintf(line, sizeof(line), "%.200s: ", name);
    va_start(arguments, format);
    vsnprintf(line + len, sizeof(line) - len, format, arguments);
    va_end(arguments);
    job->report(job, grade, line);
}
