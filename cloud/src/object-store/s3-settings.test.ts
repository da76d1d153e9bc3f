import { expect, test } from "vitest";
import { s3Settings } from "./s3-settings.ts";

const GIB = 1024 ** 3;

test("a bucket alone, or with a prefix, on Amazon's servers", () => {
  expect(s3Settings("s3://fleet.lake", {})).toEqual({
    bucket: "fleet.lake",
    prefix: "",
    endpoint: null,
    encryption: null,
    cacheFolder: null,
    cacheLimitBytes: 10 * GIB,
  });
  expect(s3Settings("s3://fleet/a/b", {}).prefix).toBe("a/b/");
  expect(s3Settings("s3://fleet/a/", {}).prefix).toBe("a/");
  expect(s3Settings("s3://fleet/", {}).prefix).toBe("");
});

test("the environment names endpoint, encryption and cache; what is empty is unset", () => {
  const both = { AWS_ENDPOINT_URL: "http://all:1", AWS_ENDPOINT_URL_S3: "https://s3:2" };
  expect(s3Settings("s3://fleet", both).endpoint).toBe("https://s3:2");
  expect(s3Settings("s3://fleet", { ...both, AWS_ENDPOINT_URL_S3: "" }).endpoint).toBe("http://all:1");
  expect(s3Settings("s3://fleet", { ROADSTREAM_S3_SSE: "AES256" }).encryption).toEqual({ kind: "AES256" });
  expect(s3Settings("s3://fleet", { ROADSTREAM_S3_SSE: "aws:kms" }).encryption).toEqual({
    kind: "aws:kms",
    key: null,
  });
  expect(s3Settings("s3://fleet", { ROADSTREAM_S3_KMS_KEY: "k-1" }).encryption).toEqual({
    kind: "aws:kms",
    key: "k-1",
  });
  const cache = { ROADSTREAM_LAKE_CACHE: "/c", ROADSTREAM_LAKE_CACHE_GIB: "0.5" };
  expect(s3Settings("s3://fleet", cache)).toMatchObject({ cacheFolder: "/c", cacheLimitBytes: GIB / 2 });
});

test.each([
  ["s3://", {}],
  ["s3:///prefix", {}],
  ["s3://Upper", {}],
  ["s3://user:secret@fleet", {}],
  ["s3://fleet//a", {}],
  ["s3://fleet/../a", {}],
  ["s3://fleet/.hidden", {}],
  ["s3://fleet", { AWS_ENDPOINT_URL_S3: "minio:9000" }],
  ["s3://fleet", { AWS_ENDPOINT_URL_S3: "http://user:secret@minio:9000" }],
  ["s3://fleet", { ROADSTREAM_S3_SSE: "aes" }],
  ["s3://fleet", { ROADSTREAM_S3_SSE: "AES256", ROADSTREAM_S3_KMS_KEY: "k" }],
  ["s3://fleet", { ROADSTREAM_LAKE_CACHE_GIB: "0" }],
  ["s3://fleet", { ROADSTREAM_LAKE_CACHE_GIB: "10GB" }],
])("%s with %j is refused", (spec, env) => {
  expect(() => s3Settings(spec, env)).toThrow(expect.objectContaining({ code: "usage" }));
});

test("no message shows a password", () => {
  expect(() => s3Settings("s3://fleet", { AWS_ENDPOINT_URL: "http://u:secret@minio" })).toThrow(
    /^(?!.*secret)/,
  );
});
