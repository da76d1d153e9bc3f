import type { Call } from "./judge-call.ts";
import { ACCOUNT, REGION } from "./templates.ts";

/** An HTTP request of an AWS client, S3's with the bucket in the path. */
export interface AwsRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface CallsOptions {
  /** Buckets by name, with the key that S3 uses in the name of who asks. */
  readonly keyOf: (bucket: string) => string | null;
  readonly workgroup: string;
  readonly warehouseArn: string;
  /** `${aws:userid}` of who asks. */
  readonly userId: string;
}

const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;

/** The service that a request is signed for. */
export const serviceOf = ({ headers }: AwsRequest): string =>
  /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers["authorization"] ?? "")?.[1] ?? "";

/** Every action that IAM is asked about before a request is carried out. Throws for a request that nobody here should make. */
export const callsOf = (request: AwsRequest, options: CallsOptions): readonly Call[] =>
  serviceOf(request) === "s3" ? s3Calls(request, options) : jsonCalls(request, options);

const s3Calls = (request: AwsRequest, { keyOf }: CallsOptions): readonly Call[] => {
  const url = new URL(request.path, "http://s3");
  const [bucket = "", ...rest] = url.pathname.slice(1).split("/").map(decodeURIComponent);
  const objectKey = rest.join("/");
  const bucketArn = `arn:aws:s3:::${bucket}`;
  const query = url.searchParams;
  const on = (action: string, resource: string, context: Call["context"] = {}): Call => ({
    action: `s3:${action}`,
    resource,
    context,
  });
  if (objectKey === "") return bucketCalls(request, { on, bucketArn, query });
  const object = `${bucketArn}/${objectKey}`;
  const key = keyOf(bucket);
  const withKey = (call: Call, ...actions: readonly string[]): readonly Call[] => [
    call,
    ...(key === null ? [] : actions).map((action) => ({
      action: `kms:${action}`,
      resource: key ?? "",
      context: { "kms:ViaService": `s3.${REGION}.amazonaws.com` },
    })),
  ];
  const isUpload = query.has("uploadId");
  switch (request.method) {
    case "GET":
      return isUpload
        ? [on("ListMultipartUploadParts", object)]
        : withKey(on("GetObject", object), "Decrypt");
    case "HEAD":
      return withKey(on("GetObject", object), "Decrypt");
    case "PUT":
      return query.has("partNumber")
        ? withKey(on("PutObject", object, creation(request, false)), "GenerateDataKey", "Decrypt")
        : withKey(on("PutObject", object, creation(request, true)), "GenerateDataKey");
    case "POST":
      return withKey(on("PutObject", object, creation(request, isUpload)), "GenerateDataKey", "Decrypt");
    case "DELETE":
      return [on(isUpload ? "AbortMultipartUpload" : "DeleteObject", object)];
    default:
      throw new Error(`${request.method} ${request.path}`);
  }
};

/** The parts of an upload make no object, and cannot say that there must be none yet. */
const creation = ({ headers }: AwsRequest, makesObject: boolean): Call["context"] => ({
  "s3:ObjectCreationOperation": String(makesObject),
  ...(headers["if-none-match"] === undefined ? {} : { "s3:if-none-match": headers["if-none-match"] }),
});

interface OnBucket {
  readonly on: (action: string, resource: string, context?: Call["context"]) => Call;
  readonly bucketArn: string;
  readonly query: URLSearchParams;
}

const bucketCalls = (request: AwsRequest, { on, bucketArn, query }: OnBucket): readonly Call[] => {
  const what = `${request.method} ${[...query.keys()].toSorted().join("&")}`;
  if (request.method === "POST" && query.has("delete")) {
    const keys = [...request.body.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => key);
    return keys.map((key) => on("DeleteObject", `${bucketArn}/${key}`));
  }
  if (request.method === "GET" && query.has("list-type"))
    return [on("ListBucket", bucketArn, { "s3:prefix": query.get("prefix") ?? "" })];
  const BY_QUERY: Readonly<Record<string, string>> = {
    "GET location": "GetBucketLocation",
    "GET uploads": "ListBucketMultipartUploads",
    "PUT policy": "PutBucketPolicy",
    "PUT lifecycle": "PutLifecycleConfiguration",
    "DELETE ": "DeleteBucket",
  };
  const action = BY_QUERY[what];
  if (action === undefined) throw new Error(`no action known for ${what}`);
  return [on(action, bucketArn)];
};

/** The fields of requests by which a resource is named. */
interface AwsBody {
  readonly WorkGroup?: string;
  readonly CatalogName?: string;
  readonly WorkgroupName?: string;
  readonly SecretId?: string;
  readonly DatabaseName?: string;
  readonly Name?: string;
  readonly TableInput?: { readonly Name?: string };
}

const SERVICES: Readonly<Record<string, string>> = {
  AWSGlue: "glue",
  AmazonAthena: "athena",
  RedshiftData: "redshift-data",
  secretsmanager: "secretsmanager",
};

const jsonCalls = (request: AwsRequest, options: CallsOptions): readonly Call[] => {
  const [prefix = "", action = ""] = (request.headers["x-amz-target"] ?? "").split(".");
  const service = SERVICES[prefix];
  if (service === undefined) throw new Error(`no service known for ${prefix}.${action}`);
  const body = JSON.parse(request.body === "" ? "{}" : request.body) as AwsBody;
  const resources = {
    glue: () => glueResources(body),
    athena: () => [
      arn(
        "athena",
        /Catalog|Database|TableMetadata/.test(action)
          ? `datacatalog/${body.CatalogName ?? body.Name ?? ""}`
          : `workgroup/${body.WorkGroup ?? options.workgroup}`,
      ),
    ],
    "redshift-data": () => (body.WorkgroupName === undefined ? ["*"] : [options.warehouseArn]),
    secretsmanager: () => [arn("secretsmanager", `secret:${body.SecretId ?? ""}`)],
  }[service] as () => readonly string[];
  const context = {
    "aws:userid": options.userId,
    ...(service === "redshift-data" ? { "redshift-data:statement-owner-iam-userid": options.userId } : {}),
  };
  return resources().map((resource) => ({ action: `${service}:${action}`, resource, context }));
};

/** Glue asks for the catalog, the database and the table, all three. */
const glueResources = (body: AwsBody): readonly string[] => {
  const { DatabaseName: ofTable, Name: ofBody, TableInput: input } = body;
  const database = ofTable ?? ofBody;
  const table = input?.Name ?? (ofTable === undefined ? undefined : ofBody);
  return [
    arn("glue", "catalog"),
    ...(database === undefined ? [] : [arn("glue", `database/${database}`)]),
    ...(table === undefined ? [] : [arn("glue", `table/${database}/${table}`)]),
  ];
};
