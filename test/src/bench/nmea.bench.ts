import { fixOf, NmeaParser, reportsFix } from "@roadstream/agent";
import { uptimeMillis } from "@roadstream/shared";
import { parseNmeaSentence } from "nmea-simple";
import { cpuSeconds, median } from "./measure.ts";
import { nmeaLog } from "./nmea-log.ts";

export interface NmeaBench {
  readonly name: "nmea";
  readonly unit: "sentences per CPU-second";
  /** From raw bytes: framing, checksum, decoding, epochs, fix. */
  readonly ours: number;
  /** nmea-simple, given the lines already split as strings: decoding alone. */
  readonly reference: number;
  /** Median of the rounds' own ratios. */
  readonly ratio: number;
  readonly target: number;
  readonly ok: boolean;
  readonly rounds: readonly { readonly ours: number; readonly reference: number }[];
  readonly sentences: number;
}

const TARGET = 3;
const ROUNDS = 7;
/** The compiler settles within these. */
const WARM_UP_ROUNDS = 4;
const SECONDS = 4000;
/** As a serial port hands them over. */
const CHUNK_BYTES = 512;

const parseOurs = (bytes: Uint8Array, expected: { sentences: number; epochs: number }): void => {
  const parser = new NmeaParser();
  const now = uptimeMillis(0);
  let fixes = 0;
  const drain = (): void => {
    for (let epoch = parser.next(now); epoch !== null; epoch = parser.next(now)) {
      if (reportsFix(epoch) && fixOf(epoch).kind === "3d") fixes += 1;
    }
  };
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    parser.push(bytes.subarray(at, at + CHUNK_BYTES));
    drain();
  }
  parser.end();
  drain();
  if (parser.accepted !== expected.sentences || fixes !== expected.epochs) {
    throw new Error(`the benchmark's log was not understood: ${parser.accepted} sentences, ${fixes} fixes`);
  }
};

const parseReference = (lines: readonly string[]): void => {
  let understood = 0;
  for (const line of lines) if (parseNmeaSentence(line).sentenceId !== undefined) understood += 1;
  if (understood !== lines.length)
    throw new Error(`nmea-simple understood ${understood} of ${lines.length} sentences`);
};

/** Both in turn, several rounds in one run; the first ones warm up and are not counted. */
export const benchNmea = async (): Promise<NmeaBench> => {
  const log = nmeaLog({ seconds: SECONDS, seed: 7 });
  const bytes = Buffer.from(log, "latin1");
  const lines = log.split("\r\n").filter((line) => line !== "");
  const rounds: { ours: number; reference: number }[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    const expected = { sentences: lines.length, epochs: SECONDS };
    const ours = lines.length / (await cpuSeconds(() => parseOurs(bytes, expected)));
    const reference = lines.length / (await cpuSeconds(() => parseReference(lines)));
    if (round >= 0) rounds.push({ ours: Math.round(ours), reference: Math.round(reference) });
  }
  const ratio = median(rounds.map((round) => round.ours / round.reference));
  return {
    name: "nmea",
    unit: "sentences per CPU-second",
    ours: median(rounds.map((round) => round.ours)),
    reference: median(rounds.map((round) => round.reference)),
    ratio: Math.round(ratio * 100) / 100,
    target: TARGET,
    ok: ratio >= TARGET,
    rounds,
    sentences: lines.length,
  };
};
