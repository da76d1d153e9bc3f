import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boundBytes, microsOf, stringBound } from "./single-value.ts";

describe("a string's bounds", () => {
  test("enclose it in byte order, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (text) => {
        const bytes = Buffer.from(text, "utf8");
        const lower = stringBound(text, "lower");
        const upper = stringBound(text, "upper");
        expect(lower === null || Buffer.compare(lower, bytes) <= 0).toBe(true);
        expect(upper === null || Buffer.compare(upper, bytes) >= 0).toBe(true);
      }),
    );
  });

  test("are cut to 16 code points, the upper one raised; never half a character, never a surrogate", () => {
    expect(stringBound("😀".repeat(20), "lower")?.toString()).toBe("😀".repeat(16));
    expect(stringBound("😀".repeat(20), "upper")?.toString()).toBe(`${"😀".repeat(15)}😁`);
    expect(stringBound("a".repeat(16), "upper")?.toString()).toBe("a".repeat(16));
    expect(stringBound(`${"a".repeat(15)}\u{10ffff}x`, "upper")?.toString()).toBe(`${"a".repeat(14)}b`);
    expect(stringBound(`${"a".repeat(15)}\ud7ffx`, "upper")?.toString()).toBe(`${"a".repeat(15)}\ue000`);
    expect(stringBound("\u{10ffff}".repeat(17), "upper")).toBeNull();
  });
});

describe("bounds in binary form", () => {
  const hex = (type: Parameters<typeof boundBytes>[0], text: string, side: "lower" | "upper" = "lower") =>
    boundBytes(type, text, side)?.toString("hex") ?? null;

  test("are those of the specification", () => {
    expect(hex("int32", "-2")).toBe("feffffff");
    expect(hex("int64", "5000000000")).toBe("00f2052a01000000");
    expect(hex("int64", "-9223372036854775808")).toBe("0000000000000080");
    expect(hex("float64", "1.5")).toBe("000000000000f83f");
    expect(hex("float64", "inf", "upper")).toBe("000000000000f07f");
    expect(hex("boolean", "1")).toBe("01");
    expect(hex("boolean", "false")).toBe("00");
    expect(hex("string", "é")).toBe("c3a9");
    expect(hex("timestamp", "1970-01-01 00:00:00.000001+00")).toBe("0100000000000000");
  });

  test("a zero is the one of the safe side", () => {
    for (const zero of ["0", "0.0", "-0.0"]) {
      expect(hex("float64", zero, "lower")).toBe("0000000000000080");
      expect(hex("float64", zero, "upper")).toBe("0000000000000000");
    }
  });

  test("are absent where the text does not surely say one", () => {
    for (const [type, text] of [
      ["float64", "nan"],
      ["float64", ""],
      ["int32", "1.5"],
      ["boolean", "yes"],
      ["timestamp", "infinity"],
      ["bytes", "00"],
    ] as const) {
      expect(hex(type, text), `${type} ${text}`).toBeNull();
    }
  });
});

test("times before 1970 keep their microseconds", () => {
  expect(microsOf("1969-12-31 23:59:59.999999+00")).toBe(-1n);
  expect(microsOf("2026-01-02T03:04:05.1Z")).toBe(1767323045100000n);
  expect(microsOf("2026-02-30 00:00:00+00")).toBeNull();
  expect(microsOf("2026-01-01 00:00:00+01")).toBeNull();
});
