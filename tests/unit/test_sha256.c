/* Vectors of FIPS 180-4 as published by NIST's Cryptographic Standards and Guidelines (SHA256.pdf). */
#include "base/sha256.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check_digest(const char *data, const char *expected) {
    char text[SHA256_TEXT_BYTES];
    sha256_of_bytes(data, strlen(data), text);
    UNIT_CHECK(strcmp(text, expected) == 0, "digest is %s, not %s", text, expected);
}

static void nothing_has_its_digest(void) {
    check_digest("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void abc_has_its_digest(void) {
    check_digest("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void a_message_of_448_bits_has_its_digest(void) {
    check_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void a_message_of_896_bits_has_its_digest(void) {
    check_digest("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnop"
                 "qrstnopqrstu",
                 "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

static const char million_digest[] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

static char *million(void) {
    char *data = malloc(1000001);
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    memset(data, 'a', 1000000);
    data[1000000] = '\0';
    return data;
}

static void a_million_letters_have_their_digest(void) {
    char *data = million();
    check_digest(data, million_digest);
    free(data);
}

static void a_file_has_the_digest_of_its_bytes(void) {
    char path[] = "sha256-XXXXXX";
    char text[SHA256_TEXT_BYTES] = "";
    char *data = million();
    const int descriptor = mkstemp(path);
    CU_ASSERT_FATAL(descriptor >= 0);
    CU_ASSERT_EQUAL(write(descriptor, data, 1000000), 1000000);
    (void)close(descriptor);
    free(data);
    const Status status = sha256_of_file(path, text);
    (void)unlink(path);
    CU_ASSERT(status_is_ok(status));
    UNIT_CHECK(strcmp(text, million_digest) == 0, "digest of the file is %s", text);
}

static void a_missing_file_is_a_bad_file_and_is_named(void) {
    char text[SHA256_TEXT_BYTES];
    const Status status = sha256_of_file("no-such-file.hkl", text);
    CU_ASSERT_EQUAL(status.code, STATUS_BAD_FILE);
    CU_ASSERT_PTR_NOT_NULL(strstr(status.message, "no-such-file.hkl"));
}

static void a_folder_is_a_bad_file(void) {
    char text[SHA256_TEXT_BYTES];
    CU_ASSERT_EQUAL(sha256_of_file(".", text).code, STATUS_BAD_FILE);
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(nothing_has_its_digest),
                                     UNIT_TEST(abc_has_its_digest),
                                     UNIT_TEST(a_message_of_448_bits_has_its_digest),
                                     UNIT_TEST(a_message_of_896_bits_has_its_digest),
                                     UNIT_TEST(a_million_letters_have_their_digest),
                                     UNIT_TEST(a_file_has_the_digest_of_its_bytes),
                                     UNIT_TEST(a_missing_file_is_a_bad_file_and_is_named),
                                     UNIT_TEST(a_folder_is_a_bad_file),
                                     {NULL, NULL}};
    return unit_main("sha256", tests);
}
