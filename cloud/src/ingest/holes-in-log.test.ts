import type { LogSlice, PollResult } from "@roadstream/shared/event-log";
import { MemoryEventLog } from "@roadstream/shared/testing";
import { afterEach, expect, test, vi } from "vitest";
import { IngestSimulation } from "../testing/ingest-simulation.ts";

const SEQS = 30;
/** The offset of the record that polls leave out. */
const MISSING = 3;

afterEach(() => {
  vi.restoreAllMocks();
});

const without = (slice: LogSlice, offset: number): LogSlice => {
  const at = slice.offsets.indexOf(offset);
  if (at < 0) return slice;
  const rest = <T>(column: readonly T[]): readonly T[] => column.slice(at + 1);
  return {
    ...slice,
    offsets: rest(slice.offsets),
    appendedAt: rest(slice.appendedAt),
    keys: rest(slice.keys),
    values: rest(slice.values),
  };
};

/** Polls that deliver one record each, and leave out the one at MISSING so often. */
const skipping = (times: number, offsets: "dense" | "with_holes"): void => {
  let left = times;
  const join = MemoryEventLog.prototype.join;
  vi.spyOn(MemoryEventLog.prototype, "join").mockImplementation(async function (this: MemoryEventLog, of) {
    Object.assign(this, { offsets });
    const consumer = await join.call(this, of);
    const poll = consumer.poll.bind(consumer);
    consumer.poll = async (options): Promise<PollResult> => {
      const result = await poll({ ...options, maxBytes: 1 });
      const slices = result.slices.map((slice) => {
        if (left === 0 || !slice.offsets.includes(MISSING)) return slice;
        left -= 1;
        return without(slice, MISSING);
      });
      return { ...result, slices: slices.filter(({ offsets: some }) => some.length > 0) };
    };
    return consumer;
  });
};

const landed = async (sim: IngestSimulation): Promise<readonly number[]> =>
  (await sim.rows("gps_data")).map((row) => Number(row["log_offset"])).sort((a, b) => a - b);

const run = async (sim: IngestSimulation) => {
  sim.fill(SEQS);
  const worker = await sim.start();
  await sim.advance(60_000);
  return worker;
};

test("where offsets have no holes a record that a poll left out is read again, and lands", async () => {
  skipping(1, "dense");
  const sim = new IngestSimulation(1, "memory");
  const worker = await run(sim);
  expect(worker.error).toBeNull();
  expect(await landed(sim)).toEqual(Array.from({ length: SEQS }, (_, n) => n));
});

test("one that never comes stops the worker, and nothing behind it lands", async () => {
  skipping(Number.POSITIVE_INFINITY, "dense");
  const sim = new IngestSimulation(1, "memory");
  const worker = await run(sim);
  expect(worker.error).toMatchObject({ code: "log_mismatch" });
  expect((await landed(sim)).filter((offset) => offset >= MISSING)).toEqual([]);
});

test("where a log has holes they are passed over", async () => {
  skipping(Number.POSITIVE_INFINITY, "with_holes");
  const sim = new IngestSimulation(1, "memory");
  // Who looks on there holds the lake against what this log has.
  sim.meanwhile = () => Promise.resolve();
  const worker = await run(sim);
  expect(worker.error).toBeNull();
  expect(await landed(sim)).toHaveLength(SEQS - 1);
});
