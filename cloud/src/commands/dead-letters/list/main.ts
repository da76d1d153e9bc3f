import type { Values } from "@roadstream/shared";
import { EXIT_CODES, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import { LakeSession } from "../../../adapters/lake-session.ts";
import { openLake } from "../../../adapters/open-lake.ts";
import { printRows } from "../../../adapters/open-output.ts";
import { letterWhere, sinceTime } from "../../../dead-letters/letter-filter.ts";
import type { Cell } from "../../../sql/query-result.ts";
import type { LIST_COMMAND } from "../config.ts";

const COLUMNS =
  "dead_letter_id, received_at, reason, detail, vehicle_id, boot_id, stream, seq_from, seq_to, topic";

/** What fits a terminal; `show` has the rest. */
const SHOWN = [
  "dead_letter_id",
  "received_at",
  "reason",
  "detail",
  "vehicle_id",
  "stream",
  "seq_from",
  "seq_to",
  "bytes",
];

export const list = async (
  values: Values<typeof LIST_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  await using lake = openLake(values, context);
  await using session = await LakeSession.open(lake, context.signal);
  const since = values.since === null ? null : sinceTime(values.since, context.clock.now());
  const where = letterWhere({ ...values, since, id: null });
  const { columns, batches } = await session.query(
    `SELECT ${COLUMNS}, octet_length(payload) AS bytes FROM dead_letters WHERE ${where} ORDER BY received_at DESC, dead_letter_id LIMIT ${values.limit}`,
  );
  const letters: Record<string, Cell>[] = [];
  for await (const batch of batches)
    for (const row of batch)
      letters.push(Object.fromEntries(columns.map(({ name }, i) => [name, row[i] ?? null])));
  if (values.json) context.print(`${JSON.stringify({ letters })}\n`);
  else {
    const shown = letters.map((letter) =>
      Object.fromEntries(SHOWN.map((name) => [name, letter[name] ?? null])),
    );
    const more =
      letters.length === values.limit
        ? `the newest ${values.limit}; more by --limit`
        : String(letters.length);
    await printRows(shown, context.env, `dead letters: ${more}`);
  }
  return EXIT_CODES.done;
};
