import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { streamRow, type StreamRow } from "@roadstream/cloud/testing";

const KM_PER_MILE = 1.609344;

/** One second of a drive as a black box recorded it. */
export interface RecordedSecond {
  readonly drive: string;
  /** Unix seconds. */
  readonly at: number;
  readonly row: StreamRow;
  /** Along and across the car, in g: one sample each second. */
  readonly along: number;
  readonly across: number;
  /** The number of the event that the recording's makers saw here; null for none. */
  readonly event: string | null;
  /** Kilometres since it was switched on. */
  readonly km: number;
}

/** The file of recorded drives, of which the corpus may have none. */
export const drivesFile = (folder: string): string | null => {
  const file = join(folder, "drives", "nds_dev.csv");
  return existsSync(file) ? file : null;
};

export const recordedSeconds = (file: string): readonly RecordedSecond[] => {
  const [head = "", ...lines] = readFileSync(file, "utf8").trim().split(/\r?\n/);
  const names = head.split(",");
  return lines.flatMap((line) => {
    const cells = line.split(",");
    const text = (name: string): string => cells[names.indexOf(name)] ?? "";
    const number = (name: string): number => Number(text(name));
    if (text("speed_mph") === "") return [];
    const drive = `drive-${number("drive")}`;
    return {
      drive,
      at: number("time_utc"),
      row: streamRow("gps_data", drive, new Date(number("time_utc") * 1000), {
        fix: "3d",
        latitude: number("gps_lat"),
        longitude: number("gps_long"),
        speed_kmh: number("speed_mph") * KM_PER_MILE,
        heading_deg: number("gps_heading_raw"),
      }),
      along: number("accel_x"),
      across: number("accel_y"),
      event: text("accel_event") === "" ? null : text("accel_event"),
      km: number("cumulative_drive_dist_mi") * KM_PER_MILE,
    };
  });
};

/** What the makers marked, over the seconds that bear one number. */
export interface Label {
  readonly drive: string;
  readonly from: number;
  readonly until: number;
  readonly kind: "harsh_braking" | "harsh_acceleration" | "harsh_cornering";
}

export const labelsOf = (seconds: readonly RecordedSecond[]): readonly Label[] => {
  const groups = Map.groupBy(
    seconds.filter(({ event }) => event !== null),
    ({ drive, event }) => `${drive}/${event}`,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    const last = group.at(-1);
    if (first === undefined || last === undefined) return [];
    const lengthwise = first.along < 0 ? "harsh_braking" : "harsh_acceleration";
    const kind = Math.abs(first.across) > Math.abs(first.along) ? "harsh_cornering" : lengthwise;
    return { drive: first.drive, from: first.at, until: last.at, kind };
  });
};
