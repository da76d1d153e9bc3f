import { afterEach, beforeEach, expect, test } from "vitest";
import { runCloud } from "../../testing/run-cloud.ts";
import { tinyLake, tinyRecord, type TinyLake } from "../../testing/tiny-lake.ts";

let tiny: TinyLake;
beforeEach(async () => {
  tiny = await tinyLake();
});
afterEach(() => tiny[Symbol.asyncDispose]());

const groups = (...args: readonly string[]) =>
  runCloud(tiny.folder, "groups", "--log", tiny.logSpec, ...args);

test("a group that was tried is found by what it holds, and forgotten", async () => {
  await tiny.append([1, 2].map((seq) => tinyRecord("gps_data", { seq, at: "10:00:00" }, { fix: "none" })));
  const elsewhere = ["--lake", `${tiny.lakeSpec}-2`, "--group", "try"];
  const tried = await runCloud(tiny.folder, "run", "--log", tiny.logSpec, ...elsewhere, "--until-drained");
  expect(tried).toMatchObject({ code: 0 });
  await tiny.append([tinyRecord("gps_data", { seq: 3, at: "10:00:01" }, { fix: "none" })]);
  await tiny.land();

  const listed = JSON.parse((await groups("--json")).stdout) as { readonly groups: readonly object[] };
  const landed = { workers: 0, waiting_records: 0, held_bytes: 0 };
  expect(listed.groups).toMatchObject([landed, { group: "try", workers: 0, waiting_records: 1 }]);
  const wrong = await groups("--forget", "tyr");
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(/no group tyr; the log has .*, try/);
  const done = await groups("--forget", "try");
  expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining("try is forgotten") as string });
  expect(done.stdout).toMatch(/waiting_records/);
  expect(done.stdout).not.toMatch(/try/);
});

test("a log that is not there is not made, and Kafka's groups are Kafka's", async () => {
  expect(await runCloud(tiny.folder, "groups", "--log", `${tiny.logSpec}-none`)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("there is no event log") as string,
  });
  const kafka = await runCloud(tiny.folder, "groups", "--log", "kafka://127.0.0.1:1");
  expect(kafka.code).toBe(2);
  expect(kafka.stderr).toContain("kafka-consumer-groups.sh");
});
