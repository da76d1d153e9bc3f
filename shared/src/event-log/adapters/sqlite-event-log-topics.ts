import { RoadstreamError } from "../../errors.ts";
import { uuidV7 } from "../../random/uuid.ts";
import type { Random } from "../../random/random.ts";
import type { Clock } from "../../time/clock.ts";
import type { PartitionRange, TopicPartition, TopicRetention } from "../event-log.ts";
import type { SqliteLogFile } from "./sqlite-event-log-file.ts";

export interface Lane extends TopicPartition {
  readonly laneId: number;
  readonly topicId: number;
}

/** Topics and partitions, as SQL. */
export class SqliteLogTopics {
  readonly #file: SqliteLogFile;
  readonly #range;

  constructor(file: SqliteLogFile) {
    this.#file = file;
    this.#range = file.db.prepare("SELECT start_offset, next_offset FROM lanes WHERE lane_id = ?");
  }

  uuid(): string {
    return String(this.#file.db.prepare("SELECT uuid FROM log").get()?.["uuid"]);
  }

  find(topic: string): { readonly generation: string; readonly lanes: readonly Lane[] } | null {
    const rows = this.#file.db
      .prepare(
        "SELECT topic_id, generation, lane_id, partition FROM topics JOIN lanes USING (topic_id) WHERE name = ? ORDER BY partition",
      )
      .all(topic);
    const [first] = rows;
    if (first === undefined) return null;
    const lanes = rows.map((row) => ({
      topic,
      partition: Number(row["partition"]),
      laneId: Number(row["lane_id"]),
      topicId: Number(row["topic_id"]),
    }));
    return { generation: String(first["generation"]), lanes };
  }

  lane(at: TopicPartition): Lane {
    const lane = this.find(at.topic)?.lanes[at.partition];
    if (lane === undefined) {
      throw new RoadstreamError(
        "unavailable",
        `no partition ${at.partition} of topic ${at.topic} in ${this.#file.path}`,
      );
    }
    return lane;
  }

  create(
    topics: readonly string[],
    options: { partitions: number; retention: TopicRetention; clock: Clock; random: Random },
  ): void {
    const { db } = this.#file;
    this.#file.transaction(() => {
      for (const topic of topics) {
        const generation = uuidV7(options.clock.now(), options.random);
        const added = db
          .prepare(
            "INSERT INTO topics (name, generation, partitions, retention) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
          )
          .run(topic, generation, options.partitions, options.retention);
        if (added.changes === 0) continue;
        const lane = db.prepare(
          "INSERT INTO lanes (topic_id, partition, start_offset, next_offset, bytes) VALUES (?, ?, 0, 0, 0)",
        );
        for (let partition = 0; partition < options.partitions; partition += 1)
          lane.run(added.lastInsertRowid, partition);
      }
    });
  }

  range(lane: Lane): PartitionRange {
    const row = this.#range.get(lane.laneId);
    if (row === undefined) {
      throw new RoadstreamError("unavailable", `partition ${lane.partition} of topic ${lane.topic} is gone`);
    }
    return { start: Number(row["start_offset"]), end: Number(row["next_offset"]) };
  }
}
