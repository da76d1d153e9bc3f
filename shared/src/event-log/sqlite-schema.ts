/**
 * The event log as one SQLite file, shared by the processes of one machine (WAL mode).
 *
 * Limits: one record 1 MB; the log's own budget (SqliteLogSettings); 2^53 offsets per partition.
 *
 * Layout: a *segment* is one append group's records of one partition: `count` records from `base` on, so that an append
 * costs one row per partition however many records it has. `body` holds them in pieces of one key each, which `pieces`
 * measures (sqlite-segment.ts): a publish is kept as it came, compressed, behind the head that its records share, and
 * whole lines only where it could not be. That is a fifth of the bytes to be written and fsynced. `lanes` holds one row
 * per partition with its range. Segments of a lane neither overlap nor leave holes.
 *
 * Operation: the commit of an append transaction (fsynced, synchronous=FULL) is what makes records durable. Segments
 * are deleted whole, oldest first, and only below the lowest mark of any group (until_durable) or by age (by_age).
 * Members and claims are leases by the machine's monotonic clock: they mean nothing after a boot.
 */
export const SQLITE_LOG_APPLICATION_ID = 0x52534c47; // "RSLG"
export const SQLITE_LOG_FORMAT = 2;

export const SQLITE_LOG_SCHEMA = `
CREATE TABLE IF NOT EXISTS log (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  uuid TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS topics (
  topic_id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  generation TEXT NOT NULL,
  partitions INTEGER NOT NULL,
  retention TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS lanes (
  lane_id INTEGER PRIMARY KEY AUTOINCREMENT,
  topic_id INTEGER NOT NULL REFERENCES topics ON DELETE CASCADE,
  partition INTEGER NOT NULL,
  start_offset INTEGER NOT NULL,
  next_offset INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  UNIQUE (topic_id, partition)
) STRICT;
CREATE TABLE IF NOT EXISTS segments (
  segment_id INTEGER PRIMARY KEY,
  lane_id INTEGER NOT NULL REFERENCES lanes ON DELETE CASCADE,
  base INTEGER NOT NULL,
  count INTEGER NOT NULL,
  appended_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  crc32 INTEGER NOT NULL,
  pieces TEXT NOT NULL,
  headers TEXT,
  body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS segments_by_base ON segments (lane_id, base);
CREATE TABLE IF NOT EXISTS marks (
  group_name TEXT NOT NULL,
  lane_id INTEGER NOT NULL REFERENCES lanes ON DELETE CASCADE,
  next_offset INTEGER NOT NULL,
  PRIMARY KEY (group_name, lane_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS members (
  member TEXT PRIMARY KEY,
  group_name TEXT NOT NULL,
  worker TEXT NOT NULL,
  topics TEXT NOT NULL,
  machine_boot TEXT NOT NULL,
  expires_uptime_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (
  group_name TEXT NOT NULL,
  lane_id INTEGER NOT NULL REFERENCES lanes ON DELETE CASCADE,
  member TEXT NOT NULL REFERENCES members ON DELETE CASCADE,
  PRIMARY KEY (group_name, lane_id)
) STRICT, WITHOUT ROWID;
`;
