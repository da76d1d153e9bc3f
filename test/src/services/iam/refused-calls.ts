import type { AskedFor, RoleName } from "./aws-bed.ts";
import { athena, glue, json, redshift, s3 } from "./requests.ts";

export interface RefusedCall {
  readonly role: RoleName;
  readonly what: string;
  readonly request: AskedFor;
  /** moto compares resources of S3's objects only, and knows no conditions. */
  readonly isBeyondMoto?: true;
}

const readLake = s3("GET", "lake/gps_data/metadata/v1.metadata.json");
const writeLake = s3("PUT", "lake/gps_data/data/evil.parquet", { body: "x" });
const listLake = s3("GET", "?list-type=2&prefix=lake%2F");
const deleteData = s3("DELETE", "lake/gps_data/data/one.parquet");
const moveTable = glue("UpdateTable", { DatabaseName: "roadstream", TableInput: { Name: "gps_data" } });
const dropTable = glue("DeleteTable", { DatabaseName: "roadstream", Name: "gps_data" });
const startQuery = athena("StartQueryExecution", { QueryString: "SELECT 1", WorkGroup: "roadstream" });
const readSecret = json("secretsmanager", "secretsmanager.GetSecretValue", {
  SecretId: "AmazonMSK_roadstream_cloud",
});
const policy = JSON.stringify({ Version: "2012-10-17", Statement: [] });

const each = (
  roles: readonly RoleName[],
  what: string,
  request: AskedFor,
  isBeyondMoto?: true,
): readonly RefusedCall[] =>
  roles.map((role) => ({ role, what, request, ...(isBeyondMoto === undefined ? {} : { isBeyondMoto }) }));

const ALL: readonly RoleName[] = ["gateway", "worker", "keeper", "watcher", "analyst", "redshift", "loader"];
const READERS: readonly RoleName[] = ["gateway", "watcher", "analyst", "redshift", "loader"];

/** What each process must not do, whatever its code becomes or whoever takes it over. */
export const REFUSED: readonly RefusedCall[] = [
  ...each(ALL, "delete the lake's bucket", s3("DELETE", "")),
  ...each(ALL, "change the bucket's policy", s3("PUT", "?policy=", { body: policy })),
  ...each(ALL, "change what the bucket keeps", s3("PUT", "?lifecycle=", { body: "<x/>" })),
  ...each(ALL, "read a secret", readSecret),
  ...each(ALL, "drop a table", dropTable),
  ...each(READERS, "write to a table's folder", writeLake),
  ...each([...READERS, "worker"], "delete a data file", deleteData),
  ...each(READERS, "move a table to another version", moveTable),
  ...each(["gateway"], "read the lake", readLake),
  ...each(["gateway"], "list the lake", listLake),
  ...each(["gateway"], "see the catalog", glue("GetTable", { DatabaseName: "roadstream", Name: "gps_data" })),
  ...each(["gateway", "worker", "keeper", "watcher", "redshift", "loader"], "ask Athena", startQuery),
  ...each(
    ["gateway", "worker", "keeper", "watcher", "redshift"],
    "speak to Redshift",
    redshift("BatchExecuteStatement", {
      WorkgroupName: "roadstream",
      Database: "roadstream",
      Sqls: ["SELECT 1"],
    }),
  ),
  ...each(["worker", "keeper"], "overwrite a data file", writeLake, true),
  ...each(
    ["worker", "keeper", "watcher", "analyst", "redshift", "loader"],
    "list what is not the lake",
    s3("GET", "?list-type=2&prefix=other%2F"),
    true,
  ),
  ...each(
    ["worker", "keeper", "watcher", "analyst", "redshift", "loader"],
    "read what is not the lake",
    s3("GET", "other/secret.txt"),
  ),
  ...each(["worker", "keeper", "watcher", "redshift", "loader"], "read results of queries", {
    ...s3("GET", "athena-results/one.csv", { bucket: "results" }),
  }),
  ...each(
    ["worker", "keeper"],
    "make a table in another database",
    glue("CreateTable", { DatabaseName: "payroll", TableInput: { Name: "people" } }),
    true,
  ),
  ...each(
    ["worker", "watcher", "analyst", "redshift", "loader"],
    "see another database",
    glue("GetTable", { DatabaseName: "payroll", Name: "people" }),
    true,
  ),
  ...each(
    ["analyst"],
    "ask in a workgroup without a limit",
    athena("StartQueryExecution", { QueryString: "SELECT 1", WorkGroup: "primary" }),
    true,
  ),
];
