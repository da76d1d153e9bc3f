import { cameraFrame } from "@roadstream/hardware";
import { unixMillis } from "@roadstream/shared";

/** A picture of the bench's camera. */
export const sampleJpeg = (): Uint8Array =>
  cameraFrame({
    at: unixMillis(1.8e12),
    speedKmh: 88,
    position: null,
    label: "test",
    bendDeg: 0,
    alongM: 0,
    condition: "clear",
  }).jpeg;

/** The same picture with so many bytes more: an application segment, which is part of any JPEG. */
export const fattened = (jpeg: Uint8Array, more: number): Uint8Array => {
  const parts: Uint8Array[] = [jpeg.subarray(0, 2)];
  for (let left = more; left > 0;) {
    const size = Math.min(left, 65_000);
    const segment = new Uint8Array(Math.max(size, 4));
    segment.set([0xff, 0xe5, (segment.length - 2) >> 8, (segment.length - 2) & 0xff]);
    parts.push(segment);
    left -= segment.length;
  }
  parts.push(jpeg.subarray(2));
  return Buffer.concat(parts);
};
