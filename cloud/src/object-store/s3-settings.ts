import { RoadstreamError } from "@roadstream/shared";
import { isObjectKey } from "./object-key.ts";
import type { S3Variable } from "./s3-variables.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface S3Settings {
  readonly bucket: string;
  /** What stands before each key: empty, or with a slash at its end. */
  readonly prefix: string;
  /** Null: Amazon's own. */
  readonly endpoint: string | null;
  readonly encryption: S3Encryption | null;
  /** Null: where the user's caches are. */
  readonly cacheFolder: string | null;
  readonly cacheLimitBytes: number;
}

export type S3Encryption =
  | { readonly kind: "AES256" }
  /** Null: the account's own key for S3. */
  | { readonly kind: "aws:kms"; readonly key: string | null };

const SCHEME = "s3://";
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const GIB = 1024 ** 3;
const DEFAULT_CACHE_GIB = "10";

export const isS3Spec = (spec: string): boolean => spec.startsWith(SCHEME);

const set = (env: Env, name: S3Variable): string | null => {
  const value = env[name];
  return value === undefined || value === "" ? null : value;
};

const endpointOf = (env: Env): string | null => {
  const name = set(env, "AWS_ENDPOINT_URL_S3") === null ? "AWS_ENDPOINT_URL" : "AWS_ENDPOINT_URL_S3";
  const text = set(env, name);
  if (text === null) return null;
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new RoadstreamError("usage", `${name} is not an http:// or https:// address`);
  // Nothing that a signature needs stands there; a password there would come to light in messages.
  if (url.username !== "" || url.password !== "")
    throw new RoadstreamError("usage", `${name} must not hold a user or password`, {
      hint: "Credentials belong in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role.",
    });
  return text;
};

const encryptionOf = (env: Env): S3Encryption | null => {
  const key = set(env, "ROADSTREAM_S3_KMS_KEY");
  const kind = set(env, "ROADSTREAM_S3_SSE") ?? (key === null ? null : "aws:kms");
  if (kind === null) return null;
  if (kind === "aws:kms") return { kind, key };
  if (kind !== "AES256")
    throw new RoadstreamError("usage", `ROADSTREAM_S3_SSE ${kind} is not AES256 or aws:kms`);
  if (key !== null)
    throw new RoadstreamError("usage", "ROADSTREAM_S3_KMS_KEY does not go with ROADSTREAM_S3_SSE=AES256");
  return { kind };
};

const cacheLimitOf = (env: Env): number => {
  const text = set(env, "ROADSTREAM_LAKE_CACHE_GIB") ?? DEFAULT_CACHE_GIB;
  if (!/^\d{1,6}(?:\.\d+)?$/.test(text) || Number(text) === 0)
    throw new RoadstreamError("usage", `ROADSTREAM_LAKE_CACHE_GIB ${text} is not a number above 0`);
  return Number(text) * GIB;
};

/** Reads `s3://BUCKET[/PREFIX]` and the environment. Throws `usage`. */
export const s3Settings = (spec: string, env: Env): S3Settings => {
  const [bucket = "", ...rest] = spec.slice(SCHEME.length).replace(/\/$/, "").split("/");
  if (!isS3Spec(spec) || !BUCKET.test(bucket))
    throw new RoadstreamError("usage", `not a bucket: ${spec}`, { hint: "s3://BUCKET/PREFIX" });
  const prefix = rest.join("/");
  if (rest.length > 0 && !isObjectKey(prefix))
    throw new RoadstreamError("usage", `not a prefix for a lake: ${spec}`, {
      hint: "Letters, digits and _ = . ~ + : - between single slashes.",
    });
  return {
    bucket,
    prefix: rest.length === 0 ? "" : `${prefix}/`,
    endpoint: endpointOf(env),
    encryption: encryptionOf(env),
    cacheFolder: set(env, "ROADSTREAM_LAKE_CACHE"),
    cacheLimitBytes: cacheLimitOf(env),
  };
};
