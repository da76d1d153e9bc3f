import { GpsSource, type SampledReadingOf } from "@roadstream/agent";
import { MemoryMetrics, seededRandom, silentLogger, unixMillis, type ByteChannel } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";

export type GpsRow = SampledReadingOf<"gps_data">;

export interface Replayed {
  readonly rows: readonly GpsRow[];
  readonly metrics: MemoryMetrics;
}

/** The present of every replay: later than all logs, so that only their own faults make a time implausible. */
export const REPLAY_NOW = Date.UTC(2026, 10, 1);
const CHUNK_BYTES = 1024;

/** gpsd marks write boundaries inside a log by a character that its header names; it is no part of the log. */
export const chunksOf = (log: Buffer): readonly Uint8Array[] => {
  const cookie = /^# Delay-Cookie: (\S)/m.exec(log.toString("latin1"))?.[1];
  if (cookie !== undefined) {
    const body = log.toString("latin1").replace(/^#.*\n/gm, "");
    return body.split(cookie).map((part) => Buffer.from(part, "latin1"));
  }
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < log.length; at += CHUNK_BYTES) chunks.push(log.subarray(at, at + CHUNK_BYTES));
  return chunks;
};

const channelOf = (log: Buffer): ByteChannel => ({
  name: "log",
  read: async function* () {
    yield* chunksOf(log);
  },
  write: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

/** A log through the agent's whole GPS source, as `--gps file:LOG` does. */
export const replayLog = async (log: Buffer): Promise<Replayed> => {
  const rows: GpsRow[] = [];
  const metrics = new MemoryMetrics();
  const clock = new VirtualClock({ now: REPLAY_NOW });
  const source = new GpsSource({
    open: () => Promise.resolve(channelOf(log)),
    mode: "replay",
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    metrics,
    machineTime: () => ({ at: unixMillis(REPLAY_NOW), source: "ntp" }),
  });
  await source.run(
    {
      reading: (reading) => {
        if (reading.stream !== "gps_data") throw new Error(`a GPS source gave ${reading.stream}`);
        rows.push(reading);
        return Promise.resolve();
      },
      keep: () => Promise.resolve("kept"),
      lost: (name, reason) => {
        throw new Error(`${name} lost: ${reason}`);
      },
      back: () => undefined,
    },
    new AbortController().signal,
  );
  return { rows, metrics };
};
