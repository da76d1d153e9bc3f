import { RoadstreamError } from "@roadstream/shared";

/** Where a Redshift warehouse is, and who may do what. */
export interface RedshiftSettings {
  readonly database: string;
  /** Serverless by its workgroup, provisioned by its cluster. */
  readonly target:
    | { readonly kind: "workgroup"; readonly name: string }
    /** A user of null: the one that the caller's IAM identity is. */
    | { readonly kind: "cluster"; readonly name: string; readonly user: string | null };
  /** Null: as the SDK finds it. */
  readonly region: string | null;
  readonly schema: string;
  /** ARN of a secret in Secrets Manager with user and password; null: temporary credentials of the caller's IAM identity. */
  readonly secret: string | null;
  /** With which Redshift itself reads the lake; null: the default that its owner has set. */
  readonly iamRole: string | null;
  /** The name under which the Glue database appears in Redshift; null: it does not. */
  readonly externalSchema: string | null;
}

const SCHEME = "redshift://";
const REDSHIFT_FORM =
  "redshift://WORKGROUP/DATABASE?region=…&schema=…&iam_role=ARN&secret=ARN&external_schema=…, or redshift://CLUSTER/DATABASE?cluster=true&user=…";

const PATTERNS = {
  region: /^[a-z]{2}(?:-[a-z]+)+-\d$/,
  schema: /^[a-z_][a-z0-9_]{0,126}$/,
  external_schema: /^[a-z_][a-z0-9_]{0,126}$/,
  secret: /^arn:[\w:/+=,.@-]{10,2000}$/,
  iam_role: /^(?:default|arn:[\w:/+=,.@-]{10,2000})$/,
  user: /^[\w.:@-]{1,128}$/,
  cluster: /^true$/,
} as const;
type Parameter = keyof typeof PATTERNS;

export const isRedshiftUrl = (text: string): boolean => text.startsWith(SCHEME);

const wrong = (message: string): RoadstreamError =>
  new RoadstreamError("usage", message, { hint: REDSHIFT_FORM });

const parameters = (url: URL): Partial<Record<Parameter, string>> => {
  const found: Partial<Record<Parameter, string>> = {};
  for (const [name, value] of url.searchParams) {
    if (!Object.hasOwn(PATTERNS, name)) throw wrong(`the warehouse knows no ${name}`);
    const parameter = name as Parameter;
    if (!PATTERNS[parameter].test(value)) throw wrong(`not a ${name} of a warehouse: ${value}`);
    found[parameter] = value;
  }
  return found;
};

/** Reads the URL of a Redshift warehouse. Throws `usage`. */
export const redshiftSettings = (text: string): RedshiftSettings => {
  const url = URL.parse(text);
  const name = url?.hostname ?? "";
  const database = url?.pathname.slice(1) ?? "";
  if (url === null || !/^[a-z0-9-]{1,128}$/.test(name) || !/^[a-z_][\w-]{0,126}$/.test(database))
    throw wrong("not a Redshift warehouse");
  // They would come to light in process lists and logs.
  if (url.username !== "" || url.password !== "" || url.port !== "")
    throw wrong("a warehouse has no port, and its user and password belong into a secret");
  const {
    region,
    schema,
    secret,
    user,
    cluster,
    iam_role: role,
    external_schema: external,
  } = parameters(url);
  if (user !== undefined && cluster === undefined) throw wrong("user= goes with cluster=true only");
  return {
    database,
    target:
      cluster === undefined ? { kind: "workgroup", name } : { kind: "cluster", name, user: user ?? null },
    region: region ?? null,
    schema: schema ?? "public",
    secret: secret ?? null,
    iamRole: role === undefined || role === "default" ? null : role,
    externalSchema: external ?? null,
  };
};
