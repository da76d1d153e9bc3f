import { MAX_PICTURE_BYTES } from "@roadstream/shared";

/**
 * The frame of a JPEG file (ITU-T T.81 Annex B): SOI, marker segments `FF mm LL LL …` up to a start of frame
 *   FFCn | length | precision (1) | lines (2) | samples per line (2) | …
 * and EOI as the last two bytes. Nothing is decoded: it tells a whole picture from a torn or foreign file.
 */
export type JpegVerdict =
  | { readonly ok: true; readonly widthPx: number; readonly heightPx: number }
  | { readonly ok: false; readonly reason: "too_large" | "not_jpeg" | "torn" | "no_frame" };

const SOI = 0xd8;
const EOI = 0xd9;
const START_OF_SCAN = 0xda;
/** Start-of-frame markers are C0–CF without DHT (C4), JPG (C8) and DAC (CC). */
const isStartOfFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
/** TEM and RSTn stand alone, without a length. */
const standsAlone = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);

export const checkJpeg = (bytes: Uint8Array): JpegVerdict => {
  const at = (index: number): number => bytes[index] ?? -1;
  const word = (index: number): number => at(index) * 256 + at(index + 1);
  if (at(0) !== 0xff || at(1) !== SOI) return { ok: false, reason: "not_jpeg" };
  if (bytes.length > MAX_PICTURE_BYTES) return { ok: false, reason: "too_large" };
  if (at(bytes.length - 2) !== 0xff || at(bytes.length - 1) !== EOI) return { ok: false, reason: "torn" };
  let next = 2;
  while (next + 4 <= bytes.length) {
    if (at(next) !== 0xff) return { ok: false, reason: "no_frame" };
    const marker = at(next + 1);
    // A marker may be preceded by any number of fill bytes FF (B.1.1.2).
    if (marker === 0xff) {
      next += 1;
      continue;
    }
    if (standsAlone(marker)) {
      next += 2;
      continue;
    }
    if (marker === START_OF_SCAN || marker === EOI) return { ok: false, reason: "no_frame" };
    if (isStartOfFrame(marker)) {
      const [heightPx, widthPx] = [word(next + 5), word(next + 7)];
      if (next + 9 > bytes.length || heightPx < 1 || widthPx < 1) return { ok: false, reason: "no_frame" };
      return { ok: true, widthPx, heightPx };
    }
    const length = word(next + 2);
    if (length < 2) return { ok: false, reason: "no_frame" };
    next += 2 + length;
  }
  return { ok: false, reason: "no_frame" };
};
