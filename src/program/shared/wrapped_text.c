#include "shared/wrapped_text.h"

#include <stdbool.h>
#include <string.h>

enum { COLUMNS = 79 };

void wrapped_text_print(FILE *out, const char *text, int column, int indent) {
    while (*text != '\0') {
        const int blanks = (int)strspn(text, " "), letters = (int)strcspn(text + blanks, " \n");
        const bool breaks = column + blanks + letters > COLUMNS && column > indent;
        if (breaks)
            (void)fprintf(out, "\n%*s%.*s", indent, "", letters, text + blanks);
        else
            (void)fprintf(out, "%.*s", blanks + letters, text);
        column = breaks ? indent + letters : column + blanks + letters;
        text += blanks + letters;
        if (*text != '\n') continue;
        (void)fputc('\n', out);
        column = 0;
        text++;
    }
    (void)fputc('\n', out);
}
