import { isRoadstreamError } from "@roadstream/shared";
import { expect, test } from "vitest";
import { benchQuery, parseSourceSpec, type SourceFlag } from "./source-spec.ts";

test.each<[SourceFlag, string | null, unknown]>([
  ["gps", null, { kind: "off" }],
  ["gps", "off", { kind: "off" }],
  ["gps", "simulated", { kind: "simulated", query: "" }],
  ["obd", "simulated?pace=60", { kind: "simulated", query: "pace=60" }],
  ["gps", "/dev/ttyACM0", { kind: "device", device: { kind: "serial", path: "/dev/ttyACM0", baud: 9600 } }],
  ["obd", "/dev/ttyUSB0", { kind: "device", device: { kind: "serial", path: "/dev/ttyUSB0", baud: 38_400 } }],
  ["gps", "file:drive.nmea", { kind: "device", device: { kind: "file", path: "drive.nmea" } }],
  ["camera", "dir:/var/pictures", { kind: "folder", path: "/var/pictures" }],
  [
    "camera",
    "cmd:rpicam-still -n -o -",
    { kind: "command", program: "rpicam-still", args: ["-n", "-o", "-"] },
  ],
  ["camera", `cmd:sh -c 'cat "a b.jpg"'`, { kind: "command", program: "sh", args: ["-c", 'cat "a b.jpg"'] }],
  ["emergency", "signal", { kind: "signal" }],
])("--%s %s", (flag, text, spec) => {
  expect(parseSourceSpec(flag, text)).toEqual(spec);
});

test.each<[SourceFlag, string]>([
  ["gps", "ttyUSB0"],
  ["gps", "signal"],
  ["gps", "dir:/x"],
  ["obd", "file:x"],
  ["obd", "gpsd://host"],
  ["obd", "simulation"],
  ["camera", "dir:"],
  ["camera", "cmd: "],
  ["camera", "/dev/video0"],
  ["weather", "tcp://host:1"],
  ["emergency", "button"],
])("--%s %s is told to be no form of this source, and which are", (flag, text) => {
  let thrown: unknown = null;
  try {
    parseSourceSpec(flag, text);
  } catch (error) {
    thrown = error;
  }
  expect(isRoadstreamError(thrown, "usage")).toBe(true);
  if (!isRoadstreamError(thrown)) return;
  expect(thrown.message).toContain(`--${flag}: cannot use`);
  expect(thrown.hint).toMatch(/^give .*simulated/);
});

test("all simulated sources share one car, whose options are said once", () => {
  const simulated = (query: string) => ({ kind: "simulated", query }) as const;
  expect(benchQuery([{ kind: "off" }])).toBe(null);
  expect(benchQuery([simulated(""), { kind: "off" }])).toBe("");
  expect(benchQuery([simulated(""), simulated("seed=7"), simulated("seed=7")])).toBe("seed=7");
  expect(() => benchQuery([simulated("seed=7"), simulated("seed=8")])).toThrow(/share one car/);
});

test.each([
  ["camera", "rtsp://cam:s3cret@h/1"],
  ["gps", "gpsd://me:s3cret@h:70000"],
] as const)("a password in an unusable --%s is not repeated", (flag, text) => {
  expect(() => parseSourceSpec(flag, text)).toThrow(/:\*\*\*@h/);
});
