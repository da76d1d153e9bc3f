import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compareWithGpsd, type DifferenceKind } from "./compare-with-gpsd.ts";
import { corpusLogs, findCorpus } from "./corpus-folder.ts";
import { readVerdicts } from "./gpsd-verdicts.ts";
import { KNOWN_DIFFERENCES } from "./known-differences.ts";
import { chunksOf, REPLAY_NOW, replayLog } from "./replay-log.ts";
import { readStatements } from "./void-times.ts";

const corpus = findCorpus(process.env["ROADSTREAM_CORPUS"]);
const logs = corpus.kind === "found" ? corpusLogs(corpus.folder) : [];
const pathOf = (log: string): string => join(corpus.kind === "found" ? corpus.folder : "", "nmea", log);
const bytesOf = (log: string): Buffer => readFileSync(pathOf(log));

if (corpus.kind === "absent") process.stderr.write(`skipped, ${corpus.message}\n`);

describe.skipIf(corpus.kind === "absent")("receiver logs", () => {
  it("are there", () => {
    expect(logs.length).toBeGreaterThan(0);
  });

  it("have nothing in the table of differences that no longer exists", () => {
    expect(KNOWN_DIFFERENCES.filter(({ log }) => !logs.includes(log))).toEqual([]);
  });
});

describe.each(logs.filter((log) => existsSync(`${pathOf(log)}.chk`)))("%s, against gpsd", (log) => {
  it("agrees in time, position, speed and fix but for the explained differences", async () => {
    const { rows } = await replayLog(bytesOf(log));
    const differences = compareWithGpsd(rows, readVerdicts(readFileSync(`${pathOf(log)}.chk`, "latin1")));
    const counted: Partial<Record<DifferenceKind, number>> = {};
    for (const { kind } of differences) counted[kind] = (counted[kind] ?? 0) + 1;
    const known = KNOWN_DIFFERENCES.filter((difference) => difference.log === log);
    const expected = Object.fromEntries(known.map(({ kind, count }) => [kind, count]));
    expect(counted, differences.map(({ kind, detail }) => `${kind}: ${detail}`).join("\n")).toEqual(expected);
    expect(rows.length).toBeGreaterThan(0);
  });
});

describe.each(logs)("%s, by itself", (log) => {
  it("gives no fix where the receiver says void", async () => {
    const { rows } = await replayLog(bytesOf(log));
    const { voidTimes, times } = readStatements(Buffer.concat(chunksOf(bytesOf(log))));
    for (const { columns } of rows) {
      if (columns.fix_at === null) continue;
      const time = columns.fix_at.slice(11, 23);
      if (voidTimes.has(time)) expect(columns).toMatchObject({ fix: "none" });
      if (columns.fix !== "none") expect(times).toContain(time);
    }
  });

  it("has whole positions, none without a fix, and never (0, 0)", async () => {
    const { rows } = await replayLog(bytesOf(log));
    expect(rows.length).toBeGreaterThan(0);
    for (const { columns } of rows) {
      const { fix, latitude, longitude, speed_kmh, heading_deg, altitude_m } = columns;
      expect(latitude === null).toBe(fix === "none");
      expect(longitude === null).toBe(fix === "none");
      if (fix === "none") expect([speed_kmh, heading_deg, altitude_m]).toEqual([null, null, null]);
      expect(latitude === 0 && longitude === 0).toBe(false);
      for (const value of Object.values(columns)) {
        if (typeof value === "number") expect(Number.isFinite(value)).toBe(true);
      }
    }
  });

  it("takes no date of a wrong era for a true one", async () => {
    const { rows } = await replayLog(bytesOf(log));
    for (const { capturedAt, clock, columns } of rows) {
      if (columns.fix_at !== null) expect(columns.fix_at >= "2000").toBe(true);
      expect(capturedAt === null).toBe(clock === "unsynced");
      if (capturedAt === null) continue;
      expect(clock).toBe("gnss");
      expect(capturedAt).toBe(Date.parse(columns.fix_at ?? ""));
      expect(capturedAt).toBeGreaterThanOrEqual(Date.UTC(2020, 0, 1));
      expect(capturedAt).toBeLessThanOrEqual(REPLAY_NOW + 86_400_000);
    }
  });

  it("has each time once, and times that go forward but for small corrections", async () => {
    const { rows } = await replayLog(bytesOf(log));
    const times = rows.flatMap(({ columns }) =>
      columns.fix_at === null ? [] : [Date.parse(columns.fix_at)],
    );
    expect(new Set(times).size).toBe(times.length);
    // Telit HE910 sets its clock back by 0.3 s when the first fix shows it the time.
    for (const [i, time] of times.slice(1).entries())
      expect(time - (times[i] ?? time)).toBeGreaterThan(-1000);
  });

  it("holds no sentence that is well framed and yet not believed", async () => {
    const { metrics } = await replayLog(bytesOf(log));
    for (const reason of ["field_count", "field_malformed", "field_out_of_range"]) {
      expect(metrics.value("roadstream_agent_gps_refused_sentences_total", { reason })).toBe(0);
    }
  });
});

/** Logs that have no gpsd output beside them: rows, and rows with a fix, counted by hand from their RMC and GGA. */
describe.runIf(corpus.kind === "found").each([
  { log: "signalk/gps.log", rows: 1202, fixes: 1202 },
  { log: "pynmeagps/pygpsdata-nmea2.log", rows: 2, fixes: 2 },
  { log: "pynmeagps/pygpsdata-nmea4.log", rows: 1, fixes: 1 },
  { log: "pynmeagps/pygpsdata-nmeastartup.log", rows: 1, fixes: 0 },
])("$log", ({ log, rows: expectedRows, fixes }) => {
  it.skipIf(!logs.includes(log))(`gives ${expectedRows} rows, ${fixes} with a fix`, async () => {
    const { rows } = await replayLog(bytesOf(log));
    expect(rows).toHaveLength(expectedRows);
    expect(rows.filter(({ columns }) => columns.fix !== "none")).toHaveLength(fixes);
  });
});

describe("the page that explains the differences", () => {
  it("has a section for each log and a row for each kind and count", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/nmea-differences.md"), "utf8");
    for (const { log, kind, count } of KNOWN_DIFFERENCES) {
      const section = page.split(/^## /m).find((text) => text.startsWith(`\`${log}\``)) ?? "";
      expect(section, `${log}: ${kind}`).toContain(`| ${kind} | ${count} |`);
    }
    const rows = page.match(/^\| [a-z_]+ \| \d+ \|/gm) ?? [];
    expect(rows).toHaveLength(KNOWN_DIFFERENCES.length);
  });
});
