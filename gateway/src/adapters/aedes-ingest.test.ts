import { BOOT, gpsPayload, gpsRecord, TOPIC, VEHICLE } from "@roadstream/shared/testing";
import { silentLogger, statusTopic, type DurationMs } from "@roadstream/shared";
import { systemClock, nodeSha256 } from "@roadstream/shared/adapters";
import mqttPacket from "mqtt-packet";
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from "mqtt";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import type { Credentials } from "../ingest/authenticate.ts";
import { balance, logged, loggedSeqs, routerParts } from "../testing/gateway-parts.ts";
import { AedesIngest } from "./aedes-ingest.ts";

const clock = systemClock();
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const gateway = async (credentials: Credentials = { kind: "anonymous" }, scheme: "mqtt" | "ws" = "mqtt") => {
  const parts = await routerParts(clock);
  const options = { ...parts, credentials, sha256: nodeSha256, clock, logger: silentLogger, tls: null };
  const ingest = await AedesIngest.open({ ...options, address: { scheme, host: "127.0.0.1", port: 0 } });
  open.push(
    () => parts.router[Symbol.asyncDispose](),
    () => ingest[Symbol.asyncDispose](),
  );
  return { ...parts, ingest, port: Number(new URL(ingest.url).port) };
};

const client = async (url: string, options: IClientOptions = {}): Promise<MqttClient> => {
  const connected = await mqtt.connectAsync(url, { clientId: VEHICLE, reconnectPeriod: 0, ...options });
  connected.on("error", () => undefined);
  open.push(() => connected.endAsync(true));
  return connected;
};

const publish = (from: MqttClient, payload: Uint8Array | string, topic = TOPIC): Promise<unknown> =>
  from.publishAsync(topic, typeof payload === "string" ? payload : Buffer.from(payload), { qos: 1 });
const until = (holds: () => unknown): Promise<unknown> =>
  vi.waitFor(async () => expect(await holds()).toBe(true), { timeout: 5000, interval: 5 });
const closed = (of: MqttClient): Promise<unknown> =>
  new Promise((resolve) => of.once("close", () => resolve(true)));
const sec = (value: number): DurationMs => (value * 1000) as DurationMs;

test("PUBACK comes after the log has the publish, not before", async () => {
  const { ingest, log, metrics } = await gateway();
  const events: string[] = [];
  const append = log.store.append.bind(log.store);
  log.store.append = (records) => {
    events.push("append");
    return append(records);
  };
  log.appendFault = () => ({ kind: "late_answer", after: sec(0.05) });
  const car = await client(ingest.url);
  const acknowledged = publish(car, gpsPayload(1, 1)).then(() => events.push("puback"));
  await until(() => events.length > 0);
  expect(events).toEqual(["append"]);
  expect(metrics.value("roadstream_gateway_records_held")).toBe(1);
  await acknowledged;
  expect(events).toEqual(["append", "puback"]);
  expect(await loggedSeqs(log)).toEqual([1]);
});

test("a window of publishes is logged and acknowledged in order, dead letters and status among them", async () => {
  const { ingest, log, metrics } = await gateway();
  const car = await client(ingest.url);
  const acks: number[] = [];
  const sent = Array.from({ length: 200 }, (_, i) => {
    const payload = i % 10 === 3 ? "{bad" : gpsPayload(i + 1, i + 1);
    return publish(car, payload, i % 10 === 7 ? statusTopic(VEHICLE) : TOPIC).then(() => acks.push(i));
  });
  await Promise.all(sent);
  expect(acks).toEqual(Array.from({ length: 200 }, (_, i) => i));
  const seqs = Array.from({ length: 200 }, (_, i) => i).filter((i) => i % 10 !== 3 && i % 10 !== 7);
  expect(await loggedSeqs(log)).toEqual(seqs.map((i) => i + 1));
  expect(await logged(log, "dead_letter")).toHaveLength(20);
  expect(balance(metrics)).toEqual({ received: 180, accounted: 180, held: 0 });
});

test("a poison publish is acknowledged once and does not loop", async () => {
  const { ingest, log } = await gateway();
  const car = await client(ingest.url);
  let disconnects = 0;
  car.on("close", () => (disconnects += 1));
  for (const topic of [
    TOPIC,
    "foo/bar",
    "cmd/roadstream/v1/car-2/reboot",
    "$SYS/x",
    "dt/roadstream/v1/car-2/gps_data",
  ]) {
    await publish(car, "\0\u00ff{", topic);
  }
  await publish(car, gpsPayload(1, 1));
  expect(disconnects).toBe(0);
  const reasons = (await logged(log, "dead_letter")).map((letter) => letter["reason"]);
  expect(reasons).toEqual(["not_json", "bad_topic", "bad_topic", "bad_topic", "wrong_vehicle"]);
  expect(await loggedSeqs(log)).toEqual([1]);
});

test("a plain record by hand, as mosquitto_pub sends it, by any QoS that is offered", async () => {
  const { ingest, log } = await gateway();
  const car = await client(ingest.url, { keepalive: 60, protocolVersion: 4 });
  const record = (seq: number): string =>
    JSON.stringify(gpsRecord(seq, { boot_id: BOOT, machine_boot: "m" }));
  await publish(car, record(1));
  await car.publishAsync(TOPIC, record(2), { qos: 0 });
  await until(async () => (await loggedSeqs(log)).length === 2);
  const gone = closed(car);
  car.publish(TOPIC, record(3), { qos: 2 });
  await gone;
  expect(await loggedSeqs(log)).toEqual([1, 2]);
});

test("the log is away, the client is cut off by nobody, and comes through when it is back", async () => {
  const { ingest, log, metrics } = await gateway();
  const car = await client(ingest.url);
  log.store.away = true;
  let acknowledged = 0;
  const sent = [1, 2, 3].map((seq) => publish(car, gpsPayload(seq, seq)).then(() => (acknowledged += 1)));
  await until(
    () => metrics.value("roadstream_gateway_appends_retried_total", { outcome: "unavailable" }) >= 2,
  );
  expect(acknowledged).toBe(0);
  log.store.away = false;
  await Promise.all(sent);
  expect(await loggedSeqs(log)).toEqual([1, 2, 3]);
});

test("a second connection of the same client takes over, and the first one's held publish is not doubled", async () => {
  const { ingest, log, metrics } = await gateway();
  const first = await client(ingest.url);
  log.appendFault = () => ({ kind: "slow", after: sec(0.3) });
  publish(first, gpsPayload(1, 1)).catch(() => undefined);
  await until(() => metrics.value("roadstream_gateway_records_held") === 1);
  const firstClosed = closed(first);
  const second = await client(ingest.url);
  await firstClosed;
  await publish(second, gpsPayload(1, 1));
  expect(await loggedSeqs(log)).toEqual([1]);
  expect(metrics.value("roadstream_gateway_publishes_joined_total")).toBe(1);
  await until(() => metrics.value("roadstream_gateway_connections") === 1);
  // A third one still finds the second, whatever the broker's own list has lost.
  const secondClosed = closed(second);
  await publish(await client(ingest.url), gpsPayload(2, 2));
  await secondClosed;
  expect(await loggedSeqs(log)).toEqual([1, 2]);
});

test("two vehicles are apart: neither publishes nor subscribes for the other", async () => {
  const { ingest, log } = await gateway();
  const one = await client(ingest.url);
  const two = await client(ingest.url, { clientId: "car-2" });
  const granted = async (filter: string): Promise<number | undefined> =>
    (await one.subscribeAsync(filter, { qos: 1 }).catch(() => [{ qos: 128 }]))[0]?.qos;
  expect(await granted("ack/roadstream/v1/car-1")).toBe(1);
  expect(await granted("cmd/roadstream/v1/car-1/#")).toBe(1);
  for (const filter of [
    "#",
    "+/roadstream/v1/car-1",
    "ack/roadstream/v1/car-2",
    "ack/roadstream/v1/+",
    "cmd/#",
    "dt/#",
    "$SYS/#",
    // Where a car is present is nobody's to read here, not even its own.
    "dt/roadstream/v1/car-1/status",
    "dt/roadstream/v1/car-2/status",
    "dt/roadstream/v1/+/status",
  ]) {
    expect(await granted(filter)).toBe(128);
  }
  await publish(two, gpsPayload(1, 1), "dt/roadstream/v1/car-2/gps_data");
  expect(await logged(log, "dead_letter")).toMatchObject([{ reason: "wrong_vehicle", vehicle_id: "car-2" }]);
});

test("a receipt reaches its vehicle when it is connected and has subscribed", async () => {
  const { ingest } = await gateway();
  expect(ingest.sendReceipt(VEHICLE, "x")).toBe(false);
  const car = await client(ingest.url);
  await car.subscribeAsync("ack/roadstream/v1/car-1", { qos: 1 });
  const received = new Promise<IPublishPacket>((resolve) =>
    car.once("message", (_topic, _payload, packet) => resolve(packet)),
  );
  expect(ingest.sendReceipt(VEHICLE, "settled")).toBe(true);
  expect(String((await received).payload)).toBe("settled");
});

test("no session outlives its connection: nothing is queued for those who are away", async () => {
  const { ingest } = await gateway();
  const before = await client(ingest.url, { clean: false });
  await before.subscribeAsync("ack/roadstream/v1/car-1", { qos: 1 });
  await before.endAsync(true);
  await until(() => !ingest.sendReceipt(VEHICLE, "while away"));
  const received: string[] = [];
  const after = mqtt.connect(ingest.url, { clientId: VEHICLE, clean: false, reconnectPeriod: 0 });
  open.push(() => after.endAsync(true));
  after.on("message", (_topic, payload) => void received.push(String(payload)));
  const present = await new Promise((resolve) =>
    after.once("connect", (packet) => resolve(packet.sessionPresent)),
  );
  await after.subscribeAsync("ack/roadstream/v1/car-1", { qos: 1 });
  ingest.sendReceipt(VEHICLE, "now");
  await until(() => received.length > 0);
  expect([present, received]).toEqual([false, ["now"]]);
});

test.each(["mqtt", "ws"] as const)(
  "an oversize packet ends the connection before it is buffered, by %s",
  async (scheme) => {
    const { ingest, log, metrics } = await gateway({ kind: "anonymous" }, scheme);
    const car = await client(ingest.url);
    const gone = closed(car);
    car.publish(TOPIC, Buffer.alloc(300_000), { qos: 1 }, () => undefined);
    await gone;
    await until(() => metrics.value("roadstream_gateway_connections") === 0);
    expect(metrics.value("roadstream_gateway_connections_closed_total", { reason: "packet_too_large" })).toBe(
      1,
    );
    await publish(await client(ingest.url), gpsPayload(1, 1));
    expect(await loggedSeqs(log)).toEqual([1]);
  },
);

test("a slow log pushes back: nothing is lost, no more is held than the limits say", async () => {
  const { ingest, log, metrics } = await gateway();
  log.appendFault = () => ({ kind: "slow", after: sec(0.002) });
  const car = await client(ingest.url);
  let most = 0;
  const sent = Array.from({ length: 1500 }, (_, i) =>
    publish(car, gpsPayload(i + 1, i + 1)).then(
      () => (most = Math.max(most, metrics.value("roadstream_gateway_records_held"))),
    ),
  );
  await Promise.all(sent);
  expect(await loggedSeqs(log)).toEqual(Array.from({ length: 1500 }, (_, i) => i + 1));
  // The limit per client, and what one socket read may bring beyond it.
  expect(most).toBeLessThanOrEqual(256 + 65_536 / gpsPayload(1, 1).length);
});

test("a wrong password, a bad id and a foreign last will do not get in", async () => {
  const { ingest } = await gateway({ kind: "fleet_password", digest: nodeSha256("right") });
  const refusal = (options: IClientOptions): Promise<unknown> => {
    const trying = mqtt.connect(ingest.url, {
      clientId: VEHICLE,
      username: "car-1",
      password: "right",
      reconnectPeriod: 0,
      ...options,
    });
    open.push(() => trying.endAsync(true));
    return new Promise((resolve) => {
      trying.once("connect", () => resolve("in"));
      trying.once("error", (error) => resolve((error as { code?: unknown }).code));
      trying.once("close", () => resolve("closed"));
    });
  };
  expect(await refusal({})).toBe("in");
  expect(await refusal({ password: "wrong" })).toBe(4);
  expect(await refusal({ clientId: "a/+" })).toBe(2);
  expect(
    await refusal({
      will: { topic: "dt/roadstream/v1/car-2/status", payload: Buffer.from("x"), qos: 1, retain: true },
    }),
  ).toBe("closed");
});

/** A connection that speaks MQTT by its bytes, for what no client library would send. */
const rawSocket = async (port: number, bytes: Uint8Array): Promise<Socket> => {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  open.push(() => Promise.resolve(socket.destroy()));
  socket.write(bytes);
  return socket;
};

test.each([
  ["noise", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
  ["a publish before connect", Buffer.from([0x30, 3, 0, 1, 0x61])],
  ["a huge connect", Buffer.from([0x10, 0xff, 0xff, 0x7f])],
])("%s closes that connection alone", async (_what, bytes) => {
  const { ingest, log, port } = await gateway();
  const socket = await rawSocket(port, bytes);
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await publish(await client(ingest.url), gpsPayload(1, 1));
  expect(await loggedSeqs(log)).toEqual([1]);
});

test("a ping is answered while a publish is held", async () => {
  const { log, port } = await gateway();
  log.appendFault = () => ({ kind: "slow", after: sec(0.2) });
  const socket = await rawSocket(
    port,
    Buffer.concat([
      mqttPacket.generate({
        cmd: "connect",
        protocolId: "MQTT",
        protocolVersion: 4,
        clientId: VEHICLE,
        clean: true,
      }),
      mqttPacket.generate({
        cmd: "publish",
        topic: TOPIC,
        qos: 1,
        messageId: 7,
        payload: Buffer.from(gpsPayload(1, 1)),
        retain: false,
        dup: false,
      }),
      mqttPacket.generate({ cmd: "pingreq" }),
    ]),
  );
  const heard: unknown[] = [];
  const parser = mqttPacket.parser();
  parser.on("packet", (packet) => heard.push(packet.cmd));
  socket.on("data", (chunk) => parser.parse(chunk));
  await until(() => heard.length === 3);
  expect(heard).toEqual(["connack", "pingresp", "puback"]);
});

test("a stop acknowledges what the log takes, then closes", async () => {
  const { ingest, log, metrics } = await gateway();
  log.appendFault = () => ({ kind: "slow", after: sec(0.2) });
  const car = await client(ingest.url);
  const acknowledged = publish(car, gpsPayload(1, 1));
  await until(() => metrics.value("roadstream_gateway_records_held") === 1);
  const gone = closed(car);
  await ingest[Symbol.asyncDispose]();
  await acknowledged;
  await gone;
  expect(await loggedSeqs(log)).toEqual([1]);
  await expect(client(ingest.url, { connectTimeout: 500 })).rejects.toThrow();
});
