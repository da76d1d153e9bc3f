import { pathToFileURL } from "node:url";
import { errorText, logTopics, RoadstreamError, type Values } from "@roadstream/shared";
import { EXIT_CODES, nodeZstd, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import { LakeSession } from "../../../adapters/lake-session.ts";
import { openLake } from "../../../adapters/open-lake.ts";
import { openExistingLog } from "../../../adapters/open-log.ts";
import { letterWhere, sinceTime } from "../../../dead-letters/letter-filter.ts";
import { replayLetters, type ReplayReport, type Transform } from "../../../dead-letters/replay-letters.ts";
import { LETTER_COLUMNS, storedLetters } from "../../../dead-letters/stored-letter.ts";
import type { REPLAY_COMMAND } from "../config.ts";

const loadTransform = async (path: string): Promise<Transform> => {
  try {
    const loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    if (typeof loaded.default === "function") return loaded.default as Transform;
  } catch (cause) {
    throw new RoadstreamError("usage", `--transform ${path}: ${errorText(cause)}`, { cause });
  }
  throw new RoadstreamError("usage", `--transform ${path}: has no function as its default export`, {
    hint: "export default (record, letter) => ({ ...record, speed_kmh: null });",
  });
};

const peopleText = ({ letters, replayed, refused, left }: ReplayReport, isDry: boolean): string => {
  const reasons = Object.entries(refused).map(([reason, count]) => `  refused still  ${reason} ${count}\n`);
  const sent = isDry ? "would be sent" : "sent";
  const after =
    replayed === 0 || isDry
      ? ""
      : "cloud run lands them; those that are in their table already are dropped there.\n";
  return `letters ${letters}\n  ${sent}  ${replayed}\n${reasons.join("")}  left by the transform  ${left}\n${after}`;
};

export const replay = async (
  values: Values<typeof REPLAY_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  const since = values.since === null ? null : sinceTime(values.since, context.clock.now());
  const transform = values.transform === null ? null : await loadTransform(context.path(values.transform));
  await using lake = openLake(values, context);
  await using session = await LakeSession.open(lake, context.signal);
  await using log = await openExistingLog(values.log, context);
  await using opened = new AsyncDisposableStack();
  const writer = values.dryRun ? null : opened.use(await log.writer());
  const where = letterWhere({ ...values, since });
  const letters = storedLetters(
    await session.query(
      `SELECT ${LETTER_COLUMNS} FROM dead_letters WHERE ${where} ORDER BY received_at, dead_letter_id`,
    ),
  );
  const report = await replayLetters(
    { topics: logTopics(context.env), zstd: nodeZstd, transform, writer },
    letters,
  );
  if (values.json) context.print(`${JSON.stringify({ ok: true, dry_run: values.dryRun, ...report })}\n`);
  else process.stderr.write(peopleText(report, values.dryRun));
  return EXIT_CODES.done;
};
