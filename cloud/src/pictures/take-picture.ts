import { rejection, type Rejection } from "@roadstream/shared";

/** A picture taken out of its record. */
export interface TakenPicture {
  readonly kind: "picture";
  readonly bytes: Uint8Array;
  /** The record's line without the picture's bytes, without its closing brace. */
  readonly openLine: string;
}

const FIELD = ',"snapshot":"';
const SIZE = /,"size_bytes":(\d+)/;
/** Start of image and the first byte of the next marker; end of image (ITU-T T.81 §B.1.1.3). */
const isJpeg = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 &&
  bytes[0] === 0xff &&
  bytes[1] === 0xd8 &&
  bytes[2] === 0xff &&
  bytes.at(-2) === 0xff &&
  bytes.at(-1) === 0xd9;

/**
 * Takes the picture out of a canonical traffic_data line. A quote inside a JSON string is escaped, so the field's
 * spelling occurs only once.
 */
export const takePicture = (
  line: string,
): TakenPicture | { readonly kind: "bad"; readonly rejection: Rejection } => {
  const bad = (why: string): { readonly kind: "bad"; readonly rejection: Rejection } => ({
    kind: "bad",
    rejection: rejection("bad_picture", why),
  });
  const at = line.indexOf(FIELD);
  const end = line.indexOf('"', at + FIELD.length);
  const size = SIZE.exec(line);
  if (at === -1 || end === -1 || size === null) return bad("no snapshot");
  const bytes = Buffer.from(line.slice(at + FIELD.length, end), "base64");
  if (bytes.length !== Number(size[1])) return bad(`size_bytes ${size[1]}, but ${bytes.length} bytes`);
  if (!isJpeg(bytes)) return bad("not a JPEG from start of image to end of image");
  return { kind: "picture", bytes, openLine: line.slice(0, at) + line.slice(end + 1, -1) };
};
