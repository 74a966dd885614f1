#include "emu/fleet/results.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "emu/fleet/lock.h"

enum { BUSY_MS = 5000, SCHEMA = 2 };

struct thm_fleet_results {
    sqlite3 *db;
    sqlite3_stmt *put, *cost;
    bool pending; /* a transaction is open */
    struct thm_fleet_meta meta;
    char *path, *text[4]; /* the meta's */
    int lock;             /* a writer's; -1: none */
};

#define SQL_INT  "INTEGER"
#define SQL_TEXT "TEXT"
#define SQL_REAL "REAL"

static const char schema[] = "CREATE TABLE run(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
                             "CREATE TABLE boards("
#define X(kind, name, help) #name " " SQL_##kind ","
    THM_FLEET_COLUMNS(X)
#undef X
        "PRIMARY KEY(id));"
        "CREATE TABLE costs(id INTEGER PRIMARY KEY, user_us INTEGER, system_us INTEGER, rss_bytes INTEGER);"
        "CREATE VIEW success AS SELECT grp, board, count(*) AS boards, sum(outcome='updated') AS updated, "
        "sum(outcome='failed') AS failed, sum(outcome='withheld') AS withheld, sum(outcome='untouched') AS untouched, "
        "round(100.0*sum(outcome='updated')/count(*),2) AS percent FROM boards GROUP BY grp, board ORDER BY min(id);"
        "CREATE VIEW waves AS SELECT wave, count(*) AS boards, sum(outcome='updated') AS updated, "
        "sum(outcome='failed') AS failed, sum(outcome='withheld') AS withheld, "
        "round(100.0*sum(outcome='failed')/max(1,sum(outcome in ('updated','failed'))),2) AS failed_percent "
        "FROM boards WHERE wave<>'' GROUP BY wave ORDER BY min(opened_ms), wave;"
        "CREATE VIEW failures AS SELECT count(*) AS boards, status, fault, step, min(id) AS example, reason FROM "
        "boards "
        "WHERE outcome='failed' GROUP BY status, fault, step, reason ORDER BY boards DESC, example;"
        "CREATE VIEW faults AS SELECT fault, count(*) AS boards, sum(outcome='updated') AS updated, "
        "sum(outcome='failed') AS failed FROM boards WHERE fault<>'' GROUP BY fault ORDER BY fault;"
        "CREATE VIEW ranked AS SELECT *, updated_ms-opened_ms AS waited_ms, row_number() OVER (PARTITION BY grp ORDER "
        "BY "
        "updated_ms-opened_ms, id) AS place, count(*) OVER (PARTITION BY grp) AS of FROM boards WHERE "
        "outcome='updated';"
        "CREATE VIEW time_to_update AS SELECT grp, count(*) AS boards, "
#define PERCENTILE(n) "round(min(CASE WHEN place*100>=of*" #n " THEN waited_ms END)/1000.0,3) AS p" #n "_s, "
    PERCENTILE(10) PERCENTILE(50) PERCENTILE(90) PERCENTILE(99)
#undef PERCENTILE
        "round(max(waited_ms)/1000.0,3) AS max_s FROM ranked GROUP BY grp ORDER BY min(id);"
        "CREATE VIEW memory AS SELECT grp, min(heap_low_water) AS heap_low_water_min, "
        "round(avg(heap_low_water)) AS heap_low_water_mean, max(stack_used) AS stack_used_max, "
        "max(arena_used) AS arena_used_max FROM boards WHERE status>=0 GROUP BY grp ORDER BY min(id);"
        "CREATE VIEW air AS SELECT grp, sum(bytes_received) AS bytes, sum(air_sent) AS sent, "
        "sum(air_received) AS received, round(sum(air_ns)/1e9,3) AS air_s, sum(poll_bytes) AS poll_bytes, "
        "sum(posted) AS posted, sum(post_bytes) AS post_bytes FROM boards GROUP BY grp ORDER BY min(id);"
        "CREATE VIEW polls AS SELECT grp, count(*) AS boards, sum(polls) AS polls, max(polls) AS polls_max, "
        "sum(unanswered) AS unanswered, round(sum(poll_ns)/1e9,3) AS air_s, sum(poll_bytes) AS bytes, "
        "round(sum(poll_uj)/1e6,3) AS joules FROM boards WHERE poll_ns>=0 GROUP BY grp ORDER BY min(id);"
        "CREATE VIEW labels AS SELECT grp, CAST(l.key AS INTEGER) AS label, sum(l.value) AS inferences, "
        "count(*) AS boards FROM boards AS b, json_each(nullif(labels,'')) AS l GROUP BY grp, label "
        "ORDER BY min(b.id), label;"
        "CREATE VIEW wear AS SELECT grp, sum(programs) AS programs, sum(erases) AS erases, max(erases) AS erases_max "
        "FROM boards GROUP BY grp ORDER BY min(id);"
        "CREATE VIEW energy AS SELECT grp, count(energy_uj) AS boards, round(avg(energy_uj),1) AS mean_uj, "
        "round(sum(energy_uj),1) AS sum_uj, round(sum(air_uj)/1e6,3) AS radio_j FROM boards GROUP BY grp ORDER BY "
        "min(id);"
        "CREATE VIEW slowest AS SELECT id, grp, wave, fault, round(device_ns/1e9,3) AS device_s FROM boards "
        "WHERE device_ns>=0 ORDER BY device_ns DESC, id LIMIT 10;"
        "CREATE VIEW rollout AS SELECT updated_ms/1000 AS second, count(*) AS boards FROM boards "
        "WHERE outcome='updated' GROUP BY second ORDER BY second;";

/* ---- errors ---- */

static int failed(struct thm_fleet_results *r, char **error)
{
    const int code = r->db ? thm_sqlite.errcode(r->db) : SQLITE_NOMEM;
    const char *why = r->db ? thm_sqlite.errmsg(r->db) : "out of memory";
    const char *help = code == SQLITE_FULL    ? "; make room, then 'thimble fleet resume' goes on"
                       : code == SQLITE_IOERR ? "; then 'thimble fleet resume' goes on"
                                              : "";
    if (asprintf(error, "%s: %s%s", r->path ? r->path : "database", why, help) < 0)
        *error = NULL;
    return code == SQLITE_NOTADB ? 2 : 20;
}

static int complain(struct thm_fleet_results *r, char **error, const char *what)
{
    if (asprintf(error, "%s: %s", r->path, what) < 0)
        *error = NULL;
    return *error ? 2 : 20;
}

static int run_sql(struct thm_fleet_results *r, const char *sql, char **error)
{
    return thm_sqlite.exec(r->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(r, error);
}

/* ---- open, close ---- */

static int open_db(struct thm_fleet_results **out, const char *path, int flags, char **error)
{
    struct thm_fleet_results *r = calloc(1, sizeof *r);
    *out = r;
    *error = NULL;
    if (!r)
        return 20;
    r->lock = -1;
    if (!(r->path = strdup(path)))
        return 20;
    if (!thm_sqlite_load()) {
        (void)complain(r, error, "cannot be opened: libsqlite3.so.0 is missing");
        return 20;
    }
    if (thm_sqlite.open_v2(path, &r->db, flags, NULL) != SQLITE_OK)
        return failed(r, error) == 2 || access(path, F_OK) < 0 ? 2 : 20;
    thm_sqlite.busy_timeout(r->db, BUSY_MS);
    return 0;
}

static int lock(struct thm_fleet_results *r, char **error)
{
    r->lock = thm_fleet_lock(r->path);
    if (r->lock >= 0)
        return 0;
    (void)complain(r, error, errno == EAGAIN ? "another 'thimble fleet' is writing it" : strerror(errno));
    return 20;
}

static int put_meta(struct thm_fleet_results *r, const char *key, const char *text, int64_t number, char **error)
{
    sqlite3_stmt *s = NULL;
    bool ok = thm_sqlite.prepare_v2(r->db, "INSERT INTO run VALUES(?,?)", -1, &s, NULL) == SQLITE_OK;
    ok = ok && thm_sqlite.bind_text(s, 1, key, -1, SQLITE_STATIC) == SQLITE_OK;
    ok = ok && (text ? thm_sqlite.bind_text(s, 2, text, -1, SQLITE_STATIC) : thm_sqlite.bind_int64(s, 2, number)) ==
                   SQLITE_OK;
    ok = ok && thm_sqlite.step(s) == SQLITE_DONE;
    int status = ok ? 0 : failed(r, error);
    thm_sqlite.finalize(s);
    return status;
}

static int write_meta(struct thm_fleet_results *r, const struct thm_fleet_meta *m, char **error)
{
    const struct {
        const char *key, *text;
        int64_t number;
    } rows[] = { { "schema", NULL, SCHEMA },   { "thimble", THM_VERSION, 0 }, { "scenario", m->scenario, 0 },
                 { "file", m->file, 0 },       { "folder", m->folder, 0 },    { "inputs", m->inputs, 0 },
                 { "seed", NULL, m->seed },    { "boards", NULL, m->boards }, { "shard", NULL, m->shard },
                 { "shards", NULL, m->shards } };
    int status = 0;
    for (size_t i = 0; !status && i < sizeof rows / sizeof rows[0]; i++)
        status = put_meta(r, rows[i].key, rows[i].text, rows[i].number, error);
    return status;
}

/* Result: -1: there is none. */
static int64_t number_of(struct thm_fleet_results *r, const char *key)
{
    sqlite3_stmt *s = NULL;
    int64_t n = -1;
    if (thm_sqlite.prepare_v2(r->db, "SELECT value FROM run WHERE key=?", -1, &s, NULL) == SQLITE_OK &&
        thm_sqlite.bind_text(s, 1, key, -1, SQLITE_STATIC) == SQLITE_OK && thm_sqlite.step(s) == SQLITE_ROW)
        n = thm_sqlite.column_int64(s, 0);
    thm_sqlite.finalize(s);
    return n;
}

static const char *text_of(struct thm_fleet_results *r, const char *key, char **keep)
{
    sqlite3_stmt *s = NULL;
    const char *text = NULL;
    if (thm_sqlite.prepare_v2(r->db, "SELECT value FROM run WHERE key=?", -1, &s, NULL) == SQLITE_OK &&
        thm_sqlite.bind_text(s, 1, key, -1, SQLITE_STATIC) == SQLITE_OK && thm_sqlite.step(s) == SQLITE_ROW)
        text = (const char *)thm_sqlite.column_text(s, 0);
    free(*keep);
    *keep = strdup(text ? text : "");
    thm_sqlite.finalize(s);
    return *keep;
}

static int of_another_schema(struct thm_fleet_results *r, int64_t version, char **error)
{
    const char *by = text_of(r, "thimble", &r->text[0]);
    if (asprintf(error,
                 "%s: its tables are of schema %lld, made by thimble %s; this is %s, which has schema %d: run the "
                 "scenario again, or take that version",
                 r->path, (long long)version, by ? by : "?", THM_VERSION, SCHEMA) < 0)
        *error = NULL;
    return *error ? 2 : 20;
}

static int read_meta(struct thm_fleet_results *r, char **error)
{
    const int64_t version = number_of(r, "schema"), boards = number_of(r, "boards");
    if (version > 0 && version != SCHEMA)
        return of_another_schema(r, version, error);
    if (version != SCHEMA || boards <= 0 || boards > UINT32_MAX)
        return thm_sqlite.errcode(r->db) == SQLITE_BUSY ? failed(r, error)
                                                        : complain(r, error, "not a database of 'thimble fleet run'");
    r->meta = (struct thm_fleet_meta){ .scenario = text_of(r, "scenario", &r->text[0]),
                                       .file = text_of(r, "file", &r->text[1]),
                                       .folder = text_of(r, "folder", &r->text[2]),
                                       .inputs = text_of(r, "inputs", &r->text[3]),
                                       .seed = (uint32_t)number_of(r, "seed"),
                                       .boards = (uint32_t)boards,
                                       .shard = (uint32_t)number_of(r, "shard"),
                                       .shards = (uint32_t)number_of(r, "shards") };
    return r->meta.scenario && r->meta.file && r->meta.folder && r->meta.inputs ? 0 : 20;
}

static int prepare(struct thm_fleet_results *r, char **error)
{
    static const char put[] = "INSERT OR REPLACE INTO boards VALUES("
#define X(kind, name, help) "?,"
        THM_FLEET_COLUMNS(X)
#undef X
        ;
    char sql[sizeof put + 8];
    snprintf(sql, sizeof sql, "%.*s)", (int)sizeof put - 2, put); /* without the last comma */
    if (thm_sqlite.prepare_v2(r->db, sql, -1, &r->put, NULL) != SQLITE_OK ||
        thm_sqlite.prepare_v2(r->db, "INSERT OR REPLACE INTO costs VALUES(?,?,?,?)", -1, &r->cost, NULL) != SQLITE_OK)
        return failed(r, error);
    return 0;
}

static int begin_writing(struct thm_fleet_results *r, char **error)
{
    /* WAL with NORMAL survives a killed process; a crash of the PC may lose the last boards, which resume runs again */
    int status = run_sql(r, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL", error);
    return status;
}

static int finish_open(struct thm_fleet_results **r, int status, char **error)
{
    if (!status)
        return 0;
    if (!*error && asprintf(error, "database: out of memory") < 0)
        *error = NULL;
    thm_fleet_results_close(*r);
    *r = NULL;
    return status;
}

/* One transaction, so that a killed process leaves either nothing to resume or all that it takes. */
static int make_tables(struct thm_fleet_results *r, const struct thm_fleet_meta *meta, char **error)
{
    int status = run_sql(r, "BEGIN IMMEDIATE", error);
    status = status ? status : run_sql(r, schema, error);
    status = status ? status : write_meta(r, meta, error);
    return status ? status : run_sql(r, "COMMIT", error);
}

/* What a run leaves that was killed before it began is as good as nothing. */
static int expect_empty(struct thm_fleet_results *r, char **error)
{
    sqlite3_stmt *s = NULL;
    int code = thm_sqlite.prepare_v2(r->db, "SELECT count(*) FROM sqlite_master", -1, &s, NULL);
    code = code == SQLITE_OK ? thm_sqlite.step(s) : code;
    int status = code != SQLITE_ROW ? failed(r, error)
                 : thm_sqlite.column_int64(s, 0) == 0
                     ? 0
                     : complain(r, error, "is there already; 'thimble fleet resume' goes on with it");
    thm_sqlite.finalize(s);
    return status;
}

int thm_fleet_results_create(struct thm_fleet_results **out, const char *path, const struct thm_fleet_meta *meta,
                             char **error)
{
    int status = open_db(out, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error);
    status = status ? status : lock(*out, error);
    status = status ? status : expect_empty(*out, error);
    status = status ? status : begin_writing(*out, error);
    status = status ? status : make_tables(*out, meta, error);
    status = status ? status : read_meta(*out, error);
    status = status ? status : prepare(*out, error);
    return finish_open(out, status, error);
}

int thm_fleet_results_open(struct thm_fleet_results **out, const char *path, bool write, char **error)
{
    /* a reader that may, tidies up when it closes: without that right, SQLite leaves its -wal and -shm files */
    const bool may_write = write || access(path, W_OK) == 0;
    int status = open_db(out, path, may_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY, error);
    status = status || !write ? status : lock(*out, error);
    status = status ? status : read_meta(*out, error);
    if (write) {
        status = status ? status : begin_writing(*out, error);
        status = status ? status : prepare(*out, error);
    }
    return finish_open(out, status, error);
}

void thm_fleet_results_close(struct thm_fleet_results *r)
{
    if (!r)
        return;
    if (r->db) {
        thm_sqlite.finalize(r->put);
        thm_sqlite.finalize(r->cost);
        thm_sqlite.close(r->db);
    }
    if (r->lock >= 0)
        close(r->lock);
    for (size_t i = 0; i < sizeof r->text / sizeof r->text[0]; i++)
        free(r->text[i]);
    free(r->path);
    free(r);
}

const struct thm_fleet_meta *thm_fleet_results_meta(const struct thm_fleet_results *r)
{
    return &r->meta;
}

sqlite3 *thm_fleet_results_db(struct thm_fleet_results *r)
{
    return r->db;
}

/* ---- rows ---- */

static void bind_row(sqlite3_stmt *s, const struct thm_fleet_row *row)
{
    int i = 1;
#define BIND_INT(v)  ((v) < 0 ? thm_sqlite.bind_null(s, i) : thm_sqlite.bind_int64(s, i, v))
#define BIND_REAL(v) ((v) < 0 ? thm_sqlite.bind_null(s, i) : thm_sqlite.bind_double(s, i, v))
#define BIND_TEXT(v) thm_sqlite.bind_text(s, i, v, -1, SQLITE_STATIC)
#define X(kind, name, help)       \
    (void)BIND_##kind(row->name); \
    i++;
    THM_FLEET_COLUMNS(X)
#undef X
}

static void read_row(sqlite3_stmt *s, struct thm_fleet_row *row)
{
    int i = 0;
#define NULL_OR(get) (thm_sqlite.column_type(s, i) == SQLITE_NULL ? -1 : get(s, i))
#define READ_INT(v)  v = NULL_OR(thm_sqlite.column_int64)
#define READ_REAL(v) v = NULL_OR(thm_sqlite.column_double)
#define READ_TEXT(v) snprintf(v, sizeof v, "%s", (const char *)thm_sqlite.column_text(s, i))
#define X(kind, name, help) \
    READ_##kind(row->name); \
    i++;
    THM_FLEET_COLUMNS(X)
#undef X
}

static bool put_cost(struct thm_fleet_results *r, int64_t id, const struct thm_fleet_cost *c)
{
    thm_sqlite.bind_int64(r->cost, 1, id);
    thm_sqlite.bind_int64(r->cost, 2, (int64_t)c->user_us);
    thm_sqlite.bind_int64(r->cost, 3, (int64_t)c->system_us);
    thm_sqlite.bind_int64(r->cost, 4, (int64_t)c->rss_bytes);
    const bool ok = thm_sqlite.step(r->cost) == SQLITE_DONE;
    thm_sqlite.reset(r->cost);
    return ok;
}

int thm_fleet_results_put(struct thm_fleet_results *r, const struct thm_fleet_row *row,
                          const struct thm_fleet_cost *cost, char **error)
{
    int status = r->pending ? 0 : run_sql(r, "BEGIN", error);
    if (status)
        return status;
    r->pending = true;
    bind_row(r->put, row);
    bool ok = thm_sqlite.step(r->put) == SQLITE_DONE && (!cost || put_cost(r, row->id, cost));
    status = ok ? 0 : failed(r, error);
    thm_sqlite.reset(r->put);
    return status;
}

int thm_fleet_results_commit(struct thm_fleet_results *r, char **error)
{
    int status = r->pending ? run_sql(r, "COMMIT", error) : 0;
    r->pending = r->pending && status;
    return status;
}

int thm_fleet_results_done(struct thm_fleet_results *r, uint8_t *done, uint32_t boards, char **error)
{
    static const char sql[] =
        "SELECT id, CASE outcome WHEN 'updated' THEN 1 WHEN 'failed' THEN 2 ELSE 3 END FROM boards";
    sqlite3_stmt *s = NULL;
    int code = thm_sqlite.prepare_v2(r->db, sql, -1, &s, NULL);
    memset(done, 0, boards);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = thm_sqlite.step(s);
        const int64_t id = code == SQLITE_ROW ? thm_sqlite.column_int64(s, 0) : -1;
        if (id >= 0 && id < boards)
            done[id] = (uint8_t)thm_sqlite.column_int(s, 1);
    }
    int status = code == SQLITE_DONE ? 0 : failed(r, error);
    thm_sqlite.finalize(s);
    return status;
}

int thm_fleet_results_get(struct thm_fleet_results *r, uint32_t id, struct thm_fleet_row *row, char **error)
{
    sqlite3_stmt *s = NULL;
    int code = thm_sqlite.prepare_v2(r->db, "SELECT * FROM boards WHERE id=?", -1, &s, NULL);
    if (code == SQLITE_OK && (code = thm_sqlite.bind_int64(s, 1, id)) == SQLITE_OK)
        code = thm_sqlite.step(s);
    if (code == SQLITE_ROW)
        read_row(s, row);
    int status = code == SQLITE_ROW    ? 0
                 : code == SQLITE_DONE ? complain(r, error, "has no such board")
                                       : failed(r, error);
    thm_sqlite.finalize(s);
    return status;
}

/* ---- shards ---- */

static bool same_run(const struct thm_fleet_meta *a, const struct thm_fleet_meta *b)
{
    return strcmp(a->scenario, b->scenario) == 0 && strcmp(a->inputs, b->inputs) == 0 && a->seed == b->seed &&
           a->boards == b->boards;
}

static int copy_rows(struct thm_fleet_results *r, const char *other, char **error)
{
    char *attach = thm_sqlite.mprintf("ATTACH %Q AS other", other);
    int status = attach ? run_sql(r, attach, error) : 20;
    thm_sqlite.free(attach);
    if (!status)
        status = run_sql(r,
                         "BEGIN; INSERT OR IGNORE INTO boards SELECT * FROM other.boards; "
                         "INSERT OR IGNORE INTO costs SELECT * FROM other.costs; COMMIT; DETACH other",
                         error);
    return status;
}

int thm_fleet_results_merge(struct thm_fleet_results *r, const char *other, char **error)
{
    struct thm_fleet_results *o;
    int status = thm_fleet_results_open(&o, other, false, error);
    if (status)
        return status;
    const bool same = same_run(&r->meta, &o->meta);
    if (!same)
        status = complain(o, error, "of another scenario, seed, number of boards or model: not merged");
    thm_fleet_results_close(o);
    return same ? copy_rows(r, other, error) : status;
}
