#include "emu/report/svg.h"

/* Programs that know no variables take the colours before them. Hues apart by more than their neighbours' in the
 * account; the same in both schemes, so that a legend holds for both.
 */
const char thm_svg_style[] =
    ":root{--ink:#1b1f24;--paper:#fff;--frame:#8c959f;--free:#e8ecf0}"
    "@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--frame:#6e7681;--free:#262c34}}"
    "@media print{:root{--ink:#000;--paper:#fff;--frame:#666;--free:#eee}}"
    ".c0{fill:#6e7781}.c1{fill:#a0a7ae}.c2{fill:#3b6fb6}.c3{fill:#59a5d8}.c4{fill:#7a5195}.c5{fill:#d9822b}"
    ".c6{fill:#e8b04a}.c7{fill:#9c6b3c}.c8{fill:#2f9e77}.c9{fill:#c2416b}.c10{fill:#e07a9b}.c11{fill:#f0b6c8}"
    ".c12{fill:#8fbf4d}.c13{fill:#4c5a67}.c14{fill:#c3c9cf}.c15,.free{fill:#e8ecf0;fill:var(--free)}"
    ".over{fill:#d1242f}.frame{fill:none;stroke:#8c959f;stroke:var(--frame)}.line{stroke:#d1242f;stroke-dasharray:4 3}"
    ".axis{stroke:#8c959f;stroke:var(--frame)}svg text{fill:#1b1f24;fill:var(--ink);font:11px system-ui,sans-serif}"
    "svg text.on{fill:#10151b}"
    "svg rect{stroke:#fff;stroke:var(--paper);stroke-width:.4}svg "
    "rect.frame{stroke:#8c959f;stroke:var(--frame);stroke-width:1}";

void thm_xml_text(FILE *f, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '<': fputs("&lt;", f); break;
        case '>': fputs("&gt;", f); break;
        case '&': fputs("&amp;", f); break;
        case '"': fputs("&quot;", f); break;
        default: fputc((unsigned char)*text < 0x20 ? '?' : *text, f);
        }
}

void thm_svg_begin(FILE *f, enum thm_svg_where where, double width, double height, const char *title)
{
    fprintf(f, "<svg viewBox=\"0 0 %g %g\" role=\"img\"%s><title>", width, height,
            where == THM_SVG_FILE ? " xmlns=\"http://www.w3.org/2000/svg\"" : "");
    thm_xml_text(f, title);
    fputs("</title>", f);
    if (where == THM_SVG_FILE)
        fprintf(f, "<style>%s</style>", thm_svg_style);
    fputc('\n', f);
}

void thm_svg_rect(FILE *f, double x, double y, double w, double h, const char *css_class, const char *title)
{
    fprintf(f, "<rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"", css_class, x, y, w, h);
    if (!title) {
        fputs("/>\n", f);
        return;
    }
    fputs("><title>", f);
    thm_xml_text(f, title);
    fputs("</title></rect>\n", f);
}

void thm_svg_line(FILE *f, double x1, double y1, double x2, double y2, const char *css_class)
{
    fprintf(f, "<line class=\"%s\" x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\"/>\n", css_class, x1, y1, x2, y2);
}

void thm_svg_label(FILE *f, double x, double y, const char *text)
{
    fprintf(f, "<text class=\"on\" x=\"%.2f\" y=\"%.2f\" text-anchor=\"middle\">", x, y);
    thm_xml_text(f, text);
    fputs("</text>\n", f);
}

void thm_svg_text(FILE *f, double x, double y, const char *anchor, const char *text)
{
    fprintf(f, "<text x=\"%.2f\" y=\"%.2f\" text-anchor=\"%s\">", x, y, anchor);
    thm_xml_text(f, text);
    fputs("</text>\n", f);
}

void thm_svg_end(FILE *f)
{
    fputs("</svg>\n", f);
}

void thm_svg_key(FILE *f, const char *css_class)
{
    fprintf(f, "<svg class=\"key\" viewBox=\"0 0 9 9\"><rect class=\"%s\" width=\"9\" height=\"9\"/></svg> ",
            css_class);
}
