import { parseCommand } from "@roadstream/shared";
import { expect, test } from "vitest";
import { gatewayCommand, listenAddress, type GatewayValues } from "./config.ts";

const parse = (args: string, env: Record<string, string> = {}): GatewayValues => {
  const parsed = parseCommand(gatewayCommand, { argv: args.split(" "), env, readFile: () => "" });
  if (parsed.kind !== "run") throw new Error(JSON.stringify(parsed));
  return parsed.values;
};

test("the defaults are those of the command contract", () => {
  const values = parse("--log sqlite:a");
  expect(values).toMatchObject({ log: "sqlite:a", partitions: 6, createTopics: true, insecure: false });
  expect(listenAddress(values)).toEqual({ scheme: "mqtt", host: "127.0.0.1", port: 1883 });
  expect(parse("--log sqlite:a --no-create-topics").createTopics).toBe(false);
});

test("without a log nothing starts, and no password is a flag", () => {
  expect(() => parse("--partitions 6")).toThrow(/--log/);
  expect(() => parse("--log sqlite:a --mqtt-password secret")).toThrow(/is a secret/);
});

test("anyone may connect only from this machine, or with --insecure", () => {
  const open = "--log sqlite:a --listen mqtt://0.0.0.0:0";
  expect(() => listenAddress(parse(open))).toThrow(/anyone could connect/);
  expect(() =>
    listenAddress(parse("--log sqlite:a --listen mqtts://0.0.0.0:0 --tls-cert a --tls-key b")),
  ).toThrow(/anyone/);
  expect(listenAddress(parse(`${open} --insecure`)).host).toBe("0.0.0.0");
  expect(listenAddress(parse(open, { ROADSTREAM_MQTT_PASSWORD: "x" })).host).toBe("0.0.0.0");
  expect(listenAddress(parse(`${open} --passwords file`)).host).toBe("0.0.0.0");
});

test("TLS needs its files, and its files need TLS", () => {
  expect(() => listenAddress(parse("--log sqlite:a --listen mqtts://127.0.0.1"))).toThrow(/certificate/);
  expect(() => listenAddress(parse("--log sqlite:a --tls-client-ca ca"))).toThrow(/not encrypted/);
});
