import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Aedes } from "aedes";
import { seconds, withDeadline } from "@roadstream/shared";
import { systemClock } from "@roadstream/shared/adapters";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConnectUplink, UplinkMessage } from "../ports.ts";
import { mqttUplink, type MqttUplinkOptions } from "./mqtt-uplink.ts";

const clock = systemClock();
const never = new AbortController().signal;
const text = (payload: string): Uint8Array => new TextEncoder().encode(payload);
const message = (payload: string, over: Partial<UplinkMessage> = {}): UplinkMessage => ({
  topic: "dt/roadstream/v1/car-1/gps_data",
  payload: text(payload),
  keep: "not_retained",
  ...over,
});
/** What is promised must come; a test that waits for it in vain says so soon. */
const soon = <T>(what: string, promise: Promise<T>): Promise<T> =>
  withDeadline(clock, seconds(8), what, () => promise);

/** What arrives at the broker, and when it may acknowledge it. */
interface Arrival {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
  answer(error?: Error): void;
}

let broker: Aedes;
let server: Server;
let sockets: Set<Socket>;
let arrivals: Arrival[];
/** Fault knob: the broker acknowledges nothing by itself. */
let holds: boolean;

const portOf = (of: Server): number => (of.address() as AddressInfo).port;
const listening = async (handle: (socket: Socket) => void): Promise<Server> => {
  const made = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    handle(socket);
  }).listen(0, "127.0.0.1");
  await once(made, "listening");
  return made;
};

const uplink = (over: Partial<MqttUplinkOptions> = {}): ConnectUplink =>
  mqttUplink({
    url: `mqtt://127.0.0.1:${portOf(server)}`,
    clientId: "car-1",
    username: null,
    password: null,
    ca: null,
    cert: null,
    key: null,
    will: { topic: "dt/roadstream/v1/car-1/status", payload: text("gone"), keep: "retained" },
    ...over,
  });

beforeEach(async () => {
  arrivals = [];
  holds = false;
  sockets = new Set();
  broker = await Aedes.createBroker();
  broker.authorizePublish = (_, { topic, payload, qos, retain }, done) => {
    const answer = (error?: Error): void => done(error ?? null);
    arrivals.push({ topic, payload: String(payload), qos, retain, answer });
    if (!holds) answer();
  };
  server = await listening((socket) => void broker.handle(socket));
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => broker.close(() => resolve()));
  await new Promise((resolve) => server.close(resolve));
});

const arrived = (count: number): Promise<unknown> => expect.poll(() => arrivals.length).toBe(count);

describe("an uplink to a real broker", () => {
  test("a publish resolves with its acknowledgement, not before", async () => {
    holds = true;
    await using connection = await uplink()(never);
    let isAcknowledged = false;
    const publishing = connection.publish(message("one")).then(() => (isAcknowledged = true));
    await arrived(1);
    expect(isAcknowledged).toBe(false);
    expect(arrivals[0]).toMatchObject({ payload: "one", qos: 1, retain: false });
    arrivals[0]!.answer();
    await soon("acknowledgement", publishing);
  });

  test("messages arrive in the order they are given, and a retained one says so", async () => {
    await using connection = await uplink()(never);
    const numbers = Array.from({ length: 50 }, (_, n) => String(n));
    await soon("acknowledgements", Promise.all(numbers.map((n) => connection.publish(message(n)))));
    await connection.publish(message("online", { keep: "retained" }));
    expect(arrivals.map(({ payload }) => payload)).toEqual([...numbers, "online"]);
    expect(arrivals.at(-1)?.retain).toBe(true);
  });

  test("a clean end leaves no last will; a lost connection does", async () => {
    const clean = await uplink()(never);
    await clean.publish(message("one"));
    await clean[Symbol.asyncDispose]();
    await soon("end", clean.closed);
    const lost = await uplink()(never);
    for (const socket of sockets) socket.destroy();
    await soon("end", lost.closed);
    await arrived(2);
    expect(arrivals.map(({ payload }) => payload)).toEqual(["one", "gone"]);
    await lost[Symbol.asyncDispose]();
  });

  test("what is unanswered when the connection ends is rejected, and so is everything after", async () => {
    holds = true;
    await using connection = await uplink()(never);
    const publishing = connection.publish(message("one"));
    const rejected = expect(publishing).rejects.toMatchObject({ code: "unavailable" });
    await arrived(1);
    for (const socket of sockets) socket.destroy();
    await soon("rejection", rejected);
    await expect(connection.publish(message("two"))).rejects.toMatchObject({ code: "unavailable" });
  });

  test("a publish that makes the broker hang up is rejected", async () => {
    holds = true;
    await using connection = await uplink()(never);
    const publishing = connection.publish(message("poison"));
    const rejected = expect(publishing).rejects.toMatchObject({ code: "unavailable" });
    await arrived(1);
    arrivals[0]!.answer(new Error("no"));
    await soon("rejection", rejected);
    await soon("end", connection.closed);
  });

  test("is closed at once while something is unanswered", async () => {
    holds = true;
    const connection = await uplink()(never);
    const publishing = connection.publish(message("one")).catch(() => undefined);
    await arrived(1);
    await soon("close", Promise.resolve(connection[Symbol.asyncDispose]()));
    await soon("rejection", publishing);
  });
});

describe("a connection that does not come about", () => {
  test("refused credentials are told from an absent broker", async () => {
    broker.authenticate = (_client, username, password, done) => {
      const isRight = username === "car-1" && String(password) === "right";
      done(isRight ? null : Object.assign(new Error("no"), { returnCode: 4 }), isRight);
    };
    const wrong = uplink({ username: "car-1", password: "wrong" });
    await expect(soon("refusal", wrong(never))).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("refused the connection") as string,
    });
    const right = await uplink({ username: "car-1", password: "right" })(never);
    await right[Symbol.asyncDispose]();
  });

  test("a port without a listener, and one that hangs up at once, are unavailable", async () => {
    const rude = await listening((socket) => socket.destroy());
    const url = `mqtt://127.0.0.1:${portOf(rude)}`;
    await expect(soon("failure", uplink({ url })(never))).rejects.toMatchObject({ code: "unavailable" });
    await new Promise((resolve) => rude.close(resolve));
    await expect(soon("failure", uplink({ url })(never))).rejects.toMatchObject({ code: "unavailable" });
  });

  test("a broker that takes the connection and says nothing is left when told to", async () => {
    const mute = await listening(() => undefined);
    const stop = new AbortController();
    const connecting = uplink({ url: `mqtt://127.0.0.1:${portOf(mute)}` })(stop.signal);
    const rejected = expect(connecting).rejects.toMatchObject({ code: "aborted" });
    await expect.poll(() => sockets.size).toBe(1);
    stop.abort();
    await soon("cancellation", rejected);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => mute.close(resolve));
  });

  test("messages of the topic subscribed to arrive as they came, those of others do not", async () => {
    await using connection = await uplink()(never);
    const heard: string[] = [];
    await soon(
      "subscribe",
      connection.subscribe("ack/roadstream/v1/car-1", (payload) => void heard.push(String(payload))),
    );
    const tell = (topic: string, payload: string): void =>
      broker.publish({ cmd: "publish", topic, payload, qos: 1, retain: false, dup: false }, () => undefined);
    tell("ack/roadstream/v1/car-2", "not mine");
    tell("ack/roadstream/v1/car-1", "{}");
    tell("ack/roadstream/v1/car-1", "no json");
    await expect.poll(() => heard).toEqual(["{}", "no json"]);
  });

  test("a subscription that the broker refuses is refused; one that a lost connection ends is not", async () => {
    broker.authorizeSubscribe = (_, subscription, done) =>
      done(null, subscription.topic === "b" ? subscription : null);
    await using connection = await uplink()(never);
    const ignore = (): void => undefined;
    await expect(soon("subscribe", connection.subscribe("a", ignore))).rejects.toMatchObject({
      code: "refused",
    });
    broker.authorizeSubscribe = () => undefined;
    const waiting = connection.subscribe("b", ignore);
    for (const socket of sockets) socket.destroy();
    await expect(soon("its end", waiting)).rejects.toMatchObject({ code: "unavailable" });
    await expect(connection.subscribe("b", ignore)).rejects.toMatchObject({ code: "unavailable" });
  });
});
