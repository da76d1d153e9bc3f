import { DuckDbEngine, filesNaming, GlueStandIn, tableDefinition } from "@roadstream/cloud/testing";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { glueCatalog, Spark } from "./readers/spark.ts";
import { S3Bed } from "./s3-bed.ts";
import { s3Fleet, type S3Fleet } from "./s3-fleet.ts";
import { services } from "./services.ts";
import { startVersitygw, type RunningVersitygw } from "./versitygw.ts";

/*
 * Spark commits to the tables of a fleet at work: through Glue, whose VersionId decides between it and our workers, on
 * S3. Readings come from cars, through the log; the ledger is the real one, and `verify` has the last word.
 */
const DATABASE = "lake";
const TABLE = `g.${DATABASE}.gps_data`;
const IDENTITY = "concat_ws('/', vehicle_id, boot_id, seq)";
const REWRITE = `CALL g.system.rewrite_data_files(table => '${DATABASE}.gps_data', options => map('rewrite-all', 'true'))`;
const FOREIGN = 3;

/** As our workers name it; Iceberg itself has dashes in its names. */
const OUR_METADATA = /\/\d{5}-[0-9a-f]{32}\.metadata\.json$/;

interface GlueTable {
  readonly Name: string;
  readonly Parameters: Readonly<Record<string, string>>;
}

/** Who is about to commit to gps_data; null: nobody. */
const committerOf = (operation: string, body: Readonly<Record<string, unknown>>): "we" | "spark" | null => {
  const table = body["TableInput"] as GlueTable;
  if (operation !== "UpdateTable" || table.Name !== "gps_data") return null;
  return OUR_METADATA.test(table.Parameters["metadata_location"] ?? "") ? "we" : "spark";
};

describe.skipIf(services("python", "iceberg-spark", "iceberg-aws", "versitygw").skip)(
  "Spark through Glue, between our commits",
  () => {
    let bed: S3Bed<RunningVersitygw>;
    let glue: GlueStandIn;
    let spark: Spark;
    let fleet: S3Fleet;
    let landed = 0;
    let foreign = 0;

    beforeAll(async () => {
      bed = await S3Bed.on(await startVersitygw());
      glue = new GlueStandIn(DATABASE);
      const glueUrl = await glue.listen();
      fleet = s3Fleet(bed, { name: `glue:${DATABASE}`, env: { AWS_ENDPOINT_URL_GLUE: glueUrl } });
      const s3Url = `http://127.0.0.1:${bed.server.port}`;
      spark = await Spark.start(glueCatalog({ glueUrl, s3Url, env: bed.server.env() }));
      await drive("car-1");
      await land();
    });
    afterAll(async () => {
      await spark?.[Symbol.asyncDispose]();
      await glue?.[Symbol.asyncDispose]();
      await bed?.[Symbol.asyncDispose]();
    });

    const drive = (vehicle: string): Promise<void> => fleet.drive(vehicle, ["--gps", "simulated?pace=60"]);

    /** What is in the log, by a worker; says nothing less than some rows. */
    const land = async (): Promise<void> => {
      const run = await fleet.cloud("run", "--log", fleet.log, "--until-drained");
      expect([run.code, run.stderr]).toEqual([0, expect.any(String)]);
      const { tables } = JSON.parse(run.stdout) as { tables: Record<string, { landed: number }> };
      const rows = tables["gps_data"]?.landed ?? 0;
      expect(rows).toBeGreaterThan(10);
      landed += rows;
    };

    /** Rows of a car that never sent any. */
    const insert = async (vehicle: string): Promise<void> => {
      const columns = tableDefinition("gps_data").columns.map(({ name }) =>
        name === "vehicle_id" ? `'${vehicle}'` : name,
      );
      const some = `SELECT * FROM ${TABLE} WHERE vehicle_id = 'car-1' ORDER BY seq LIMIT ${FOREIGN}`;
      await spark.sql(`INSERT INTO ${TABLE} SELECT ${columns.join(", ")} FROM (${some})`);
      foreign += FOREIGN;
    };

    /**
     * Both commit to the table: `first` gets as far as Glue and waits there, with whatever it asks again, until `second`
     * has committed.
     */
    const overtake = async (
      who: "we" | "spark",
      first: () => Promise<unknown>,
      second: () => Promise<unknown>,
    ): Promise<void> => {
      const arrived = Promise.withResolvers<void>();
      const opened = Promise.withResolvers<void>();
      glue.gate = async (operation, body) => {
        if (committerOf(operation, body) !== who) return;
        arrived.resolve();
        await opened.promise;
      };
      const before = glue.overtaken;
      const work = first();
      try {
        await Promise.race([arrived.promise, work.then(() => expect.unreachable("it did not commit"))]);
        await second();
      } finally {
        opened.resolve();
        await work;
        glue.gate = () => Promise.resolve();
      }
      expect(glue.overtaken).toBeGreaterThan(before);
    };

    /** Nothing is lost or doubled, Spark's rows are known as its own, and both read the same rows. */
    const agree = async (): Promise<void> => {
      const verdict = await fleet.cloud("verify", "--log", fleet.log);
      expect([verdict.code, verdict.stderr]).toEqual([0, expect.any(String)]);
      const { clean, totals, problems } = JSON.parse(verdict.stdout) as Record<string, unknown>;
      expect([clean, problems]).toEqual([true, []]);
      expect(totals).toMatchObject({ lost: 0, doubled: 0, in_log: 0, unknown: 0, removed: 0, foreign });
      const count = `SELECT count(*) AS n, count(DISTINCT ${IDENTITY}) AS d FROM`;
      const rows = landed + foreign;
      expect(await spark.sql(`${count} ${TABLE}`)).toEqual([{ n: rows, d: rows }]);
      const ours = await fleet.cloud("sql", `${count} gps_data`);
      expect(JSON.parse(ours.stdout)).toMatchObject({ rows: [{ n: String(rows), d: String(rows) }] });
    };

    /** What main stands on, and what that stands on; a commit of ours says so. */
    const head = async (): Promise<Readonly<Record<string, unknown>> | undefined> => {
      const [row] = await spark.sql(
        `SELECT s.operation, s.summary['roadstream.commit'] IS NOT NULL AS is_ours,
           s.summary['roadstream.attempt'] AS attempt,
           p.operation AS before, p.summary['roadstream.commit'] IS NOT NULL AS is_before_ours
         FROM ${TABLE}.refs r JOIN ${TABLE}.snapshots s ON s.snapshot_id = r.snapshot_id
           JOIN ${TABLE}.snapshots p ON p.snapshot_id = s.parent_id`,
      );
      return row;
    };
    const OURS_ON_FOREIGN = { operation: "append", is_ours: true, before: "append", is_before_ours: false };
    const COMPACTION_ON_OURS = {
      operation: "replace",
      is_ours: false,
      before: "append",
      is_before_ours: true,
    };

    test("its insert is foreign, and our next commit stands on it", async () => {
      await insert("foreign-1");
      await agree();
      await drive("car-2");
      await land();
      expect(await head()).toEqual(OURS_ON_FOREIGN);
      await agree();
    });

    test("its insert comes before a commit of ours that was on its way: ours lands on top, once", async () => {
      await drive("car-3");
      await overtake("we", land, () => insert("foreign-2"));
      await agree();
      expect(await head()).toEqual({ ...OURS_ON_FOREIGN, attempt: "2" });
    });

    test("its compaction changes no row, and our next commit stands on it", async () => {
      await spark.sql(REWRITE);
      expect(await head()).toEqual(COMPACTION_ON_OURS);
      await agree();
      await drive("car-4");
      await land();
      await agree();
    });

    test("a commit of ours comes before its compaction that was on its way: both stand", async () => {
      await drive("car-5");
      await overtake("spark", () => spark.sql(REWRITE), land);
      expect(await head()).toEqual(COMPACTION_ON_OURS);
      await agree();
      await drive("car-6");
      await land();
      await agree();
    });

    test("an erasure finds a vehicle in what Spark wrote, too", async () => {
      await using engine = await DuckDbEngine.open();
      const bucket = join(bed.server.folder, bed.server.bucket);
      expect((await filesNaming(engine, bucket, "car-1")).length).toBeGreaterThan(3);
      const erased = await fleet.cloud("erase", "--vehicle", "car-1");
      expect([erased.code, erased.stderr]).toEqual([0, expect.any(String)]);
      expect(await filesNaming(engine, bucket, "car-1")).toEqual([]);
      const verdict = await fleet.cloud("verify", "--log", fleet.log);
      expect([verdict.code, verdict.stderr]).toEqual([0, expect.any(String)]);
      const others = "SELECT DISTINCT vehicle_id AS v FROM";
      const left = ["car-2", "car-3", "car-4", "car-5", "car-6", "foreign-1", "foreign-2"];
      expect(await spark.sql(`${others} ${TABLE} ORDER BY v`)).toEqual(left.map((v) => ({ v })));
    });
  },
);
