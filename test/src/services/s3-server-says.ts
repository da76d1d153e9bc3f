import { sendSigned, type PlainRequest } from "./iam/signed-request.ts";
import { PASSWORD, USER, type RunningS3 } from "./run-s3.ts";

export interface UnfinishedUpload {
  /** Without the bucket. */
  readonly key: string;
  readonly id: string;
}

type SentBody = Pick<PlainRequest, "headers" | "body">;

/** `s3://BUCKET/KEY`: bucket and key. */
const placeOf = (location: string): readonly [string, string] => {
  const [bucket = "", ...rest] = location.slice("s3://".length).split("/");
  return [bucket, rest.join("/")];
};

/** Asked of the server itself: neither the line nor the client that is tested has a part in it. */
const send = (server: RunningS3, method: string, path: string, more: SentBody = {}): Promise<Response> => {
  const url = `http://127.0.0.1:${server.port}/${path}`;
  const credentials = { accessKeyId: USER, secretAccessKey: PASSWORD };
  return sendSigned({ service: "s3", method, url, ...more }, credentials);
};

const ask = async (server: RunningS3, method: string, path: string): Promise<Response> => {
  const answer = await send(server, method, path);
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer;
};

const textOf = (xml: string, tag: string): string =>
  new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(xml)?.[1] ?? "";

/** The uploads in parts to this place that were begun, and neither completed nor given up. */
export const unfinishedUploads = async (
  server: RunningS3,
  location: string,
): Promise<readonly UnfinishedUpload[]> => {
  const [bucket, key] = placeOf(location);
  // MinIO lists those of one key only.
  const answer = await ask(server, "GET", `${bucket}?uploads=&prefix=${encodeURIComponent(key)}`);
  const xml = await answer.text();
  return [...xml.matchAll(/<Upload>(.*?)<\/Upload>/gs)].map(([, upload = ""]) => ({
    key: textOf(upload, "Key"),
    id: textOf(upload, "UploadId"),
  }));
};

/** How an object is encrypted, and by which key, as its head says; null for neither. */
export const encryptionOf = async (
  server: RunningS3,
  location: string,
): Promise<readonly (string | null)[]> => {
  const { headers } = await ask(server, "HEAD", placeOf(location).join("/"));
  const name = "x-amz-server-side-encryption";
  return [headers.get(name), headers.get(`${name}-aws-kms-key-id`)];
};

/** Puts a body that came with this CRC-32, in Base64, whatever its own is: the answer's status, and S3's word where it is an error. */
export const putWithChecksum = async (
  server: RunningS3,
  location: string,
  put: { readonly body: string; readonly crc32: string },
): Promise<readonly [number, string]> => {
  const { body, crc32 } = put;
  const headers = { "x-amz-checksum-crc32": crc32 };
  const answer = await send(server, "PUT", placeOf(location).join("/"), { headers, body });
  return [answer.status, textOf(await answer.text(), "Code")];
};
