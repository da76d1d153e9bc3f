import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_LINE_BYTES, NmeaFramer, type FramerCounts } from "./framer.ts";
import { checksumOf, latin1, sentence } from "./testing/make-sentence.ts";

interface Outcome {
  readonly frames: readonly string[];
  readonly discarded: Readonly<Record<string, number>>;
  readonly counts: FramerCounts;
}

const run = (chunks: readonly Uint8Array[], options: { end: boolean } = { end: true }): Outcome => {
  const framer = new NmeaFramer();
  const frames: string[] = [];
  const discarded: Record<string, number> = {};
  const drain = (): void => {
    for (let item = framer.next(); item !== null; item = framer.next()) {
      if (item.kind === "frame")
        frames.push(String.fromCharCode(...item.bytes.subarray(item.start, item.end)));
      else discarded[item.reason] = (discarded[item.reason] ?? 0) + item.bytes;
    }
  };
  for (const chunk of chunks) {
    framer.push(chunk);
    drain();
    expect(framer.counts.heldBytes).toBeLessThanOrEqual(MAX_LINE_BYTES);
  }
  if (options.end) framer.end();
  drain();
  return { frames, discarded, counts: framer.counts };
};

const feed = (text: string): Outcome => run([latin1(text)]);
const RMC = "GPRMC,101112.50,A,4115.0000,N,09556.0000,W,12.5,87.1,240126,,,A";
const GGA = "GPGGA,101112.50,4115.0000,N,09556.0000,W,1,09,0.9,310.2,M,-27.0,M,,";

describe("NmeaFramer", () => {
  it("frames sentences whatever ends their lines", () => {
    for (const end of ["\r\n", "\n", "\r", "\0", "\r\n\r\n\0\0", ""]) {
      const bare = (body: string): string => `$${body}*${checksumOf(body)}${end}`;
      const { frames, discarded } = feed(bare(RMC) + bare(GGA));
      expect(frames).toEqual([RMC, GGA]);
      expect(discarded).toEqual({});
    }
  });

  it("accepts lower-case checksum digits", () => {
    const body = "GPZDA,101112.51,25,01,2026,,Z";
    expect(checksumOf(body)).toMatch(/[A-F]/);
    expect(feed(`$${body}*${checksumOf(body).toLowerCase()}\r\n`).frames).toEqual([body]);
  });

  it.each([
    ["a start in mid-sentence", `,N,09556.0000,W*33\r\n${sentence(RMC)}`, { between_sentences: 18 }],
    ["a missing checksum", `$${GGA}\r\n${sentence(RMC)}`, { checksum_missing: GGA.length + 1 }],
    ["a wrong checksum", `$${GGA}*00\r\n${sentence(RMC)}`, { checksum_wrong: GGA.length + 4 }],
    [
      "a checksum that is none",
      `$${GGA}*4x\r\n${sentence(RMC)}`,
      { checksum_malformed: GGA.length + 2, between_sentences: 2 },
    ],
    [
      "bytes after the checksum",
      `$${GGA}*${checksumOf(GGA)}GARBAGE\r\n${sentence(RMC)}`,
      { trailing_garbage: GGA.length + 4, between_sentences: 7 },
    ],
    ["merged lines", `$GPGGA,1011${sentence(RMC)}`, { cut_off: 11 }],
    [
      "binary inside a sentence",
      `$GPGGA,\u00b5\u0001\r\n${sentence(RMC)}`,
      { binary_in_sentence: 7, between_sentences: 2 },
    ],
    [
      "UBX with a dollar between sentences",
      `\u00b5b\u0001\u0007$$\u0092${sentence(RMC)}`,
      { between_sentences: 5, cut_off: 1, binary_in_sentence: 1 },
    ],
    ["an endless line", `$${"A".repeat(600)}\r\n${sentence(RMC)}`, { too_long: 254, between_sentences: 347 }],
  ])("drops %s, says so, and finds the next sentence", (_, text, discarded) => {
    const outcome = feed(text);
    expect(outcome.frames).toEqual([RMC]);
    expect(outcome.discarded).toEqual(discarded);
  });

  it("takes a sentence that was followed at once by another `$`", () => {
    expect(feed(`$${RMC}*${checksumOf(RMC)}${sentence(GGA)}`).frames).toEqual([RMC, GGA]);
  });

  it("holds an unfinished sentence and calls it truncated at the end", () => {
    const bytes = latin1(`$${RMC}*`);
    expect(run([bytes], { end: false }).counts.heldBytes).toBe(bytes.length);
    expect(run([latin1(`$${RMC}`)]).discarded).toEqual({ truncated: RMC.length + 1 });
  });

  it("does not believe the digits before it has seen what follows them", () => {
    const line = `$${RMC}*${checksumOf(RMC)}`;
    expect(run([latin1(line)], { end: false }).frames).toEqual([]);
    expect(run([latin1(line)]).frames).toEqual([RMC]);
    expect(run([latin1(line), latin1("X")]).discarded).toMatchObject({ trailing_garbage: line.length });
  });
});

/** Pieces of a hostile stream: whole sentences, halves, line ends, and any bytes with more than their share of `$` and `*`. */
const piece = fc.oneof(
  fc.constantFrom(
    sentence(RMC),
    sentence(GGA),
    `$${GGA}`,
    "$",
    "*",
    "\r\n",
    "\0",
    "$$$",
    "*47",
    "$G".repeat(9),
  ),
  fc.string({
    unit: fc.constantFrom("$", "*", "G", ",", "4", "\r", "\n", "\0", "\u00b5", "\u007f", " "),
    maxLength: 40,
  }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => String.fromCharCode(...bytes)),
);
const stream = fc.array(piece, { maxLength: 12 }).map((pieces) => latin1(pieces.join("")));

const split = (bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] => {
  const at = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return at.slice(1).map((to, i) => bytes.slice(at[i], to));
};

describe("NmeaFramer, any bytes at any split", () => {
  it("accounts for every byte: in frames, padding, discarded or held", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 20 }), fc.boolean(), (bytes, cuts, end) => {
        const { counts, discarded, frames } = run(split(bytes, cuts), { end });
        expect(counts.bytesIn).toBe(bytes.length);
        expect(counts.frameBytes + counts.paddingBytes + counts.discardedBytes + counts.heldBytes).toBe(
          counts.bytesIn,
        );
        expect(Object.values(discarded).reduce((a, b) => a + b, 0)).toBe(counts.discardedBytes);
        expect(frames.length).toBe(counts.frames);
        if (end) expect(counts.heldBytes).toBe(0);
      }),
    );
  });

  it("gives the same sentences and the same losses however the stream is cut", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 20 }), (bytes, cuts) => {
        const whole = run([bytes]);
        expect(run(split(bytes, cuts))).toEqual(whole);
      }),
    );
  });

  it("finds every sentence between garbage that holds no `$`", () => {
    const garbage = fc
      .uint8Array({ maxLength: 80 })
      .map((bytes) => String.fromCharCode(...bytes.filter((b) => b !== 0x24)));
    fc.assert(
      fc.property(fc.array(fc.tuple(garbage, fc.constantFrom(RMC, GGA)), { maxLength: 10 }), (parts) => {
        const { frames } = feed(parts.map(([noise, body]) => noise + sentence(body)).join(""));
        expect(frames).toEqual(parts.map(([, body]) => body));
      }),
    );
  });
});
