import fc from "fast-check";
import { expect, test } from "vitest";
import { nodeZstd } from "../adapters/node-zstd.ts";
import { bodyLines } from "./payload-body.ts";
import { headerLine, readHeaderLine, type PayloadHeader } from "./payload-header.ts";
import { buildPayload, splitPayload } from "./payload.ts";

const header = {
  vehicleId: "car-1",
  bootId: "0190d5e4-7b1a-7abc-8def-0123456789ab",
  stream: "gps_data",
  firstSeq: 1,
  lastSeq: 3,
  sentUptimeMs: 12_345,
  machineBoot: "boot",
  agent: "0.1.0",
} as const;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const raw = (change: Record<string, unknown>): Uint8Array => {
  const whole: PayloadHeader = { ...header, count: 3, encoding: "plain" };
  return utf8(`${JSON.stringify({ ...(JSON.parse(headerLine(whole)) as object), ...change })}\n{}`);
};

test("what is built is read back, compressed or not", () => {
  const records = fc.array(
    fc.json({ maxDepth: 1 }).map((text) => text.replaceAll("\n", " ")),
    { minLength: 1, maxLength: 50 },
  );
  fc.assert(
    fc.property(records, fc.boolean(), (lines, compressed) => {
      const split = splitPayload(buildPayload(header, lines, compressed ? nodeZstd : null));
      expect(split.kind).toBe("with_header");
      if (split.kind !== "with_header") return;
      expect(split.header).toMatchObject({ ...header, count: lines.length });
      expect(bodyLines(split.body, split.header.encoding, nodeZstd)).toEqual({ ok: true, lines });
    }),
  );
});

test("any bytes are split without throwing", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void splitPayload(bytes)));
});

test.each([
  [{ roadstream: 2 }, "unknown_version"],
  [{ stream: "nope" }, "unknown_stream"],
  [{ stream: "__proto__" }, "unknown_stream"],
  [{ vehicle_id: "a/b" }, "bad_header"],
  [{ boot_id: "x" }, "bad_header"],
  [{ first_seq: 3.7 }, "bad_header"],
  [{ first_seq: 9 }, "bad_header"],
  [{ count: 0 }, "bad_header"],
  [{ encoding: "gzip" }, "bad_header"],
  [{ sent_uptime_ms: -1 }, "bad_header"],
  [{ machine_boot: "" }, "bad_header"],
])("a header with %j is refused by name, with what it claims", (change, reason) => {
  const split = splitPayload(raw(change));
  expect(split).toMatchObject({ kind: "refused", rejection: { reason }, claim: { seqTo: 3 } });
});

test("a payload without a header is bare records", () => {
  expect(splitPayload(utf8('{"seq":1}\n{"seq":2}'))).toMatchObject({ kind: "bare" });
  expect(splitPayload(utf8("not json"))).toMatchObject({ kind: "bare" });
});

test("bodies: bombs, broken frames, broken UTF-8", () => {
  const bomb = nodeZstd.compress(new Uint8Array(4_000_000));
  const refusal = (body: Uint8Array, encoding: "zstd" | "plain") => {
    const result = bodyLines(body, encoding, nodeZstd);
    return result.ok ? "accepted" : result.rejection.reason;
  };
  expect(refusal(bomb, "zstd")).toBe("decompression_bomb");
  expect(refusal(utf8("plain"), "zstd")).toBe("bad_compression");
  expect(refusal(nodeZstd.compress(utf8("x".repeat(500))).subarray(0, 12), "zstd")).toBe("bad_compression");
  expect(refusal(Uint8Array.of(0x7b, 0xff, 0x7d), "plain")).toBe("not_utf8");
  expect(refusal(utf8("{}\n".repeat(10_001)), "plain")).toBe("too_many_records");
});

test("a header in the usual spelling reads as the same fields in any other do", () => {
  const text = fc.oneof(
    fc.constantFrom("", "0.1.0", "a b", 'q"', "é", "\0", "\ud800", "x".repeat(65)),
    fc.string(),
  );
  const number = fc.oneof(fc.nat(), fc.constantFrom(-1, 0, 1.5, 1e15, 2 ** 53, 99_999, 1_000_000));
  const any = fc.record({
    vehicleId: fc.constantFrom("car-1", "a/b", "", "v".repeat(64), "v".repeat(65)),
    bootId: fc.constantFrom(header.bootId, "x"),
    stream: fc.constantFrom("gps_data", "nope", "constructor"),
    firstSeq: number,
    lastSeq: number,
    count: number,
    sentUptimeMs: number,
    machineBoot: text,
    encoding: fc.constantFrom("plain", "zstd", "gzip"),
    agent: text,
  });
  fc.assert(
    fc.property(any, (fields) => {
      const usual = headerLine(fields as PayloadHeader);
      // A blank before the first field is the same JSON, and no usual spelling.
      expect(readHeaderLine(usual)).toEqual(readHeaderLine(usual.replace("{", "{ ")));
    }),
    { numRuns: 2000 },
  );
});
