import type { Clock } from "../../time/clock.ts";
import { isSameMachineBoot } from "../../time/machine-boot.ts";
import type { LogGroup } from "../event-log.ts";
import type { SqliteLogFile } from "./sqlite-event-log-file.ts";

/** The groups that hold records back, seen from outside. */
export class SqliteLogGroups {
  readonly #file: SqliteLogFile;
  readonly #clock: Clock;
  readonly #all;
  readonly #workers;

  constructor(file: SqliteLogFile, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
    // What goes by its age waits for nobody.
    this.#all = file.db.prepare(
      `SELECT group_name, count(*) AS partitions, sum(lanes.next_offset - marks.next_offset) AS waiting,
         sum((SELECT coalesce(sum(s.bytes), 0) FROM segments AS s
           WHERE s.lane_id = lanes.lane_id AND s.base + s.count > marks.next_offset)) AS bytes
       FROM marks JOIN lanes USING (lane_id) JOIN topics USING (topic_id)
       WHERE retention <> 'by_age' GROUP BY group_name ORDER BY group_name`,
    );
    this.#workers = file.db.prepare(
      `SELECT worker, machine_boot FROM members WHERE group_name = ? AND expires_uptime_ms >= ? ORDER BY worker`,
    );
  }

  list(): readonly LogGroup[] {
    return this.#all.all().map((row) => ({
      name: String(row["group_name"]),
      workers: this.#workersOf(String(row["group_name"])),
      partitions: Number(row["partitions"]),
      waitingRecords: Number(row["waiting"]),
      heldBytes: Number(row["bytes"]),
    }));
  }

  forget(group: string): "forgotten" | "unknown" | "in_use" {
    const { db } = this.#file;
    return this.#file.transaction(() => {
      if (this.#workersOf(group).length > 0) return "in_use";
      const marks = db.prepare("DELETE FROM marks WHERE group_name = ?").run(group);
      // Its former workers' claims go with them.
      const members = db.prepare("DELETE FROM members WHERE group_name = ?").run(group);
      return Number(marks.changes) + Number(members.changes) === 0 ? "unknown" : "forgotten";
    });
  }

  #workersOf(group: string): readonly string[] {
    return this.#workers
      .all(group, this.#clock.uptime())
      .filter((row) => isSameMachineBoot(String(row["machine_boot"]), this.#clock.machineBoot))
      .map((row) => String(row["worker"]));
  }
}
