import { parseRecordId } from "@roadstream/shared";
import { readFast, readSlow } from "../ingest/read-record.ts";
import { PARTITIONS, type IngestSimulation } from "./ingest-simulation.ts";

const demand = (isSo: boolean, what: () => string): void => {
  if (!isSo) throw new Error(what());
};

interface Wanted {
  readonly identities: ReadonlySet<string>;
  readonly refused: number;
  readonly received: number;
}

/** What the log says must be there. */
const wanted = (sim: IngestSimulation): Wanted => {
  const identities = new Set<string>();
  let refused = 0;
  let received = 0;
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const slice = sim.log.store.read({ topic: "gps_data", partition }, 0, Number.MAX_SAFE_INTEGER);
    if ("kind" in slice) throw new Error("the log lost records");
    for (const value of slice.values) {
      received += 1;
      const truth = readSlow("gps_data", value);
      if (truth.kind === "record") identities.add(`${truth.vehicleId}/${truth.seq}`);
      else refused += 1;
      demand(
        readFast("gps_data", value) !== null || truth.kind === "refused",
        () => `not canonical: ${value}`,
      );
    }
  }
  return { identities, refused, received };
};

const identity = (row: Record<string, unknown>): string =>
  `${String(row["vehicle_id"])}/${String(row["seq"])}`;

/** Every record landed exactly once, or each of its copies is in the dead letters, once; ledger and counts agree. */
export const judgeIngest = async (sim: IngestSimulation): Promise<void> => {
  const { identities, refused, received } = wanted(sim);
  const landed = (await sim.rows("gps_data")).map(identity);
  const there = new Set(landed);
  demand(landed.length === there.size, () => `${landed.length - there.size} rows are doubled`);
  const lost = [...identities].filter((one) => !there.has(one));
  demand(lost.length === 0, () => `lost: ${lost.join()}`);
  const invented = landed.filter((one) => !identities.has(one));
  demand(invented.length === 0, () => `nobody sent ${invented.join()}`);
  const letters = await sim.rows("dead_letters");
  const ids = new Set(letters.map((row) => row["dead_letter_id"]));
  demand(
    letters.length === refused && ids.size === refused,
    () => `${letters.length} letters, ${ids.size} ids, ${refused} refused`,
  );
  await judgeLedgers(sim, { identities, refused, received });
  const { ingest } = await sim.reader("gps_data").head();
  for (const { last } of Object.values(ingest?.partitions ?? {}))
    demand(last?.includes("/") !== true || parseRecordId(last) !== null, () => `no identity: ${last}`);
  for (const { name, metrics, worker, process } of sim.workers) {
    if (process.isDead) continue;
    const totals = metrics.of("gps_data");
    const accounted =
      totals.landed + totals.doubled + totals.rejected + totals.returned + worker.held("gps_data").rows;
    demand(accounted === totals.received, () => `${name} received ${totals.received}, has ${accounted}`);
  }
};

const judgeLedgers = async (
  sim: IngestSimulation,
  { identities, refused, received }: Wanted,
): Promise<void> => {
  const counts = { received: 0, landed: 0, doubled: 0, rejected: 0 };
  for (const ledger of await sim.ledgers("gps_data")) {
    for (const name of ["received", "landed", "doubled", "rejected"] as const)
      counts[name] += ledger.counts()[name];
    for (const { vehicleId, landed } of ledger.series())
      for (const [from, to] of landed)
        for (let seq = from; seq <= to; seq += 1)
          demand(identities.has(`${vehicleId}/${seq}`), () => `the ledger has ${vehicleId}/${seq}`);
  }
  const isWhole =
    counts.received === received &&
    counts.landed === identities.size &&
    counts.rejected === refused &&
    counts.landed + counts.doubled + counts.rejected === counts.received;
  demand(isWhole, () => `${received} in the log, the ledger counted ${JSON.stringify(counts)}`);
};
