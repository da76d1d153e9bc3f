import { MAX_BODY_BYTES } from "../../contract/limits.ts";
import type { Zstd } from "../../contract/payload.ts";
import { RoadstreamError } from "../../errors.ts";
import { uuidV7 } from "../../random/uuid.ts";
import type { Random } from "../../random/random.ts";
import type { Clock } from "../../time/clock.ts";
import { unixMillis } from "../../time/time.ts";
import type { LogFault, LogSlice, PartitionRange, TopicPartition, TopicRetention } from "../event-log.ts";
import { SliceBuilder } from "../slice-builder.ts";
import { decodeSegment, type SegmentRow, type Unpack } from "../sqlite-segment.ts";
import { crc32 } from "node:zlib";
import type { SqliteLogFile } from "./sqlite-event-log-file.ts";

export interface Lane extends TopicPartition {
  readonly laneId: number;
  readonly topicId: number;
}

/** Topics, partitions and their records, as SQL. */
export class SqliteLogTopics {
  readonly #file: SqliteLogFile;
  readonly #unpack: Unpack;
  readonly #range;
  readonly #segments;

  constructor(file: SqliteLogFile, zstd: Zstd) {
    this.#file = file;
    this.#unpack = (frame) => {
      const text = zstd.decompress(frame, MAX_BODY_BYTES);
      return text === "too_large" ? null : text;
    };
    this.#range = file.db.prepare("SELECT start_offset, next_offset FROM lanes WHERE lane_id = ?");
    // The segment that holds the offset is the last one that begins at or before it.
    this.#segments = file.db.prepare(
      `SELECT base, count, appended_at, crc32, pieces, headers, body FROM segments
       WHERE lane_id = ?1 AND base >= (SELECT coalesce(max(base), 0) FROM segments WHERE lane_id = ?1 AND base <= ?2)
       ORDER BY base`,
    );
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

  read(lane: Lane, from: number, maxBytes: number): LogSlice | LogFault {
    const { start, end } = this.range(lane);
    if (from < start || from > end) {
      return { kind: "out_of_range", topic: lane.topic, partition: lane.partition, wanted: from, start, end };
    }
    const slice = new SliceBuilder(lane);
    if (from === end) return slice.build();
    for (const row of this.#segments.iterate(lane.laneId, from)) {
      if (slice.count > 0 && slice.bytes >= maxBytes) break;
      const segment = this.#checked(lane, row, from + slice.count);
      const whole = decodeSegment(segment, from, maxBytes, slice, this.#unpack);
      if (whole === null) throw this.#damaged(lane, segment.base);
      if (!whole) break;
    }
    return slice.build();
  }

  #checked(lane: Lane, row: Record<string, unknown>, next: number): SegmentRow {
    const segment = {
      base: Number(row["base"]),
      count: Number(row["count"]),
      appendedAt: unixMillis(Number(row["appended_at"])),
      pieces: String(row["pieces"]),
      headers: row["headers"] as string | null,
      body: row["body"] as Uint8Array,
    };
    const follows = segment.base <= next && next < segment.base + segment.count;
    if (!follows || crc32(segment.body) !== row["crc32"]) throw this.#damaged(lane, next);
    return segment;
  }

  #damaged(lane: Lane, offset: number): RoadstreamError {
    const where = `${this.#file.path}: partition ${lane.partition} of ${lane.topic} at offset ${offset}`;
    return new RoadstreamError("storage", `event log ${where} is damaged`, {
      hint: "check the disk; keep the file",
    });
  }
}
