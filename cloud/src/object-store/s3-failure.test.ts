import { RoadstreamError } from "@roadstream/shared";
import { expect, test } from "vitest";
import { s3Error, s3Failure } from "./s3-failure.ts";

const answer = (status: number, name: string, message = name): object =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status, requestId: "R1" } });

test.each([
  [answer(412, "PreconditionFailed"), "taken"],
  [answer(409, "ConditionalRequestConflict"), "later"],
  [answer(409, "OperationAborted"), "later"],
  [answer(503, "SlowDown"), "later"],
  [answer(503, "503"), "later"],
  [answer(429, "TooManyRequests"), "later"],
  [answer(400, "RequestTimeout"), "later"],
  [answer(403, "RequestTimeTooSkewed"), "later"],
  [answer(400, "BadDigest"), "later"],
  [answer(400, "XAmzContentChecksumMismatch"), "later"],
  [answer(200, "SlowDown"), "later"],
  [answer(404, "NoSuchKey"), "absent"],
  [answer(404, "NotFound"), "absent"],
  [answer(500, "InternalError"), "unanswered"],
  [answer(502, "BadGateway"), "unanswered"],
  [answer(504, "504"), "unanswered"],
  [answer(200, "InternalError"), "unanswered"],
  [Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }), "unanswered"],
  [Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }), "unanswered"],
  [Object.assign(new Error("Request aborted"), { name: "AbortError" }), "unanswered"],
  [new Error("Checksum mismatch: expected"), "unanswered"],
  [new RoadstreamError("timeout", "put x: no answer"), "unanswered"],
  ["thrown text", "unanswered"],
  [answer(403, "AccessDenied"), "refused"],
  [answer(403, "Unknown", "UnknownError"), "refused"],
  [answer(404, "NoSuchBucket"), "refused"],
  [answer(404, "NoSuchUpload"), "absent"],
  [answer(301, "PermanentRedirect"), "refused"],
  [answer(400, "ExpiredToken"), "refused"],
  [answer(501, "NotImplemented"), "refused"],
  [new Error("Region is missing"), "refused"],
  [Object.assign(new Error("Could not load"), { name: "CredentialsProviderError" }), "refused"],
])("%o means %s", (error, kind) => {
  expect(s3Failure(error).kind).toBe(kind);
});

test("an answer that is no XML is judged by its status", () => {
  const html = new SyntaxError("unexpected <html>");
  Object.defineProperty(html, "$response", { value: { statusCode: 503 } });
  expect(s3Failure(html).kind).toBe("later");
  Object.defineProperty(html, "$metadata", { value: { httpStatusCode: 403 } });
  expect(s3Failure(html).kind).toBe("refused");
});

test("errors of our own pass through", () => {
  const own = new RoadstreamError("storage", "disk full");
  expect(() => s3Failure(own)).toThrow(own);
});

test.each([
  [answer(403, "AccessDenied"), /s3:ListBucket/],
  [answer(403, "InvalidAccessKeyId"), /credentials/],
  [answer(404, "NoSuchBucket"), /Make the bucket/],
  [answer(301, "PermanentRedirect"), /AWS_REGION/],
  [new Error("Region is missing"), /AWS_REGION/],
  [Object.assign(new Error("none"), { name: "CredentialsProviderError" }), /AWS_PROFILE/],
  [answer(400, "KMS.DisabledException"), /ROADSTREAM_S3_KMS_KEY/],
])("%o is refused with a hint", (error, hint) => {
  const told = s3Error("get x", s3Failure(error));
  expect([told.code, told.retryable]).toEqual(["refused", false]);
  expect(told.hint).toMatch(hint);
});

test("what is away is unavailable; nothing of what was signed is told", () => {
  const denied = Object.assign(answer(403, "SignatureDoesNotMatch", "no match"), {
    AWSAccessKeyId: "AKIAKEPT",
    StringToSign: "AWS4-HMAC-SHA256 kept",
  });
  const told = s3Error("put x", s3Failure(denied));
  expect(told.message).toBe("put x: S3: 403 SignatureDoesNotMatch no match (request R1)");
  expect(JSON.stringify([told, told.message, told.cause])).not.toMatch(/kept/i);
  const away = s3Error("put x", s3Failure(answer(503, "SlowDown")));
  expect([away.code, away.retryable, away.message]).toEqual([
    "unavailable",
    true,
    "put x: S3: 503 SlowDown (request R1)",
  ]);
});
