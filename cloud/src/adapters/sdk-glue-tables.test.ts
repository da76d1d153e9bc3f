import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { GlueContent } from "../lake/glue-tables.ts";
import { nodeSha256 } from "@roadstream/shared/adapters";
import { VirtualClock } from "@roadstream/shared/testing";
import { FileCatalog } from "../lake/file-catalog.ts";
import { GlueCatalog } from "../lake/glue-catalog.ts";
import { tableCatalogContract } from "../lake/table-catalog.contract.ts";
import type { AwsJsonFault } from "../testing/aws-json-server.ts";
import { GlueStandIn } from "../testing/glue-stand-in.ts";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import { SdkGlueTables } from "./sdk-glue-tables.ts";

const content = (location: string): GlueContent => ({
  location: "s3://lake/gps_data",
  description: "fixes",
  parameters: { table_type: "ICEBERG", metadata_location: location },
  columns: [{ name: "seq", type: "bigint", comment: "its number", parameters: { "iceberg.field.id": "3" } }],
});

/** More than the SDK's own repeats. */
const ALWAYS = 1000;

const listening = async (): Promise<{ readonly standIn: GlueStandIn; readonly tables: SdkGlueTables }> => {
  const standIn = new GlueStandIn("lake");
  vi.stubEnv("AWS_ENDPOINT_URL_GLUE", await standIn.listen());
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  return { standIn, tables: new SdkGlueTables({ database: "lake", region: "us-east-1" }) };
};

tableCatalogContract("Glue, through its SDK", async () => {
  const { standIn, tables: glue } = await listening();
  const clock = new VirtualClock();
  const store = new MemoryObjectStore(clock);
  return {
    open: () => {
      const files = new FileCatalog({ store, table: "gps_data" });
      return new GlueCatalog({ store, table: "gps_data", glue, files, sha256: nodeSha256 });
    },
    fault: (what) => {
      const kind = what === "lost_request" ? "drop_before" : "drop_after";
      standIn.fault = what === null ? null : { operation: "UpdateTable", kind, times: ALWAYS };
    },
    [Symbol.asyncDispose]: async () => {
      glue[Symbol.dispose]();
      await standIn[Symbol.asyncDispose]();
      vi.unstubAllEnvs();
    },
  };
});

describe("Glue through its SDK", () => {
  let standIn: GlueStandIn;
  let tables: SdkGlueTables;
  const fail = (operation: string, kind: AwsJsonFault, times: number): void => {
    standIn.fault = { operation, kind, times };
  };

  beforeEach(async () => {
    ({ standIn, tables } = await listening());
  });

  afterEach(async () => {
    tables[Symbol.dispose]();
    await standIn[Symbol.asyncDispose]();
    vi.unstubAllEnvs();
  });

  test("a table is made once, read back, and replaced only on the version that was read", async () => {
    await tables.checkDatabase();
    expect(await tables.get("gps_data")).toBeNull();
    expect(await tables.create("gps_data", content("s3://lake/1"))).toBe("created");
    expect(await tables.create("gps_data", content("s3://lake/1"))).toBe("exists");
    expect(await tables.get("gps_data")).toEqual({
      versionId: "0",
      parameters: { table_type: "ICEBERG", metadata_location: "s3://lake/1" },
    });
    expect(await tables.replace("gps_data", "0", content("s3://lake/2"))).toBe("replaced");
    expect(await tables.replace("gps_data", "0", content("s3://lake/3"))).toBe("moved_on");
    expect((await tables.get("gps_data"))?.parameters["metadata_location"]).toBe("s3://lake/2");
  });

  test("of writers that race on one version, one wins", async () => {
    await tables.create("gps_data", content("s3://lake/1"));
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => tables.replace("gps_data", "0", content(`s3://lake/w${i}`))),
    );
    expect(answers.filter((answer) => answer === "replaced").length).toBe(1);
    expect(answers.filter((answer) => answer === "moved_on").length).toBe(7);
  });

  test("what others said of a table stays with an update", async () => {
    standIn.tables.set("gps_data", {
      version: 0,
      input: {
        Name: "gps_data",
        Owner: "analysts",
        Parameters: { classification: "parquet", metadata_location: "s3://lake/1" },
        StorageDescriptor: { InputFormat: "theirs", Columns: [] },
      },
    });
    await tables.replace("gps_data", "0", content("s3://lake/2"));
    expect(standIn.tables.get("gps_data")?.input).toMatchObject({
      Owner: "analysts",
      Parameters: { classification: "parquet", metadata_location: "s3://lake/2", table_type: "ICEBERG" },
      StorageDescriptor: { InputFormat: "theirs", Columns: [{ Name: "seq", Comment: "its number" }] },
    });
  });

  test("an answer lost after the update: the SDK's repeat is told that the version moved on", async () => {
    await tables.create("gps_data", content("s3://lake/1"));
    fail("UpdateTable", "drop_after", 1);
    expect(await tables.replace("gps_data", "0", content("s3://lake/2"))).toBe("moved_on");
    expect((await tables.get("gps_data"))?.parameters["metadata_location"]).toBe("s3://lake/2");
  });

  test.each<AwsJsonFault>(["drop_before", "error_500", "throttled"])(
    "an update that only ever meets %s is unknown; one that meets it once lands",
    async (kind) => {
      await tables.create("gps_data", content("s3://lake/1"));
      fail("UpdateTable", kind, 10);
      expect(await tables.replace("gps_data", "0", content("s3://lake/2"))).toBe("unknown");
      fail("UpdateTable", kind, 1);
      expect(await tables.replace("gps_data", "0", content("s3://lake/2"))).toBe("replaced");
    },
  );

  test("a denial is refused with what the role needs, and an unreachable Glue is unavailable", async () => {
    fail("GetTable", "denied", 1);
    await expect(tables.get("gps_data")).rejects.toMatchObject({
      code: "refused",
      hint: expect.stringContaining("glue:UpdateTable") as string,
    });
    fail("GetTable", "error_500", 10);
    await expect(tables.get("gps_data")).rejects.toMatchObject({ code: "unavailable" });
  });

  test("a database that does not exist is a wrong setting, with the command that makes it", async () => {
    const elsewhere = new SdkGlueTables({ database: "nowhere", region: "us-east-1" });
    await expect(elsewhere.checkDatabase()).rejects.toMatchObject({
      code: "usage",
      hint: expect.stringContaining("create-database") as string,
    });
    elsewhere[Symbol.dispose]();
  });
});
