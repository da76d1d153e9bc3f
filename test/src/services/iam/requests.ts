import { BUCKETS, type AskedFor } from "./aws-bed.ts";

/** Requests that nobody's code here makes, or that Amazon's services make in somebody's name. */
export const s3 = (
  method: string,
  key: string,
  options: { readonly bucket?: keyof typeof BUCKETS; readonly body?: string } = {},
): AskedFor => ({
  service: "s3",
  method,
  path: `/${BUCKETS[options.bucket ?? "lake"]}${key === "" || key.startsWith("?") ? key : `/${key}`}`,
  ...(options.body === undefined ? {} : { body: options.body }),
});

export const json = (service: string, target: string, body: unknown): AskedFor => ({
  service,
  method: "POST",
  path: "/",
  headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": target },
  body: JSON.stringify(body),
});

export const glue = (action: string, body: unknown): AskedFor => json("glue", `AWSGlue.${action}`, body);
export const athena = (action: string, body: unknown): AskedFor =>
  json("athena", `AmazonAthena.${action}`, body);
export const redshift = (action: string, body: unknown): AskedFor =>
  json("redshift-data", `RedshiftData.${action}`, body);
