import { MAX_EVENT_DETAIL, unixMillis, type Checkpoint } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { BestClock } from "../clock/best-clock.ts";
import { MemoryDisk, MemorySegmentStore } from "../testing/memory-segment-store.ts";
import { openTestOutbox } from "../testing/open-test-outbox.ts";
import { AgentVoice } from "./agent-voice.ts";
import { outboxEvents } from "./outbox-events.ts";

const clock = new VirtualClock();
const machineTime = () => ({ at: unixMillis(Date.UTC(2026, 5, 1)), source: "ntp" as const });
const bestClock = new BestClock({ clock, machineTime, tripTime: null });
const events = outboxEvents({ clock, bestClock });
const BOOT = "019b76da-a800-795c-ae55-f24745b84e8e";
const parse = (tail: string | undefined): unknown => JSON.parse(`{"seq":1,${tail}`);

test("a declared gap names the boot, the stream, the numbers and the reason", () => {
  const dropped = events.dropped({
    bootId: BOOT,
    stream: "gps_data",
    firstSeq: 3,
    lastSeq: 9,
    reason: "outbox_full",
  });
  expect(dropped.stream).toBe("agent_events");
  expect(parse(dropped.tail)).toEqual({
    seq: 1,
    captured_at: "2026-06-01T00:00:00.000Z",
    clock: "ntp",
    uptime_ms: 1000,
    kind: "dropped",
    about_boot_id: BOOT,
    about_stream: "gps_data",
    seq_from: 3,
    seq_to: 9,
    reason: "outbox_full",
  });
});

test("a checkpoint is said as it is, and one that is too long is not cut but refused", () => {
  const checkpoint: Checkpoint = { outbox_id: "o", boots: [{ boot_id: BOOT, closed: false, streams: {} }] };
  expect(parse(events.checkpoint(checkpoint)?.tail)).toMatchObject({
    kind: "checkpoint",
    detail: JSON.stringify(checkpoint),
  });
  expect(events.checkpoint({ ...checkpoint, outbox_id: "o".repeat(MAX_EVENT_DETAIL) })).toBe(null);
});

test("what the agent says of itself is in the outbox; what breaks the contract is its own error", async () => {
  const disk = new MemoryDisk();
  const { outbox } = openTestOutbox({ store: new MemorySegmentStore(disk), clock });
  const voice = new AgentVoice({ outbox, clock, bestClock });
  await voice.say({ kind: "stopped", reason: "signal" });
  expect(disk.segments.map(({ stream, text }) => [stream, text])).toEqual([
    ["agent_events", expect.stringContaining('"kind":"stopped","reason":"signal"')],
  ]);
  await expect(
    voice.say({ kind: "started", detail: "x".repeat(MAX_EVENT_DETAIL + 1) }),
  ).rejects.toMatchObject({
    code: "invariant",
  });
});
