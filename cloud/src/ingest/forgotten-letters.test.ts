import { logTopics, NO_CLAIM, rejection, unixMillis } from "@roadstream/shared";
import { nodeSha256 } from "@roadstream/shared/adapters";
import type { LogAppend } from "@roadstream/shared/event-log";
import { expect, test } from "vitest";
import { DuckDbEngine } from "../adapters/duckdb-engine.ts";
import { duckDbLetterIds } from "../adapters/duckdb-texts-of-files.ts";
import { refusalAppend } from "../dead-letters/refusal.ts";
import { MAX_DEAD_LETTER_IDS } from "../ledger/ledger-limits.ts";
import { tinyLake } from "../testing/tiny-lake.ts";

const TOPICS = logTopics({});

/** What a worker sends to the dead letters of so many refused records, and sends again when its commit was lost. */
const letters = (from: number, to: number): readonly LogAppend[] =>
  Array.from({ length: to - from }, (_, i) =>
    refusalAppend(
      {
        partition: 0,
        offset: from + i,
        key: "car-1",
        value: "{",
        rejection: rejection("not_json", "broken"),
        claim: NO_CLAIM,
      },
      { logIdentity: "log", topic: "gps_data", now: unixMillis(1_800_000_000_000), sha256: nodeSha256 },
      TOPICS.deadLetters,
    ),
  );

test("a letter that comes again after more others than the ledger remembers does not land twice", async () => {
  await using tiny = await tinyLake();
  const many = MAX_DEAD_LETTER_IDS + 50;
  await tiny.append(letters(0, many));
  await tiny.land();
  await tiny.append([...letters(0, 20), ...letters(many, many + 5), ...letters(many - 20, many + 5)]);
  await tiny.land();
  const table = tiny.lake.tables.dead_letters;
  await using engine = await DuckDbEngine.open();
  const ids: string[] = [];
  for await (const some of duckDbLetterIds(engine, tiny.lake.store)(await table.files(await table.head())))
    ids.push(...some);
  expect(ids.length).toBe(many + 5);
  expect(new Set(ids).size).toBe(many + 5);
});
