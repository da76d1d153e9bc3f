/** What the environment says of a lake in S3; the AWS SDK reads its own variables and files besides (AWS_PROFILE, roles). */
export const S3_VARIABLES = {
  AWS_REGION: "The bucket's region; else the profile's.",
  AWS_ENDPOINT_URL_S3:
    "Another S3 server than Amazon's, such as `http://minio:9000`; the bucket's name then goes into the path.",
  AWS_ENDPOINT_URL: "The same for all services; AWS_ENDPOINT_URL_S3 comes first.",
  ROADSTREAM_S3_SSE:
    "Encryption at rest asked for with each object: `AES256` or `aws:kms`. Unset: what the bucket does by itself.",
  ROADSTREAM_S3_KMS_KEY: "The KMS key's id or ARN; means `aws:kms`.",
  ROADSTREAM_LAKE_CACHE:
    "Folder for local copies of the lake's files and for files that are being built; by default `roadstream/lake` in the user's cache folder.",
  ROADSTREAM_LAKE_CACHE_GIB:
    "How large the copies may grow together, in GiB (default 10). What was asked for in the last half hour stays, unless a vehicle is erased.",
} as const;

export type S3Variable = keyof typeof S3_VARIABLES;
