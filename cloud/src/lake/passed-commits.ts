import { PROPERTY, SUMMARY, type Properties } from "./table-properties.ts";
import type { Snapshot } from "./table-metadata.ts";

/** An hour's batches are told from by far fewer: the newest stay. */
const MAX_PASSED = 128;
/** Digits of a UUID's random end. Another commit's that is alike leaves a question open, and no more. */
const DIGITS = 12;
/** Of a snapshot that another engine made. */
const NOBODYS = "-";

const endOf = (commitId: string): string => commitId.slice(-DIGITS);

/** The property with snapshots that this commit expires early, so that their numbers still tell whose they were. */
export const withPassed = (properties: Properties, expired: readonly Snapshot[]): Properties => {
  const before = properties[PROPERTY.passedCommits]?.split(" ") ?? [];
  const more = expired.map((snapshot) => {
    const commitId = snapshot.summary[SUMMARY.commit];
    return `${snapshot["sequence-number"]}:${commitId === undefined ? NOBODYS : endOf(commitId)}`;
  });
  const all = [...before, ...more].slice(-MAX_PASSED);
  return all.length === 0 ? {} : { [PROPERTY.passedCommits]: all.join(" ") };
};

/** Whether the snapshot of this number was surely another commit's. */
export const passedByAnother = (properties: Properties, sequence: number, commitId: string): boolean =>
  (properties[PROPERTY.passedCommits]?.split(" ") ?? []).some((text) => {
    const [number, end] = text.split(":");
    return number === String(sequence) && end !== undefined && end !== endOf(commitId);
  });
