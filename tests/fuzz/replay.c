/* Instead of libFuzzer: gives every file of a folder to one fuzzer. */
#include "base/text.h"
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MOST = 1 << 24 };

static void replay(const char *folder, const char *name) {
    char path[4096], *contents = NULL;
    size_t bytes = 0;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    const Status status = text_read_file(path, FILE_BYTES_MOST, &contents, &bytes);
    fuzz_require(status_is_ok(status), status.message);
    /* without the zero byte behind it, so that a sanitizer sees who reads beyond the end */
    uint8_t *data = malloc(bytes > 0 ? bytes : 1);
    fuzz_require(data != NULL, "there is memory for a file of the corpus");
    memcpy(data, contents, bytes);
    free(contents);
    (void)printf("%s\n", name);
    (void)fflush(stdout);
    (void)LLVMFuzzerTestOneInput(data, bytes);
    free(data);
}

int main(int argc, char **argv) {
    int files = 0;
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (folder == NULL) {
        (void)fprintf(stderr, "give a folder of inputs\n");
        return 2;
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.') continue;
        replay(argv[1], entry->d_name);
        files++;
    }
    (void)closedir(folder);
    (void)printf("%d files\n", files);
    return files > 0 ? 0 : 1;
}
