/* emu/preload/cxx.c -- C++'s operator new and delete. A failing new asks the program's new-handler and throws
 * std::bad_alloc, both of the C++ library that the program has with it. */
#include <stdlib.h>
#include "emu/preload/library.h"

#define EXPORT __attribute__((visibility("default")))

typedef void handler_fn(void);
typedef handler_fn *get_handler_fn(void);

static handler_fn *new_handler(void)
{
    get_handler_fn *const get = (get_handler_fn *)thm_exec_next("_ZSt15get_new_handlerv");
    return get ? get() : NULL;
}

static void throw_bad_alloc(void)
{
    handler_fn *const bad_alloc = (handler_fn *)thm_exec_next("_ZSt17__throw_bad_allocv");
    if (bad_alloc)
        bad_alloc();
    abort(); /* operator new without a C++ library */
}

static void *new_or_throw(const char *name, size_t n, size_t align)
{
    void *p;
    while (!(p = thm_exec_request(name, n, align))) {
        handler_fn *const handler = new_handler();
        if (!handler)
            throw_bad_alloc();
        handler();
    }
    return p;
}

/* A handler that frees something is asked once; one that throws may not pass a nothrow new: it is left to the library.
 */
static void *new_or_null(const char *symbol, const char *name, size_t n, size_t align, const void *nothrow)
{
    void *p = thm_exec_request(name, n, align);
    if (p || !new_handler())
        return p;
    void *next = thm_exec_next(symbol);
    if (!next)
        return NULL;
    return align ? ((void *(*)(size_t, size_t, const void *))next)(n, align, nothrow)
                 : ((void *(*)(size_t, const void *))next)(n, nothrow);
}

#if __SIZEOF_SIZE_T__ == 8
#define M "m" /* how the C++ ABI writes size_t */
#else
#define M "j"
#endif

/* Each under its mangled name. */
#define NEW(fn, symbol, name)                  \
    EXPORT void *fn(size_t n) __asm__(symbol); \
    void *fn(size_t n)                         \
    {                                          \
        return new_or_throw(name, n, 0);       \
    }
#define NEW_ALIGNED(fn, symbol, name)                        \
    EXPORT void *fn(size_t n, size_t align) __asm__(symbol); \
    void *fn(size_t n, size_t align)                         \
    {                                                        \
        return new_or_throw(name, n, align);                 \
    }
#define NEW_NOTHROW(fn, symbol, name)                               \
    EXPORT void *fn(size_t n, const void *nothrow) __asm__(symbol); \
    void *fn(size_t n, const void *nothrow)                         \
    {                                                               \
        return new_or_null(symbol, name, n, 0, nothrow);            \
    }
#define NEW_ALIGNED_NOTHROW(fn, symbol, name)                                     \
    EXPORT void *fn(size_t n, size_t align, const void *nothrow) __asm__(symbol); \
    void *fn(size_t n, size_t align, const void *nothrow)                         \
    {                                                                             \
        return new_or_null(symbol, name, n, align, nothrow);                      \
    }
/* Size, alignment and nothrow, where there are any, are in registers or on the caller's stack: nobody reads them. */
#define DELETE(fn, symbol)                   \
    EXPORT void fn(void *p) __asm__(symbol); \
    void fn(void *p)                         \
    {                                        \
        free(p);                             \
    }

NEW(new_one, "_Znw" M, "operator new")
NEW(new_array, "_Zna" M, "operator new[]")
NEW_ALIGNED(new_aligned, "_Znw" M "St11align_val_t", "operator new")
NEW_ALIGNED(new_array_aligned, "_Zna" M "St11align_val_t", "operator new[]")
NEW_NOTHROW(new_nothrow, "_Znw" M "RKSt9nothrow_t", "operator new")
NEW_NOTHROW(new_array_nothrow, "_Zna" M "RKSt9nothrow_t", "operator new[]")
NEW_ALIGNED_NOTHROW(new_aligned_nothrow, "_Znw" M "St11align_val_tRKSt9nothrow_t", "operator new")
NEW_ALIGNED_NOTHROW(new_array_aligned_nothrow, "_Zna" M "St11align_val_tRKSt9nothrow_t", "operator new[]")

DELETE(delete_one, "_ZdlPv")
DELETE(delete_array, "_ZdaPv")
DELETE(delete_sized, "_ZdlPv" M)
DELETE(delete_array_sized, "_ZdaPv" M)
DELETE(delete_aligned, "_ZdlPvSt11align_val_t")
DELETE(delete_array_aligned, "_ZdaPvSt11align_val_t")
DELETE(delete_sized_aligned, "_ZdlPv" M "St11align_val_t")
DELETE(delete_array_sized_aligned, "_ZdaPv" M "St11align_val_t")
DELETE(delete_nothrow, "_ZdlPvRKSt9nothrow_t")
DELETE(delete_array_nothrow, "_ZdaPvRKSt9nothrow_t")
DELETE(delete_aligned_nothrow, "_ZdlPvSt11align_val_tRKSt9nothrow_t")
DELETE(delete_array_aligned_nothrow, "_ZdaPvSt11align_val_tRKSt9nothrow_t")
