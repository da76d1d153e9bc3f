import { randomBelow, randomNormal, seededRandom } from "@roadstream/shared";

/** A log as a two-system receiver writes it each second in a moving car: 13 sentences, GSV most of them. */
export const nmeaLog = (options: { seconds: number; seed: number }): string => {
  const random = seededRandom(options.seed);
  const start = Date.UTC(2026, 2, 14, 15, 0, 0);
  const lines: string[] = [];
  let latitude = 41.25;
  let longitude = -95.93;
  let knots = 0;
  let course = 84;
  for (let second = 0; second < options.seconds; second += 1) {
    knots = Math.min(62, Math.max(0, knots + randomNormal(random)));
    course = (course + randomNormal(random) + 360) % 360;
    latitude += (knots / 216_000) * Math.cos((course * Math.PI) / 180);
    longitude += ((knots / 216_000) * Math.sin((course * Math.PI) / 180)) / 0.75;
    const at = new Date(start + second * 1000).toISOString();
    const time = `${at.slice(11, 13)}${at.slice(14, 16)}${at.slice(17, 19)}.00`;
    const [year, month, day] = at.slice(0, 10).split("-") as [string, string, string];
    const position = `${angle(latitude, 2)},N,${angle(-longitude, 3)},W`;
    const heading = knots < 1 ? "" : course.toFixed(2);
    const hdop = (0.8 + random.next() / 2).toFixed(2);
    const bodies = [
      `GNRMC,${time},A,${position},${knots.toFixed(3)},${heading},${day}${month}${year.slice(2)},,,A`,
      `GNVTG,${heading},T,,M,${knots.toFixed(3)},N,${(knots * 1.852).toFixed(3)},K,A`,
      `GNGGA,${time},${position},1,12,${hdop},${(310 + randomNormal(random)).toFixed(1)},M,-27.0,M,,`,
      `GNGSA,A,3,02,05,12,13,15,21,25,29,,,,,1.71,${hdop},1.38`,
      `GNGSA,A,3,70,73,74,79,80,,,,,,,,1.71,${hdop},1.38`,
      ...satellites("GP", 4, random),
      ...satellites("GL", 2, random),
      `GNGLL,${position},${time},A,A`,
      `GNZDA,${time},${day},${month},${year},00,00`,
    ];
    for (const body of bodies) lines.push(`$${body}*${checksum(body)}`);
  }
  return `${lines.join("\r\n")}\r\n`;
};

const angle = (degrees: number, digits: number): string => {
  const whole = Math.floor(degrees);
  return `${String(whole).padStart(digits, "0")}${((degrees - whole) * 60).toFixed(5).padStart(8, "0")}`;
};

const satellites = (talker: string, sentences: number, random: ReturnType<typeof seededRandom>): string[] =>
  Array.from({ length: sentences }, (_, sentence) => {
    const places = Array.from({ length: 4 }, (_, place) => {
      const id = String(sentence * 4 + place + 1).padStart(2, "0");
      const azimuth = String(randomBelow(random, 360)).padStart(3, "0");
      return `${id},${String(randomBelow(random, 90)).padStart(2, "0")},${azimuth},${randomBelow(random, 40) + 10}`;
    });
    return `${talker}GSV,${sentences},${sentence + 1},${sentences * 4},${places.join(",")}`;
  });

const checksum = (body: string): string => {
  let sum = 0;
  for (let i = 0; i < body.length; i += 1) sum ^= body.charCodeAt(i);
  return sum.toString(16).toUpperCase().padStart(2, "0");
};
