/* emu/board/window.c -- a file used in place: where the processor sees the flash, when the file system keeps it in one
 * piece there. */
#include <string.h>
#include <sys/mman.h>
#include "emu/board/board.h"
#include "emu/board/storage_place.h"
#include "memmodels/lowmap.h"

static void close_window(struct thm_board_window *w)
{
    if (w->pages)
        munmap(w->pages, w->pages_size);
    *w = (struct thm_board_window){ 0 };
}

void thm_board_close_window(struct thm_board *b)
{
    close_window(&b->window);
}

/* Pages for w->len bytes at the device's address; or, where the PC has something else there, at another one. */
static bool map_pages(struct thm_board_window *w, uint64_t address)
{
    const uint64_t page = thm_page_size(), into = address % page;
    w->pages_size = (size_t)((into + w->len + page - 1) / page * page);
    uint64_t at = address - into;
    if (!thm_lowmap_at(at, w->pages_size))
        at = thm_lowmap_anywhere(w->pages_size, at);
    w->pages = (void *)(uintptr_t)at;
    w->mem = (uint8_t *)(uintptr_t)(at + into);
    return at != 0;
}

static bool fill(struct thm_board *b, uint64_t off, uint32_t len)
{
    struct thm_board_window *w = &b->window;
    return thm_medium_peek(b->media[0], off, w->mem + (off - w->off), len) == THM_FS_OK;
}

static bool protect(const struct thm_board_window *w, int how)
{
    return mprotect(w->pages, w->pages_size, how) == 0;
}

/* Where the processor sees a byte of the flash. false: nowhere. */
static bool flash_address(const struct thm_profile_flash *f, uint64_t off, uint64_t *address)
{
    const bool inside = thm_part_find(f->part)->kind == THM_PART_FLASH; /* the processor's own: always seen */
    *address = (f->window ? f->window : f->program_base - f->program_offset) + off;
    return f->window || inside;
}

/* Where in the flash the mounted storage keeps the file, in one piece. */
static bool find_file(struct thm_board *b, const char *file, struct thm_board_window *w)
{
    if (!b->fs || !b->fs->ops->extent)
        return false;
    const struct thm_storage_place at = thm_storage_place(b->profile, b->storage);
    int32_t code = b->fs->ops->extent(b->fs, thm_board_device_name(b, file), &w->off, &w->len);
    w->off += at.offset;
    return code >= 0 && w->len && at.medium == 0;
}

static void do_map(struct thm_call *c)
{
    struct thm_board *b = c->b;
    struct thm_board_window w = { 0 };
    uint64_t address;
    close_window(&b->window);
    if (!find_file(b, c->s, &w) || !flash_address(&b->profile->flash, w.off, &address))
        return;
    b->window = w;
    if (!map_pages(&b->window, address) || !fill(b, w.off, w.len) || !protect(&b->window, PROT_READ))
        close_window(&b->window);
}

const uint8_t *thm_hal_map(struct thm_board *b, const char *file, uint32_t *bytes)
{
    thm_board_enter(do_map, (struct thm_call){ .b = b, .s = file });
    *bytes = b->window.len;
    return b->window.mem;
}

void thm_board_window_changed(struct thm_board *b, uint64_t off, uint32_t len)
{
    const struct thm_board_window *w = &b->window;
    const uint64_t from = off > w->off ? off : w->off;
    const uint64_t to = off + len < w->off + w->len ? off + len : w->off + w->len;
    if (from < to && protect(w, PROT_READ | PROT_WRITE)) {
        (void)fill(b, from, (uint32_t)(to - from));
        (void)protect(w, PROT_READ);
    }
}
