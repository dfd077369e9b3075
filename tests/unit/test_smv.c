#include "formats/smv.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FILE_BYTES = 4096 };
static const char scratch[] = "test_smv.img";
static const char good[] = "{\nHEADER_BYTES=512;\nDIM=2;\nBYTE_ORDER=little_endian;\nTYPE=unsigned_short;\n"
                           "SIZE1=3;\nSIZE2=2;\nPIXEL_SIZE=0.25;\n}\f";

/* A file of @p bytes: the header, blanks up to 512, and the bytes 0, 1, 2 ... behind it. */
static void write_file(const char *header, size_t bytes) {
    unsigned char contents[FILE_BYTES];
    memset(contents, ' ', sizeof contents);
    memcpy(contents, header, strlen(header));
    for (size_t i = 512; i < sizeof contents; i++) contents[i] = (unsigned char)(i - 512);
    FILE *file = fopen(scratch, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(contents, 1, bytes, file), bytes);
    (void)fclose(file);
}

static void finish(SmvImage *image) {
    smv_free(image);
    (void)remove(scratch);
}

/* The good header with one piece replaced. */
static const char *with(const char *piece, const char *replacement, char *header) {
    const char *place = strstr(good, piece);
    CU_ASSERT_PTR_NOT_NULL_FATAL(place);
    (void)snprintf(header, FILE_BYTES, "%.*s%s%s", (int)(place - good), good, replacement, place + strlen(piece));
    return header;
}

static void refuses(const char *header, size_t bytes, const char *wanted) {
    SmvImage image;
    write_file(header, bytes);
    const Status status = smv_read(scratch, &image);
    UNIT_CHECK(status.code == STATUS_BAD_FILE, "refused for \"%s\"", wanted);
    UNIT_CHECK(strstr(status.message, wanted) != NULL && strstr(status.message, scratch) != NULL,
               "\"%s\" and the file are in \"%s\"", wanted, status.message);
    CU_ASSERT_PTR_NULL(image.pixels);
    finish(&image);
}

static void pixels_are_read_in_the_order_of_the_bytes_that_the_header_names(void) {
    char header[FILE_BYTES];
    SmvImage image;
    write_file(good, 512 + 12);
    CU_ASSERT_TRUE(status_is_ok(smv_read(scratch, &image)));
    CU_ASSERT_TRUE(image.fast_pixels == 3 && image.slow_pixels == 2);
    for (int i = 0; i < 6; i++) CU_ASSERT_EQUAL(image.pixels[i], 2 * i + 256 * (2 * i + 1));
    finish(&image);
    write_file(with("little_endian", "big_endian", header), 512 + 12);
    CU_ASSERT_TRUE(status_is_ok(smv_read(scratch, &image)));
    for (int i = 0; i < 6; i++) CU_ASSERT_EQUAL(image.pixels[i], 256 * (2 * i) + 2 * i + 1);
    finish(&image);
}

static void pixels_begin_where_header_bytes_says(void) {
    char header[FILE_BYTES];
    SmvImage image;
    write_file(with("512", "1024", header), 1024 + 12);
    CU_ASSERT_TRUE(status_is_ok(smv_read(scratch, &image)));
    CU_ASSERT_EQUAL(image.pixels[1], 2 + 256 * 3); /* bytes 512 and on are 0, 1, 2 ... again */
    finish(&image);
}

static void what_lies_behind_the_pixels_is_ignored(void) {
    SmvImage image;
    write_file(good, 512 + 200);
    CU_ASSERT_TRUE(status_is_ok(smv_read(scratch, &image)));
    finish(&image);
}

static void keys_match_as_a_whole(void) {
    char header[FILE_BYTES];
    SmvImage image;
    double number = 0.0;
    write_file(with("PIXEL_SIZE=0.25;",
                    "CLOSE_DISTANCE=7;XDS_ORGX=3;\n PIXEL_SIZE = 0.1 ;\nDIALS_ORIGIN=1,2,3\nORGY=5;\n"
                    "PIXEL_SIZE=0.5",
                    header),
               512 + 12);
    CU_ASSERT_TRUE(status_is_ok(smv_read(scratch, &image)));
    CU_ASSERT_TRUE(status_is_ok(smv_number(&image, "DISTANCE", &number)) && isnan(number));
    CU_ASSERT_TRUE(status_is_ok(smv_number(&image, "ORGX", &number)) && isnan(number));
    CU_ASSERT_TRUE(status_is_ok(smv_number(&image, "SIZE", &number)) && isnan(number));
    CU_ASSERT_TRUE(status_is_ok(smv_number(&image, "CLOSE_DISTANCE", &number)) && number == 7.0);
    CU_ASSERT_TRUE(status_is_ok(smv_number(&image, "ORGY", &number)) && number == 5.0);
    CU_ASSERT_TRUE(status_is_ok(smv_number(&image, "PIXEL_SIZE", &number)) && number == 0.5); /* the last one */
    CU_ASSERT_EQUAL(smv_number(&image, "DIALS_ORIGIN", &number).code, STATUS_BAD_FILE);
    finish(&image);
}

static void the_header_alone_can_be_read_without_pixels(void) {
    SmvImage image;
    write_file(good, 512);
    CU_ASSERT_TRUE(status_is_ok(smv_read_header(scratch, &image)));
    CU_ASSERT_EQUAL(image.fast_pixels, 3);
    CU_ASSERT_PTR_NULL(image.pixels);
    finish(&image);
}

static void cut_off_files_are_refused_wherever_they_are_cut(void) {
    SmvImage image;
    for (size_t bytes = 0; bytes < 512 + 12; bytes++) {
        write_file(good, bytes);
        const Status status = smv_read(scratch, &image);
        UNIT_CHECK(status.code == STATUS_BAD_FILE, "%zu bytes are too few", bytes);
        finish(&image);
    }
    refuses(good, 512 + 11, "too few");
}

static void hostile_headers_are_refused(void) {
    char header[FILE_BYTES];
    refuses("no brace", 600, "no SMV header");
    refuses(with("3;", "2147483647;", header), 600, "too few");
    refuses(with("SIZE1=3;\nSIZE2=2", "SIZE1=2147483647;\nSIZE2=2147483647", header), 600, "too few");
    refuses(with("=3;", "=4294967299;", header), 600, "SIZE1");
    refuses(with("=3;", "=-3;", header), 600, "SIZE1");
    refuses(with("=3;", "=0;", header), 600, "SIZE1");
    refuses(with("=3;", "=3.5;", header), 600, "SIZE1");
    refuses(with("=3;", "=;", header), 600, "SIZE1");
    refuses(with("SIZE1", "ASIZE1", header), 600, "SIZE1");
    refuses(with("=512", "=99999999999999999999", header), 600, "HEADER_BYTES");
    refuses(with("=512", "=0", header), 600, "HEADER_BYTES");
    refuses(with("=512", "=601", header), 600, "cut off");
    refuses(with("=512", "=8", header), 600, "closing brace");
    refuses(with("}", " ", header), 600, "closing brace");
    refuses(with("unsigned_short", "long", header), 600, "TYPE");
    refuses(with("little_endian", "middle", header), 600, "BYTE_ORDER");
    refuses(with("=3;", "=33333333333333333333333333333333333333333333333333333333333333333333;", header), 600,
            "SIZE1");
}

static void a_zero_byte_in_the_header_is_refused(void) {
    SmvImage image;
    write_file(good, 600);
    FILE *file = fopen(scratch, "r+b");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    (void)fseek(file, 30, SEEK_SET);
    (void)fputc('\0', file);
    (void)fclose(file);
    CU_ASSERT_EQUAL(smv_read(scratch, &image).code, STATUS_BAD_FILE);
    finish(&image);
}

static void a_missing_file_is_named(void) {
    SmvImage image;
    const Status status = smv_read("there/is/none.img", &image);
    CU_ASSERT_EQUAL(status.code, STATUS_BAD_FILE);
    CU_ASSERT_PTR_NOT_NULL(strstr(status.message, "there/is/none.img"));
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(pixels_are_read_in_the_order_of_the_bytes_that_the_header_names),
                              UNIT_TEST(pixels_begin_where_header_bytes_says),
                              UNIT_TEST(what_lies_behind_the_pixels_is_ignored),
                              UNIT_TEST(keys_match_as_a_whole),
                              UNIT_TEST(the_header_alone_can_be_read_without_pixels),
                              UNIT_TEST(cut_off_files_are_refused_wherever_they_are_cut),
                              UNIT_TEST(hostile_headers_are_refused),
                              UNIT_TEST(a_zero_byte_in_the_header_is_refused),
                              UNIT_TEST(a_missing_file_is_named),
                              {NULL, NULL}};
    return unit_main("smv", tests);
}
