import type { UnixMillis } from "@roadstream/shared";
import type { GnssSolution } from "../simulator/gnss.ts";
import { dateField, positionFields, sentence, timeField } from "./sentence.ts";
import type { Satellite } from "./sky.ts";

/** One epoch as the receiver would report it. */
export interface ReceiverEpoch {
  /** Null while the receiver knows no time. */
  readonly at: UnixMillis | null;
  readonly solution: GnssSolution | null;
  readonly sky: readonly Satellite[];
}

const KNOTS_PER_MS = 3600 / 1852;
const GEOID_SEPARATION_M = -27.4;
const SATELLITES_PER_GSV = 4;
const GSA_SLOTS = 12;

const course = (solution: GnssSolution | null): string | null => solution?.courseDeg?.toFixed(2) ?? null;
const usedPrns = ({ sky, solution }: ReceiverEpoch): readonly number[] =>
  sky.slice(0, solution?.satellitesUsed ?? 0).map(({ prn }) => prn);
const pad = (value: number): string => String(value).padStart(2, "0");

/** `$GPRMC,time,A|V,lat,N,lon,W,knots,course,ddmmyy,variation,E|W,mode`: void (V) leaves the position blank. */
export const rmc = ({ at, solution }: ReceiverEpoch): string =>
  sentence([
    "GPRMC",
    timeField(at),
    solution === null ? "V" : "A",
    ...positionFields(solution),
    solution === null ? null : (solution.speedMs * KNOTS_PER_MS).toFixed(3),
    course(solution),
    dateField(at),
    null,
    null,
    solution === null ? "N" : "A",
  ]);

/** `$GPGGA,time,lat,N,lon,W,quality,satellites,hdop,altitude,M,separation,M,age,station` */
export const gga = ({ at, solution }: ReceiverEpoch): string =>
  sentence([
    "GPGGA",
    timeField(at),
    ...positionFields(solution),
    solution === null ? 0 : 1,
    pad(solution?.satellitesUsed ?? 0),
    solution?.hdop.toFixed(2) ?? "99.99",
    ...(solution === null
      ? [null, null, null, null]
      : [solution.altitudeM.toFixed(1), "M", GEOID_SEPARATION_M.toFixed(1), "M"]),
    null,
    null,
  ]);

/** `$GPGLL,lat,N,lon,W,time,A|V,mode` */
export const gll = ({ at, solution }: ReceiverEpoch): string =>
  sentence([
    "GPGLL",
    ...positionFields(solution),
    timeField(at),
    ...(solution === null ? ["V", "N"] : ["A", "A"]),
  ]);

/** `$GPVTG,course,T,magnetic,M,knots,N,km/h,K,mode` */
export const vtg = ({ solution }: ReceiverEpoch): string =>
  sentence(
    solution === null
      ? ["GPVTG", null, null, null, null, null, null, null, null, "N"]
      : [
          "GPVTG",
          course(solution),
          "T",
          null,
          "M",
          (solution.speedMs * KNOTS_PER_MS).toFixed(3),
          "N",
          (solution.speedMs * 3.6).toFixed(3),
          "K",
          "A",
        ],
  );

/** `$GPGSA,A,1|2|3,twelve PRNs,pdop,hdop,vdop`: 1 is no fix. */
export const gsa = (epoch: ReceiverEpoch): string => {
  const { solution } = epoch;
  const used = usedPrns(epoch).map(pad);
  const slots = Array.from({ length: GSA_SLOTS }, (_, index) => used[index] ?? null);
  const mode = solution === null ? 1 : solution.fix === "2d" ? 2 : 3;
  const vdop = solution === null ? 99.99 : solution.hdop * 1.5;
  const hdop = solution?.hdop ?? 99.99;
  const pdop = solution === null ? 99.99 : Math.hypot(hdop, vdop);
  return sentence(["GPGSA", "A", mode, ...slots, pdop.toFixed(2), hdop.toFixed(2), vdop.toFixed(2)]);
};

/** `$GPGSV,messages,number,in view,{prn,elevation,azimuth,signal}×4`, as many as the sky needs. */
export const gsv = ({ sky }: ReceiverEpoch): string => {
  const messages = Math.max(1, Math.ceil(sky.length / SATELLITES_PER_GSV));
  return Array.from({ length: messages }, (_, index) => {
    const part = sky.slice(index * SATELLITES_PER_GSV, (index + 1) * SATELLITES_PER_GSV);
    const blocks = part.flatMap(({ prn, elevationDeg, azimuthDeg, signalDb }) => [
      pad(prn),
      pad(elevationDeg),
      String(azimuthDeg).padStart(3, "0"),
      signalDb === null ? null : pad(signalDb),
    ]);
    return sentence(["GPGSV", messages, index + 1, pad(sky.length), ...blocks]);
  }).join("");
};

/** `$GPZDA,time,dd,mm,yyyy,zone hours,zone minutes` */
export const zda = ({ at }: ReceiverEpoch): string => {
  const date = at === null ? null : new Date(at);
  return sentence([
    "GPZDA",
    timeField(at),
    ...(date === null
      ? [null, null, null]
      : [pad(date.getUTCDate()), pad(date.getUTCMonth() + 1), date.getUTCFullYear()]),
    "00",
    "00",
  ]);
};
