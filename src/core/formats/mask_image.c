#include "formats/mask_image.h"

#include "base/text.h"
#include "formats/cbf_image.h"
#include "formats/npy.h"
#include "formats/smv.h"
#include "parameters/input.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNATURE_BYTES_MOST = 16, USER_BLOCKS = 8 };
static const size_t FILE_BYTES_MOST = (size_t)1 << 36;

/* How a file begins. */
typedef struct Signature {
    size_t bytes;
    const char *begins;
    MaskForm form;
    const char *remedy; /* of what is not read, else NULL */
} Signature;

static const Signature signatures[] = {
    {6, "\x93NUMPY", MASK_NPY, NULL},
    {8, "\x89HDF\r\n\x1a\n", MASK_HDF5, NULL},
    {6, "###CBF", MASK_CBF, NULL},
    {2, "\x1f\x8b", MASK_SMV, "compressed with gzip; gunzip it"},
    {3, "BZh", MASK_SMV, "compressed with bzip2; bunzip2 it"},
    {4, "PK\x03\x04", MASK_SMV, "a zip or .npz file; save one array with numpy.save"},
    {2, "\x80\x02", MASK_SMV, "a pickle, which could run programs; save its array with numpy.save"},
    {2, "\x80\x03", MASK_SMV, "a pickle, which could run programs; save its array with numpy.save"},
    {2, "\x80\x04", MASK_SMV, "a pickle, which could run programs; save its array with numpy.save"},
    {2, "\x80\x05", MASK_SMV, "a pickle, which could run programs; save its array with numpy.save"},
    {4, "II*\0", MASK_SMV, "a TIFF image; save its array with numpy.save"},
    {4, "MM\0*", MASK_SMV, "a TIFF image; save its array with numpy.save"},
    {8, "\x89PNG\r\n\x1a\n", MASK_SMV, "a PNG image; save its array with numpy.save"},
};

/* HDF5 may begin behind what belongs to others: at 512 bytes, 1024 and so on. */
static bool has_user_block(const char *contents, size_t bytes) {
    const Signature *hdf5 = &signatures[1];
    for (size_t at = 512, i = 0; i < USER_BLOCKS; i++, at *= 2)
        if (at + hdf5->bytes <= bytes && memcmp(contents + at, hdf5->begins, hdf5->bytes) == 0) return true;
    return false;
}

static Status form_of(const char *path, const char *contents, size_t bytes, MaskForm *form) {
    *form = has_user_block(contents, bytes) && *contents != '{' ? MASK_HDF5 : MASK_SMV;
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const Signature *s = &signatures[i];
        if (bytes < s->bytes || memcmp(contents, s->begins, s->bytes) != 0) continue;
        *form = s->form;
        if (s->remedy == NULL) return status_ok();
        return status_error(STATUS_BAD_FILE, "detector.mask %s is %s; masks are SMV, .npy, HDF5 or CBF", path,
                            s->remedy);
    }
    return status_ok();
}

Status mask_image_form(const Parameters *p, MaskForm *form) {
    Input input;
    char *contents = NULL;
    size_t bytes = 0;
    *form = MASK_SMV;
    TRY(input_open(p, PARAMETER(detector, mask), &input));
    Status status = text_read_beginning(input.path, p->detector_mask_file, (512u << USER_BLOCKS), &contents, &bytes);
    if (status_is_ok(status)) status = form_of(p->detector_mask_file, contents, bytes, form);
    free(contents);
    input_close(&input);
    return status;
}

Status mask_image_check_shape(const char *path, const char *what, int64_t slow_pixels, int64_t fast_pixels,
                              const Detector *detector) {
    const int64_t slow = detector->slow_pixels, fast = detector->fast_pixels;
    if (slow_pixels == slow && fast_pixels == fast) return status_ok();
    const bool is_transposed = slow_pixels == fast && fast_pixels == slow;
    return status_error(STATUS_BAD_PARAMETER,
                        "detector.mask %s%s has %" PRId64 " x %" PRId64 " pixels and the detector %" PRId64
                        " x %" PRId64 " (fast x slow); give a mask of the detector's size%s",
                        path, what, fast_pixels, slow_pixels, fast, slow,
                        is_transposed ? ": this one lies the other way round, write its transpose, [slow][fast]" : "");
}

Status mask_image_allocate(const Detector *detector, MaskImage *image) {
    const int64_t pixels = detector_pixels(detector);
    image->signs = malloc((size_t)pixels);
    if (image->signs != NULL) return status_ok();
    return status_error(STATUS_NO_MEMORY, "no memory for the %" PRId64 " pixels of %s", pixels, image->path);
}

void mask_image_free(MaskImage *image) {
    free(image->signs);
    *image = (MaskImage){.path = NULL};
}

static Status read_smv(const Parameters *p, const Detector *detector, MaskImage *image) {
    SmvImage smv;
    TRY(smv_read_input(p, PARAMETER(detector, mask), true, &smv));
    Status status = mask_image_check_shape(image->path, "", smv.slow_pixels, smv.fast_pixels, detector);
    if (status_is_ok(status)) status = mask_image_allocate(detector, image);
    for (int64_t i = 0; status_is_ok(status) && i < detector_pixels(detector); i++)
        image->signs[i] = smv.pixels[i] == 0 ? MASK_ZERO : MASK_POSITIVE;
    smv_free(&smv);
    return status;
}

static Status read_contents(const Parameters *p, const Detector *detector, MaskForm form, MaskImage *image) {
    char *contents = NULL;
    size_t bytes = 0;
    TRY(input_read(p, PARAMETER(detector, mask), FILE_BYTES_MOST, &contents, &bytes));
    const Status status = form == MASK_NPY ? npy_read_mask(contents, bytes, detector, image)
                                           : cbf_read_mask(contents, bytes, detector, image);
    free(contents);
    return status;
}

Status mask_image_read(const Parameters *p, const Detector *detector, MaskHdf5Reader *hdf5, MaskImage *image,
                       Notes *notes) {
    MaskForm form = MASK_SMV;
    *image = (MaskImage){.path = p->detector_mask_file};
    TRY(mask_image_form(p, &form));
    if (*p->detector_mask_dataset != '\0' && form != MASK_HDF5)
        notes_add(notes, "detector.mask_dataset has no effect: needs a detector.mask in HDF5");
    if (form == MASK_SMV) return read_smv(p, detector, image);
    if (form != MASK_HDF5) return read_contents(p, detector, form, image);
    if (hdf5 != NULL) return hdf5(p, detector, image, notes);
    return status_error(STATUS_BAD_FILE, "detector.mask %s is in HDF5, which is not read here", p->detector_mask_file);
}

/* ----------------------------------------------------------------------------------------------------------- values */

static const char *const words_of_rules[] = {[MASK_GOOD] = "values other than 0 are computed",
                                             [MASK_BAD] = "values other than 0 are not computed",
                                             [MASK_SIGNED] = "negative values are not computed"};

static Status refuse_values(const MaskImage *image, const char *why) {
    return status_error(STATUS_BAD_FILE,
                        "detector.mask %s %s; say what its values mean: detector.mask_values=good (values other than 0 "
                        "are computed), bad (they are not) or signed (negative ones are not)",
                        image->path, why);
}

static Status choose_rule(const MaskImage *image, bool any_negative, MaskValues *rule) {
    switch (image->kind) {
    case MASK_OF_NUMBERS:
        *rule = MASK_GOOD;
        return any_negative ? refuse_values(image, "has negative numbers") : status_ok();
    case MASK_OF_TRUTHS:
        *rule = MASK_GOOD;
        return status_ok();
    case MASK_OF_FAULTS:
        *rule = MASK_BAD;
        return status_ok();
    case MASK_OF_INTENSITY:
        *rule = MASK_SIGNED;
        return any_negative ? status_ok() : refuse_values(image, "is a CBF image without negative pixels");
    }
    return status_ok();
}

static bool is_computed(MaskValues rule, uint8_t sign) {
    if (rule == MASK_SIGNED) return sign != MASK_NEGATIVE;
    return (sign != MASK_ZERO) == (rule == MASK_GOOD);
}

Status mask_image_apply(const Parameters *p, const Detector *detector, const MaskImage *image, uint8_t *active,
                        Notes *notes) {
    const int64_t pixels = detector_pixels(detector);
    MaskValues rule = (MaskValues)p->detector_mask_values;
    bool any_negative = false;
    int64_t left = 0;
    for (int64_t i = 0; i < pixels; i++) any_negative = any_negative || image->signs[i] == MASK_NEGATIVE;
    if (rule == MASK_AUTO) TRY(choose_rule(image, any_negative, &rule));
    for (int64_t i = 0; i < pixels; i++) {
        active[i] = is_computed(rule, image->signs[i]);
        left += active[i];
    }
    if (p->of_nanobragg) return status_ok();
    notes_add(notes, "detector.mask %.120s: %s%s: %" PRId64 " of %" PRId64 " pixels%s", image->path,
              words_of_rules[rule], p->detector_mask_values == MASK_AUTO ? ", by its form" : "", left, pixels,
              2 * left < pixels ? "; if it should be the others, give detector.mask_values" : "");
    return status_ok();
}
