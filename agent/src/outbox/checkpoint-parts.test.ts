import { MAX_EVENT_DETAIL, type CheckpointBoot } from "@roadstream/shared";
import { expect, test } from "vitest";
import { checkpointParts, MAX_PART_TEXT } from "./checkpoint-parts.ts";

const boot = (n: number, holes = 0): { said: CheckpointBoot } => ({
  said: {
    boot_id: `boot-${n}`,
    closed: true,
    streams: {
      gps_data: {
        given: 1e6,
        acknowledged: Array.from({ length: holes }, (_, i) => [i * 10 + 1, i * 10 + 5] as [number, number]),
        held: [],
        dropped: [],
      },
    },
  },
});
const textOf = (part: readonly { said: CheckpointBoot }[]): string =>
  JSON.stringify(part.map(({ said }) => said));

test("nobody else to speak of is one part all the same: it speaks of the sender", () => {
  expect(checkpointParts([])).toEqual([[]]);
});

test("all boots are said, in order, in as few parts as fit", () => {
  const boots = Array.from({ length: 2000 }, (_, n) => boot(n));
  const parts = checkpointParts(boots);
  expect(parts.flat()).toEqual(boots);
  expect(parts.length).toBe(Math.ceil(textOf(boots).length / MAX_PART_TEXT));
});

test("quoted within an event's detail, with a sender as large, each part fits", () => {
  for (const part of checkpointParts(Array.from({ length: 300 }, (_, n) => boot(n, 20))))
    expect(2 * JSON.stringify(textOf(part)).length).toBeLessThan(MAX_EVENT_DETAIL);
});

test("one boot that is too long alone has a part of its own and takes nobody with it", () => {
  const parts = checkpointParts([boot(1), boot(2, 5000), boot(3)]);
  expect(parts.map((part) => part.map(({ said }) => said.boot_id))).toEqual([
    ["boot-1"],
    ["boot-2"],
    ["boot-3"],
  ]);
});
