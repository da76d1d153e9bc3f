import { redactUrl, RoadstreamError } from "@roadstream/shared";

/** Where a device's bytes come from, as named on the command line. */
export type DeviceSpec =
  | { readonly kind: "serial"; readonly path: string; readonly baud: number }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "gpsd"; readonly host: string; readonly port: number }
  | { readonly kind: "file"; readonly path: string };

const GPSD_PORT = 2947;
const HIGHEST_PORT = 65_535;
const BAUD_RATES = [
  1200, 2400, 4800, 9600, 14_400, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 500_000, 921_600,
];

/** `/dev/serial/by-id/...:38400`: what follows the last colon is the baud rate if it is a usual one. */
const serial = (text: string, defaultBaud: number): DeviceSpec => {
  const match = /^(.+):(\d+)$/.exec(text);
  if (match === null) return { kind: "serial", path: text, baud: defaultBaud };
  const baud = Number(match[2]);
  // By-path names end in `port0` or `1:1.0`: a colon followed by digits alone is a baud rate or a mistake.
  if (!BAUD_RATES.includes(baud)) throw unusable(text, `${baud} is no usual baud rate`);
  return { kind: "serial", path: match[1] as string, baud };
};

const socket = (text: string, kind: "tcp" | "gpsd"): DeviceSpec => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const port = url === null || url.port === "" ? (kind === "gpsd" ? GPSD_PORT : 0) : Number(url.port);
  if (url === null || url.hostname === "" || port < 1 || port > HIGHEST_PORT) {
    throw unusable(text, `expected ${kind}://host:port`);
  }
  return { kind, host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port };
};

const unusable = (text: string, why: string): RoadstreamError =>
  new RoadstreamError("usage", `cannot use ${JSON.stringify(redactUrl(text))} as a device: ${why}`, {
    hint: "use an absolute path[:baud], tcp://host:port, gpsd://host[:port] or file:PATH",
  });

/** Null for a text of another form (`simulated`, `off`, ...); throws `usage` for one of these forms that is unusable. */
export const parseDeviceSpec = (text: string, options: { defaultBaud: number }): DeviceSpec | null => {
  if (text.startsWith("/")) return serial(text, options.defaultBaud);
  if (text.startsWith("tcp://")) return socket(text, "tcp");
  if (text.startsWith("gpsd://")) return socket(text, "gpsd");
  if (!text.startsWith("file:")) return null;
  const path = text.slice("file:".length);
  if (path === "") throw unusable(text, "no path");
  return { kind: "file", path };
};
