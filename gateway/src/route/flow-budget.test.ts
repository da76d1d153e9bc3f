import { expect, test } from "vitest";
import { FlowBudget } from "./flow-budget.ts";

test("full at the limit, and again open when half is free", () => {
  const budget = new FlowBudget(100);
  let calls = 0;
  budget.take(99);
  expect(budget.isFull).toBe(false);
  budget.take(1);
  expect(budget.isFull).toBe(true);
  budget.whenRoom(() => void (calls += 1));
  budget.free(49);
  expect([budget.isFull, calls]).toEqual([true, 0]);
  budget.free(1);
  expect([budget.isFull, calls]).toEqual([false, 1]);
  budget.take(60);
  budget.free(110);
  expect([calls, budget.used]).toEqual([1, 0]);
});

test("a reader that left is not called", () => {
  const budget = new FlowBudget(10);
  const reader = (): void => expect.unreachable();
  budget.take(10);
  budget.whenRoom(reader);
  budget.forget(reader);
  budget.free(10);
});
