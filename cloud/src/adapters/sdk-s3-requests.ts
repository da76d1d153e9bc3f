import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { S3Encryption, S3Settings } from "../object-store/s3-settings.ts";
import type {
  S3Body,
  S3Complete,
  S3KeyError,
  S3Listing,
  S3Page,
  S3Part,
  S3Put,
  S3Requests,
  S3UploadedPart,
} from "../object-store/s3-requests.ts";

const CONNECT_LIMIT_MS = 5000;

/** The AWS SDK's client. It sends each request once: only the caller knows whether a second one is safe. */
export class SdkS3Requests implements S3Requests {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #encryption: ReturnType<typeof encryptionFields>;

  /** `onDate`: told when each answer says that it was sent, also one that is an error. */
  constructor(settings: S3Settings, onDate: (at: number) => void) {
    this.#bucket = settings.bucket;
    this.#encryption = encryptionFields(settings.encryption);
    this.#client = new S3Client({
      maxAttempts: 1,
      // Both are the SDK's defaults, which a profile or the environment could turn off.
      requestChecksumCalculation: "WHEN_SUPPORTED",
      responseChecksumValidation: "WHEN_SUPPORTED",
      requestHandler: { connectionTimeout: CONNECT_LIMIT_MS },
      ...(settings.endpoint === null ? {} : { endpoint: settings.endpoint, forcePathStyle: true }),
    });
    // Nearer to the wire than what turns answers that are errors into exceptions.
    this.#client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        onDate(dateOf(result.response));
        return result;
      },
      { step: "deserialize", priority: "low", name: "hearDate" },
    );
  }

  async put({ key, bytes, ifAbsent }: S3Put, abortSignal: AbortSignal): Promise<void> {
    // The SDK adds the body's CRC-32, which S3 checks and keeps.
    const command = new PutObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      Body: bytes,
      ...(ifAbsent ? { IfNoneMatch: "*" } : {}),
      ...this.#encryption,
    });
    await this.#client.send(command, { abortSignal });
  }

  async get(key: string, abortSignal: AbortSignal): Promise<S3Body> {
    const command = new GetObjectCommand({ Bucket: this.#bucket, Key: key });
    const { Body: body, ContentLength: size } = await this.#client.send(command, { abortSignal });
    if (!(body instanceof Readable) || size === undefined)
      throw new Error("an answer without a body or its length");
    return { size, chunks: body, discard: () => void body.destroy() };
  }

  async list({ prefix, limit, from }: S3Page, abortSignal: AbortSignal): Promise<S3Listing> {
    const command = new ListObjectsV2Command({
      Bucket: this.#bucket,
      Prefix: prefix,
      MaxKeys: limit,
      ...(from === null ? {} : { ContinuationToken: from }),
    });
    const page = await this.#client.send(command, { abortSignal });
    const objects = (page.Contents ?? []).map((object) => ({
      key: object.Key ?? "",
      size: object.Size ?? 0,
      modifiedAt: object.LastModified?.getTime() ?? 0,
    }));
    return { objects, next: page.IsTruncated === true ? (page.NextContinuationToken ?? null) : null };
  }

  async delete(keys: readonly string[], abortSignal: AbortSignal): Promise<readonly S3KeyError[]> {
    const command = new DeleteObjectsCommand({
      Bucket: this.#bucket,
      Delete: { Quiet: true, Objects: keys.map((Key) => ({ Key })) },
    });
    const { Errors: errors = [] } = await this.#client.send(command, { abortSignal });
    return errors.map((error) => ({
      key: error.Key ?? "",
      code: error.Code ?? "InternalError",
      message: error.Message ?? "",
    }));
  }

  async beginUpload(key: string, abortSignal: AbortSignal): Promise<string> {
    const command = new CreateMultipartUploadCommand({
      Bucket: this.#bucket,
      Key: key,
      // One checksum over the whole object, so that it is checked at each later reading, too.
      ChecksumAlgorithm: "CRC32",
      ChecksumType: "FULL_OBJECT",
      ...this.#encryption,
    });
    const { UploadId: id } = await this.#client.send(command, { abortSignal });
    if (id === undefined) throw new Error("an upload without an id");
    return id;
  }

  async uploadPart(part: S3Part, abortSignal: AbortSignal): Promise<S3UploadedPart> {
    const { key, id, number, bytes, crc32 } = part;
    const command = new UploadPartCommand({
      Bucket: this.#bucket,
      Key: key,
      UploadId: id,
      PartNumber: number,
      Body: bytes,
      ChecksumCRC32: base64Of(crc32),
    });
    const { ETag: etag } = await this.#client.send(command, { abortSignal });
    if (etag === undefined) throw new Error("a part without an ETag");
    return { number, etag, crc32 };
  }

  async completeUpload(complete: S3Complete, abortSignal: AbortSignal): Promise<void> {
    const command = new CompleteMultipartUploadCommand({
      Bucket: this.#bucket,
      Key: complete.key,
      UploadId: complete.id,
      ChecksumCRC32: base64Of(complete.crc32),
      ChecksumType: "FULL_OBJECT",
      MpuObjectSize: complete.size,
      ...(complete.ifAbsent ? { IfNoneMatch: "*" } : {}),
      MultipartUpload: {
        Parts: complete.parts.map(({ number, etag, crc32 }) => ({
          PartNumber: number,
          ETag: etag,
          ChecksumCRC32: base64Of(crc32),
        })),
      },
    });
    await this.#client.send(command, { abortSignal });
  }

  async abortUpload({ key, id }: { key: string; id: string }, abortSignal: AbortSignal): Promise<void> {
    const command = new AbortMultipartUploadCommand({ Bucket: this.#bucket, Key: key, UploadId: id });
    await this.#client.send(command, { abortSignal });
  }

  close(): void {
    this.#client.destroy();
  }
}

/** Unix milliseconds; NaN where the answer does not say. */
const dateOf = (response: unknown): number => {
  const { headers } = response as { readonly headers?: Readonly<Record<string, string | undefined>> };
  return Date.parse(headers?.["date"] ?? "");
};

const encryptionFields = (encryption: S3Encryption | null) => {
  if (encryption === null) return {};
  if (encryption.kind === "AES256") return { ServerSideEncryption: encryption.kind };
  const { kind, key } = encryption;
  // With a bucket key, KMS is asked once in a while instead of once per object.
  return {
    ServerSideEncryption: kind,
    BucketKeyEnabled: true,
    ...(key === null ? {} : { SSEKMSKeyId: key }),
  };
};

const base64Of = (crc32: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32);
  return bytes.toString("base64");
};
