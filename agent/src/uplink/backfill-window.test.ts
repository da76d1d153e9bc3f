import { expect, test } from "vitest";
import { BackfillWindow, FIRST_BYTES, LEAST_BYTES, MOST_BYTES } from "./backfill-window.ts";

test("grows with fast answers to its most, shrinks with slow ones to its least, and stays between", () => {
  const window = new BackfillWindow();
  expect(window.bytes).toBe(FIRST_BYTES);
  window.acknowledged(50_000, 1);
  expect(window.bytes).toBe(FIRST_BYTES);
  for (let n = 0; n < 20; n += 1) window.acknowledged(50_000, 0.1);
  expect(window.bytes).toBe(MOST_BYTES);
  window.acknowledged(50_000, 3);
  expect(window.bytes).toBe(MOST_BYTES / 2);
  for (let n = 0; n < 20; n += 1) window.acknowledged(50_000, 3);
  expect(window.bytes).toBe(LEAST_BYTES);
});

test("after a batch that was never answered it begins with the least", () => {
  const window = new BackfillWindow();
  window.unanswered();
  expect(window.bytes).toBe(LEAST_BYTES);
});
