import { unixMillis, type RecordId } from "@roadstream/shared";
import { expect, test } from "vitest";
import { findInLog } from "./find-in-log.ts";

const id: RecordId = {
  vehicleId: "car-1",
  bootId: "0190d5e4-7b1a-7abc-8def-0123456789ab",
  stream: "gps_data",
  seq: 5,
};
const at = { topic: "gps_data", partition: 3 };

/** A log whose reads give one record each; the one that is looked for stands at `place`. */
const log = (start: number, end: number, place: number | null = null) => ({
  range: () => Promise.resolve({ start, end }),
  read: (of: typeof at, from: number) =>
    Promise.resolve({
      ...of,
      offsets: [from],
      appendedAt: [unixMillis(0)],
      keys: [id.vehicleId],
      values: [
        JSON.stringify({ vehicle_id: id.vehicleId, boot_id: id.bootId, seq: from === place ? id.seq : 99 }),
      ],
      headers: null,
    }),
});
const find = (in_: ReturnType<typeof log>, from: number) =>
  findInLog(in_, { at, from, id, wanted: "record" });

test("a search says where it ended, if that is not the end", async () => {
  expect(await find(log(0, 50), 7)).toEqual({ found: null, unsearched: null });
  expect(await find(log(0, 50), 50)).toEqual({ found: null, unsearched: null });
  expect(await find(log(0, 500, 20), 7)).toMatchObject({ found: { offset: 20 }, unsearched: null });
  expect(await find(log(0, 500), 7)).toEqual({
    found: null,
    unsearched: { ...at, from: 7, to: 71, wanted: 7, end: 500 },
  });
  expect(await find(log(9, 20), 7)).toMatchObject({ unsearched: { from: 9, to: 20, wanted: 7, end: 20 } });
});
