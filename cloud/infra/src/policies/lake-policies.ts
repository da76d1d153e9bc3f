import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { LAKE_PREFIX, RESULTS_PREFIX } from "../names.ts";

/** Where the lake is, as ARNs. */
export interface LakePlace {
  readonly bucketArn: string;
  readonly resultsArn: string;
  readonly keyArn: string;
  /** The Glue database's catalog, database and tables. */
  readonly glueArns: readonly string[];
  readonly workgroupArn: string;
  /** Glue, as Athena calls it. */
  readonly dataCatalogArn: string;
  /** `s3.<region>.amazonaws.com`: the key may be used through S3 only. */
  readonly s3Service: string;
}

export const allow = (
  sid: string,
  actions: readonly string[],
  resources: readonly string[],
  conditions?: Readonly<Record<string, unknown>>,
): PolicyStatement =>
  new PolicyStatement({
    sid,
    actions: [...actions],
    resources: [...resources],
    ...(conditions === undefined ? {} : { conditions }),
  });

const objects = ({ bucketArn }: LakePlace, below: string): string => `${bucketArn}/${LAKE_PREFIX}/${below}`;

/** S3 uses the key in the name of who asks it. */
export const lakeKey = (place: LakePlace, sid: string, actions: readonly string[]): PolicyStatement =>
  allow(sid, actions, [place.keyArn], { StringEquals: { "kms:ViaService": place.s3Service } });

const reading = (place: LakePlace): readonly PolicyStatement[] => [
  // Without it S3 answers 403 for an object that is merely absent.
  allow("ListLake", ["s3:ListBucket"], [place.bucketArn], {
    StringLike: { "s3:prefix": [`${LAKE_PREFIX}/*`] },
  }),
  allow("ReadLake", ["s3:GetObject"], [objects(place, "*")]),
];

const writing = (place: LakePlace): readonly PolicyStatement[] => [
  allow("WriteLake", ["s3:PutObject", "s3:AbortMultipartUpload"], [objects(place, "*")]),
  // A name is never used twice: what is in the lake cannot be overwritten, by a defect of ours either.
  new PolicyStatement({
    sid: "OverwriteNothing",
    effect: Effect.DENY,
    actions: ["s3:PutObject"],
    notResources: [objects(place, "*/metadata/version-hint.text")],
    conditions: {
      Null: { "s3:if-none-match": "true" },
      // The parts of a multipart upload make no object; its completion does.
      Bool: { "s3:ObjectCreationOperation": "true" },
    },
  }),
  lakeKey(place, "LakeKeyBothWays", ["kms:GenerateDataKey", "kms:Decrypt"]),
];

const readingCatalog = (place: LakePlace): PolicyStatement =>
  allow("ReadCatalog", ["glue:GetDatabase", "glue:GetTable"], place.glueArns);

const movingCatalog = (place: LakePlace): PolicyStatement =>
  allow("MoveCatalog", ["glue:CreateTable", "glue:UpdateTable"], place.glueArns);

/** `cloud run --no-retain`: it adds, and of what is there it removes old metadata only. */
export const workerPolicy = (place: LakePlace): readonly PolicyStatement[] => [
  ...reading(place),
  ...writing(place),
  allow("TrimMetadata", ["s3:DeleteObject"], [objects(place, "*/metadata/*")]),
  readingCatalog(place),
  movingCatalog(place),
];

/** `cloud compact`, `expire`, `orphans`, `rebuild`, `retain`, `erase`, and whatever else must remove rows' files for good. */
export const keeperPolicy = (place: LakePlace): readonly PolicyStatement[] => [
  ...reading(place),
  ...writing(place),
  allow("RemoveObjects", ["s3:DeleteObject"], [objects(place, "*")]),
  readingCatalog(place),
  movingCatalog(place),
];

/** `cloud status`, `verify`, `trace`, `files`, and `sql` by DuckDB. */
export const watcherPolicy = (place: LakePlace): readonly PolicyStatement[] => [
  ...reading(place),
  lakeKey(place, "LakeKeyToRead", ["kms:Decrypt"]),
  readingCatalog(place),
];

/** `cloud sql --engine athena`, and Athena's drivers. Athena reads the lake and writes results in the analyst's name. */
export const analystPolicy = (place: LakePlace): readonly PolicyStatement[] => [
  ...reading(place),
  allow("WhereTheLakeIs", ["s3:GetBucketLocation"], [place.bucketArn, place.resultsArn]),
  allow("ListResults", ["s3:ListBucket", "s3:ListBucketMultipartUploads"], [place.resultsArn]),
  allow(
    "WriteResults",
    ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
    [`${place.resultsArn}/${RESULTS_PREFIX}/*`],
  ),
  lakeKey(place, "LakeKeyBothWays", ["kms:GenerateDataKey", "kms:Decrypt"]),
  allow(
    "ReadCatalog",
    ["glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables"],
    place.glueArns,
  ),
  allow(
    "AskAthena",
    [
      "athena:GetWorkGroup",
      "athena:StartQueryExecution",
      "athena:GetQueryExecution",
      "athena:GetQueryResults",
      "athena:StopQueryExecution",
      "athena:GetQueryResultsStream",
    ],
    [place.workgroupArn],
  ),
  // How drivers show what there is to ask.
  allow(
    "SeeWhatThereIs",
    [
      "athena:GetDataCatalog",
      "athena:GetDatabase",
      "athena:ListDatabases",
      "athena:GetTableMetadata",
      "athena:ListTableMetadata",
    ],
    [place.dataCatalogArn],
  ),
];

/** Redshift itself: COPY of data files, and the external schema over the Glue database. It writes nothing. */
export const redshiftPolicy = (place: LakePlace): readonly PolicyStatement[] => [
  ...reading(place),
  allow("WhereTheLakeIs", ["s3:GetBucketLocation"], [place.bucketArn]),
  lakeKey(place, "LakeKeyToRead", ["kms:Decrypt"]),
  allow(
    "ReadCatalog",
    ["glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables", "glue:GetPartitions"],
    place.glueArns,
  ),
];
