/* emu/report/heap_picture.h -- a board's heap at one moment, put together from its events; as JSON and as a picture. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include "emu/board/event.h"

struct thm_heap_picture { /* all zero: none */
    struct thm_event heap, peak;
    struct thm_event *part; /* regions, each with its blocks; owners; use over time: in the order they came */
    size_t count, capacity;
};

/* Take an event of the heap; other events are none of it. false: the PC is out of memory. */
bool thm_heap_picture_event(struct thm_heap_picture *p, const struct thm_event *ev);
void thm_heap_picture_finish(struct thm_heap_picture *p);

bool thm_heap_is_hole(const struct thm_event *block);
/* Memory that malloc gives; the rest is only had by asking for its capabilities. */
bool thm_heap_is_for_malloc(const struct thm_event *region);
/* The hole that the next large malloc would get; NULL: none, or its blocks were not told. */
const struct thm_event *thm_heap_largest_hole(const struct thm_heap_picture *p);
/* Index of the region of the lowest address that is at or above `from`; p->count: none. */
size_t thm_heap_next_region(const struct thm_heap_picture *p, uint64_t from);

/* Does the application own it, and not the runtime? owner: THM_EV_HEAP_OWNER. */
bool thm_heap_is_application(const struct thm_event *owner);
/* At most `max` owners, those with most bytes first. Result: how many there are in `out`. */
size_t thm_heap_owners(const struct thm_heap_picture *p, const struct thm_event **out, size_t max);

/* Keys: thimble-run(1). A new reference; NULL: out of memory. */
json_t *thm_heap_picture_json(const struct thm_heap_picture *p);

struct thm_heap_map_style {
    bool utf8, colour;
};
/* The map: regions as rows of cells, a legend of owners, the use over time (told only with the picture of the end);
 * within 80 columns. */
void thm_heap_map_print(const struct thm_heap_picture *p, const struct thm_heap_picture *end,
                        const struct thm_heap_map_style *style, FILE *f);
/* The same as HTML: the regions' blocks as one SVG each, a legend, the use over time. Classes: thm_svg_style. */
void thm_heap_map_html(const struct thm_heap_picture *p, const struct thm_heap_picture *end, FILE *f);
