import { isRoadstreamError, parseCommand } from "@roadstream/shared";
import { expect, test } from "vitest";
import { agentCommand, checkTogether, outboxBudget, shownSettings, type AgentValues } from "./config.ts";

const USUAL = ["--vehicle", "car-1", "--mqtt", "mqtt://h", "--data", "d"];

const parse = (argv: readonly string[], env: Record<string, string> = {}, file = "") =>
  parseCommand(agentCommand, { argv, env, readFile: () => file });

const valuesOf = (argv: readonly string[], env: Record<string, string> = {}, file = ""): AgentValues => {
  const parsed = parse(argv, env, file);
  if (parsed.kind !== "run") throw new Error(JSON.stringify(parsed));
  return parsed.values;
};

test("a flag wins over the environment, that over the file, that over the default", () => {
  const env = { ROADSTREAM_GPS: "env", ROADSTREAM_LINGER: "2s" };
  const values = valuesOf(
    [...USUAL, "--config", "agent.yaml", "--gps", "flag"],
    env,
    "gps: file\nlinger: 3s\nobd: file\n",
  );
  expect(values).toMatchObject({ gps: "flag", linger: 2000, obd: "file", ackTimeout: 30_000, camera: null });
});

test.each([
  ["no vehicle", ["--mqtt", "mqtt://h", "--data", "d"], "--vehicle: is required"],
  ["no folder", ["--vehicle", "a", "--mqtt", "mqtt://h"], "--data: is required"],
  ["a path in the vehicle's id", [...USUAL, "--vehicle=../car"], "--vehicle: given twice"],
  ["a misspelt option", [...USUAL, "--vehicel", "x"], "unknown option --vehicel; did you mean --vehicle?"],
  ["a secret as a flag", [...USUAL, "--mqtt-password", "p"], "give ROADSTREAM_MQTT_PASSWORD"],
  [
    "an interval of no unit",
    [...USUAL, "--camera-interval", "30"],
    '--camera-interval: "30" is not a duration',
  ],
  ["a tiny outbox", [...USUAL, "--outbox-mib", "1"], '--outbox-mib: "1" is not a whole number from 64 to'],
])("%s is said, with its flag", (_, argv, problem) => {
  const parsed = parse(argv);
  expect(parsed.kind === "wrong" && parsed.problems.join("\n")).toContain(problem);
});

test.each([
  ["../car", /--vehicle: must be 1 to 64 letters/],
  ["a/b", /--vehicle: must be/],
  ["", /--vehicle: must be/],
  ["é", /--vehicle: must be/],
  ["a".repeat(65), /--vehicle: must be/],
])("%j is no vehicle", (vehicle, problem) => {
  const parsed = parse(["--vehicle", vehicle, "--mqtt", "mqtt://h", "--data", "d"]);
  expect(parsed.kind === "wrong" && parsed.problems.join("\n")).toMatch(problem);
});

test.each(["http://h", "mqtt:h", "h:1883", "mqtt://"])("%s is no broker", (mqtt) => {
  const parsed = parse(["--vehicle", "a", "--mqtt", mqtt, "--data", "d"]);
  expect(parsed.kind === "wrong" && parsed.problems.join("\n")).toMatch(/--mqtt: must be mqtt:\/\//);
});

test("a password in the broker's address is refused without being repeated", () => {
  const parsed = parse(["--vehicle", "a", "--mqtt", "mqtt://me:hunter2@h", "--data", "d"]);
  expect(parsed).toMatchObject({ kind: "wrong" });
  expect(JSON.stringify(parsed)).toMatch(/ROADSTREAM_MQTT_PASSWORD/);
  expect(JSON.stringify(parsed)).not.toContain("hunter2");
});

test("what is said of the settings holds no secret and no password within an address", () => {
  const argv = [...USUAL, "--camera", "cmd:ffmpeg -i rtsp://cam:hunter2@10.0.0.9/1"];
  const shown = shownSettings(
    valuesOf(argv, { ROADSTREAM_MQTT_PASSWORD: "hunter2", ROADSTREAM_MQTT_USERNAME: "hunter2" }),
  );
  expect(shown).toMatchObject({
    vehicle: "car-1",
    camera: "cmd:ffmpeg …",
    linger: 250,
  });
  expect(JSON.stringify(shown)).not.toContain("hunter2");
  expect(shown).not.toHaveProperty("gps");
});

test("settings that do not go together are told", () => {
  const wrong = (...argv: string[]): string => {
    try {
      checkTogether(valuesOf(["--vehicle", "a", "--data", "d", ...argv]));
    } catch (error) {
      return isRoadstreamError(error, "usage") ? `${error.message}: ${error.hint}` : "";
    }
    return "nothing";
  };
  expect(wrong("--mqtt", "mqtts://h", "--mqtt-ca", "ca.pem")).toBe("nothing");
  expect(wrong("--mqtt", "mqtt://h", "--mqtt-ca", "ca.pem")).toContain("use mqtts:// or wss://");
  expect(wrong("--mqtt", "mqtts://h", "--mqtt-cert", "c.pem")).toContain("a certificate needs its key");
});

test("budgets keep their shares at any size, and the reserve its least", () => {
  expect(outboxBudget({ outboxMib: 4096 })).toMatchObject({
    totalBytes: 2 ** 32,
    pictureBytes: 1536 * 2 ** 20,
  });
  const least = outboxBudget({ outboxMib: 64 });
  expect(least.reservedBytes).toBe(8 * 2 ** 20);
  expect(least.pictureBytes + least.reservedBytes).toBeLessThan(least.totalBytes);
});
