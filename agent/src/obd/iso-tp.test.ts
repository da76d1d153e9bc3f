import fc from "fast-check";
import { expect, test } from "vitest";
import { ISO_TP_SENDER_LIMIT, IsoTpReassembler } from "./iso-tp.ts";

/** Written from ISO 15765-2 for this test, apart from the bench's own. */
const segment = (payload: Uint8Array): readonly Uint8Array[] => {
  if (payload.length <= 7)
    return [Uint8Array.of(payload.length, ...payload, ...Array(7 - payload.length).fill(0x55))];
  const frames = [Uint8Array.of(0x10 | (payload.length >> 8), payload.length & 0xff, ...payload.slice(0, 6))];
  for (let at = 6, n = 1; at < payload.length; at += 7, n += 1) {
    frames.push(Uint8Array.of(0x20 | (n & 15), ...payload.slice(at, at + 7)));
  }
  return frames;
};

const payloads = fc.array(fc.uint8Array({ minLength: 1, maxLength: 400, size: "max" }), {
  minLength: 1,
  maxLength: 5,
});

/** Frames of several senders mixed, each sender's in order. */
const mix = (
  queues: (readonly [string, Uint8Array])[][],
  choice: () => number,
): (readonly [string, Uint8Array])[] => {
  const mixed: (readonly [string, Uint8Array])[] = [];
  const left = queues.map((queue) => [...queue]);
  while (left.some((queue) => queue.length > 0)) {
    const open = left.filter((queue) => queue.length > 0);
    mixed.push(open[choice() % open.length]!.shift()!);
  }
  return mixed;
};

test("messages of several senders come out whole however their frames are mixed", () => {
  fc.assert(
    fc.property(payloads, fc.infiniteStream(fc.nat()), (list, choices) => {
      const queues = list.map((payload, i) =>
        segment(payload).map((frame) => [`7E${8 + i}`, frame] as const),
      );
      const reassembler = new IsoTpReassembler();
      for (const [sender, frame] of mix(queues, () => choices.next().value)) reassembler.push(sender, frame);
      const { messages, faults } = reassembler.finish();
      expect(faults).toEqual([]);
      const bySender = new Map(messages.map((message) => [message.sender, message.payload]));
      expect(list.map((_, i) => bySender.get(`7E${8 + i}`))).toEqual(list);
    }),
  );
});

test("a frame lost, doubled or swapped with another drops that message and never another's, and never alters one", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 8, maxLength: 200, size: "max" }),
      fc.nat(),
      fc.constantFrom("lose", "double", "swap"),
      (payload, where, harm) => {
        const frames = [...segment(payload)];
        const at = where % frames.length;
        if (harm === "lose") frames.splice(at, 1);
        else if (harm === "double") frames.splice(at, 0, frames[at]!);
        else frames.push(...frames.splice(at, 1));
        const intact = harm === "swap" && at === segment(payload).length - 1;
        const reassembler = new IsoTpReassembler();
        for (const frame of frames) reassembler.push("7E8", frame);
        reassembler.push("7E9", Uint8Array.of(2, 0x41, 0x0d));
        const { messages, faults } = reassembler.finish();
        const own = messages.filter((message) => message.sender === "7E8");
        expect(messages.filter((message) => message.sender === "7E9")).toHaveLength(1);
        if (!intact) expect(faults.length).toBeGreaterThan(0);
        for (const message of own) expect(message.payload).toEqual(payload);
      },
    ),
  );
});

test.each([
  ["empty_frame", [[]]],
  ["bad_single_length", [[0x00, 1, 2]]],
  ["short_frame", [[0x05, 1, 2]]],
  ["bad_first_length", [[0x10, 7, 1, 2, 3, 4, 5, 6]]],
  ["short_frame", [[0x10, 20, 1, 2]]],
  ["orphan_consecutive", [[0x21, 1, 2, 3, 4, 5, 6, 7]]],
  ["unknown_pci", [[0x41, 0x0d]]],
  ["flow_control", [[0x30, 0, 0]]],
  ["incomplete", [[0x10, 20, 1, 2, 3, 4, 5, 6]]],
  [
    "interrupted",
    [
      [0x10, 20, 1, 2, 3, 4, 5, 6],
      [0x01, 9],
    ],
  ],
  [
    "wrong_sequence",
    [
      [0x10, 20, 1, 2, 3, 4, 5, 6],
      [0x22, 1, 2, 3, 4, 5, 6, 7],
    ],
  ],
  [
    "short_frame",
    [
      [0x10, 20, 1, 2, 3, 4, 5, 6],
      [0x21, 1, 2],
    ],
  ],
])("%s is named", (fault, frames) => {
  const reassembler = new IsoTpReassembler();
  for (const frame of frames) reassembler.push("7E8", Uint8Array.from(frame));
  expect(reassembler.finish().faults).toEqual([fault]);
});

test("senders under way at once have a limit", () => {
  const reassembler = new IsoTpReassembler();
  for (let i = 0; i <= ISO_TP_SENDER_LIMIT; i += 1) {
    reassembler.push(`S${i}`, Uint8Array.of(0x10, 20, 1, 2, 3, 4, 5, 6));
  }
  expect(reassembler.finish().faults.filter((fault) => fault === "too_many_senders")).toHaveLength(1);
});
