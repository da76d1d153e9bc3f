import {
  allTopics,
  logTopics,
  MemoryMetrics,
  seededRandom,
  silentLogger,
  unixMillis,
  uuidV7,
  type Random,
} from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { openEventLog } from "@roadstream/shared/event-log";
import { gpsRecord } from "../gps-record.ts";

export interface Fleet {
  readonly vehicles: number;
  readonly rows: number;
  /** Days over which the fleet's readings are spread: each car sends what it held of one of them. */
  readonly days: number;
}

const APPEND_ROWS = 2000;
/** Readings of one publish: a car's come in clumps. */
const CLUMP = 10;
const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2025, 0, 1, 12);
const TOPICS = logTopics({});

/** Clump by clump, each of the next car in turn and of the next day in turn. */
const records = function* ({ vehicles, rows, days }: Fleet, random: Random) {
  const sent = new Int32Array(vehicles);
  const boots = Array.from({ length: vehicles }, () => uuidV7(unixMillis(FIRST_DAY), random));
  for (let n = 0, clump = 0; n < rows; clump += 1) {
    const car = clump % vehicles;
    const start = FIRST_DAY + (clump % days) * DAY_MS;
    for (let i = 0; i < CLUMP && n < rows; i += 1, n += 1) {
      const seq = (sent[car] = (sent[car] ?? 0) + 1);
      const moment = {
        vehicle: `car-${car}`,
        boot: boots[car] ?? "",
        seq,
        at: start + (seq % 40_000) * 1000,
      };
      yield { ...gpsRecord(moment, random), topic: TOPICS.streams.gps_data };
    }
  }
};

/** Fills an empty log with the fleet's readings. */
export const writeFleetLog = async (log: string, fleet: Fleet, partitions: number): Promise<void> => {
  const common = { clock: systemClock(), random: systemRandom(), logger: silentLogger };
  await using opened = await openEventLog(log, { ...common, metrics: new MemoryMetrics(), env: {} });
  await opened.createTopics(allTopics(TOPICS), partitions);
  await using writer = await opened.writer();
  let chunk: { readonly topic: string; readonly key: string; readonly value: string }[] = [];
  const flush = async (): Promise<void> => {
    const outcome = await writer.append(chunk);
    if (outcome.kind !== "durable") throw new Error(outcome.reason);
    chunk = [];
  };
  for (const record of records(fleet, seededRandom(11))) {
    chunk.push(record);
    if (chunk.length === APPEND_ROWS) await flush();
  }
  if (chunk.length > 0) await flush();
};
