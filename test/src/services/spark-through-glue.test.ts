import { GlueStandIn, tableDefinition } from "@roadstream/cloud/testing";
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

/** Of gps_data, as our workers name it; Iceberg's own has dashes in its name. */
const OUR_METADATA = /\/gps_data\/metadata\/\d{5}-[0-9a-f]{32}\.metadata\.json$/;
const metadataOf = (body: Readonly<Record<string, unknown>>): string => {
  const { Parameters: parameters } = body["TableInput"] as { readonly Parameters: Record<string, string> };
  return parameters["metadata_location"] ?? "";
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
      isOurs: boolean,
      first: () => Promise<unknown>,
      second: () => Promise<unknown>,
    ): Promise<void> => {
      const arrived = Promise.withResolvers<void>();
      const opened = Promise.withResolvers<void>();
      glue.gate = async (operation, body) => {
        if (operation !== "UpdateTable" || isOurs !== OUR_METADATA.test(metadataOf(body))) return;
        arrived.resolve();
        await opened.promise;
      };
      const before = glue.overtaken;
      const work = first();
      await Promise.race([arrived.promise, work.then(() => expect.unreachable("it did not commit"))]);
      await second();
      opened.resolve();
      await work;
      glue.gate = () => Promise.resolve();
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

    const operations = async (): Promise<readonly unknown[]> =>
      (await spark.sql(`SELECT operation FROM ${TABLE}.snapshots ORDER BY committed_at DESC`)).map(
        (row) => row["operation"],
      );

    test("its insert is foreign, and our next commit stands on it", async () => {
      await insert("foreign-1");
      await agree();
      await drive("car-2");
      await land();
      await agree();
    });

    test("its insert comes before a commit of ours that was on its way: ours lands on top, once", async () => {
      await drive("car-3");
      await overtake(true, land, () => insert("foreign-2"));
      await agree();
      const attempts = await spark.sql(
        `SELECT summary['roadstream.attempt'] AS attempt FROM ${TABLE}.snapshots ORDER BY committed_at DESC LIMIT 1`,
      );
      expect(attempts).toEqual([{ attempt: "2" }]);
    });

    test("its compaction changes no row, and our next commit stands on it", async () => {
      await spark.sql(REWRITE);
      expect((await operations())[0]).toBe("replace");
      await agree();
      await drive("car-4");
      await land();
      await agree();
    });

    test("a commit of ours comes before its compaction that was on its way: both stand", async () => {
      await drive("car-5");
      await overtake(false, () => spark.sql(REWRITE), land);
      expect((await operations()).slice(0, 2)).toEqual(["replace", "append"]);
      await agree();
      await drive("car-6");
      await land();
      await agree();
    });
  },
);
