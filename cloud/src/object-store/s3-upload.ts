import { errorText, type Logger } from "@roadstream/shared";
import { s3Failure } from "./s3-failure.ts";
import type { S3Line } from "./s3-line.ts";
import type { S3Requests, S3UploadedPart } from "./s3-requests.ts";

/** How many parts are on their way, and in memory, at the same time. */
const PARALLEL_PARTS = 4;

export interface ContentPart {
  /** From 1. */
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly crc32: number;
  /** Of everything up to and with this part. */
  readonly crc32SoFar: number;
}

export interface S3Upload {
  readonly what: string;
  /** With the lake's prefix. */
  readonly key: string;
  readonly size: number;
  readonly parts: AsyncIterable<ContentPart>;
  readonly ifAbsent: boolean;
}

export interface S3UploadContext {
  readonly requests: S3Requests;
  readonly line: S3Line;
  readonly logger: Logger;
}

/**
 * Puts a large object in parts. Nothing is seen of it before its completion, which is the create-only put and is sent
 * once; whatever fails, the parts are given up. Rejects as the completion did, or with an error of ours.
 */
export const s3Upload = async (context: S3UploadContext, upload: S3Upload): Promise<void> => {
  const { requests, line } = context;
  const { what, key, size, ifAbsent } = upload;
  const id = await line.repeated(`${what}, beginning`, 0, (signal) => requests.beginUpload(key, signal));
  try {
    const { parts, crc32 } = await uploadParts(context, upload, id);
    await line.once(what, size, (signal) =>
      requests.completeUpload({ key, id, parts, size, crc32, ifAbsent }, signal),
    );
  } catch (error) {
    await abort(context, upload, id);
    throw error;
  }
};

const uploadParts = async (
  { requests, line }: S3UploadContext,
  { what, key, parts }: S3Upload,
  id: string,
): Promise<{ parts: readonly S3UploadedPart[]; crc32: number }> => {
  const uploaded: S3UploadedPart[] = [];
  const source = parts[Symbol.asyncIterator]();
  const state = { crc32: 0, hasFailed: false };
  const work = async (): Promise<void> => {
    for (;;) {
      const next = await source.next();
      if (next.done === true || state.hasFailed) return;
      const { number, bytes, crc32 } = next.value;
      state.crc32 = next.value.crc32SoFar;
      const part = { key, id, number, bytes, crc32 };
      uploaded.push(
        await line.repeated(`${what}, part ${number}`, bytes.length, (signal) =>
          requests.uploadPart(part, signal),
        ),
      );
    }
  };
  // All of them end before the upload is given up: a part that arrives after that would stay.
  const ends = await Promise.allSettled(
    Array.from({ length: PARALLEL_PARTS }, () =>
      work().catch((error: unknown) => {
        state.hasFailed = true;
        throw error;
      }),
    ),
  );
  await source.return?.();
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return { parts: uploaded.sort((a, b) => a.number - b.number), crc32: state.crc32 };
};

const abort = async (
  { requests, line, logger }: S3UploadContext,
  upload: S3Upload,
  id: string,
): Promise<void> => {
  const { key, what } = upload;
  try {
    await line.repeated(`${what}, giving up`, 0, async (signal) => {
      try {
        await requests.abortUpload({ key, id }, signal);
      } catch (error) {
        if (s3Failure(error).kind !== "absent") throw error;
      }
    });
  } catch (error) {
    // Invisible and harmless, but paid for until the bucket's lifecycle removes it.
    logger.warn("upload_left_over", { key, reason: errorText(error) });
  }
};
