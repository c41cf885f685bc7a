//! The tables of Step Functions. A state machine points at its current revision, a version at the one it was published
//! from; an execution keeps the revision it was started with, so that it outlives an update and a deletion of the machine.
//! What a map run has started are executions as well; only by it are they found.

/// Made when the service is opened. Times are milliseconds since the epoch.
pub(super) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS sfn_revisions (
    id INTEGER PRIMARY KEY,
    machine_arn TEXT NOT NULL,
    machine_name TEXT NOT NULL,
    revision_id TEXT,
    definition TEXT NOT NULL,
    role_arn TEXT NOT NULL,
    logging TEXT NOT NULL,
    tracing TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    express INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS sfn_machines (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    arn TEXT NOT NULL UNIQUE,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revision INTEGER NOT NULL REFERENCES sfn_revisions (id),
    last_version INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS sfn_machines_by_region ON sfn_machines (region, id);
CREATE TABLE IF NOT EXISTS sfn_versions (
    machine INTEGER NOT NULL REFERENCES sfn_machines (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    revision INTEGER NOT NULL REFERENCES sfn_revisions (id),
    description TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (machine, number)
);
CREATE TABLE IF NOT EXISTS sfn_aliases (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    machine INTEGER NOT NULL REFERENCES sfn_machines (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT,
    routing TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (machine, name)
);
CREATE TABLE IF NOT EXISTS sfn_tags (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    machine INTEGER NOT NULL REFERENCES sfn_machines (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (machine, key)
);
CREATE TABLE IF NOT EXISTS sfn_executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    arn TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    machine INTEGER NOT NULL,
    revision INTEGER NOT NULL REFERENCES sfn_revisions (id),
    status TEXT NOT NULL,
    start TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    stopped_at INTEGER,
    trace_header TEXT,
    version_arn TEXT,
    alias_arn TEXT,
    output TEXT,
    error TEXT,
    cause TEXT,
    redrives INTEGER NOT NULL DEFAULT 0,
    redriven_at INTEGER,
    redrive_token TEXT,
    map_run INTEGER REFERENCES sfn_map_runs (id) ON DELETE CASCADE,
    map_index INTEGER,
    items INTEGER
);
CREATE INDEX IF NOT EXISTS sfn_executions_by_machine ON sfn_executions (machine, id) WHERE map_run IS NULL;
CREATE INDEX IF NOT EXISTS sfn_executions_by_status ON sfn_executions (machine, status, id) WHERE map_run IS NULL;
CREATE INDEX IF NOT EXISTS sfn_executions_by_map_run ON sfn_executions (map_run) WHERE map_run IS NOT NULL;
CREATE INDEX IF NOT EXISTS sfn_executions_running ON sfn_executions (id) WHERE status = 'RUNNING';
CREATE TABLE IF NOT EXISTS sfn_map_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    arn TEXT NOT NULL UNIQUE,
    execution INTEGER NOT NULL REFERENCES sfn_executions (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    label TEXT NOT NULL,
    way TEXT NOT NULL,
    express INTEGER NOT NULL,
    writer TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    stopped_at INTEGER,
    max_concurrency INTEGER NOT NULL,
    tolerated_count INTEGER,
    tolerated_percentage REAL,
    children INTEGER NOT NULL DEFAULT 0,
    items INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    cause TEXT,
    UNIQUE (execution, number)
);
CREATE TABLE IF NOT EXISTS sfn_rehearsals (
    execution INTEGER PRIMARY KEY REFERENCES sfn_executions (id) ON DELETE CASCADE,
    body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS sfn_history (
    execution INTEGER NOT NULL REFERENCES sfn_executions (id) ON DELETE CASCADE,
    event INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (execution, event)
);
CREATE TABLE IF NOT EXISTS sfn_journal (
    execution INTEGER NOT NULL REFERENCES sfn_executions (id) ON DELETE CASCADE,
    entry INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (execution, entry)
);
CREATE TABLE IF NOT EXISTS sfn_tokens (
    token TEXT PRIMARY KEY,
    execution INTEGER NOT NULL REFERENCES sfn_executions (id) ON DELETE CASCADE,
    task INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS sfn_tokens_by_execution ON sfn_tokens (execution);
CREATE TABLE IF NOT EXISTS sfn_nested (
    child INTEGER PRIMARY KEY REFERENCES sfn_executions (id) ON DELETE CASCADE,
    token TEXT NOT NULL UNIQUE,
    parent INTEGER NOT NULL,
    task INTEGER NOT NULL,
    cancelled INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS sfn_nested_by_parent ON sfn_nested (parent, task);
CREATE TABLE IF NOT EXISTS sfn_activities (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    arn TEXT NOT NULL UNIQUE,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS sfn_activity_tags (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    activity INTEGER NOT NULL REFERENCES sfn_activities (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (activity, key)
);
CREATE TABLE IF NOT EXISTS sfn_activity_tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    activity_arn TEXT NOT NULL,
    execution INTEGER NOT NULL REFERENCES sfn_executions (id) ON DELETE CASCADE,
    task INTEGER NOT NULL,
    token TEXT NOT NULL,
    input TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS sfn_activity_tasks_by_activity ON sfn_activity_tasks (activity_arn, id);
CREATE INDEX IF NOT EXISTS sfn_activity_tasks_by_execution ON sfn_activity_tasks (execution);
";
