import type { ObjectInfo } from "../ports.ts";

/**
 * What is asked of S3, one request a call, never repeated here. Keys are whole: with the lake's prefix. A request that
 * fails rejects with whatever the client raised; `s3Failure` says what it means.
 */
export interface S3Requests {
  put(put: S3Put, signal: AbortSignal): Promise<void>;
  /** Resolves with the answer's head; the body follows, checked against the stored checksum at its end. */
  get(key: string, signal: AbortSignal): Promise<S3Body>;
  /** Ascending by key, at most a thousand. */
  list(page: S3Page, signal: AbortSignal): Promise<S3Listing>;
  /** At most a thousand keys; the ones that were not deleted, with the reason. */
  delete(keys: readonly string[], signal: AbortSignal): Promise<readonly S3KeyError[]>;
  beginUpload(key: string, signal: AbortSignal): Promise<string>;
  uploadPart(part: S3Part, signal: AbortSignal): Promise<S3UploadedPart>;
  completeUpload(complete: S3Complete, signal: AbortSignal): Promise<void>;
  abortUpload(upload: { readonly key: string; readonly id: string }, signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface S3Put {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly ifAbsent: boolean;
}

export interface S3Body {
  readonly size: number;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Gives up what was not read, also under a pending read; nothing happens at the end. */
  discard(): void;
}

export interface S3Page {
  readonly prefix: string;
  readonly limit: number;
  /** From the page before; null for the first. */
  readonly from: string | null;
}

export interface S3Listing {
  readonly objects: readonly ObjectInfo[];
  /** For the page after it; null at the end. */
  readonly next: string | null;
}

export interface S3KeyError {
  readonly key: string;
  readonly code: string;
  readonly message: string;
}

export interface S3Part {
  readonly key: string;
  readonly id: string;
  /** From 1. */
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly crc32: number;
}

export interface S3UploadedPart {
  readonly number: number;
  readonly etag: string;
  readonly crc32: number;
}

export interface S3Complete {
  readonly key: string;
  readonly id: string;
  readonly parts: readonly S3UploadedPart[];
  /** Of the whole object. */
  readonly size: number;
  readonly crc32: number;
  readonly ifAbsent: boolean;
}
