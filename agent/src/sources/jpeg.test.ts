import { MAX_PICTURE_BYTES } from "@roadstream/shared";
import { expect, test } from "vitest";
import { checkJpeg } from "./jpeg.ts";
import { fattened, sampleJpeg } from "./testing/sample-jpeg.ts";

const jpeg = sampleJpeg();
const reasonOf = (bytes: Uint8Array): string => {
  const verdict = checkJpeg(bytes);
  return verdict.ok ? `${verdict.widthPx}x${verdict.heightPx}` : verdict.reason;
};

test("the size of a whole picture is read out of its frame, behind any other segments", () => {
  expect(reasonOf(jpeg)).toBe("320x180");
  expect(reasonOf(fattened(jpeg, 70_000))).toBe("320x180");
});

test("a picture over the limit is refused by one byte", () => {
  expect(reasonOf(fattened(jpeg, MAX_PICTURE_BYTES - jpeg.length))).toBe("320x180");
  expect(reasonOf(fattened(jpeg, MAX_PICTURE_BYTES + 1 - jpeg.length))).toBe("too_large");
});

test.each([
  ["nothing", Uint8Array.of(), "not_jpeg"],
  ["a PNG", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a), "not_jpeg"],
  ["text", new TextEncoder().encode("camera busy\n"), "not_jpeg"],
  ["a start alone", Uint8Array.of(0xff, 0xd8), "torn"],
  ["start and end alone", Uint8Array.of(0xff, 0xd8, 0xff, 0xd9), "no_frame"],
  ["a segment of impossible length", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 1, 0xff, 0xd9), "no_frame"],
  ["a segment beyond the end", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff, 0xff, 0xd9), "no_frame"],
  [
    "a frame of no height",
    Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 0, 1, 64, 1, 0xff, 0xd9),
    "no_frame",
  ],
])("%s is no picture", (_, bytes, reason) => {
  expect(reasonOf(bytes)).toBe(reason);
});

test("a half-written picture is torn, wherever it ends", () => {
  for (let length = 2; length < jpeg.length; length += 97)
    expect(["torn", "no_frame"]).toContain(reasonOf(jpeg.subarray(0, length)));
});
