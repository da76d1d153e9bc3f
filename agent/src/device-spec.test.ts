import { isRoadstreamError } from "@roadstream/shared";
import { describe, expect, it } from "vitest";
import { parseDeviceSpec } from "./device-spec.ts";

const parse = (text: string): ReturnType<typeof parseDeviceSpec> =>
  parseDeviceSpec(text, { defaultBaud: 9600 });

describe("parseDeviceSpec", () => {
  it.each([
    ["/dev/ttyACM0", { kind: "serial", path: "/dev/ttyACM0", baud: 9600 }],
    [
      "/dev/serial/by-id/usb-u-blox-if00:115200",
      { kind: "serial", path: "/dev/serial/by-id/usb-u-blox-if00", baud: 115_200 },
    ],
    [
      "/dev/serial/by-path/usb-0:1.2:1.0-port0",
      { kind: "serial", path: "/dev/serial/by-path/usb-0:1.2:1.0-port0", baud: 9600 },
    ],
    ["tcp://10.0.0.1:10110", { kind: "tcp", host: "10.0.0.1", port: 10_110 }],
    ["tcp://[::1]:10110", { kind: "tcp", host: "::1", port: 10_110 }],
    ["gpsd://localhost", { kind: "gpsd", host: "localhost", port: 2947 }],
    ["gpsd://localhost:4000", { kind: "gpsd", host: "localhost", port: 4000 }],
    ["file:drive.nmea", { kind: "file", path: "drive.nmea" }],
    ["simulated?seed=7", null],
    ["off", null],
  ])("reads %s", (text, spec) => {
    expect(parse(text)).toEqual(spec);
  });

  it.each([
    "/dev/ttyUSB0:12345",
    "tcp://host",
    "tcp://:1",
    "tcp://host:0",
    "tcp://host:70000",
    "gpsd://",
    "file:",
  ])("refuses %s", (text) => {
    expect(() => parse(text)).toThrowError(expect.toSatisfy((error) => isRoadstreamError(error, "usage")));
  });
});
