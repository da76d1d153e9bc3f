import { createHash, createHmac } from "node:crypto";
import { REGION } from "./templates.ts";

/** Of a user. */
interface UserCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Of a role. */
export interface Credentials extends UserCredentials {
  readonly sessionToken: string;
}

export interface PlainRequest {
  readonly service: string;
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** One request with AWS's signature, version 4: for calls that none of our programs would make. */
export const sendSigned = async (
  request: PlainRequest,
  credentials: UserCredentials | Credentials,
): Promise<Response> => {
  const url = new URL(request.url);
  const body = request.body ?? "";
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const day = time.slice(0, 8);
  const headers: Record<string, string> = {
    ...request.headers,
    host: url.host,
    "x-amz-content-sha256": sha256(body),
    "x-amz-date": time,
    ...("sessionToken" in credentials ? { "x-amz-security-token": credentials.sessionToken } : {}),
  };
  const names = Object.keys(headers).toSorted();
  const query = [...url.searchParams]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .toSorted()
    .join("&");
  const canonical = [
    request.method,
    url.pathname,
    query,
    ...names.map((name) => `${name}:${headers[name]}`),
    "",
    names.join(";"),
    sha256(body),
  ].join("\n");
  const scope = `${day}/${REGION}/${request.service}/aws4_request`;
  const key = [day, REGION, request.service, "aws4_request"].reduce<string | Buffer>(
    hmac,
    `AWS4${credentials.secretAccessKey}`,
  );
  const signature = hmac(key, ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n")).toString(
    "hex",
  );
  const { host: _, ...sent } = headers;
  return fetch(url, {
    method: request.method,
    headers: {
      ...sent,
      authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
    },
    ...(body === "" ? {} : { body }),
  });
};
