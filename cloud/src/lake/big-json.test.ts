import fc from "fast-check";
import { expect, test } from "vitest";
import { parseBigJson, printBigJson } from "./big-json.ts";

test("integers beyond 2^53 are bigints, and no number's text changes", () => {
  const text =
    '{"a":9007199254740993,"b":-9223372036854775808,"c":1.0,"d":1e400,"e":-0,"f":0.1,"g":12,"h":7506268201114272000,"i":[1.50]}';
  expect(parseBigJson(text)).toMatchObject({
    a: 9007199254740993n,
    b: -9223372036854775808n,
    f: 0.1,
    g: 12,
    h: 7506268201114272000n,
  });
  expect(printBigJson(parseBigJson(text))).toBe(text);
});

test("a key named __proto__ passes through as a key", () => {
  const text = '{"__proto__":{"x":1}}';
  const value = parseBigJson(text) as object;
  expect(printBigJson({ ...value })).toBe(text);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
});

test("any JSON comes back as it was", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }), (value, big) => {
      const text = JSON.stringify({ value });
      expect(printBigJson(parseBigJson(text))).toBe(text);
      expect(parseBigJson(printBigJson({ big }))).toEqual({ big });
    }),
  );
});
