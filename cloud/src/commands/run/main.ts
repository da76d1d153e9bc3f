import { unlessAborted, uuidV7, type Values } from "@roadstream/shared";
import { EXIT_CODES, runProcess, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import { loadBeside, type LoadBeside } from "../../adapters/load-beside.ts";
import { openIngest } from "../../adapters/open-ingest.ts";
import { acceptLogChange } from "../../ingest/accept-log-change.ts";
import { IngestWorker } from "../../ingest/worker.ts";
import { TABLE_NAMES } from "../../lake/table-definition.ts";
import { loadReport } from "../load/load-report.ts";
import { RetentionKeeper } from "../../retain/retention-keeper.ts";
import { RUN_COMMAND } from "./config.ts";
import { runSummary } from "./summary.ts";

const theRest = async (beside: LoadBeside | null) =>
  beside === null ? null : loadReport(beside.name, await beside.loadTheRest());

const run = async (
  values: Values<typeof RUN_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  const { clock, random, logger, signal } = context;
  const began = clock.uptime();
  const { warehouse } = values;
  await using beside = warehouse === null ? null : loadBeside({ ...values, warehouse }, context);
  await using ingest = await unlessAborted(signal, openIngest({ ...context, ...values }));
  for (const table of values.acceptLogChange) await acceptLogChange(ingest, table);
  const worker = new IngestWorker(ingest, {
    group: values.group,
    name: `cloud-${uuidV7(clock.now(), random)}`,
    tables: TABLE_NAMES,
    untilDrained: values.untilDrained,
    signal,
    onReady: () => {
      context.ready();
      beside?.begin();
    },
  });
  await using retention = values.retain ? new RetentionKeeper(ingest) : null;
  await worker.run();
  if (values.untilDrained && !signal.aborted) await retention?.firstPass();
  const loaded = values.untilDrained && !signal.aborted ? await theRest(beside) : null;
  const summary = {
    ...runSummary(ingest.metrics, (clock.uptime() - began) / 1000),
    ...(loaded === null ? {} : { ok: loaded.ok, warehouse: loaded }),
  };
  logger.info("done", summary);
  if (values.json) context.print(`${JSON.stringify(summary)}\n`);
  return loaded?.ok === false ? EXIT_CODES.failed : EXIT_CODES.done;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: RUN_COMMAND, argv, main: run });
