import { STREAM_NAMES, type StreamName } from "@roadstream/shared";
import { expect, test } from "vitest";
import {
  DEFAULT_BUDGET,
  excess,
  PICTURE_STREAMS,
  READING_STREAMS,
  RESERVED_STREAMS,
  type OutboxBudget,
} from "./budget.ts";

const BUDGET: OutboxBudget = { ...DEFAULT_BUDGET, totalBytes: 1000, pictureBytes: 400, reservedBytes: 200 };
const of = (sizes: Partial<Record<StreamName, number>>) =>
  excess(new Map(Object.entries(sizes) as [StreamName, number][]), BUDGET);

test("every stream is a picture, a reading, or has a reserve", () => {
  expect([...PICTURE_STREAMS, ...READING_STREAMS, ...RESERVED_STREAMS].sort()).toEqual(
    [...STREAM_NAMES].sort(),
  );
});

test("up to its limits nothing is too much", () => {
  expect(of({})).toBe(null);
  expect(of({ traffic_data: 400, gps_data: 400, agent_events: 200 })).toBe(null);
});

test("pictures have a budget of their own, and go first when everything is too much", () => {
  expect(of({ traffic_data: 401 })).toEqual({ streams: PICTURE_STREAMS, bytes: 5, reason: "picture_budget" });
  expect(of({ traffic_data: 100, gps_data: 701 })).toEqual({
    streams: PICTURE_STREAMS,
    bytes: 9,
    reason: "outbox_full",
  });
  expect(of({ gps_data: 500, vehicle_data: 301 })).toEqual({
    streams: READING_STREAMS,
    bytes: 9,
    reason: "outbox_full",
  });
});

test("what the car must still be able to say takes no room from readings, nor they from it", () => {
  expect(of({ gps_data: 800, agent_events: 200 })).toBe(null);
  expect(of({ agent_events: 150, emergency_data: 51 })).toEqual({
    streams: RESERVED_STREAMS,
    bytes: 3,
    reason: "reserve_full",
  });
});
