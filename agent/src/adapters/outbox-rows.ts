import { isStream, unixMillis, uptimeMillis, type SeqRange, type StreamName } from "@roadstream/shared";
import type { SegmentInfo, StoredBoot, StoredSeries } from "../ports.ts";
import { corruption } from "./sqlite-outbox-file.ts";
import { isWholeSeries, type Values } from "./whole-rows.ts";

export const bootOf = (row: Values): StoredBoot => ({
  bootId: String(row["boot_id"]),
  machineBoot: String(row["machine_boot"]),
  closed: row["closed"] === 1,
  saidBy:
    typeof row["said_boot"] === "string" ? { bootId: row["said_boot"], seq: Number(row["said_seq"]) } : null,
});

export const seriesOf = (row: Values): StoredSeries[] => {
  const stream = String(row["stream"]);
  if (!isStream(stream)) return [];
  if (!isWholeSeries(row)) throw corruption("ranges of a series are gone");
  return [
    {
      bootId: String(row["boot_id"]),
      stream,
      given: Number(row["given"]),
      acknowledged: JSON.parse(String(row["acknowledged"])) as SeqRange[],
      dropped: JSON.parse(String(row["dropped"])) as StoredSeries["dropped"],
    },
  ];
};

/** As `series` names it; the row has the rest. */
export const infoOf = (row: Values, series: { bootId: string; stream: StreamName }): SegmentInfo => ({
  bootId: series.bootId,
  stream: series.stream,
  firstSeq: Number(row["first_seq"]),
  lastSeq: Number(row["last_seq"]),
  size: Number(row["size"]),
  acceptedAt: row["accepted_at"] === null ? null : unixMillis(Number(row["accepted_at"])),
  acceptedUptime: row["accepted_uptime"] === null ? null : uptimeMillis(Number(row["accepted_uptime"])),
});

/** For rows that name their series. */
export const infosOf = (row: Values): SegmentInfo[] => {
  const stream = String(row["stream"]);
  return isStream(stream) ? [infoOf(row, { bootId: String(row["boot_id"]), stream })] : [];
};
