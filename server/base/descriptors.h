/*
 * Standard input, output and error exist. Were one closed, the next file that is opened would take
 * its number, and what is printed would be written into that file.
 */
#ifndef BASE_DESCRIPTORS_H
#define BASE_DESCRIPTORS_H

/* Opens 0, 1 and 2 on /dev/null where they are closed. First in every main(); ends the program when
 * that fails. */
void descriptors_open_standard(void);

#endif
