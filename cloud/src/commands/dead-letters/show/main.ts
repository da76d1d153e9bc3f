import { RoadstreamError, type Values } from "@roadstream/shared";
import { EXIT_CODES, nodeZstd, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import { LakeSession } from "../../../adapters/lake-session.ts";
import { openLake } from "../../../adapters/open-lake.ts";
import { letterWhere } from "../../../dead-letters/letter-filter.ts";
import { letterRecords } from "../../../dead-letters/letter-records.ts";
import { LETTER_COLUMNS, storedLetters, type StoredLetter } from "../../../dead-letters/stored-letter.ts";
import type { SHOW_COMMAND } from "../config.ts";

/** Control characters would act on the terminal. */
const printable = (bytes: Uint8Array): string =>
  new TextDecoder().decode(bytes).replace(/[^\P{Cc}\n\t]/gu, "\uFFFD");

const peopleText = (letter: StoredLetter): string => {
  const { payload, ...rest } = letter;
  const lines = Object.entries(rest).map(
    ([name, value]) => `${name.padEnd(11)} ${value === null ? "(unknown)" : String(value)}`,
  );
  const read = letterRecords(letter, nodeZstd);
  const records = read.ok
    ? read.records.map(({ fields }) => JSON.stringify(fields, null, 2))
    : [`(no records to be read: ${read.rejection.reason} ${read.rejection.detail})`, printable(payload)];
  return [...lines, `payload     ${payload.length} bytes`, "", ...records, ""].join("\n");
};

export const show = async (
  values: Values<typeof SHOW_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  const [id = ""] = context.positionals;
  await using lake = openLake(values, context);
  await using session = await LakeSession.open(lake, context.signal);
  const where = letterWhere({ since: null, reason: null, vehicle: null, stream: null, id });
  for await (const [letter] of storedLetters(
    await session.query(`SELECT ${LETTER_COLUMNS} FROM dead_letters WHERE ${where} LIMIT 1`),
  )) {
    if (letter === undefined) break;
    const { payload, ...rest } = letter;
    if (values.json)
      context.print(`${JSON.stringify({ ...rest, payload: Buffer.from(payload).toString("base64") })}\n`);
    else context.print(peopleText(letter));
    return EXIT_CODES.done;
  }
  throw new RoadstreamError("refused", `there is no dead letter ${id}`, {
    hint: "roadstream cloud dead-letters list shows their ids",
  });
};
