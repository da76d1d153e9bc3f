import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { sqliteTestBed } from "./sqlite-event-log-test-bed.ts";

const ACKNOWLEDGED_BEFORE_KILL = 150;
const source = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/** Opens the log, creates the topic if it is the first, and tells each record that was acknowledged. */
const writerProgram = (path: string, who: number): string => `
import { systemClock } from ${source("../../adapters/system-clock.ts")};
import { systemRandom } from ${source("../../adapters/system-random.ts")};
import { silentLogger } from ${source("../../ports/logger.ts")};
import { MemoryMetrics } from ${source("../../ports/metrics.ts")};
import { openEventLog } from ${source("./open-event-log.ts")};
const log = await openEventLog(${JSON.stringify(`sqlite:${path}`)},
  { clock: systemClock(), random: systemRandom(), logger: silentLogger, metrics: new MemoryMetrics(), env: {} });
await log.createTopics(["t"], 2);
const writer = await log.writer();
for (let n = 0; ; n += 1) {
  const id = "${who}-" + n;
  const outcome = await writer.append([{ topic: "t", key: id, value: JSON.stringify(id) }]);
  if (outcome.kind === "durable") process.stdout.write(id + "\\n");
}`;

const untilGone = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => child.once("close", () => resolve()));

test("several processes start a log at once and are killed in the middle: all that was acknowledged is there", async () => {
  using bed = sqliteTestBed();
  const acknowledged: string[] = [];
  await Promise.all(
    [1, 2, 3].map(async (who) => {
      const args = ["--conditions=source", "--input-type=module", "-e", writerProgram(bed.path, who)];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      const gone = untilGone(child);
      let told = 0;
      createInterface({ input: child.stdout }).on("line", (line) => {
        acknowledged.push(line);
        told += 1;
        if (told === ACKNOWLEDGED_BEFORE_KILL) child.kill("SIGKILL");
      });
      await gone;
    }),
  );
  await using log = bed.open();
  const there = new Set<string>();
  for (const partition of [0, 1]) {
    const { end } = await log.range({ topic: "t", partition });
    const slice = await log.read({ topic: "t", partition }, 0, 1 << 24);
    if ("kind" in slice) throw new Error("a fault");
    expect(slice.offsets).toHaveLength(end);
    for (const value of slice.values) there.add(JSON.parse(value) as string);
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(3 * ACKNOWLEDGED_BEFORE_KILL);
  expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
});
