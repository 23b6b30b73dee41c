#include "page.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"

#include <errno.h>
#include <qrencode.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TEXT_MAX = 12288,
    LINE_MAX_LEN = 86,
    QUIET = 4,     /* modules of white around a code (ISO/IEC 18004, 5.3.8) */
    CODE_PT = 260, /* below a page of text */
    CODE_LARGE_PT = 420,
    LINES_FEW = 20,
    PDF_MAX = 1 << 16,
    OBJECTS = 6,
};

int hf__page_init(struct hf__page *ret)
{
    *ret = (struct hf__page){.text = hf_secret_alloc(TEXT_MAX)};
    return ret->text != NULL ? 0 : HF_ENOMEM;
}

void hf__page_done(struct hf__page *p)
{
    hf_secret_free(p->text);
    *p = (struct hf__page){0};
}

static void put(struct hf__page *p, char c)
{
    if (p->len == TEXT_MAX)
        p->full = true;
    else
        p->text[p->len++] = c;
}

static void put_text(struct hf__page *p, const char *text)
{
    for (; *text != '\0'; text++)
        put(p, *text);
}

void hf__page_line(struct hf__page *p, const char *format, ...)
{
    char *line = hf_secret_alloc(LINE_MAX_LEN + 1);
    va_list arguments;
    if (line == NULL) {
        p->full = true;
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(line, LINE_MAX_LEN + 1, format, arguments);
    va_end(arguments);
    p->lines++;
    put(p, '(');
    for (const char *c = line; *c != '\0'; c++) {
        if (*c == '(' || *c == ')' || *c == '\\')
            put(p, '\\');
        put(p, *c >= ' ' && *c <= '~' ? *c : '?');
    }
    put_text(p, ") Tj T*\n");
    hf_secret_free(line);
}

static int write_all(struct hf_bytes bytes)
{
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = write(STDOUT_FILENO, bytes.data + done, bytes.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return HF_EIO;
        done += (size_t)n;
    }
    return 0;
}

/* The code as an image of a bit each, white around it. ret: initialised by the caller. */
static int draw_code(struct hf_bytes code, struct hf_buf *ret, size_t *ret_width)
{
    if (code.len > HF__CODE_MAX)
        return HF_ETOOBIG;
    /* As robust against stains as its size allows. */
    QRcode *qr = QRcode_encodeData((int)code.len, code.data, 0, QR_ECLEVEL_M);
    if (qr == NULL)
        qr = QRcode_encodeData((int)code.len, code.data, 0, QR_ECLEVEL_L);
    if (qr == NULL)
        return HF_ENOMEM;
    size_t width = (size_t)qr->width + 2 * QUIET;
    for (size_t y = 0; y < width; y++)
        for (size_t x = 0; x < width; x += 8) {
            uint8_t byte = 0xff;
            for (size_t bit = 0; bit < 8; bit++) {
                size_t column = x + bit - QUIET, row = y - QUIET; /* wraps where it is white */
                if (column < (size_t)qr->width && row < (size_t)qr->width &&
                    (qr->data[row * (size_t)qr->width + column] & 1) != 0)
                    byte &= (uint8_t) ~(0x80 >> bit);
            }
            hf_buf_append_u8(ret, byte);
        }
    *ret_width = width;
    QRcode_free(qr);
    return ret->error;
}

/* Where each object of the file begins. */
struct offsets {
    size_t at[OBJECTS + 1];
};

static void begin(struct hf_buf *out, struct offsets *o, int object)
{
    o->at[object] = out->len;
    hf_buf_printf(out, "%d 0 obj\n", object);
}

static void put_objects(struct hf_buf *out, struct offsets *o, struct hf_bytes image, size_t width)
{
    hf_buf_printf(out, "%%PDF-1.4\n");
    begin(out, o, 1);
    hf_buf_printf(out, "<< /Type /Catalog /Pages 2 0 R >>\nendobj\n");
    begin(out, o, 2);
    hf_buf_printf(out, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n");
    begin(out, o, 3);
    hf_buf_printf(out, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 6 0 R "
                       "/Resources << /Font << /F 4 0 R >> /XObject << /Q 5 0 R >> >> >>\n"
                       "endobj\n");
    begin(out, o, 4);
    hf_buf_printf(out, "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>\nendobj\n");
    begin(out, o, 5);
    hf_buf_printf(out,
                  "<< /Type /XObject /Subtype /Image /Width %zu /Height %zu /BitsPerComponent 1 "
                  "/ColorSpace /DeviceGray /Length %zu >>\nstream\n",
                  width, width, image.len);
    hf_buf_append(out, image.data, image.len);
    hf_buf_printf(out, "\nendstream\nendobj\n");
}

static void put_table(struct hf_buf *out, const struct offsets *o, size_t before)
{
    size_t at = before + out->len;
    hf_buf_printf(out, "xref\n0 %d\n0000000000 65535 f \n", OBJECTS + 1);
    for (int i = 1; i <= OBJECTS; i++)
        hf_buf_printf(out, "%010zu 00000 n \n", o->at[i]);
    hf_buf_printf(out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n",
                  OBJECTS + 1, at);
}

/* The text, which may be secret, goes out from where it is. */
static int write_parts(const struct hf__page *p, struct hf_bytes image, size_t width)
{
    static const char head[] = "BT /F 9.5 Tf 11.5 TL 48 800 Td\n", tail[] = "ET\n";
    struct offsets o;
    struct hf_buf before, after;
    char code[64] = "";
    int side = p->lines > LINES_FEW ? CODE_PT : CODE_LARGE_PT;
    if (width > 0)
        snprintf(code, sizeof code, "q %d 0 0 %d %d 36 cm /Q Do Q\n", side, side, (595 - side) / 2);
    size_t len = strlen(head) + p->len + strlen(tail) + strlen(code);
    hf_buf_init(&before, PDF_MAX);
    hf_buf_init(&after, PDF_MAX);
    put_objects(&before, &o, image, width > 0 ? width : 1);
    begin(&before, &o, OBJECTS);
    hf_buf_printf(&before, "<< /Length %zu >>\nstream\n%s", len, head);
    hf_buf_printf(&after, "%s%s\nendstream\nendobj\n", tail, code);
    put_table(&after, &o, before.len + p->len);
    int r = before.error != 0 ? before.error : after.error;
    if (r == 0)
        r = write_all(hf_buf_bytes(&before));
    if (r == 0)
        r = write_all(hf_bytes_of((const uint8_t *)p->text, p->len));
    if (r == 0)
        r = write_all(hf_buf_bytes(&after));
    hf_buf_done(&after);
    hf_buf_done(&before);
    return r;
}

int hf__page_write(const struct hf__page *p, struct hf_bytes code)
{
    struct hf_buf image;
    size_t width = 0;
    hf_buf_init(&image, PDF_MAX / 2);
    int r = p->full ? HF_ETOOBIG : 0;
    if (r == 0 && code.len > 0)
        r = draw_code(code, &image, &width);
    else if (r == 0)
        hf_buf_append_u8(&image, 0xff); /* a page without a code has a white dot */
    if (r == 0)
        r = image.error;
    if (r == 0)
        r = write_parts(p, hf_buf_bytes(&image), width);
    hf_buf_done(&image);
    return r;
}
