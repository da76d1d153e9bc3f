import { logTopics, millis, NO_CLAIM, rejection, silentLogger, unixMillis } from "@roadstream/shared";
import { nodeSha256 } from "@roadstream/shared/adapters";
import type { LogAppend } from "@roadstream/shared/event-log";
import { expect, test } from "vitest";
import { DuckDbEngine } from "../adapters/duckdb-engine.ts";
import { lakeFilesSql } from "../adapters/duckdb-lake-files.ts";
import { openErasure } from "../adapters/open-erasure.ts";
import { openIngest } from "../adapters/open-ingest.ts";
import { refusalAppend } from "../dead-letters/refusal.ts";
import { eraseVehicle } from "../erase/erase-vehicle.ts";
import { TABLE_NAMES } from "../lake/table-definition.ts";
import { MAX_DEAD_LETTER_IDS } from "../ledger/ledger-limits.ts";
import { localFiles } from "../object-store/local-files.ts";
import { tinyLake, type TinyLake } from "../testing/tiny-lake.ts";
import type { LettersIn } from "./ports.ts";
import { IngestWorker } from "./worker.ts";
import { realContext } from "../testing/real-context.ts";

const TOPICS = logTopics({});
const BESIDE = realContext();

/** What a worker sends to the dead letters of so many refused records, and sends again when its commit was lost. */
const letters = (from: number, to: number, key = "car-1"): readonly LogAppend[] =>
  Array.from({ length: to - from }, (_, i) =>
    refusalAppend(
      {
        partition: 0,
        offset: from + i,
        key,
        value: "{",
        rejection: rejection("not_json", "broken"),
        claim: { ...NO_CLAIM, vehicleId: key },
      },
      { logIdentity: "log", topic: "gps_data", now: unixMillis(1_800_000_000_000), sha256: nodeSha256 },
      TOPICS.deadLetters,
    ),
  );

/** Rows of dead_letters, and how many ids they have. */
const rowsOf = async (tiny: TinyLake): Promise<readonly number[]> => {
  await using engine = await DuckDbEngine.open();
  using connection = await engine.connect();
  const table = tiny.lake.tables.dead_letters;
  const files = (await table.files(await table.head())).map(({ key }) => key);
  const paths = await localFiles(tiny.lake.store, files);
  const [row] = await connection.rows(
    `SELECT count(*) AS rows, count(DISTINCT dead_letter_id) AS ids FROM (${lakeFilesSql(table.definition, paths)})`,
  );
  return [Number(row?.["rows"]), Number(row?.["ids"])];
};

test("a letter that comes again after more others than the ledger remembers does not land twice", async () => {
  await using tiny = await tinyLake();
  const many = MAX_DEAD_LETTER_IDS + 50;
  await tiny.append(letters(0, many));
  await tiny.land();
  await tiny.append([...letters(0, 20), ...letters(many, many + 5), ...letters(many - 20, many + 5)]);
  await tiny.land();
  expect(await rowsOf(tiny)).toEqual([many + 5, many + 5]);
});

test("an erasure that takes a file from under the search is no end of the worker: it looks again", async () => {
  await using tiny = await tinyLake();
  await tiny.append(letters(0, MAX_DEAD_LETTER_IDS + 10));
  await tiny.append(letters(20_000, 20_003, "car-2"));
  await tiny.land();
  await tiny.append(letters(0, 1));
  const options = { ...BESIDE, lake: tiny.lakeSpec, catalog: "file" };
  const ingest = await openIngest({
    ...options,
    log: tiny.logSpec,
    moveCatalog: false,
    untilDrained: true,
    commitInterval: millis(50),
  });
  await using _ = ingest;
  const { signal } = new AbortController();
  let searches = 0;
  const lettersIn: LettersIn = async (files, ids) => {
    if ((searches += 1) === 1) {
      await using erasure = await openErasure(options, options);
      const report = await eraseVehicle({
        ...erasure,
        vehicle: "car-2",
        mode: "erase",
        logger: silentLogger,
        signal,
      });
      expect(report.ok).toBe(true);
    }
    return ingest.lettersIn(files, ids);
  };
  const how = {
    group: "tiny",
    name: "tiny",
    tables: TABLE_NAMES,
    untilDrained: true,
    onReady: () => undefined,
  };
  await new IngestWorker({ ...ingest, lettersIn }, { ...how, signal }).run();
  expect(searches).toBeGreaterThan(1);
  expect(await rowsOf(tiny)).toEqual([MAX_DEAD_LETTER_IDS + 10, MAX_DEAD_LETTER_IDS + 10]);
});
