import { rejection, type Rejection } from "../contract/rejection.ts";

/** The base64 of FF D8 FF: start of image and the first byte of the next marker (ITU-T T.81 §B.1.1.3). */
const JPEG_BASE64_START = "/9j/";

/** Bytes that valid, padded base64 stands for (RFC 4648 §4). */
const decodedLength = (base64: string): number => {
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
};

/** Why a picture whose base64 and size are valid in themselves is refused; null when it is a JPEG of the said size. */
export const pictureFault = (snapshot: string, sizeBytes: number): Rejection | null => {
  if (!snapshot.startsWith(JPEG_BASE64_START)) return rejection("bad_picture", "does not begin as a JPEG");
  const length = decodedLength(snapshot);
  if (length !== sizeBytes) return rejection("bad_picture", `size_bytes ${sizeBytes}, but ${length} bytes`);
  return null;
};
