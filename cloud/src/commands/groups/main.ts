import { RoadstreamError, type Values } from "@roadstream/shared";
import { EXIT_CODES, runProcess, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import type { LogGroups } from "@roadstream/shared/event-log";
import { openExistingLog } from "../../adapters/open-log.ts";
import { printRows } from "../../adapters/open-output.ts";
import { GROUPS_COMMAND } from "./config.ts";

const forget = async (groups: LogGroups, name: string): Promise<void> => {
  const outcome = await groups.forget(name);
  if (outcome === "forgotten") return;
  const known = await groups.list();
  if (outcome === "in_use") {
    const workers = known.find((group) => group.name === name)?.workers ?? [];
    throw new RoadstreamError("usage", `group ${name} has workers: ${workers.join(", ")}`, {
      hint: "stop them first; one that was killed counts for some seconds more",
    });
  }
  const names = known.map((group) => group.name).join(", ");
  throw new RoadstreamError("usage", `no group ${name}; the log has ${names === "" ? "none" : names}`);
};

const run = async (
  values: Values<typeof GROUPS_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  await using log = await openExistingLog(values.log, context);
  const { groups } = log;
  if (groups === null)
    throw new RoadstreamError("usage", "this log keeps records by age and size, whatever groups have read", {
      hint: "Kafka's own kafka-consumer-groups.sh lists and deletes its groups",
    });
  if (values.forget !== null) await forget(groups, values.forget);
  const left = (await groups.list()).map(({ name, workers, partitions, waitingRecords, heldBytes }) => ({
    group: name,
    workers: workers.length,
    partitions,
    waiting_records: waitingRecords,
    held_bytes: heldBytes,
  }));
  if (values.json) context.print(`${JSON.stringify({ ok: true, forgotten: values.forget, groups: left })}\n`);
  else {
    const note =
      values.forget === null
        ? "A record stays until every group has landed it."
        : `${values.forget} is forgotten.`;
    await printRows(
      left,
      context.env,
      left.length === 0 && values.forget === null ? "No group has read this log." : note,
    );
  }
  return EXIT_CODES.done;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: GROUPS_COMMAND, argv, main: run });
