import { VirtualClock } from "@roadstream/shared/testing";
import { millis } from "@roadstream/shared";
import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import type { PublishPacket } from "../ingest/publish-packet.ts";
import { KEEPALIVE_LIMIT, MAX_CONNECT_PACKET_BYTES, MAX_PUBLISHES_PER_CLIENT } from "../limits.ts";
import { FlowBudget } from "../route/flow-budget.ts";
import { VehicleConnection } from "./vehicle-connection.ts";

/** As far as framing goes. */
const CONNECT = Buffer.from([0x10, 0]);
const PING = Buffer.from([0xc0, 0]);
const publish = (packetId: number): Buffer => Buffer.from([0x32, 5, 0, 1, 0x74, 0, packetId]);

const setUp = () => {
  const written: Buffer[] = [];
  const taken: PublishPacket[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk);
      done();
    },
  });
  const budget = new FlowBudget(1000);
  const clock = new VirtualClock();
  const onPublish = (_: VehicleConnection, packet: PublishPacket): void => void taken.push(packet);
  const connection = new VehicleConnection({ stream: socket, budget, clock, onPublish });
  const passedOn = (): Buffer | null => connection.brokerSide.read() as Buffer | null;
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const arrive = async (bytes: Uint8Array): Promise<void> => {
    socket.push(bytes);
    await turn();
  };
  const connected = async (): Promise<void> => {
    await arrive(CONNECT);
    connection.admit("car-1");
    connection.ready();
    passedOn();
  };
  return { arrive, budget, clock, connected, connection, passedOn, socket, taken, turn, written };
};

test("publishes are taken, and everything else goes to the broker", async () => {
  const { arrive, connected, passedOn, taken } = setUp();
  await connected();
  await arrive(Buffer.concat([publish(1), PING, publish(2)]));
  expect(taken.map(({ packetId }) => packetId)).toEqual([1, 2]);
  expect(passedOn()).toEqual(PING);
});

test("a publish right behind the CONNECT waits until its client is let in", async () => {
  const { arrive, connection, passedOn, taken } = setUp();
  await arrive(Buffer.concat([CONNECT, publish(1)]));
  expect([passedOn(), taken]).toEqual([CONNECT, []]);
  connection.admit("car-1");
  expect(taken).toEqual([]);
  connection.ready();
  expect(taken).toHaveLength(1);
});

test("the acknowledgements of one task are one write", async () => {
  const { connected, connection, turn, written } = setUp();
  await connected();
  for (const packetId of [1, 2, 3]) connection.acknowledge(packetId);
  await turn();
  expect(written).toEqual([Buffer.from([0x40, 2, 0, 1, 0x40, 2, 0, 2, 0x40, 2, 0, 3])]);
});

test("an acknowledgement never comes between the parts of the broker's packet", async () => {
  const { connected, connection, turn, written } = setUp();
  await connected();
  const { brokerSide } = connection;
  brokerSide.cork();
  brokerSide.write(Buffer.from("first "));
  connection.acknowledge(1);
  brokerSide.write(Buffer.from("second"));
  await turn();
  brokerSide.uncork();
  await turn();
  expect(written.map(String)).toContain("first second");
});

test("nothing is read while too many bytes are in flight; reading goes on when half are free", async () => {
  const { arrive, budget, connected, passedOn } = setUp();
  await connected();
  budget.take(1000);
  await arrive(PING);
  expect(passedOn()).toBeNull();
  budget.free(499);
  expect(passedOn()).toBeNull();
  budget.free(1);
  expect(passedOn()).toEqual(PING);
});

test("nothing is read while the client's own publishes are at their limit", async () => {
  const { arrive, connected, connection, passedOn } = setUp();
  await connected();
  const settles = Array.from({ length: MAX_PUBLISHES_PER_CLIENT }, () =>
    connection.pending.enter(() => connection.released()),
  );
  await arrive(PING);
  expect(passedOn()).toBeNull();
  for (const settle of settles.slice(0, MAX_PUBLISHES_PER_CLIENT / 2 - 1)) settle("durable");
  expect(passedOn()).toBeNull();
  settles[MAX_PUBLISHES_PER_CLIENT / 2 - 1]?.("durable");
  expect(passedOn()).toEqual(PING);
});

test("a full gateway still lets a client say who it is", async () => {
  const { arrive, budget, passedOn } = setUp();
  budget.take(1000);
  await arrive(CONNECT);
  expect(passedOn()).toEqual(CONNECT);
});

test("before it is known who it is, a packet is a CONNECT's size at most", async () => {
  const { arrive, connection, passedOn, socket } = setUp();
  const length = MAX_CONNECT_PACKET_BYTES + 1;
  await arrive(Buffer.from([0x10, (length % 128) | 0x80, Math.floor(length / 128)]));
  expect([socket.destroyed, connection.closeReason, passedOn()]).toEqual([true, "packet_too_large", null]);
});

test("a malformed publish ends the connection", async () => {
  const { arrive, connected, connection, socket } = setUp();
  await connected();
  await arrive(publish(0));
  expect([socket.destroyed, connection.closeReason]).toEqual([true, "malformed_packet"]);
});

test("a client is silent when nothing has come for one and a half of what it promised", async () => {
  const { arrive, clock, connected, connection } = setUp();
  await connected();
  connection.keepalive = 10_000;
  await clock.advance(millis(15_000));
  expect(connection.isSilent(clock.uptime())).toBe(false);
  await clock.advance(millis(1));
  expect(connection.isSilent(clock.uptime())).toBe(true);
  await arrive(PING);
  expect(connection.isSilent(clock.uptime())).toBe(false);
  connection.keepalive = 0;
  await clock.advance(millis(1.5 * KEEPALIVE_LIMIT + 1));
  expect(connection.isSilent(clock.uptime())).toBe(true);
});

test("a client that we do not read is not silent", async () => {
  const { arrive, budget, clock, connected, connection } = setUp();
  await connected();
  connection.keepalive = 10_000;
  budget.take(1000);
  await arrive(PING);
  await clock.advance(millis(60_000));
  expect(connection.isSilent(clock.uptime())).toBe(false);
  budget.free(1000);
  expect(connection.isSilent(clock.uptime())).toBe(false);
});

test("a goodbye throws away what still comes, and sees the client's end", async () => {
  const { arrive, connected, connection, passedOn, socket } = setUp();
  await connected();
  connection.stopReading();
  await arrive(PING);
  connection.goodbye("stopped");
  socket.push(null);
  await new Promise((resolve) => socket.once("close", resolve));
  expect(passedOn()).toBeNull();
});

test("socket and broker's side end together", async () => {
  const one = setUp();
  one.connection.brokerSide.destroy();
  await one.turn();
  expect(one.socket.destroyed).toBe(true);
  const other = setUp();
  other.socket.destroy();
  await other.turn();
  expect(other.connection.brokerSide.destroyed).toBe(true);
});
