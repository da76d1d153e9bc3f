import { readFile } from "node:fs/promises";
import { s3Upload, type S3UploadContext } from "../object-store/s3-upload.ts";
import type { ObjectContent } from "../ports.ts";
import { contentParts } from "./content-parts.ts";
import { storageError } from "./storage-error.ts";

const MIB = 1024 * 1024;
/** What is larger goes up in parts. */
const SINGLE_PUT_BYTES = 16 * MIB;
const PART_BYTES = 8 * MIB;
/** S3's own limit. */
const MAX_PARTS = 10_000;

export interface SendContent extends S3UploadContext {
  readonly what: string;
  /** With the lake's prefix. */
  readonly key: string;
  readonly content: ObjectContent;
  readonly ifAbsent: boolean;
}

/** Puts an object, in one request or in parts; the one that creates it is sent once. Rejects as that one did. */
export const sendContent = async (send: SendContent): Promise<void> => {
  const { requests, line, what, key, content, ifAbsent } = send;
  const size = content instanceof Uint8Array ? content.length : content.size;
  if (size <= SINGLE_PUT_BYTES) {
    const bytes = await bytesOf(content);
    await line.once(what, size, (signal) => requests.put({ key, bytes, ifAbsent }, signal));
    return;
  }
  const parts = contentParts(content, Math.max(PART_BYTES, Math.ceil(size / MAX_PARTS)));
  await s3Upload(send, { what, key, size, parts, ifAbsent });
};

const bytesOf = async (content: ObjectContent): Promise<Uint8Array> => {
  if (content instanceof Uint8Array) return content;
  try {
    return await readFile(content.file);
  } catch (error) {
    throw storageError(`read ${content.file}`, error);
  }
};
