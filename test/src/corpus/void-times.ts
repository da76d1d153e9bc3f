/**
 * Which times of day a log calls void, read without any of the agent's code: the second opinion behind the rule that a
 * void epoch never becomes a fix.
 */
export interface LogStatements {
  /** UTC time fields (as text) of which at least one RMC, GGA, GLL or GNS says that there is no fix. */
  readonly voidTimes: ReadonlySet<string>;
  /** Time fields of all valid RMC, GGA, GLL and GNS, blank ones left out. */
  readonly times: ReadonlySet<string>;
}

const SENTENCE = /\$([A-Z]{2}(RMC|GGA|GLL|GNS),[ -)+-~]*)\*([0-9A-Fa-f]{2})(?=[\r\n$]|$)/g;

const checksum = (body: string): number =>
  Array.from(body).reduce((sum, letter) => sum ^ letter.charCodeAt(0), 0);

const isVoid = (type: string, fields: readonly string[]): boolean => {
  if (type === "RMC") return fields[2] !== "A" || fields[12] === "N";
  if (type === "GGA") return fields[6] === "0";
  if (type === "GLL") return fields[6] !== "A" || fields[7] === "N";
  return /^N+$/.test(fields[6] ?? "");
};

export const readStatements = (log: Buffer): LogStatements => {
  const voidTimes = new Set<string>();
  const times = new Set<string>();
  for (const [, body = "", type = "", sum = ""] of log.toString("latin1").matchAll(SENTENCE)) {
    if (checksum(body) !== Number.parseInt(sum, 16)) continue;
    const fields = body.split(",");
    const time = canonical(fields[type === "GLL" ? 5 : 1] ?? "");
    if (time === null) continue;
    times.add(time);
    if (isVoid(type, fields)) voidTimes.add(time);
  }
  return { voidTimes, times };
};

/** `hh:mm:ss.sss`, as an ISO time has it. */
const canonical = (field: string): string | null => {
  const match = /^(\d\d)(\d\d)(\d\d)(\.\d*)?$/.exec(field);
  if (match === null) return null;
  const [, hours, minutes, seconds, fraction = ""] = match;
  return `${hours}:${minutes}:${seconds}.${fraction.slice(1, 4).padEnd(3, "0")}`;
};
