import { DuckDbRedshift, RedshiftStandIn } from "@roadstream/cloud/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StageExit } from "../../processes/start-stage.ts";
import { services } from "../services.ts";
import { AwsBed, type RoleName } from "./aws-bed.ts";
import { REFUSED } from "./refused-calls.ts";
import { athena, glue, redshift, s3 } from "./requests.ts";

/**
 * The programs themselves, each under exactly the policy that its role has in the templates. Who refuses is the gatekeeper,
 * by the policy as it stands; and moto behind it, by as much of the policy as moto understands.
 */
describe.skipIf(services("moto").skip)("under its generated policy", () => {
  let bed: AwsBed;
  beforeAll(async () => {
    bed = await AwsBed.open();
    await bed.drive();
  });
  afterAll(() => bed?.[Symbol.asyncDispose]());

  const unrefused = async (run: () => Promise<StageExit>): Promise<string> => {
    const from = bed.gatekeeper.seen.length;
    const ended = await run();
    const refused = bed.gatekeeper.seen.slice(from).filter(({ isAllowed }) => !isAllowed);
    expect({ refused, code: ended.code, stderr: ended.code === 0 ? "" : ended.stderr }).toEqual({
      refused: [],
      code: 0,
      stderr: "",
    });
    return ended.stdout;
  };
  const succeeds = (role: RoleName, ...args: readonly string[]): Promise<string> =>
    unrefused(() => bed.cloud(role, ...args));
  /** By the command and the role that the template gives the task. */
  const taskSucceeds = (name: string, ...more: readonly string[]): Promise<string> =>
    unrefused(() => bed.task(name, ...more));
  const allowed = async (
    role: RoleName,
    ...requests: readonly Parameters<AwsBed["ask"]>[1][]
  ): Promise<void> => {
    for (const request of requests)
      expect(await bed.ask(role, request), request.path).not.toMatch(/AccessDenied/);
  };
  const someDataFile = async (): Promise<string> => {
    const { files } = JSON.parse(await succeeds("watcher", "files", "gps_data", "--json")) as {
      readonly files: readonly { readonly location: string }[];
    };
    return /lake\/.*/.exec(files[0]?.location ?? "")?.[0] ?? "";
  };

  test("cloud run makes the tables and lands what comes", async () => {
    await taskSucceeds("worker", "--until-drained");
    await bed.drive();
    await taskSucceeds("worker", "--until-drained");
  });

  test("cloud run's store takes what is large, trims metadata, and neither overwrites nor removes anything else", async () => {
    await using lake = await bed.lake("worker");
    const { store } = lake;
    const large = new Uint8Array(17 * 1024 * 1024);
    expect(await store.putIfAbsent("pictures/car-9/large.jpg", large)).toBe("created");
    expect(await store.putIfAbsent("gps_data/metadata/old.avro", new Uint8Array(1))).toBe("created");
    await store.put("gps_data/metadata/version-hint.text", new Uint8Array(1));
    await store.delete(["gps_data/metadata/old.avro"]);
    await expect(store.put("pictures/car-9/large.jpg", large)).rejects.toMatchObject({ code: "refused" });
    await expect(store.put("gps_data/data/new.parquet", new Uint8Array(1))).rejects.toMatchObject({
      code: "refused",
    });
    await expect(store.delete(["pictures/car-9/large.jpg"])).rejects.toMatchObject({ code: "refused" });
  });

  test("cloud status, verify, files, and sql by DuckDB read only", async () => {
    // It may find an alarm, on a busy machine.
    await unrefused(async () => ({ ...(await bed.task("status")), code: 0 }));
    await succeeds("watcher", "verify");
    expect(await someDataFile()).toMatch(/\.parquet$/);
    await succeeds("watcher", "sql", "SELECT count(*) FROM moments");
    await succeeds("watcher", "dead-letters", "list");
    expect(
      new Set(bed.gatekeeper.seen.filter(({ role }) => role === "watcher").map(({ action }) => action)),
    ).toEqual(new Set(["s3:ListBucket", "s3:GetObject", "kms:Decrypt", "glue:GetDatabase", "glue:GetTable"]));
  });

  test("cloud sql asks Athena, and Athena reads and writes in the analyst's name", async () => {
    const file = await someDataFile();
    await succeeds("analyst", "sql", "SELECT 1 AS one", "--engine", "athena");
    await allowed(
      "analyst",
      athena("StopQueryExecution", { QueryExecutionId: "00000000-0000-0000-0000-000000000000" }),
      athena("GetQueryResultsStream", { QueryExecutionId: "one" }),
      athena("GetDataCatalog", { Name: "AwsDataCatalog" }),
      ...["GetDatabase", "ListDatabases", "GetTableMetadata", "ListTableMetadata"].map((action) =>
        athena(action, { CatalogName: "AwsDataCatalog", DatabaseName: "roadstream" }),
      ),
      glue("GetDatabases", {}),
      glue("GetTables", { DatabaseName: "roadstream" }),
      glue("GetDatabase", { Name: "roadstream" }),
      glue("GetTable", { DatabaseName: "roadstream", Name: "gps_data" }),
      s3("GET", "?location"),
      s3("GET", "?list-type=2&prefix=lake%2Fgps_data%2F"),
      s3("GET", file),
      s3("GET", "?location", { bucket: "results" }),
      s3("GET", "?list-type=2&prefix=athena-results%2F", { bucket: "results" }),
      s3("GET", "?uploads=", { bucket: "results" }),
      s3("PUT", "athena-results/one.csv", { bucket: "results", body: "one" }),
      s3("GET", "athena-results/one.csv", { bucket: "results" }),
      s3("GET", "athena-results/one.csv?uploadId=none", { bucket: "results" }),
      s3("DELETE", "athena-results/one.csv?uploadId=none", { bucket: "results" }),
      redshift("ExecuteStatement", { WorkgroupName: "roadstream", Database: "roadstream", Sql: "SELECT 1" }),
      redshift("DescribeStatement", { Id: "one" }),
    );
  });

  test("Redshift's COPY and its external schema read data files, lists of them, and the catalog", async () => {
    await allowed(
      "redshift",
      s3("GET", "?location"),
      s3("GET", "?list-type=2&prefix=lake%2Fgps_data%2F"),
      s3("GET", await someDataFile()),
      s3("GET", "lake/warehouse/gps_data/one.manifest"),
      glue("GetDatabases", {}),
      glue("GetTables", { DatabaseName: "roadstream" }),
      glue("GetDatabase", { Name: "roadstream" }),
      glue("GetTable", { DatabaseName: "roadstream", Name: "gps_data" }),
      glue("GetPartitions", { DatabaseName: "roadstream", TableName: "gps_data" }),
    );
  });

  test("cloud load lists files for COPY, and Redshift reads them under a role of its own", async () => {
    const engine = await DuckDbRedshift.open();
    await using standIn = new RedshiftStandIn(engine);
    bed.elsewhere.set("redshift-data", await standIn.listen());
    await using lake = await bed.lake("redshift");
    engine.stores.push(lake.store);
    const { tables } = JSON.parse(await taskSucceeds("load", "--json")) as {
      readonly tables: readonly { readonly rows: number }[];
    };
    expect(tables.reduce((sum, { rows }) => sum + rows, 0)).toBeGreaterThan(100);
  });

  test.each(REFUSED)("$role may not $what", async ({ role, request, isBeyondMoto }) => {
    expect(await bed.ask(role, request)).toMatch(/^40[03] .*AccessDenied/s);
    if (isBeyondMoto !== true)
      expect(await bed.ask(role, request, "moto")).toMatch(/^40[03] .*AccessDenied/s);
  });

  test("housekeeping compacts, expires, looks for orphans, and erases a vehicle", async () => {
    await taskSucceeds("compact", "--today");
    await taskSucceeds("expire", "--older-than", "0s");
    await taskSucceeds("orphans");
    await taskSucceeds("retain", "traffic_data", "--days", "1");
    await succeeds("keeper", "rebuild", "gps_data");
    await succeeds("keeper", "erase", "--vehicle", "car-1");
    expect(
      await succeeds("watcher", "sql", "SELECT count(*) AS rows FROM gps_data", "--format", "csv"),
    ).toContain("0");
  });

  test("nothing is granted that was not needed", () => {
    const used = (role: RoleName): ReadonlySet<string> =>
      new Set(
        bed.gatekeeper.seen
          .filter((call) => call.role === role && call.isAllowed)
          .map(({ action }) => action),
      );
    const granted = (role: RoleName): readonly string[] =>
      bed.templates
        .policyOf(`roadstream-${role}`)
        .Statement.filter(({ Effect: effect }) => effect === "Allow")
        .flatMap(({ Action: action }) => action as string | readonly string[]);
    const idle = (
      ["gateway", "worker", "keeper", "watcher", "analyst", "redshift", "loader"] as const
    ).flatMap((role) =>
      [...new Set(granted(role))]
        .filter((action) => !used(role).has(action))
        .map((action) => `${role} ${action}`),
    );
    expect(idle.toSorted()).toEqual(UNSEEN);
  });
});

/** Granted, and used by what moto does not play: see docs/aws.md. */
const UNSEEN = [
  "analyst redshift-data:CancelStatement",
  "analyst redshift-data:GetStatementResult",
  "analyst redshift-serverless:GetCredentials",
  "analyst redshift-serverless:GetWorkgroup",
  // After an upload that failed: proven for the worker.
  "keeper s3:AbortMultipartUpload",
  // When it is stopped in the middle of a batch.
  "loader redshift-data:CancelStatement",
  // The Data API asks for it in the loader's name.
  "loader redshift-serverless:GetCredentials",
];
