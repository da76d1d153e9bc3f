import { readFile } from "node:fs/promises";
import { RoadstreamError, type Values } from "@roadstream/shared";
import { EXIT_CODES, runProcess, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import { openLake } from "../../adapters/open-lake.ts";
import { sayToPeople } from "../../adapters/open-output.ts";
import { warehouseChoice } from "../../adapters/open-warehouse.ts";
import { SPEED_LIMIT_TABLE } from "../../facts/fact-tables.ts";
import { limitCells } from "../../facts/limit-cells.ts";
import { DRIVING_FACTS } from "../../warehouse/driving-facts.ts";
import { refreshWarehouseFacts } from "../../warehouse/refresh-facts.ts";
import { forgetUnnamed, replaceLimits, touchEverything } from "../../warehouse/renew-facts.ts";
import { FACTS_COMMAND } from "./config.ts";

const readLimits = async (file: string): Promise<ReadonlyMap<number, number>> => {
  const text = await readFile(file, "utf8");
  try {
    return limitCells(JSON.parse(text));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new RoadstreamError("usage", `${file} is no JSON: ${cause.message}`, { cause });
  }
};

const run = async (
  values: Values<typeof FACTS_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  const limits = values.limits === null ? null : await readLimits(context.path(values.limits));
  await using lake = openLake(values, context);
  const { name, open } = warehouseChoice(values.warehouse, {
    ...context,
    catalog: values.catalog,
    store: lake.store,
  });
  await using warehouse = await open();
  if (limits !== null)
    await replaceLimits(warehouse, DRIVING_FACTS, { table: SPEED_LIMIT_TABLE.name, cells: limits });
  if (values.all) await touchEverything(warehouse, DRIVING_FACTS);
  const { vehicles, days } = (await refreshWarehouseFacts(warehouse, DRIVING_FACTS)) ?? {
    vehicles: 0,
    days: 0,
  };
  if (values.all) await forgetUnnamed(warehouse, DRIVING_FACTS);
  const report = { ok: true, warehouse: name, limits: limits?.size ?? null, vehicles, days };
  if (values.json) context.print(`${JSON.stringify(report)}\n`);
  else sayToPeople(`facts of ${days} days of ${vehicles} vehicles were computed anew in ${name}`);
  return EXIT_CODES.done;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: FACTS_COMMAND, argv, main: run });
