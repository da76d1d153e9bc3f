import fc from "fast-check";
import { expect, test } from "vitest";
import { OBD_REPLY_LIMIT_BYTES, PENDING_REPLY_LIMIT, ReplyFramer, type ElmReply } from "./reply-framer.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const pullAll = (framer: ReplyFramer): readonly ElmReply[] => {
  const replies: ElmReply[] = [];
  for (let reply = framer.pull(); reply !== null; reply = framer.pull()) replies.push(reply);
  return replies;
};

test("a reply ends at the prompt, its lines at CR, with or without LF", () => {
  const framer = new ReplyFramer();
  framer.push(bytesOf("7E8 03 41 0D 20\r\n7E9 03 41 0D 20\r\r"));
  expect(framer.pull()).toBeNull();
  framer.push(bytesOf(">OK\r\r>"));
  expect(pullAll(framer).map((reply) => reply.lines)).toEqual([
    ["7E8 03 41 0D 20", "7E9 03 41 0D 20"],
    ["OK"],
  ]);
});

test("NUL bytes carry nothing, other garbage spoils its line and no other", () => {
  const framer = new ReplyFramer();
  framer.push(
    Uint8Array.of(...bytesOf("41 0D"), 0, ...bytesOf(" 20\r41 0C 1A"), 0xc6, ...bytesOf("8\r41 05 7B\r>")),
  );
  expect(framer.pull()).toEqual({ lines: ["41 0D 20", "41 05 7B"], spoiledLines: 1, oversize: false });
  expect(framer.totals).toMatchObject({ nulBytes: 1, garbageBytes: 1, spoiledLines: 1 });
});

test("a reply beyond the limit is dropped whole and the next one is read", () => {
  const framer = new ReplyFramer();
  framer.push(bytesOf("41 0D 20\r".repeat(Math.ceil(OBD_REPLY_LIMIT_BYTES / 9) + 1)));
  framer.push(bytesOf(">OK\r>"));
  expect(framer.pull()).toEqual({ lines: [], spoiledLines: 0, oversize: true });
  expect(framer.pull()).toEqual({ lines: ["OK"], spoiledLines: 0, oversize: false });
  expect(framer.totals.oversizeReplies).toBe(1);
});

test("replies that nobody pulls have a limit", () => {
  const framer = new ReplyFramer();
  framer.push(bytesOf("OK\r>".repeat(PENDING_REPLY_LIMIT + 3)));
  expect(pullAll(framer)).toHaveLength(PENDING_REPLY_LIMIT);
  expect(framer.totals.droppedReplies).toBe(3);
});

test("discard forgets whole and begun replies and tells their lines", () => {
  const framer = new ReplyFramer();
  framer.push(bytesOf("LV RESET\r>ELM3"));
  expect(framer.discard()).toEqual(["LV RESET", "ELM3"]);
  framer.push(bytesOf("27 v1.5\r>"));
  expect(framer.pull()?.lines).toEqual(["27 v1.5"]);
});

test("any split of any bytes gives the same replies, and every byte is accounted for", () => {
  const alphabet = fc.oneof(
    fc.constantFrom(...bytesOf("41 0C\r\r\n>7E8SEARCHING...?")),
    fc.integer({ min: 0, max: 255 }),
  );
  fc.assert(
    fc.property(
      fc.array(alphabet, { maxLength: 300, size: "max" }),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (bytes, sizes) => {
        const whole = new ReplyFramer();
        whole.push(Uint8Array.from(bytes));
        const cut = new ReplyFramer();
        const replies: ElmReply[] = [];
        for (let at = 0; at < bytes.length;) {
          const size = sizes.next().value;
          cut.push(Uint8Array.from(bytes.slice(at, at + size)));
          replies.push(...pullAll(cut));
          at += size;
        }
        const { totals } = whole;
        expect(replies.slice(0, PENDING_REPLY_LIMIT)).toEqual(pullAll(whole));
        expect(totals.textBytes + totals.nulBytes + totals.garbageBytes + totals.oversizeBytes).toBe(
          bytes.length,
        );
      },
    ),
  );
});
