import { expect, test } from "vitest";
import { CounterBook } from "./counter-book.ts";
import { parsePrometheusText } from "./prometheus-text.ts";

test("a stage that died and counts from zero again keeps what it had counted", () => {
  const book = new CounterBook();
  const name = { name: "n" };
  book.note("cloud", 1, parsePrometheusText("n 5"));
  book.note("cloud", 1, parsePrometheusText("n 7"));
  book.note("cloud", 2, parsePrometheusText("n 2"));
  expect(book.total("cloud", name)).toBe(9);
  expect(book.now("cloud", name)).toBe(2);
  expect(book.ofStart("cloud", 1, name)).toBe(7);
  expect(book.total("gateway", name)).toBe(0);
});
