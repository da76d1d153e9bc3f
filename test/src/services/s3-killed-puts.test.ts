import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { S3Bed } from "./s3-bed.ts";
import { s3Fleet } from "./s3-fleet.ts";
import { services } from "./services.ts";
import { startVersitygw, type RunningVersitygw } from "./versitygw.ts";

/** What becomes of the put at which the worker dies; none is answered. */
const FATES = ["lost_request", "lost_answer", "late"] as const;
/** Objects that one commit of gps_data creates, by what their names end with. */
const KINDS = [".parquet", ".json.zst", ".avro", ".metadata.json"] as const;
const GPS_ONLY = ["--gps", "simulated?pace=60"];

describe.skipIf(services("versitygw").skip)("one commit on S3", () => {
  let bed: S3Bed<RunningVersitygw>;
  beforeEach(async () => {
    bed = await S3Bed.on(await startVersitygw());
  });
  afterEach(() => bed?.[Symbol.asyncDispose]());

  test.each(FATES)(
    "workers killed at each of its puts in turn, put %s: everything lands once",
    async (fate) => {
      const { log, drive, cloud, worker } = s3Fleet(bed);
      await drive("car-1", GPS_ONLY);
      const made = await cloud("run", "--log", log, "--until-drained");
      expect([made.code, made.stderr]).toEqual([0, expect.any(String)]);
      await drive("car-1", GPS_ONLY);

      const killedAt: string[] = [];
      for (let hasEnded = false; !hasEnded;) {
        let puts = 0;
        const killed = Promise.withResolvers<boolean>();
        bed.line.fault = ({ headers, key }) => {
          const isOurs = headers["if-none-match"] === "*" && key.includes("/gps_data/");
          if (!isOurs || (puts += 1) !== killedAt.length + 1) return null;
          killedAt.push(key);
          killed.resolve(false);
          return fate;
        };
        // A group of its own does not wait for the dead one's lease; the table alone says what has landed.
        await using run = await worker(`after-${killedAt.length}`);
        hasEnded = await Promise.race([run.exit.then(() => true), killed.promise]);
        if (hasEnded) expect(await run.exit).toMatchObject({ code: 0 });
        else await run.kill9();
        bed.heal();
      }
      for (const kind of KINDS)
        expect(killedAt.filter((key) => key.endsWith(kind)).length, kind).toBeGreaterThan(0);
      // What the dead had sent arrives when all is over.
      while (await bed.line.deliverLate());
      const verdict = await cloud("verify", "--log", log);
      expect([verdict.code, verdict.stderr]).toEqual([0, expect.any(String)]);
      expect(JSON.parse(verdict.stdout)).toMatchObject({ clean: true, totals: { lost: 0, doubled: 0 } });
    },
  );
});
