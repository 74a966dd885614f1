#include "emu/board/profile_schema.h"
#include <stdbool.h>
#include "emu/board/profile.h"

#define TEXT_MAX         200 /* bytes of one text */
#define LIST_MAX         64  /* entries of one list */
#define LONG_MAX_ENTRIES 256 /* entries of a long one: texts, operators */

/* One row a key: kind, structure, member (also the key's name), needed or not, help. */
#define REQUIRED CYAML_FLAG_DEFAULT
#define OPTIONAL CYAML_FLAG_OPTIONAL

#define CORES_KEYS(K)                                                                                     \
    K(TEXT, thm_profile_core, name, REQUIRED, "name of the core")                                         \
    K(TEXT, thm_profile_core, isa, REQUIRED, "the core: cores/NAME.yaml, what operators cost on it")      \
    K(TEXT, thm_profile_core, layout, REQUIRED, "struct layout of its compilers: ilp32_align8, cortex_m") \
    K(UINT, thm_profile_core, clock_hz, REQUIRED, "clock, Hz")                                            \
    K(TEXT, thm_profile_core, kernels, OPTIONAL, "kernel library, for device time; absent: reference")

#define MEMORY_KEYS(K)                                                                    \
    K(TEXT, thm_profile_memory, name, REQUIRED, "name of the bank")                       \
    K(UINT, thm_profile_memory, base, REQUIRED, "device address of its first byte")       \
    K(UINT, thm_profile_memory, size, REQUIRED, "bytes")                                  \
    K(TEXT, thm_profile_memory, use, OPTIONAL, "what it is used for, for the memory map") \
    K(FLAG, thm_profile_memory, spare, OPTIONAL, "the program may place data of its own in what is free of it")

#define STATICS_KEYS(K)                                                             \
    K(TEXT, thm_profile_static, name, REQUIRED, "what it is")                       \
    K(UINT, thm_profile_static, base, REQUIRED, "device address of its first byte") \
    K(UINT, thm_profile_static, size, REQUIRED, "bytes; inside one memory bank")

#define HEAPS_KEYS(K)                                                                                  \
    K(TEXT, thm_profile_heap, name, REQUIRED, "name of the region")                                    \
    K(TEXT, thm_profile_heap, type, REQUIRED, "capability type: DRAM, D/IRAM, IRAM, SPIRAM, RTC, RAM") \
    K(UINT, thm_profile_heap, base, REQUIRED, "device address of its first byte")                      \
    K(UINT, thm_profile_heap, size, REQUIRED, "bytes; inside one memory bank")                         \
    K(FLAG, thm_profile_heap, at_startup, OPTIONAL, "registered only just before the application starts")

#define TAKEN_KEYS(K)                                                                                    \
    K(TEXT, thm_profile_taken, name, REQUIRED, "what it is")                                             \
    K(UINT, thm_profile_taken, bytes, REQUIRED, "bytes of one block, as asked of the allocator")         \
    K(UINT, thm_profile_taken, count, REQUIRED, "number of such blocks")                                 \
    K(TEXT, thm_profile_taken, caps, OPTIONAL, "from where: default (as malloc), internal, dma, spiram") \
    K(TEXT, thm_profile_taken, when, REQUIRED, "boot, or network: when the network comes up")

#define ALLOCATOR_KEYS(K)                                                                                          \
    K(TEXT, thm_profile_allocator, name, REQUIRED, "the board's allocator: esp_multi_heap_tlsf_light ...")         \
    K(UINT, thm_profile_allocator, internal_limit, OPTIONAL,                                                       \
      "PSRAM: malloc of up to so many bytes goes to internal RAM first; 0: no PSRAM")                              \
    K(TEXT, thm_profile_allocator, on_failure, REQUIRED, "what a failing malloc does: null, panic, overrun, kill") \
    K(TEXT, thm_profile_allocator, on_new_failure, OPTIONAL,                                                       \
      "what C++'s operator new does then: mbed_fatal, abort ...; absent: the same")

#define LINKER_KEYS(K)                                                                               \
    K(TEXT, thm_profile_linker, segment, REQUIRED, "the linker's memory region for .data and .bss")  \
    K(UINT, thm_profile_linker, end, REQUIRED, "first device address that static data cannot reach") \
    K(TEXT, thm_profile_linker, heap, REQUIRED, "the heap region that begins where static data ends")

#define TASK_KEYS(K)                                                                         \
    K(TEXT, thm_profile_task, name, REQUIRED, "the task that runs the application")          \
    K(UINT, thm_profile_task, stack, REQUIRED, "bytes of its stack")                         \
    K(FLAG, thm_profile_task, stack_from_heap, OPTIONAL, "the stack is a block of the heap") \
    K(UINT, thm_profile_task, stack_top, OPTIONAL,                                           \
      "first address above the stack, which lies in its bank as on the device; 0: apart")    \
    K(TEXT, thm_profile_task, overflow, REQUIRED, "how overflow shows: canary, mpu, silent") \
    K(UINT, thm_profile_task, tasks_max, OPTIONAL,                                           \
      "tasks that can exist at once; 0: as many as memory allows, or not known")

#define PARTITIONS_KEYS(K)                                                                           \
    K(TEXT, thm_profile_partition, name, REQUIRED, "label")                                          \
    K(TEXT, thm_profile_partition, type, REQUIRED, "app or data")                                    \
    K(TEXT, thm_profile_partition, subtype, REQUIRED, "ota_0, nvs, spiffs ... as in partitions.csv") \
    K(UINT, thm_profile_partition, offset, REQUIRED, "first byte in the flash; a multiple of 4096")  \
    K(UINT, thm_profile_partition, size, REQUIRED, "bytes; a multiple of 4096")

#define FLASH_KEYS(K)                                                                               \
    K(TEXT, thm_profile_flash, part, REQUIRED, "flash chip: W25Q32JV ...")                          \
    K(UINT, thm_profile_flash, size, REQUIRED, "bytes fitted")                                      \
    K(UINT, thm_profile_flash, window, OPTIONAL, "address at which data is memory-mapped; 0: not")  \
    K(UINT, thm_profile_flash, program_offset, OPTIONAL, "first byte of the program in the flash")  \
    K(UINT, thm_profile_flash, program_base, OPTIONAL, "device address at which that byte is read") \
    K(UINT, thm_profile_flash, program_size, OPTIONAL, "bytes a program may have; 0: not told")     \
    K(UINT, thm_profile_flash, program_image, OPTIONAL, "bytes of the program without a model")     \
    K(LIST, thm_profile_flash, partitions, OPTIONAL, "the partition table")

#define MEDIA_KEYS(K)                                                              \
    K(TEXT, thm_profile_medium, name, REQUIRED, "name of a chip beside the flash") \
    K(TEXT, thm_profile_medium, part, REQUIRED, "chip or card: AT25M02 ...")

#define STORAGE_KEYS(K)                                                                                         \
    K(TEXT, thm_profile_storage, name, REQUIRED, "what --storage selects")                                      \
    K(TEXT, thm_profile_storage, fs, REQUIRED, "file system: spiffs, littlefs, fat, eefs, slots")               \
    K(TEXT, thm_profile_storage, medium, OPTIONAL, "one of media; absent: the flash")                           \
    K(TEXT, thm_profile_storage, partition, OPTIONAL, "the partition of the flash it lies in")                  \
    K(UINT, thm_profile_storage, offset, OPTIONAL, "without a partition: its first byte on the medium")         \
    K(UINT, thm_profile_storage, size, OPTIONAL, "likewise: bytes; 0: to the end")                              \
    K(FLAG, thm_profile_storage, mbr, OPTIONAL, "it is the first partition of an SD card's table")              \
    K(FLAG, thm_profile_storage, shipped, OPTIONAL, "formatted before the first power-on, not by the firmware") \
    K(TEXT, thm_profile_storage, file, OPTIONAL, "a model's name there by default; absent: /model.tflite")      \
    K(UINT, thm_profile_storage, page_size, OPTIONAL, "bytes; 0: the file system's default")                    \
    K(UINT, thm_profile_storage, block_size, OPTIONAL, "bytes; 0: likewise")                                    \
    K(UINT, thm_profile_storage, name_len, OPTIONAL, "longest name, with its end; 0: likewise")                 \
    K(UINT, thm_profile_storage, meta_len, OPTIONAL, "bytes of metadata a file")                                \
    K(UINT, thm_profile_storage, max_files, OPTIONAL, "files open at once; 0: likewise")                        \
    K(UINT, thm_profile_storage, cache_pages, OPTIONAL, "SPIFFS: pages cached in RAM")                          \
    K(UINT, thm_profile_storage, read_size, OPTIONAL, "littlefs: smallest read, bytes")                         \
    K(UINT, thm_profile_storage, program_size, OPTIONAL, "littlefs: smallest program, bytes")                   \
    K(UINT, thm_profile_storage, cache_size, OPTIONAL, "littlefs: bytes of each cache")                         \
    K(UINT, thm_profile_storage, lookahead_size, OPTIONAL, "littlefs: bytes of the block allocator's bitmap")   \
    K(UINT, thm_profile_storage, block_cycles, OPTIONAL, "littlefs: erases after which metadata moves")         \
    K(UINT, thm_profile_storage, cluster_size, OPTIONAL, "FAT: bytes of a cluster of a shipped volume")         \
    K(FLAG, thm_profile_storage, big_endian, OPTIONAL, "EEFS: byte order of the volume")                        \
    K(FLAG, thm_profile_storage, short_names, OPTIONAL, "FAT: a driver without long names")

#define NETWORK_KEYS(K)                                                                                            \
    K(TEXT, thm_profile_network, link, REQUIRED, "link profile used by default")                                   \
    K(TEXT, thm_profile_network, tls, REQUIRED, "TLS stack on this core: mbedtls, bearssl, none")                  \
    K(UINT, thm_profile_network, tls_in_content, OPTIONAL, "MBEDTLS_SSL_IN_CONTENT_LEN; setBufferSizes()")         \
    K(UINT, thm_profile_network, tls_out_content, OPTIONAL, "MBEDTLS_SSL_OUT_CONTENT_LEN; the same")               \
    K(UINT, thm_profile_network, tls_stack, OPTIONAL, "bytes of stack a handshake needs (BearSSL: of the heap)")   \
    K(UINT, thm_profile_network, tls_max_fragment, OPTIONAL, "maximum fragment length asked for: 512 ... 4096")    \
    K(TEXT, thm_profile_network, ca_file, OPTIONAL, "file on the storage with the CAs it reads before connecting") \
    K(FLAG, thm_profile_network, tls_keep_peer_certificate, OPTIONAL, "the peer's certificate stays until close")  \
    K(UINT, thm_profile_network, chunk, REQUIRED, "bytes the firmware reads at a time")                            \
    K(UINT, thm_profile_network, timeout_ms, OPTIONAL, "it gives up when no byte has come for so long")

#define COMPANIONS_KEYS(K)                                                                      \
    K(TEXT, thm_profile_companion, name, REQUIRED, "name of the core: where messages are sent") \
    K(TEXT, thm_profile_companion, profile, REQUIRED, "board profile of its memory, heap and task")

#define MAILBOX_KEYS(K)                                                                                       \
    K(UINT, thm_profile_mailbox, message_max, REQUIRED, "bytes of the largest message")                       \
    K(UINT, thm_profile_mailbox, ring_bytes, REQUIRED, "bytes of each direction's ring, with its head of 64") \
    K(UINT, thm_profile_mailbox, latency_ns, OPTIONAL, "from sending to receiving, nanoseconds")

#define BOARD_KEYS(K)                                                                               \
    K(TEXT, thm_profile, name, REQUIRED, "name of the board; that of the file without .yaml")       \
    K(TEXT, thm_profile, title, REQUIRED, "one line for listings")                                  \
    K(LIST1, thm_profile, cores, REQUIRED, "processor cores")                                       \
    K(LIST1, thm_profile, memory, REQUIRED, "every RAM bank and window")                            \
    K(LIST, thm_profile, statics, OPTIONAL, "what the linker gives away: .data, .bss, stacks")      \
    K(MAP, thm_profile, allocator, REQUIRED, "the heap allocator")                                  \
    K(LIST1, thm_profile, heaps, REQUIRED, "the heap regions as the device registers them")         \
    K(LIST, thm_profile, taken, OPTIONAL, "heap blocks of the runtime, in the order it takes them") \
    K(MAP, thm_profile, task, REQUIRED, "the application's task")                                   \
    K(MAP, thm_profile, flash, REQUIRED, "the flash chip")                                          \
    K(LIST, thm_profile, media, OPTIONAL, "chips and cards beside the flash")                       \
    K(LIST, thm_profile, storage, OPTIONAL, "file systems; the first is the default")               \
    K(MAP, thm_profile, network, OPTIONAL, "link and TLS; absent: the board has no network")        \
    K(LIST, thm_profile, companions, OPTIONAL, "further cores, each with a profile of its own")     \
    K(MAP, thm_profile, mailbox, OPTIONAL, "between this core and each companion")                  \
    K(MAP, thm_profile, linker, OPTIONAL, "where static data ends")                                 \
    K(TEXT, thm_profile, operators, OPTIONAL,                                                       \
      "operators/NAME.yaml: those that its usual firmware registers; absent: all")

#define OPERATORS_KEYS(K)                                                                             \
    K(TEXT, thm_profile_operators, name, REQUIRED, "name of the set; that of the file without .yaml") \
    K(TEXT, thm_profile_operators, title, REQUIRED, "one line for listings")                          \
    K(TEXTS, thm_profile_operators, operators, REQUIRED,                                              \
      "names of the operators, as in the TFLite schema; custom ones by their own")

#define OPERATOR_COST_KEYS(K)                                                                       \
    K(TEXT, thm_cost_operator, op, REQUIRED, "name of the operator; *: any other")                  \
    K(TEXT, thm_cost_operator, type, REQUIRED, "type of its input: int8 ...; *: any")               \
    K(TEXT, thm_cost_operator, kernels, REQUIRED, "whose instructions: reference or optimised")     \
    K(UINT, thm_cost_operator, taps, OPTIONAL, "only filters of so many taps; 0: any")              \
    K(REAL, thm_cost_operator, mac, OPTIONAL, "instructions of a multiply-accumulate")              \
    K(REAL, thm_cost_operator, tap, OPTIONAL, "of a filter's position, for each output element")    \
    K(REAL, thm_cost_operator, output, OPTIONAL, "of an output element")                            \
    K(REAL, thm_cost_operator, pixel, OPTIONAL, "of an output position, all its channels together") \
    K(REAL, thm_cost_operator, input, OPTIONAL, "of an element of the first input")                 \
    K(REAL, thm_cost_operator, constant, OPTIONAL, "of a byte of constants")                        \
    K(REAL, thm_cost_operator, call, OPTIONAL, "of each run")

#define KERNELS_COST_KEYS(K)                                                                                      \
    K(TEXT, thm_cost_kernels, name, REQUIRED, "kernel library, LIBRARY or LIBRARY:VERSION")                       \
    K(TEXT, thm_cost_kernels, counts, REQUIRED, "whose instructions the factors multiply")                        \
    K(REAL, thm_cost_kernels, conv, OPTIONAL, "cycles an instruction of convolutions, integer")                   \
    K(REAL, thm_cost_kernels, depthwise, OPTIONAL, "of depthwise convolutions, integer")                          \
    K(REAL, thm_cost_kernels, dense, OPTIONAL, "of fully connected layers, SVDF, LSTM, integer")                  \
    K(REAL, thm_cost_kernels, other, OPTIONAL, "of all other operators, integer")                                 \
    K(REAL, thm_cost_kernels, fp, OPTIONAL, "of float operators: a row with it is for them alone")                \
    K(UINT, thm_cost_kernels, measurements, REQUIRED, "published latencies behind it; 0: from its like")          \
    K(UINT, thm_cost_kernels, systems, REQUIRED, "boards they were taken on")                                     \
    K(TEXT, thm_cost_kernels, left_out, REQUIRED, "what cross-validation left out: system, model, library, core") \
    K(REAL, thm_cost_kernels, median, REQUIRED, "relative error that half of the estimates kept, percent")        \
    K(REAL, thm_cost_kernels, p90, REQUIRED, "that nine in ten kept")

#define BOARDS_COST_KEYS(K)                                                                    \
    K(TEXT, thm_cost_board, name, REQUIRED, "board profile")                                   \
    K(REAL, thm_cost_board, factor, REQUIRED, "its cycles over the core's, reference kernels") \
    K(UINT, thm_cost_board, measurements, REQUIRED, "published latencies behind it")           \
    K(REAL, thm_cost_board, median, REQUIRED, "relative error of float nets on it, percent")   \
    K(REAL, thm_cost_board, p90, REQUIRED, "that nine in ten kept")

#define ENERGY_COST_KEYS(K)                                                                  \
    K(TEXT, thm_cost_energy, mcu, REQUIRED, "MCU; *: one with this core that is not listed") \
    K(REAL, thm_cost_energy, nanojoules, REQUIRED, "energy of a cycle, nJ")                  \
    K(UINT, thm_cost_energy, measurements, REQUIRED, "published energies behind it")         \
    K(REAL, thm_cost_energy, median, REQUIRED, "relative error of an inference's, percent")  \
    K(REAL, thm_cost_energy, p90, REQUIRED, "that nine in ten kept")

#define CORE_COST_KEYS(K)                                                                         \
    K(TEXT, thm_cost_core, name, REQUIRED, "name of the core; that of the file without .yaml")    \
    K(TEXT, thm_cost_core, title, REQUIRED, "one line for listings")                              \
    K(REAL, thm_cost_core, operator_cycles, REQUIRED, "cycles of calling an operator")            \
    K(REAL, thm_cost_core, flash_ns, REQUIRED, "nanoseconds of reading a byte of constants")      \
    K(LIST1, thm_cost_core, kernels, REQUIRED, "kernel libraries: cycles an instruction, errors") \
    K(LIST, thm_cost_core, boards, OPTIONAL, "boards that differ from the core's average")        \
    K(LIST, thm_cost_core, energy, OPTIONAL, "energy of a cycle")                                 \
    K(LONG1, thm_cost_core, operators, REQUIRED, "instructions of operators")

#define LINK_KEYS(K)                                                                                   \
    K(TEXT, thm_profile_link, name, REQUIRED, "name of the link; that of the file without .yaml")      \
    K(TEXT, thm_profile_link, title, REQUIRED, "one line for listings")                                \
    K(UINT, thm_profile_link, down_bps, REQUIRED, "bit/s to the device; 0: nothing gets through")      \
    K(UINT, thm_profile_link, up_bps, REQUIRED, "bit/s from the device; 0 as well then")               \
    K(UINT, thm_profile_link, rtt_us, REQUIRED, "round trip, microseconds")                            \
    K(UINT, thm_profile_link, mtu, REQUIRED, "largest packet, bytes")                                  \
    K(UINT, thm_profile_link, jitter_us, OPTIONAL, "a round trip takes up to so much longer")          \
    K(UINT, thm_profile_link, loss_ppm, OPTIONAL, "of a million packets so many are lost")             \
    K(UINT, thm_profile_link, outage_every_ms, OPTIONAL, "period of outages, device time")             \
    K(UINT, thm_profile_link, outage_ms, OPTIONAL, "the link is out for so long at each period's end") \
    K(LIST, thm_profile_link, outages, OPTIONAL, "single outages")                                     \
    K(UINT, thm_profile_link, timeout_ms, OPTIONAL, "what a firmware waits for a byte on such a link") \
    K(UINT, thm_profile_link, rx_mw, OPTIONAL, "milliwatts of the radio while a connection is open")   \
    K(UINT, thm_profile_link, tx_mw, OPTIONAL, "and while it sends")

#define OUTAGES_KEYS(K)                                                        \
    K(UINT, thm_link_outage, start_ms, REQUIRED, "device time since power-on") \
    K(UINT, thm_link_outage, length_ms, REQUIRED, "how long nothing gets through")

/* The rows as libcyaml wants them, and their help in the same order. */
#define FIELD_TEXT(s, m, p)  CYAML_FIELD_STRING_PTR(#m, CYAML_FLAG_POINTER | (p), struct s, m, 1, TEXT_MAX),
#define FIELD_UINT(s, m, p)  CYAML_FIELD_UINT(#m, p, struct s, m),
#define FIELD_REAL(s, m, p)  CYAML_FIELD_FLOAT(#m, p, struct s, m),
#define FIELD_FLAG(s, m, p)  CYAML_FIELD_BOOL(#m, p, struct s, m),
#define FIELD_MAP(s, m, p)   CYAML_FIELD_MAPPING(#m, p, struct s, m, m##_fields),
#define FIELD_LIST(s, m, p)  CYAML_FIELD_SEQUENCE(#m, CYAML_FLAG_POINTER | (p), struct s, m, &m##_entry, 0, LIST_MAX),
#define FIELD_LIST1(s, m, p) CYAML_FIELD_SEQUENCE(#m, CYAML_FLAG_POINTER | (p), struct s, m, &m##_entry, 1, LIST_MAX),

#define FIELD_LONG1(s, m, p) \
    CYAML_FIELD_SEQUENCE(#m, CYAML_FLAG_POINTER | (p), struct s, m, &m##_entry, 1, LONG_MAX_ENTRIES),

#define FIELD_TEXTS(s, m, p) \
    CYAML_FIELD_SEQUENCE(#m, CYAML_FLAG_POINTER | (p), struct s, m, &text_entry, 1, LONG_MAX_ENTRIES),

#define FIELD(kind, s, m, p, help) FIELD_##kind(s, m, p)
#define HELP(kind, s, m, p, help)  help,
#define KEYS(group, rows)                                                                 \
    static const cyaml_schema_field_t group##_fields[] = { rows(FIELD) CYAML_FIELD_END }; \
    static const char *const group##_help[] = { rows(HELP) };
#define ENTRY(group, s) ENTRY_OF(group, group, s)
#define ENTRY_OF(list, group, s)                                                                         \
    static const cyaml_schema_value_t list##_entry = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct s, \
                                                                           group##_fields) };

static const cyaml_schema_value_t text_entry = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, TEXT_MAX) };

KEYS(cores, CORES_KEYS)
KEYS(memory, MEMORY_KEYS)
KEYS(statics, STATICS_KEYS)
KEYS(heaps, HEAPS_KEYS)
KEYS(taken, TAKEN_KEYS)
KEYS(allocator, ALLOCATOR_KEYS)
KEYS(linker, LINKER_KEYS)
KEYS(task, TASK_KEYS)
KEYS(partitions, PARTITIONS_KEYS)
KEYS(media, MEDIA_KEYS)
KEYS(storage, STORAGE_KEYS)
KEYS(network, NETWORK_KEYS)
KEYS(companions, COMPANIONS_KEYS)
KEYS(mailbox, MAILBOX_KEYS)
KEYS(outages, OUTAGES_KEYS)
ENTRY(outages, thm_link_outage)
KEYS(link, LINK_KEYS)
KEYS(operators, OPERATORS_KEYS)
ENTRY(cores, thm_profile_core)
ENTRY(memory, thm_profile_memory)
ENTRY(statics, thm_profile_static)
ENTRY(heaps, thm_profile_heap)
ENTRY(taken, thm_profile_taken)
ENTRY(partitions, thm_profile_partition)
ENTRY(media, thm_profile_medium)
ENTRY(storage, thm_profile_storage)
ENTRY(companions, thm_profile_companion)
KEYS(operator_cost, OPERATOR_COST_KEYS)
KEYS(kernels_cost, KERNELS_COST_KEYS)
KEYS(boards_cost, BOARDS_COST_KEYS)
KEYS(energy_cost, ENERGY_COST_KEYS)
ENTRY_OF(operators, operator_cost, thm_cost_operator)
ENTRY_OF(kernels, kernels_cost, thm_cost_kernels)
ENTRY_OF(boards, boards_cost, thm_cost_board)
ENTRY_OF(energy, energy_cost, thm_cost_energy)
KEYS(core_cost, CORE_COST_KEYS)
KEYS(flash, FLASH_KEYS)
KEYS(board, BOARD_KEYS)

const cyaml_schema_value_t thm_profile_board_schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct thm_profile,
                                                                            board_fields) };
const cyaml_schema_value_t thm_profile_link_schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct thm_profile_link,
                                                                           link_fields) };

const cyaml_schema_value_t thm_profile_core_schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct thm_cost_core,
                                                                           core_cost_fields) };

const cyaml_schema_value_t thm_profile_operators_schema = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct thm_profile_operators, operators_fields) };

static const struct {
    const cyaml_schema_field_t *fields;
    const char *const *help;
    size_t n;
} groups[] = {
#define GROUP(g)                                                 \
    {                                                            \
        g##_fields, g##_help, sizeof g##_help / sizeof *g##_help \
    }
    GROUP(board),        GROUP(cores),       GROUP(memory),      GROUP(statics),       GROUP(heaps),
    GROUP(taken),        GROUP(allocator),   GROUP(task),        GROUP(flash),         GROUP(partitions),
    GROUP(media),        GROUP(storage),     GROUP(network),     GROUP(link),          GROUP(companions),
    GROUP(mailbox),      GROUP(operators),   GROUP(linker),      GROUP(outages),       GROUP(core_cost),
    GROUP(kernels_cost), GROUP(boards_cost), GROUP(energy_cost), GROUP(operator_cost),
#undef GROUP
};

const char *thm_profile_key_help(const cyaml_schema_field_t *field)
{
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
        for (size_t i = 0; i < groups[g].n; i++)
            if (&groups[g].fields[i] == field)
                return groups[g].help[i];
    return "";
}

const char *thm_profile_expected(const cyaml_schema_value_t *v)
{
    switch (v->type) {
    case CYAML_UINT:
        return v->data_size > 4 ? "a number from 0 to 18446744073709551615" : "a number from 0 to 4294967295";
    case CYAML_FLOAT: return "a decimal number";
    case CYAML_BOOL: return "true or false";
    case CYAML_STRING: return "a text of 1 to 200 printable bytes";
    case CYAML_SEQUENCE:
        if (v->sequence.entry->type == CYAML_STRING)
            return "a list of 1 to 256 names";
        if (v->sequence.max > LIST_MAX)
            return "a list of 1 to 256 entries";
        return v->sequence.min ? "a list of 1 to 64 entries" : "a list of up to 64 entries";
    default: return "keys with values";
    }
}
