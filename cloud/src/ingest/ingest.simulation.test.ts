import { parseRecordId } from "@roadstream/shared";
import { describe, expect, test } from "vitest";
import { IngestSimulation } from "../testing/ingest-simulation.ts";
import type { SimulatedLake } from "../testing/simulated-cloud.ts";
import { readFast, readSlow } from "./read-record.ts";

const SCHEDULES = Number(process.env["ROADSTREAM_SIMULATIONS"] ?? 1000);
const FIRST_SEED = Number(process.env["ROADSTREAM_SEED"] ?? 1);
const ACTIONS = 16;
const HOME_MS = 10_000;

/** One random thing that cars, networks, brokers, operators or the kernel do. */
const act = async (sim: IngestSimulation): Promise<void> => {
  const worker = sim.living[sim.below(Math.max(1, sim.living.length))];
  switch (sim.below(10)) {
    case 0:
      if (sim.living.length < 3) await sim.start();
      break;
    case 1:
      // Between any two of its next operations: each object of a commit has its turn in some seed.
      worker?.process.dieAfter(1 + sim.below(60));
      break;
    case 2:
      // A zombie: stopped in the middle of anything, taken for dead, and woken later.
      worker?.process.freezeAfter(1 + sim.below(40), () => sim.expel(worker));
      break;
    case 3:
      for (const one of sim.living) one.process.thaw();
      break;
    case 4:
      if (worker !== undefined)
        sim.move(sim.below(2) === 0 ? "gps_data" : "dead_letter", sim.below(2), worker);
      break;
    default:
      for (let i = sim.below(4); i >= 0; i -= 1) sim.drive();
  }
  for (const one of sim.workers) if (one.process.isDead) sim.kill(one);
  await sim.advance(20 + sim.below(300));
};

/** Everything heals, the living stop, and one worker brings the rest home. */
const bringHome = async (sim: IngestSimulation): Promise<void> => {
  sim.faults = false;
  for (const one of sim.living) {
    one.process.thaw();
    one.stop();
  }
  await sim.advance(1000);
  for (const one of sim.workers) {
    if (one.error !== null) throw one.error;
    sim.kill(one);
  }
  const last = await sim.start({ untilDrained: true });
  // By the real clock: Iceberg's Avro files are compressed in threads that know no virtual time.
  const deadline = performance.now() + HOME_MS;
  while (!last.isDone && performance.now() < deadline) {
    await sim.advance(500);
    // A poll that was under way when its process died may have brought it back into the group.
    for (const one of sim.workers) if (one.process.isDead) sim.kill(one);
    if (last.error !== null) throw last.error;
  }
  expect(last.isDone).toBe(true);
};

const identity = (row: Record<string, unknown>): string =>
  `${String(row["vehicle_id"])}/${String(row["seq"])}`;

/** Every record landed exactly once, or each of its copies is in the dead letters, once. */
const judge = async (sim: IngestSimulation): Promise<void> => {
  const wanted = new Set<string>();
  const refusedOffsets = new Set<string>();
  let received = 0;
  for (const partition of [0, 1]) {
    const slice = sim.log.store.read({ topic: "gps_data", partition }, 0, Number.MAX_SAFE_INTEGER);
    if ("kind" in slice) throw new Error("the log lost records");
    slice.values.forEach((value, i) => {
      received += 1;
      const truth = readSlow("gps_data", value);
      if (truth.kind === "record") wanted.add(`${truth.vehicleId}/${truth.seq}`);
      else refusedOffsets.add(`${partition}:${slice.offsets[i]}`);
      if (readFast("gps_data", value) === null) expect(truth.kind).toBe("refused");
    });
  }
  const landed = (await sim.rows("gps_data")).map(identity);
  expect(landed.length).toBe(new Set(landed).size);
  expect(new Set(landed)).toEqual(wanted);
  const letters = await sim.rows("dead_letters");
  expect(letters.length).toBe(refusedOffsets.size);
  expect(new Set(letters.map((row) => row["dead_letter_id"])).size).toBe(letters.length);
  const counts = { received: 0, landed: 0, doubled: 0, rejected: 0 };
  for (const ledger of await sim.ledgers("gps_data")) {
    for (const name of ["received", "landed", "doubled", "rejected"] as const)
      counts[name] += ledger.counts()[name];
    for (const { vehicleId, landed: ranges } of ledger.series()) {
      for (const [from, to] of ranges) {
        for (let seq = from; seq <= to; seq += 1) expect(wanted.has(`${vehicleId}/${seq}`)).toBe(true);
      }
    }
  }
  const { ingest } = await sim.reader("gps_data").head();
  for (const { last } of Object.values(ingest?.partitions ?? {}))
    if (last?.includes("/") === true) expect(parseRecordId(last)).not.toBeNull();
  expect(counts.received).toBe(received);
  expect(counts.landed).toBe(landed.length);
  expect(counts.rejected).toBe(refusedOffsets.size);
  expect(counts.landed + counts.doubled + counts.rejected).toBe(counts.received);
  for (const { metrics, worker, process } of sim.workers) {
    if (process.isDead) continue;
    const totals = metrics.of("gps_data");
    const { rows: held } = worker.held("gps_data");
    expect(totals.landed + totals.doubled + totals.rejected + totals.returned + held).toBe(totals.received);
  }
};

const simulate = async (seed: number, lake: SimulatedLake): Promise<IngestSimulation> => {
  const sim = new IngestSimulation(seed, lake);
  await sim.start();
  for (let i = 0; i < ACTIONS; i += 1) await act(sim);
  await bringHome(sim);
  await judge(sim);
  return sim;
};

describe("workers on an unkind machine", () => {
  test.each([
    ["memory", SCHEDULES],
    ["iceberg", Math.ceil(SCHEDULES / 20)],
  ] as const)(
    "every record lands exactly once or is in the dead letters: %s, %d schedules",
    async (lake, schedules) => {
      let conflicts = 0;
      let deaths = 0;
      for (let seed = FIRST_SEED; seed < FIRST_SEED + schedules; seed += 1) {
        try {
          const sim = await simulate(seed, lake);
          for (const one of sim.workers) {
            conflicts += one.metrics.of("gps_data").conflicts;
            deaths += one.process.isDead ? 1 : 0;
          }
        } catch (cause) {
          throw new Error(`seed ${seed}: run again with ROADSTREAM_SEED=${seed} ROADSTREAM_SIMULATIONS=1`, {
            cause,
          });
        }
      }
      if (schedules >= 50) {
        // Schedules in which nothing goes wrong prove nothing.
        expect(conflicts).toBeGreaterThan(schedules / 20);
        expect(deaths).toBeGreaterThan(schedules / 2);
      }
    },
    600_000,
  );
});
