import { isRoadstreamError, RoadstreamError } from "@roadstream/shared";

/**
 * What a failed request means for the object:
 * `absent`: it, or the upload, is surely not there · `taken`: the name is in use, a create-only put was not carried out · `later`: not
 * carried out, may be sent again after a pause · `unanswered`: carried out or not, nobody knows · `refused`: not
 * carried out, and it never will be.
 */
type S3FailureKind = "absent" | "taken" | "later" | "unanswered" | "refused";

export interface S3Failure {
  readonly kind: S3FailureKind;
  /** For people; without secrets. */
  readonly told: string;
  readonly hint: string | null;
}

/** Not carried out, whatever the status: S3 is busy, another write was under way, the body or the time was wrong on arrival. */
const LATER = new Set([
  "SlowDown",
  "ServiceUnavailable",
  "TooManyRequests",
  "ThrottlingException",
  "RequestLimitExceeded",
  "ConditionalRequestConflict",
  "OperationAborted",
  "RequestTimeout",
  // The SDK learns the server's time from this answer, and the next request has it right.
  "RequestTimeTooSkewed",
  "BadDigest",
  // MinIO's word for it, where it is the checksum.
  "XAmzContentChecksumMismatch",
  "XAmzContentSHA256Mismatch",
  "IncompleteBody",
]);

/** Told of single keys, too, where there is no status. */
const DENIED = new Set(["AccessDenied", "AllAccessDisabled", "AccountProblem"]);

/** Raised by the SDK before anything is sent: there is nobody to ask, or nothing to sign with. */
const NOT_SENT =
  /^(?:Region is missing|CredentialsProviderError|TokenProviderError|Could not resolve credentials)/;

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/^NoSuchBucket$/, "Make the bucket first, or correct its name; AWS_REGION must be its region."],
  [
    /^(?:InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|TokenRefreshRequired)$/,
    "The credentials are wrong or have expired: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or the machine's role.",
  ],
  [
    /^(?:PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException|TemporaryRedirect)$/,
    "The bucket is in another region: set AWS_REGION.",
  ],
  [/^Region is missing/, "Set AWS_REGION."],
  [
    NOT_SENT,
    "No credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give the machine a role.",
  ],
  [
    /^NotImplemented$/,
    "This server lacks something that the lake needs, such as create-only puts (If-None-Match).",
  ],
  [/^KMS\./, "ROADSTREAM_S3_KMS_KEY must name a key that is enabled and that these credentials may use."],
];

const DENIED_HINT =
  "Grant s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on the lake's objects and s3:ListBucket on its bucket: without the last, S3 answers 403 for what is merely absent. With a KMS key also kms:GenerateDataKey and kms:Decrypt.";

const hintOf = (code: string, status: number | null): string | null =>
  HINTS.find(([pattern]) => pattern.test(code))?.[1] ??
  (status === 403 || DENIED.has(code) ? DENIED_HINT : null);

const FIRST_SERVER_STATUS = 500;

const kindOf = (code: string, status: number | null): S3FailureKind => {
  if (LATER.has(code) || status === 503 || status === 429 || status === 409) return "later";
  if (NOT_SENT.test(code) || DENIED.has(code)) return "refused";
  if (status === 412) return "taken";
  if (code === "NoSuchKey" || code === "NoSuchUpload" || (code === "NotFound" && status === 404))
    return "absent";
  if (code === "NotImplemented" || status === 501) return "refused";
  // Other answers in a 2xx: the body broke off, or held an error.
  return status === null || status >= FIRST_SERVER_STATUS || status < 300 ? "unanswered" : "refused";
};

interface Facts {
  readonly code: string;
  readonly status: number | null;
  readonly message: string;
  readonly requestId: string | null;
}

const MAX_MESSAGE = 300;

const factsOf = (error: unknown): Facts => {
  const {
    name,
    message,
    code,
    $metadata: metadata,
    $response: response,
  } = error as {
    readonly name?: unknown;
    readonly message?: unknown;
    readonly code?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: unknown; readonly requestId?: unknown };
    readonly $response?: { readonly statusCode?: unknown };
  };
  // An answer that is no XML fails in the parser: its status is on the response alone.
  const status = [metadata?.httpStatusCode, response?.statusCode].find((one) => typeof one === "number");
  const text = typeof message === "string" ? message.slice(0, MAX_MESSAGE) : "";
  const named = typeof name === "string" && name !== "Error" && name !== "Unknown" ? name : null;
  return {
    code: named ?? (typeof code === "string" ? code : text),
    status: status ?? null,
    message: text === "UnknownError" ? "" : text,
    requestId: typeof metadata?.requestId === "string" ? (metadata.requestId.split(",")[0] ?? null) : null,
  };
};

/** Says what a request's error means. An error of our own, other than a deadline that passed, is thrown on. */
export const s3Failure = (error: unknown): S3Failure => {
  if (isRoadstreamError(error)) {
    if (error.code !== "timeout") throw error;
    return { kind: "unanswered", told: error.message, hint: null };
  }
  if (typeof error !== "object" || error === null)
    return { kind: "unanswered", told: String(error), hint: null };
  const { code, status, message, requestId } = factsOf(error);
  const words = [status, code, message === code ? "" : message].filter(
    (word) => word !== null && word !== "",
  );
  const told = words.join(" ") + (requestId === null ? "" : ` (request ${requestId})`);
  return { kind: kindOf(code, status), told, hint: hintOf(code, status) };
};

/**
 * The error that a caller sees. The SDK's own is not kept as its cause: it carries the request's key id and the text
 * that was signed.
 */
export const s3Error = (what: string, failure: S3Failure): RoadstreamError => {
  const { kind, told, hint } = failure;
  const code = kind === "refused" || kind === "taken" ? "refused" : "unavailable";
  return new RoadstreamError(code, `${what}: S3: ${told}`, hint === null ? {} : { hint });
};
