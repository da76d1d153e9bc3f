import { crc32 } from "node:zlib";
import { MAX_BODY_BYTES } from "../../contract/limits.ts";
import type { Zstd } from "../../contract/payload.ts";
import { RoadstreamError } from "../../errors.ts";
import { unixMillis } from "../../time/time.ts";
import type { LogFault, LogSlice } from "../event-log.ts";
import { SliceBuilder } from "../slice-builder.ts";
import { decodeSegment, type SegmentRow, type Unpack } from "../sqlite-segment.ts";
import type { SqliteLogFile } from "./sqlite-event-log-file.ts";
import type { Lane, SqliteLogTopics } from "./sqlite-event-log-topics.ts";

/** The records of partitions, for whoever reads them. */
export class SqliteLogRecords {
  readonly #file: SqliteLogFile;
  readonly #topics: SqliteLogTopics;
  readonly #unpack: Unpack;
  readonly #segments;

  constructor(file: SqliteLogFile, topics: SqliteLogTopics, zstd: Zstd) {
    this.#file = file;
    this.#topics = topics;
    this.#unpack = (frame) => {
      const text = zstd.decompress(frame, MAX_BODY_BYTES);
      return text === "too_large" ? null : text;
    };
    // The segment that holds the offset is the last one that begins at or before it.
    this.#segments = file.db.prepare(
      `SELECT base, count, appended_at, crc32, pieces, headers, body FROM segments
       WHERE lane_id = ?1 AND base >= (SELECT coalesce(max(base), 0) FROM segments WHERE lane_id = ?1 AND base <= ?2)
       ORDER BY base`,
    );
  }

  read(lane: Lane, from: number, maxBytes: number): LogSlice | LogFault {
    const { start, end } = this.#topics.range(lane);
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
