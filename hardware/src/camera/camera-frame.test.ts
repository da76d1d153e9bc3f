import { MAX_PICTURE_BYTES, unixMillis } from "@roadstream/shared";
import { decode } from "jpeg-js";
import { describe, expect, test } from "vitest";
import { cameraFrame, MAX_FRAME_BYTES, type FrameContent } from "./camera-frame.ts";

const CONTENT: FrameContent = {
  at: unixMillis(Date.UTC(2026, 9, 1, 12, 34, 56)),
  speedKmh: 109.4,
  position: { latitude: 41.49864, longitude: -95.18733 },
  label: "4T16W5SK2H9637446",
  alongM: 1234,
  bendDeg: 3,
  condition: "rain",
};

/** Mean brightness of one cell of the text's grid: what a reader of the picture sees there. */
const brightness = (jpeg: Uint8Array, left: number, top: number, size: number): number => {
  const { data, width } = decode(jpeg, { useTArray: true });
  let sum = 0;
  for (let y = top; y < top + size; y += 1) {
    for (let x = left; x < left + size; x += 1) sum += data[(y * width + x) * 4 + 1] ?? 0;
  }
  return sum / size ** 2;
};

test("the frame is a JPEG of its stated size, small enough for the contract", () => {
  const frame = cameraFrame(CONTENT);
  const { width, height } = decode(frame.jpeg, { useTArray: true });
  expect([width, height]).toEqual([frame.widthPx, frame.heightPx]);
  expect(frame.jpeg.length).toBeGreaterThan(4000);
  expect(frame.jpeg.length).toBeLessThan(15_000);
  expect(MAX_FRAME_BYTES).toBeLessThanOrEqual(MAX_PICTURE_BYTES);
});

test("the same content gives the same bytes; another moment gives others", () => {
  expect(cameraFrame(CONTENT).jpeg).toEqual(cameraFrame(CONTENT).jpeg);
  expect(cameraFrame({ ...CONTENT, at: unixMillis(CONTENT.at + 1000) }).jpeg).not.toEqual(
    cameraFrame(CONTENT).jpeg,
  );
  expect(cameraFrame({ ...CONTENT, alongM: 1240 }).jpeg).not.toEqual(cameraFrame(CONTENT).jpeg);
});

describe("the text is legible after compression", () => {
  // The time's first character is a 2: dots of 2 by 2 pixels from (6, 142); its top bar is set, the left of row 3 is not.
  const { jpeg } = cameraFrame(CONTENT);
  test("a set dot is bright", () => expect(brightness(jpeg, 10, 142, 2)).toBeGreaterThan(150));
  test("an unset dot is dark", () => expect(brightness(jpeg, 6, 146, 2)).toBeLessThan(100));
});

test("no position is said, not drawn as zero", () => {
  expect(cameraFrame({ ...CONTENT, position: null }).jpeg).not.toEqual(
    cameraFrame({ ...CONTENT, position: { latitude: 0, longitude: 0 } }).jpeg,
  );
});
