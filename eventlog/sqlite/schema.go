package sqlite

// Version is the layout that this package writes, kept in PRAGMA user_version.
// A store with a higher one is not written to.
const Version = 1

// ApplicationID marks a native store for file(1) and the like: "lztr".
const ApplicationID = 0x6c7a7472

// eventsDDL is the table of LazyBridge, to the letter: its own INSERT and its
// own SELECT work on our store, and a file that it began can be appended to.
const eventsDDL = `CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL,
    run_id TEXT,
    event_type TEXT NOT NULL,
    payload TEXT NOT NULL,
    ts REAL NOT NULL
)`

// theirColumns and ourColumns are the columns of events: the first ones are
// LazyBridge's, the others stand behind them and may be null, so that a writer
// which has never heard of them goes on working.
var (
	theirColumns = []string{"id", "session_id", "run_id", "event_type", "payload", "ts"}
	ourColumns   = []string{"lt_id", "lt_parent_run_id"}
)

// tablesDDL makes everything that is ours alone. The unique index is partial:
// rows of LazyBridge have no lt_id and never collide.
var tablesDDL = []string{
	`CREATE UNIQUE INDEX IF NOT EXISTS lt_ev_id ON events(session_id, lt_id) WHERE lt_id IS NOT NULL`,
	`CREATE INDEX IF NOT EXISTS lt_ev_sid ON events(session_id, id)`,
	`CREATE TABLE IF NOT EXISTS lt_meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
)`,
	`CREATE TABLE IF NOT EXISTS lt_sessions (
    id TEXT PRIMARY KEY,
    parent_session_id TEXT,
    fork_of TEXT,
    name TEXT,
    title TEXT,
    goal TEXT,
    agent TEXT,
    user TEXT,
    project TEXT,
    directory TEXT,
    branch TEXT,
    environment TEXT,
    conversation_id TEXT,
    experiment TEXT,
    variant TEXT,
    version TEXT,
    host TEXT,
    command TEXT,
    started REAL,
    ended REAL,
    heartbeat REAL,
    closed INTEGER NOT NULL DEFAULT 0,
    outcome TEXT,
    exit_code INTEGER,
    failure_reason TEXT,
    summary TEXT,
    recorded_cost_nano INTEGER,
    dropped INTEGER NOT NULL DEFAULT 0,
    redact_dropped INTEGER NOT NULL DEFAULT 0,
    metadata TEXT NOT NULL DEFAULT '{}',
    metrics TEXT NOT NULL DEFAULT '{}',
    tags TEXT NOT NULL DEFAULT '[]'
)`,
	`CREATE TABLE IF NOT EXISTS lt_drops (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    dropped INTEGER NOT NULL DEFAULT 0,
    UNIQUE (session_id, kind)
)`,
	`CREATE TABLE IF NOT EXISTS lt_signals (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    name TEXT NOT NULL,
    payload TEXT NOT NULL DEFAULT '{}',
    ts REAL NOT NULL
)`,
	`CREATE TABLE IF NOT EXISTS lt_decisions (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    run_id TEXT,
    decision TEXT NOT NULL,
    payload TEXT NOT NULL DEFAULT '{}',
    ts REAL NOT NULL
)`,
	`INSERT INTO lt_meta (key, value) VALUES ('format', 'lazytrace') ON CONFLICT DO NOTHING`,
}
