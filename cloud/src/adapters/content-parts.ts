import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { ContentPart } from "../object-store/s3-upload.ts";
import type { ObjectContent } from "../ports.ts";
import { storageError } from "./storage-error.ts";

/** The content in pieces of this size, each read when it is asked for; a file is closed at the end. */
export async function* contentParts(
  content: ObjectContent,
  partBytes: number,
): AsyncGenerator<ContentPart, void, void> {
  let number = 0;
  let crc32SoFar = 0;
  for await (const bytes of pieces(content, partBytes)) {
    number += 1;
    crc32SoFar = crc32(bytes, crc32SoFar);
    yield { number, bytes, crc32: crc32(bytes), crc32SoFar };
  }
}

async function* pieces(content: ObjectContent, length: number): AsyncGenerator<Uint8Array, void, void> {
  if (content instanceof Uint8Array) {
    for (let at = 0; at < content.length; at += length) yield content.subarray(at, at + length);
    return;
  }
  try {
    await using file = await open(content.file);
    for (let at = 0; at < content.size; at += length) {
      const bytes = Buffer.allocUnsafe(Math.min(length, content.size - at));
      for (let read = 0; read < bytes.length;) {
        const { bytesRead } = await file.read(bytes, read, bytes.length - read, at + read);
        if (bytesRead === 0) throw new Error(`it ends before its ${content.size} bytes`);
        read += bytesRead;
      }
      yield bytes;
    }
  } catch (error) {
    throw storageError(`read ${content.file}`, error);
  }
}
