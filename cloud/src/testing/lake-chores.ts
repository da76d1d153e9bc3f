import { hours, isRoadstreamError, type TableName, type Zstd } from "@roadstream/shared";
import { compactTable } from "../lake/compact-table.ts";
import { expireTable } from "../lake/expire-table.ts";
import { removeOrphans } from "../lake/remove-orphans.ts";
import type { Retention } from "../lake/snapshot-expiry.ts";
import { ledgerPrefix, namedLedgers } from "../ledger/named-ledgers.ts";
import type { TextsOfFiles } from "../ports.ts";
import { dropDays } from "../retain/drop-days.ts";
import { setRetainDays } from "../retain/retention.ts";
import type { IngestSimulation } from "./ingest-simulation.ts";
import { MemoryVehicleRows } from "./memory-vehicle-rows.ts";
import type { SimulatedWorker } from "./simulated-cloud.ts";

const TABLE: TableName = "gps_data";
/** No schedule lasts so long: whatever goes is lost. */
const LIMIT_DAYS = 30;
const NEVER = new AbortController().signal;
/** So short that a head which somebody has just found may be gone. */
const FEW_SNAPSHOTS: Retention = {
  minSnapshots: 1,
  maxSnapshots: 3,
  maxAgeMs: 60_000,
  metadataVersions: 2,
  sweepEveryCommits: 1,
};
/** All days that the simulated rows are of are over by then. */
const FAR_DAY = "2100-01-01";
const noZstd: Zstd = { compress: (bytes) => bytes, decompress: (bytes) => bytes };
const noPictures: TextsOfFiles = async function* () {
  yield await Promise.resolve([]);
};

/** What is done to a table from a worker's machine, by whatever its clock says. */
type Chore = (sim: IngestSimulation, worker: SimulatedWorker) => Promise<void>;

const dropPastDays: Chore = async (sim, worker) => {
  const table = sim.tableOn(worker, TABLE);
  await setRetainDays(table, LIMIT_DAYS);
  await dropDays({ table, pictureKeys: noPictures, signal: NEVER });
  sim.count("retention passes");
};

const removeOldOrphans: Chore = async (sim, worker) => {
  const table = sim.tableOn(worker, TABLE);
  const { store } = table;
  const report = await removeOrphans({
    table,
    olderThan: hours(2),
    mode: "remove",
    ledgers: {
      prefix: ledgerPrefix(TABLE),
      named: (head) => namedLedgers({ store, zstd: noZstd }, TABLE, head),
    },
  });
  sim.count("orphans removed", report?.objects ?? 0);
};

const compactDays: Chore = async (sim, worker) => {
  const table = sim.tableOn(worker, TABLE);
  const rows = new MemoryVehicleRows({ store: table.store, uuid: () => table.names.uuid() });
  const { filesBefore } = await compactTable({
    table,
    rewrite: (files) => rows.together(table.definition, files),
    before: FAR_DAY,
  });
  sim.count("files compacted", filesBefore);
};

const expireSnapshots: Chore = async (sim, worker) => {
  const report = await expireTable(sim.tableOn(worker, TABLE), FEW_SNAPSHOTS);
  sim.count("snapshots expired", report?.snapshots ?? 0);
};

const CHORES: readonly Chore[] = [dropPastDays, removeOldOrphans];
/** On files, days are compacted beside workers in the erasures' schedules. */
const CHORES_ON_GLUE: readonly Chore[] = [...CHORES, compactDays, expireSnapshots];
/** Lost requests, commits that others were faster with, files that others removed: a person tries again. */
const MAY_PASS = ["unavailable", "table_invalid", "storage"] as const;

/** Begins one of them, beside everything else; `failed` hears of what must not happen. */
export const beginChore = (
  sim: IngestSimulation,
  worker: SimulatedWorker,
  failed: (error: unknown) => void,
): void => {
  const chores = sim.lake === "glue" ? CHORES_ON_GLUE : CHORES;
  const chore = chores[sim.below(chores.length)];
  chore?.(sim, worker).catch((error: unknown) => {
    if (!MAY_PASS.some((code) => isRoadstreamError(error, code))) failed(error);
  });
};
