import { days } from "@roadstream/shared";
import { expect, test } from "vitest";
import { IngestSimulation } from "../testing/ingest-simulation.ts";
import { instantCompression } from "../testing/instant-compression.ts";

test("commits are dated by the store, in the table and in the metrics, whatever the worker's clock says", async () => {
  using _ = instantCompression();
  const sim = new IngestSimulation(5, "iceberg");
  sim.world.heal();
  const began = sim.clock.now();
  const worker = await sim.start();
  worker.clock.jump(days(400));
  for (let i = 0; i < 5; i += 1) sim.drive();
  await sim.advance(5000);
  const { commits } = worker.metrics.of("gps_data");
  expect(commits).toBeGreaterThan(0);
  const at = worker.measured.value("roadstream_cloud_last_commit_timestamp_seconds", { table: "gps_data" });
  const head = await sim.reader("gps_data").head();
  for (const time of [at * 1000, head.committedAt]) {
    expect(time).toBeGreaterThan(began);
    expect(time).toBeLessThanOrEqual(sim.clock.now());
  }
});
