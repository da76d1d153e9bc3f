import { millis } from "@roadstream/shared";
import { promMetrics } from "@roadstream/shared/adapters";
import { describe, expect, test } from "vitest";
import { IngestSimulation } from "../testing/ingest-simulation.ts";
import { instantCompression } from "../testing/instant-compression.ts";
import type { SimulatedWorker } from "../testing/simulated-cloud.ts";
import { IngestMetrics } from "./ingest-metrics.ts";

const NAME = "roadstream_cloud_lag_records";
const PARTITIONS = ["0", "1"] as const;
/** Longer than a worker goes between two looks. */
const LOOKED_MS = 5000;

const labels = (partition: string) => ({ table: "gps_data", partition });
const toldOf = ({ measured }: SimulatedWorker): readonly string[] =>
  PARTITIONS.filter((partition) => measured.has(NAME, labels(partition)));
const kindWorld = (): IngestSimulation => {
  const sim = new IngestSimulation(3, "memory");
  sim.world.heal();
  return sim;
};

describe("how far a worker is behind", () => {
  test("is told of by who has the partition, and by nobody else", async () => {
    using _ = instantCompression();
    const sim = kindWorld();
    const one = await sim.start();
    await sim.advance(LOOKED_MS);
    expect(toldOf(one)).toEqual(PARTITIONS);
    // From now on nothing lands, and all that is appended is behind.
    sim.world.isStoreAway = true;
    for (let i = 0; i < 20; i += 1) sim.drive();
    await sim.advance(LOOKED_MS);
    const other = await sim.start();
    await sim.advance(LOOKED_MS);
    expect([...toldOf(one), ...toldOf(other)].toSorted()).toEqual(PARTITIONS);
    for (const partition of PARTITIONS) {
      const sum = [one, other].reduce(
        (all, { measured }) => all + measured.value(NAME, labels(partition)),
        0,
      );
      const { end } = sim.log.store.range({ topic: "gps_data", partition: Number(partition) });
      expect(sum, partition).toBe(end);
    }
  });

  test("is not told of again by a look that was under way when the partition went", async () => {
    using _ = instantCompression();
    const sim = kindWorld();
    const workers = [await sim.start(), await sim.start()];
    await sim.advance(LOOKED_MS);
    // The log takes its time with each answer.
    sim.meanwhile = () => sim.clock.sleep(millis(sim.below(1500)));
    for (let i = 0; i < 20; i += 1) {
      const to = workers[i % 2];
      if (to !== undefined) sim.move("gps_data", 0, to);
      await sim.advance(4 * LOOKED_MS);
      expect(workers.map(toldOf).flat().toSorted(), `after move ${i}`).toEqual(PARTITIONS);
    }
  });

  test("counts from the log's beginning where the table has nothing of a partition", async () => {
    using _ = instantCompression();
    const sim = kindWorld();
    for (let i = 0; i < 30; i += 1) sim.drive();
    const at = { topic: "gps_data", partition: 0 };
    const { end } = sim.log.store.range(at);
    sim.log.store.truncate(at, end - 1);
    sim.world.isStoreAway = true;
    const worker = await sim.start();
    await sim.advance(LOOKED_MS);
    expect(worker.measured.value(NAME, labels("0"))).toBe(1);
  });

  test("is no line of /metrics any more where nobody tells of it", async () => {
    const metrics = promMetrics();
    const ingest = new IngestMetrics(metrics);
    ingest.lag("gps_data", 0, 7);
    ingest.lag("gps_data", 1, 8);
    ingest.noLag("gps_data", 0);
    const lines = (await metrics.text()).split("\n").filter((line) => line.startsWith(NAME));
    expect(lines).toEqual([`${NAME}{table="gps_data",partition="1"} 8`]);
  });
});
