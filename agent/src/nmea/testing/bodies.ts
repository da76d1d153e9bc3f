/** Bodies of hand-made sentences, a place in Iowa; fields that a test cares about are options. */
interface RmcBody {
  readonly status?: string;
  readonly position?: string;
  readonly knots?: string;
  readonly course?: string;
  readonly date?: string;
  readonly mode?: string;
}

export const PLACE = "4115.0000,N,09330.0000,W";

export const rmc = (time: string, options: RmcBody = {}): string => {
  const {
    status = "A",
    position = PLACE,
    knots = "10.0",
    course = "87.1",
    date = "240126",
    mode = "A",
  } = options;
  return `GPRMC,${time},${status},${position},${knots},${course},${date},,,${mode}`;
};

export const gga = (
  time: string,
  options: { quality?: string; position?: string; altitude?: string } = {},
): string => {
  const { quality = "1", position = PLACE, altitude = "310.2" } = options;
  return `GPGGA,${time},${position},${quality},09,0.9,${altitude},M,-27.0,M,,`;
};

export const gsa = (fix: string, talker = "GP"): string =>
  `${talker}GSA,A,${fix},02,05,12,,,,,,,,,,1.7,0.8,1.4`;
export const vtg = (kmh: string): string => `GPVTG,91.5,T,,M,,N,${kmh},K,A`;
export const gll = (time: string, status = "A"): string =>
  `GPGLL,${PLACE},${time},${status},${status === "A" ? "A" : "N"}`;
export const zda = (time: string, date = "24,01,2026"): string => `GPZDA,${time},${date},,`;
export const gsv = (): string => "GPGSV,1,1,01,15,00,000,44";
