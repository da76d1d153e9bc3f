import type { StreamName, UnixMillis, UptimeMillis } from "@roadstream/shared";
import type { Segment } from "../ports.ts";

/** A segment is closed when its text reaches this: what is read to send a few records stays small. */
export const SEGMENT_TEXT = 64 * 1024;

/** Collects consecutive records of one series into segments. */
export class SegmentBuilder {
  readonly #bootId: string;
  readonly #stream: StreamName;
  readonly #acceptedAt: UnixMillis | null;
  readonly #acceptedUptime: UptimeMillis;
  readonly #done: Segment[] = [];
  #lines: string[] = [];
  #size = 0;
  #firstSeq = 0;

  constructor(series: {
    bootId: string;
    stream: StreamName;
    acceptedAt: UnixMillis | null;
    acceptedUptime: UptimeMillis;
  }) {
    this.#bootId = series.bootId;
    this.#stream = series.stream;
    this.#acceptedAt = series.acceptedAt;
    this.#acceptedUptime = series.acceptedUptime;
  }

  add(seq: number, line: string): void {
    if (this.#lines.length > 0 && this.#size + line.length > SEGMENT_TEXT) this.#close();
    if (this.#lines.length === 0) this.#firstSeq = seq;
    this.#lines.push(line);
    this.#size += line.length + 1;
  }

  finish(): readonly Segment[] {
    if (this.#lines.length > 0) this.#close();
    return this.#done;
  }

  #close(): void {
    this.#done.push({
      bootId: this.#bootId,
      stream: this.#stream,
      firstSeq: this.#firstSeq,
      lastSeq: this.#firstSeq + this.#lines.length - 1,
      size: this.#size - 1,
      acceptedAt: this.#acceptedAt,
      acceptedUptime: this.#acceptedUptime,
      text: this.#lines.join("\n"),
    });
    this.#lines = [];
    this.#size = 0;
  }
}

/** The records of a segment from `fromSeq` to `toSeq`. */
export const segmentRecords = (segment: Segment, fromSeq: number, toSeq: number): readonly string[] =>
  segment.text
    .split("\n")
    .slice(Math.max(0, fromSeq - segment.firstSeq), Math.max(0, toSeq - segment.firstSeq + 1));
