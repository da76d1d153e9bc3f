import { RoadstreamError } from "@roadstream/shared";
import type { Workgroup } from "./athena-requests.ts";

const MIB = 1024 * 1024;
/** What Athena charges at least for a query that ran. */
const LEAST_CHARGED_BYTES = 10 * MIB;
/** Amazon's price in most regions. */
const DOLLARS_PER_TIB = 5;
const TIB = MIB * MIB;

const mib = (bytes: number): string => `${Math.round((bytes / MIB) * 100) / 100} MiB`;

/**
 * Athena asks money for each byte that it reads, and only a workgroup can set an end to it. Throws `refused` where there
 * is none, or none as low as the caller wants.
 */
export const requireScanLimit = ({ name, scanLimitBytes }: Workgroup, wantedMib: number | null): void => {
  const wanted = wantedMib === null ? null : wantedMib * MIB;
  if (scanLimitBytes !== null && (wanted === null || scanLimitBytes <= wanted)) return;
  const has = scanLimitBytes === null ? "no limit" : `a limit of ${mib(scanLimitBytes)}`;
  const asked = wanted === null ? "" : `, not of ${mib(wanted)} or less`;
  throw new RoadstreamError(
    "refused",
    `the Athena workgroup ${name} has ${has} of what a query may scan${asked}`,
    {
      hint:
        `aws athena update-work-group --work-group ${name} --configuration-updates ` +
        `BytesScannedCutoffPerQuery=${wanted ?? 10_240 * MIB}`,
    },
  );
};

/** What a statement cost, for people; statements that read no table are free. */
export const scanNote = (scannedBytes: number): string => {
  if (scannedBytes === 0) return "scanned nothing";
  const charged = Math.max(scannedBytes, LEAST_CHARGED_BYTES);
  const dollars = ((charged / TIB) * DOLLARS_PER_TIB).toPrecision(2);
  return `scanned ${mib(scannedBytes)}: about ${Number(dollars)} USD at ${DOLLARS_PER_TIB} USD per TiB`;
};
