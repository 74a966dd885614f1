/* emu/report/svg.h -- pictures as SVG, written as they are drawn: rectangles, lines, text, by class; no script.
 *
 * Coordinates are the picture's own units, as in its viewBox. Texts are escaped. Colours are classes of
 * thm_svg_style, which a page includes once and a file of its own carries itself. */
#pragma once
#include <stdio.h>

/* CSS of all pictures, light and dark: fill classes c0 to c15, "free", "over", "frame", "line", "label". */
extern const char thm_svg_style[];

enum thm_svg_where { THM_SVG_IN_PAGE, THM_SVG_FILE };
/* title: read out by screen readers. File: with name space and style. */
void thm_svg_begin(FILE *f, enum thm_svg_where where, double width, double height, const char *title);
/* title NULL: nothing is shown on hover. */
void thm_svg_rect(FILE *f, double x, double y, double w, double h, const char *css_class, const char *title);
void thm_svg_line(FILE *f, double x1, double y1, double x2, double y2, const char *css_class);
/* anchor: "start", "middle", "end" */
void thm_svg_text(FILE *f, double x, double y, const char *anchor, const char *text);
/* In the middle of a rectangle of a class c2 to c12. */
void thm_svg_label(FILE *f, double x, double y, const char *text);
void thm_svg_end(FILE *f);
/* A square for a legend: a picture of its own, of the page's class "key". */
void thm_svg_key(FILE *f, const char *css_class);

void thm_xml_text(FILE *f, const char *text); /* escaped for XML and HTML; control characters become '?' */
