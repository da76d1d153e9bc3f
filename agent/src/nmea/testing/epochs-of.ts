import { uptimeMillis } from "@roadstream/shared";
import type { Epoch } from "../epoch.ts";
import { NmeaParser } from "../nmea-parser.ts";
import { latin1, sentence } from "./make-sentence.ts";

/** The epochs of a log of these sentence bodies, read as a capture. */
export const epochsOf = (...bodies: readonly string[]): readonly Epoch[] => {
  const parser = new NmeaParser();
  parser.push(latin1(bodies.map(sentence).join("")));
  parser.end();
  const epochs: Epoch[] = [];
  for (let epoch = parser.next(uptimeMillis(0)); epoch !== null; epoch = parser.next(uptimeMillis(0)))
    epochs.push(epoch);
  return epochs;
};

export const onlyEpochOf = (...bodies: readonly string[]): Epoch => {
  const [epoch, ...more] = epochsOf(...bodies);
  if (epoch === undefined || more.length > 0) throw new Error(`${more.length + 1} epochs`);
  return epoch;
};
