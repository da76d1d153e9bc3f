import { logTopics } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { beginWork } from "../lake/work-age.ts";
import { batch, openTable, whileTimePasses } from "../testing/lake-fixture.ts";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import { logLag } from "./log-lag.ts";

/** gps_data, fed with seven records of partition 0 of the log that the fixture names. */
const fedHead = async () => {
  const clock = new VirtualClock();
  const table = openTable({ store: new MemoryObjectStore(clock), clock });
  const base = await whileTimePasses(clock, table.head());
  const commit = batch(table.definition, {
    base,
    partition: 0,
    rows: 7,
    key: "k",
    commitId: "c",
    begunAt: beginWork(clock),
  });
  await whileTimePasses(clock, table.append(commit));
  return { head: await table.head(), base, logIdentity: commit.logIdentity };
};

const log = (identity: string, range: { start: number; end: number } | null) => ({
  partitions: () => Promise.resolve(range === null ? null : 1),
  identity: () => Promise.resolve(identity),
  range: () => Promise.resolve(range ?? { start: 0, end: 0 }),
});

test("a log of another identity, one that ends too early and one without the topic is not the table's", async () => {
  const { head, base, logIdentity } = await fedHead();
  const measure = (of: ReturnType<typeof log>, on = head) =>
    logLag(of, logTopics({}), { gps_data: on })("gps_data");
  const records = async (of: ReturnType<typeof log>, on = head) => {
    const measured = await measure(of, on);
    return [measured.log, measured.lag?.map((one) => one.records)];
  };
  expect(await records(log(logIdentity, { start: 2, end: 9 }))).toEqual(["same", [2]]);
  expect(await records(log(logIdentity, { start: 0, end: 7 }))).toEqual(["same", [0]]);
  expect(await records(log(logIdentity, { start: 0, end: 6 }))).toEqual(["replaced", [6]]);
  expect(await records(log("another", { start: 0, end: 7 }))).toEqual(["replaced", [7]]);
  expect(await records(log("another", { start: 1, end: 3 }))).toEqual(["replaced", [2]]);
  expect(await measure(log("", null))).toEqual({ log: "replaced", lag: null });
  expect(await measure(log("", null), base)).toEqual({ log: "absent", lag: null });
  expect(await records(log("any", { start: 0, end: 7 }), base)).toEqual(["same", [7]]);
});
