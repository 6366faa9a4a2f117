/*
 * The file type CSV: UTF-8 (a byte order mark may stand first), lines ended by LF or CR LF, fields
 * apart by commas, quoted as RFC 4180 has it; a quoted field does not go over a line's end. The
 * first line is
 *
 *   EndToEndId,Amount,Currency,CreditorIBAN,CreditorName
 *
 * and each line behind it one instruction in AED. A field that begins with = + - @ or a control
 * character is refused: a spreadsheet would take it for a formula.
 */
#include "store/file_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 1024
#define FIELDS 5

static const char HEADING[] = "EndToEndId,Amount,Currency,CreditorIBAN,CreditorName";
static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";

struct csv {
    uint64_t line; /* that is being read, from 1 */
    size_t len;
    char text[LINE_MAX_BYTES];
};

static int begin(struct file_reader *reader)
{
    struct csv *csv = calloc(1, sizeof(*csv));
    if (csv) {
        csv->line = 1;
    }
    reader->state = csv;
    return csv ? 0 : -1;
}

static void end_state(struct file_reader *reader)
{
    free(reader->state);
    reader->state = NULL;
}

/* The next field, unquoted in place; false: quotes are wrong. */
static bool next_field(char **at, struct lfi_slice *out)
{
    char *from = *at, *to = *at;
    if (*from != '"') {
        size_t len = strcspn(from, ",");
        *out = (struct lfi_slice){from, len};
        *at = from + len;
        return !memchr(from, '"', len);
    }
    *out = (struct lfi_slice){to, 0};
    for (from++; *from && (*from != '"' || from[1] == '"'); from++) {
        from += *from == '"';
        *to++ = *from;
    }
    out->len = (size_t)(to - out->ptr);
    bool closed = *from == '"' && (from[1] == ',' || !from[1]);
    *at = from + 1;
    return closed;
}

static bool is_formula(struct lfi_slice field)
{
    return field.len > 0 && (memchr("=+-@", field.ptr[0], 4) || (unsigned char)field.ptr[0] < 0x20);
}

static enum file_result read_fields(struct file_reader *reader, char *text,
                                    struct lfi_slice fields[FIELDS])
{
    struct csv *csv = reader->state;
    unsigned long long line = csv->line;
    char *at = text;
    for (size_t i = 0; i < FIELDS; i++) {
        if (!next_field(&at, &fields[i])) {
            return file_malformed(reader, "line %llu: quotes are not closed or not doubled", line);
        }
        if (is_formula(fields[i])) {
            return file_malformed(reader, "line %llu: a field begins with = + - @ or a control",
                                  line);
        }
        if (*at != (i + 1 < FIELDS ? ',' : '\0')) {
            return file_malformed(reader, "line %llu: there must be %d fields", line, FIELDS);
        }
        at += *at == ',';
    }
    return FILE_FINE;
}

static enum file_result read_line(struct file_reader *reader)
{
    char where[32];
    struct csv *csv = reader->state;
    struct lfi_slice fields[FIELDS];
    struct instruction instruction;
    char *text = csv->text;
    if (csv->len > 0 && text[csv->len - 1] == '\r') {
        csv->len--;
    }
    text[csv->len] = '\0';
    (void)snprintf(where, sizeof(where), "line %llu", (unsigned long long)csv->line);
    if (memchr(text, '\0', csv->len) || !file_is_utf8((struct lfi_slice){text, csv->len})) {
        return file_malformed(reader, "%s: it is not UTF-8", where);
    }
    if (csv->line == 1) {
        text += strncmp(text, BYTE_ORDER_MARK, 3) == 0 ? 3 : 0;
        return strcmp(text, HEADING) == 0 ? FILE_FINE
                                          : file_malformed(reader, "line 1 must be %s", HEADING);
    }
    enum file_result result = read_fields(reader, text, fields);
    if (result != FILE_FINE) {
        return result;
    }
    if (!file_amount(fields[1], &instruction.minor)) {
        return file_malformed(reader, "%s: Amount must be above zero, with up to two decimals",
                              where);
    }
    if (fields[2].len != 3 || memcmp(fields[2].ptr, "AED", 3) != 0) {
        return file_malformed(reader, "%s: Currency must be AED", where);
    }
    instruction.id = fields[0];
    instruction.iban = fields[3];
    instruction.name = fields[4];
    return file_take(reader, where, &instruction);
}

static enum file_result feed(struct file_reader *reader, struct lfi_slice bytes)
{
    struct csv *csv = reader->state;
    while (bytes.len > 0) {
        const char *feed = memchr(bytes.ptr, '\n', bytes.len);
        size_t len = feed ? (size_t)(feed - bytes.ptr) : bytes.len;
        if (csv->len + len >= LINE_MAX_BYTES) {
            return file_malformed(reader, "line %llu: it has more than %d bytes",
                                  (unsigned long long)csv->line, LINE_MAX_BYTES - 1);
        }
        memcpy(csv->text + csv->len, bytes.ptr, len);
        csv->len += len;
        size_t used = feed ? len + 1 : len;
        bytes.ptr += used;
        bytes.len -= used;
        if (feed) {
            enum file_result result = read_line(reader);
            if (result != FILE_FINE) {
                return result;
            }
            csv->len = 0;
            csv->line++;
        }
    }
    return FILE_FINE;
}

static enum file_result end(struct file_reader *reader)
{
    const struct csv *csv = reader->state;
    if (csv->len > 0) {
        enum file_result result = read_line(reader);
        if (result != FILE_FINE) {
            return result;
        }
    }
    return reader->count > 0 ? FILE_FINE : file_malformed(reader, "there are no instructions");
}

static const char *const MEDIA[] = {"text/csv", NULL};
const struct file_reader_kind file_csv = {
    .name = "CSV", .media = MEDIA, .begin = begin, .feed = feed, .end = end, .free = end_state};
