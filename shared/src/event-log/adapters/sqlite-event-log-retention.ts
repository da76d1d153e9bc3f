import type { Clock } from "../../time/clock.ts";
import type { SqliteLogSettings } from "../sqlite-log-settings.ts";
import type { SqliteLogFile } from "./sqlite-event-log-file.ts";

/** Segments looked at per lane and pass: bounds the time that a pass holds the file's write lock. */
const SEGMENTS_PER_PASS = 512;

interface TrimmableLane {
  readonly laneId: number;
  /** Nothing at or above goes. */
  readonly below: number;
}

/** Deletes what may go. Runs inside a transaction of the writer: where nothing is appended, nothing needs to go. */
export class SqliteLogRetention {
  readonly #file: SqliteLogFile;
  readonly #clock: Clock;
  readonly #settings: SqliteLogSettings;
  readonly #used;
  readonly #lanes;
  readonly #oldest;
  readonly #drop;
  readonly #advance;

  constructor(options: { file: SqliteLogFile; clock: Clock; settings: SqliteLogSettings }) {
    this.#file = options.file;
    this.#clock = options.clock;
    this.#settings = options.settings;
    const { db } = this.#file;
    this.#used = db.prepare("SELECT coalesce(sum(bytes), 0) AS used FROM lanes");
    // A lane that no group has marked has no min(): null, and nothing goes.
    this.#lanes = db.prepare(
      `SELECT lane_id, CASE retention WHEN 'by_age' THEN lanes.next_offset
         ELSE (SELECT min(m.next_offset) FROM marks AS m WHERE m.lane_id = lanes.lane_id) END AS below
       FROM lanes JOIN topics USING (topic_id) WHERE bytes > 0 AND below > start_offset`,
    );
    this.#oldest = db.prepare(
      "SELECT base, count, appended_at, bytes FROM segments WHERE lane_id = ? AND base < ? ORDER BY base LIMIT ?",
    );
    this.#drop = db.prepare("DELETE FROM segments WHERE lane_id = ? AND base < ?");
    this.#advance = db.prepare("UPDATE lanes SET start_offset = ?, bytes = bytes - ? WHERE lane_id = ?");
  }

  usedBytes(): number {
    return Number(this.#used.get()?.["used"]);
  }

  /** One pass; the bytes set free. `need`: as many bytes as possible at once, whatever their age. */
  trim(need: "what_is_old" | "room"): number {
    const crowded = need === "room" || this.usedBytes() > this.#settings.keepBytes;
    const oldestKept = crowded ? Number.POSITIVE_INFINITY : this.#clock.now() - this.#settings.keepAge;
    let freed = 0;
    for (const row of this.#lanes.all()) {
      freed += this.#trimLane({ laneId: Number(row["lane_id"]), below: Number(row["below"]) }, oldestKept);
    }
    return freed;
  }

  #trimLane(lane: TrimmableLane, oldestKept: number): number {
    let start: number | null = null;
    let freed = 0;
    for (const row of this.#oldest.all(lane.laneId, lane.below, SEGMENTS_PER_PASS)) {
      const end = Number(row["base"]) + Number(row["count"]);
      if (end > lane.below || Number(row["appended_at"]) >= oldestKept) break;
      start = end;
      freed += Number(row["bytes"]);
    }
    if (start === null) return 0;
    this.#drop.run(lane.laneId, start);
    this.#advance.run(start, freed, lane.laneId);
    return freed;
  }
}
