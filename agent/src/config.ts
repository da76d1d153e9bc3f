import {
  COMMON_OPTIONS,
  defineCommand,
  durationText,
  isVehicleId,
  maybe,
  METRICS_OPTION,
  redactUrl,
  RoadstreamError,
  secret,
  setting,
  toggle,
  wholeText,
  type Options,
  type Values,
} from "@roadstream/shared";
import { z } from "zod";
import type { OutboxBudget } from "./outbox/budget.ts";
import { DEFAULT_BUDGET } from "./outbox/budget.ts";

const vehicleId = z.string().refine(isVehicleId, "must be 1 to 64 letters, digits, underscores or hyphens");

const SCHEMES = new Set(["mqtt:", "mqtts:", "ws:", "wss:"]);

const brokerUrl = z.string().superRefine((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const add = (message: string): void => context.addIssue({ code: "custom", message });
  if (url === null || !SCHEMES.has(url.protocol) || url.hostname === "")
    add(`must be mqtt://, mqtts://, ws:// or wss:// and a host`);
  else if (url.username !== "" || url.password !== "")
    add("must hold no user or password: give ROADSTREAM_MQTT_USERNAME and ROADSTREAM_MQTT_PASSWORD");
});

const spec = (help: string, placeholder = "SPEC") => maybe(z.string(), { help, placeholder });
const MIB = 1024 * 1024;

const AGENT_OPTIONS = {
  vehicle: setting(vehicleId, {
    help: "The vehicle's id, also its MQTT client id.",
    placeholder: "ID",
  }),
  mqtt: setting(brokerUrl, { help: "The broker: mqtt://, mqtts://, ws:// or wss://.", placeholder: "URL" }),
  data: setting(z.string().min(1), {
    help: "Folder of this agent alone; holds outbox.sqlite.",
    placeholder: "DIR",
  }),
  gps: spec("simulated, /dev/…[:baud], tcp://host:port, gpsd://host:port or file:PATH (a capture)."),
  obd: spec("simulated, /dev/…[:baud] or tcp://host:port."),
  camera: spec("simulated, dir:PATH (a watched folder) or cmd:PROGRAM ARGS (its stdout is a JPEG)."),
  weather: spec("simulated."),
  emergency: spec(
    "simulated, or signal: SIGUSR1 is the button, and impacts and breakdowns are read out of GPS and OBD.",
  ),
  cameraInterval: setting(durationText, {
    help: "Between pictures of simulated and cmd: cameras.",
    placeholder: "TIME",
    default: "30s",
  }),
  cameraId: setting(z.string().regex(/^[A-Za-z0-9_.:-]{1,128}$/, "must be letters, digits, _ . : -"), {
    help: "Names the camera.",
    placeholder: "NAME",
    default: "front",
  }),
  weatherInterval: setting(durationText, {
    help: "Between weather readings.",
    placeholder: "TIME",
    default: "60s",
  }),
  vehicleType: spec("car, truck, bus … for gps_data.", "WORD"),
  make: spec("Manufacturer, for vehicle_data.", "TEXT"),
  model: spec("Model.", "TEXT"),
  year: maybe(wholeText(1900, 2100), {
    help: "Model year, where the VIN does not tell.",
    placeholder: "YEAR",
  }),
  fuelType: spec("Where the car does not tell.", "WORD"),
  systemClock: setting(z.enum(["auto", "ntp", "rtc", "none"]), {
    help: "Whether the machine's clock is right: auto asks the system.",
    placeholder: "auto|ntp|rtc|none",
    default: "auto",
  }),
  duration: maybe(durationText, { help: "Stop the sources after this time, then end.", placeholder: "TIME" }),
  exitWhenDrained: toggle({
    help: "End once all sources have ended and everything is acknowledged (with --forget settled: settled).",
  }),
  linger: setting(durationText, {
    help: "How long a reading waits for others to share its publish.",
    placeholder: "TIME",
    default: "250ms",
  }),
  ackTimeout: setting(durationText, {
    help: "A publish not acknowledged by then is sent again on a new connection.",
    placeholder: "TIME",
    default: "30s",
  }),
  forget: setting(z.enum(["acknowledged", "settled"]), {
    help: "When the outbox lets go of a reading: once the broker has it in its log, or once a receipt says that it is in the lake.",
    placeholder: "acknowledged|settled",
    default: "acknowledged",
  }),
  outboxMib: setting(wholeText(64, 1024 * 1024), {
    help: "What the outbox may hold; the oldest pictures go first.",
    placeholder: "MIB",
    default: "2048",
  }),
  mqttCa: spec("Certificate authorities of the broker, PEM.", "FILE"),
  mqttCert: spec("This vehicle's certificate, PEM.", "FILE"),
  mqttKey: spec("Its private key, PEM.", "FILE"),
  mqttUsername: secret({ help: "The broker's user; by default the vehicle id where a password is given." }),
  mqttPassword: secret({ help: "The broker's password." }),
  ...COMMON_OPTIONS,
  ...METRICS_OPTION,
} as const;

export const agentCommand = defineCommand({
  name: "roadstream agent",
  summary:
    "In the car: samples GPS, OBD-II, camera, weather and emergencies, keeps them on disk until the broker has them.",
  options: AGENT_OPTIONS,
  examples: [
    "roadstream agent --vehicle car-1 --mqtt mqtt://127.0.0.1:1883 --data data/car-1 --gps 'simulated?pace=60' --obd simulated --camera simulated",
    "roadstream agent --vehicle car-1 --mqtt mqtts://gateway:8883 --data /var/lib/roadstream --gps /dev/serial/by-id/usb-u-blox --obd /dev/ttyUSB0:38400",
    "roadstream agent --vehicle car-1 --mqtt mqtt://127.0.0.1:1883 --data data/replay --gps file:drive.nmea --exit-when-drained",
  ],
});

export type AgentValues = Values<typeof AGENT_OPTIONS>;

/** A command's arguments may be anything, a camera's password among them: its program alone is said. */
const shownText = (value: string): string =>
  value.startsWith("cmd:") ? value.replace(/(?<=^cmd:\s*\S+)\s.*$/su, " …") : redactUrl(value);

/** What may be said of the settings: no secret, no password within an address, nothing that is absent. */
export const shownSettings = (values: AgentValues): Readonly<Record<string, unknown>> => {
  const given: Readonly<Record<string, unknown>> = values;
  const options: Options = AGENT_OPTIONS;
  const shown = Object.entries(options).flatMap(([key, { isSecret }]) => {
    const value = given[key] ?? null;
    if (isSecret || value === null) return [];
    return [[key, typeof value === "string" ? shownText(value) : value] as const];
  });
  return Object.fromEntries(shown);
};

/** The outbox's budgets: the shares of pictures and of the reserve stay the same at any size. */
export const outboxBudget = (values: Pick<AgentValues, "outboxMib">): OutboxBudget => {
  const totalBytes = values.outboxMib * MIB;
  const share = totalBytes / DEFAULT_BUDGET.totalBytes;
  return {
    totalBytes,
    pictureBytes: Math.floor(DEFAULT_BUDGET.pictureBytes * share),
    reservedBytes: Math.max(8 * MIB, Math.floor(DEFAULT_BUDGET.reservedBytes * share)),
    maxAge: DEFAULT_BUDGET.maxAge,
  };
};

/** Throws `usage` where settings do not go together. */
export const checkTogether = (
  values: Pick<AgentValues, "mqtt" | "mqttCa" | "mqttCert" | "mqttKey">,
): void => {
  const isTls = values.mqtt.startsWith("mqtts:") || values.mqtt.startsWith("wss:");
  const hasFiles = (values.mqttCa ?? values.mqttCert ?? values.mqttKey) !== null;
  if (hasFiles && !isTls) {
    throw new RoadstreamError("usage", "TLS files are given, but --mqtt is not encrypted", {
      hint: "use mqtts:// or wss://",
    });
  }
  if ((values.mqttCert === null) !== (values.mqttKey === null)) {
    throw new RoadstreamError("usage", "a certificate needs its key", {
      hint: "give both --mqtt-cert and --mqtt-key",
    });
  }
};
