import { parseCheckpoint, SeqRanges } from "@roadstream/shared";
import { identityText } from "./testimony.ts";
import { PARTITIONS, rowIdentity, type SimulatedTable, type WholePath } from "./whole-path.ts";

type Row = Record<string, unknown>;

const fail = (why: string): never => {
  throw new Error(why);
};

type Gaps = Map<string, SeqRanges>;

const declare = (gaps: Gaps, series: string, from: number, to: number): void => {
  const ranges = gaps.get(series) ?? new SeqRanges();
  gaps.set(series, ranges);
  ranges.add(from, to);
};

/**
 * The numbers that a car has declared as gaps, each in an event of its own and again in every checkpoint, and how many
 * numbers each series has; all by what has landed.
 */
const declarations = (events: readonly Row[]) => {
  const gaps: Gaps = new Map();
  const repeated: Gaps = new Map();
  const given = new Map<string, number>();
  for (const row of events) {
    const vehicle = String(row["vehicle_id"]);
    // A schedule is over in less than a day, whatever the cars' clocks say.
    if (row["reason"] === "too_old") fail(`readings were dropped as too old: ${JSON.stringify(row)}`);
    if (row["kind"] === "dropped") {
      const series = `${String(row["about_stream"])}/${vehicle}/${String(row["about_boot_id"])}`;
      declare(gaps, series, Number(row["seq_from"]), Number(row["seq_to"]));
    }
    const checkpoint = row["kind"] === "checkpoint" ? parseCheckpoint(String(row["detail"])) : null;
    for (const boot of checkpoint?.boots ?? []) {
      for (const [stream, said] of Object.entries(boot.streams)) {
        const series = `${stream}/${vehicle}/${boot.boot_id}`;
        given.set(series, Math.max(said.given, given.get(series) ?? 0));
        for (const { from, to } of said.dropped) declare(repeated, series, from, to);
      }
    }
  }
  return { gaps, repeated, given };
};

/** An event may have gone with a deleted log; what a checkpoint repeats of it then counts as well. */
const sameGaps = (path: WholePath, gaps: Gaps, repeated: Gaps): void => {
  for (const [series, ranges] of repeated)
    for (const [from, to] of ranges)
      for (let seq = from; seq <= to; seq += 1) {
        if (gaps.get(series)?.has(seq) === true) continue;
        if (path.logs === 1) fail(`a checkpoint has ${series}/${seq} as dropped, and no event declared it`);
        declare(gaps, series, seq, seq);
      }
};

/** Table by table: no identity twice, and the ledger says exactly what the rows say. */
const judgeLedger = async (
  path: WholePath,
  table: SimulatedTable,
  rows: readonly Row[],
): Promise<Set<string>> => {
  const identities = new Set(rows.map(rowIdentity));
  if (identities.size !== rows.length) fail(`${table}: ${rows.length - identities.size} rows are doubled`);
  let ranged = 0;
  const counts = { received: 0, landed: 0, doubled: 0, rejected: 0 };
  for (const ledger of await path.cloud.ledgers(table)) {
    for (const name of ["received", "landed", "doubled", "rejected"] as const)
      counts[name] += ledger.counts()[name];
    for (const { vehicleId, bootId, landed } of ledger.series()) {
      for (const [from, to] of landed)
        for (let seq = from; seq <= to; seq += 1) {
          ranged += 1;
          if (!identities.has(identityText({ vehicleId, bootId, seq })))
            fail(`${table}: the ledger has ${vehicleId}/${bootId}/${seq}, no row`);
        }
    }
  }
  const isWhole = counts.landed + counts.doubled + counts.rejected === counts.received;
  if (counts.landed !== rows.length || ranged !== rows.length || counts.rejected !== 0 || !isWhole)
    fail(`${table}: ${rows.length} rows, ${ranged} in ranges, counted ${JSON.stringify(counts)}`);
  path.count("copies dropped", counts.doubled);
  if (path.logs === 1 && counts.received !== logged(path, table))
    fail(`${table}: ${counts.received} received of ${logged(path, table)} in the log`);
  return identities;
};

const logged = (path: WholePath, table: SimulatedTable): number => {
  const topic = path.cloud.topicOf(table);
  let records = 0;
  for (let partition = 0; partition < PARTITIONS; partition += 1)
    records += path.cloud.log.store.range({ topic, partition }).end;
  return records;
};

/**
 * Every reading that an outbox promised to keep has landed, under the identity that it was given, or is in a gap that
 * its car has declared; nothing has landed that no car measured; nothing is there twice. The one excuse is a log that
 * was deleted with records that had not landed, and not even that where cars forget only what is settled.
 */
export const judge = async (path: WholePath): Promise<void> => {
  const { cloud, testimony } = path;
  const lostWithLog = path.forget === "settled" ? new Set<string>() : path.lostWithLog;
  const letters = await cloud.rows("dead_letters");
  if (letters.length > 0) fail(`dead letters: ${JSON.stringify(letters[0])}`);
  const events = await cloud.rows("agent_events");
  const readings = await cloud.rows("gps_data");
  const landed = {
    agent_events: await judgeLedger(path, "agent_events", events),
    gps_data: await judgeLedger(path, "gps_data", readings),
  };
  const { gaps, repeated, given } = declarations(events);
  sameGaps(path, gaps, repeated);

  const identityOf = new Map<string, string>();
  for (const row of readings) {
    const mark = String(row["vehicle_type"]);
    if (!testimony.wasOffered(mark)) fail(`${mark} landed, and nobody measured it`);
    if (identityOf.has(mark)) fail(`${mark} landed under two identities`);
    identityOf.set(mark, rowIdentity(row));
  }
  for (const [mark, identity] of testimony.acceptances) {
    const as = identityText(identity);
    const found = identityOf.get(mark);
    if (found !== undefined && found !== as) fail(`${mark} was accepted as ${as} and landed as ${found}`);
    const series = `gps_data/${identity.vehicleId}/${identity.bootId}`;
    const isDeclared = gaps.get(series)?.has(identity.seq) === true;
    if (found === undefined && isDeclared) path.count("readings in declared gaps");
    if (found === undefined && !isDeclared && !lostWithLog.has(`gps_data/${as}`))
      fail(`${mark} (${as}) is lost`);
  }
  for (const [series, last] of given) {
    const [stream, vehicleId = "", bootId = ""] = series.split("/");
    if (stream !== "gps_data" && stream !== "agent_events") return fail(`nobody measures ${stream}`);
    for (let seq = 1; seq <= last; seq += 1) {
      const as = identityText({ vehicleId, bootId, seq });
      if (landed[stream].has(as) || gaps.get(series)?.has(seq) || lostWithLog.has(`${stream}/${as}`))
        continue;
      fail(`${stream} ${as} was given by a checkpoint's word, and is lost`);
    }
  }
  path.count("readings landed", readings.length);
  path.count("lost with the log", path.lostWithLog.size);
};
