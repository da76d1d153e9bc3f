import type { Client } from "aedes";
import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { MAX_CONNECT_PACKET_BYTES, MAX_PUBLISHES_PER_CLIENT } from "../limits.ts";
import { FlowBudget } from "../route/flow-budget.ts";
import { VehicleConnection } from "./vehicle-connection.ts";

const PING = Buffer.from([0xc0, 0]);

/** A stream as aedes reads it: by `read()` at each "readable". */
const setUp = () => {
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const budget = new FlowBudget(1000);
  const connection = new VehicleConnection(stream, budget);
  const taken: unknown[] = [];
  stream.on("readable", () => {
    const chunk: unknown = stream.read();
    if (chunk !== null) taken.push(chunk);
  });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const arrive = async (bytes: Uint8Array): Promise<void> => {
    stream.push(bytes);
    await turn();
  };
  const admit = (): void => connection.admit({ id: "car-1" } as unknown as Client);
  return { admit, arrive, budget, connection, stream, taken, turn };
};

test("nothing is read while too many bytes are in flight; reading goes on when half are free", async () => {
  const { admit, arrive, budget, taken, turn } = setUp();
  admit();
  budget.take(1000);
  await arrive(PING);
  expect(taken).toEqual([]);
  budget.free(499);
  await turn();
  expect(taken).toEqual([]);
  budget.free(1);
  await turn();
  expect(taken).toEqual([PING]);
});

test("nothing is read while the client's own publishes are at their limit", async () => {
  const { admit, arrive, connection, taken } = setUp();
  admit();
  const settles = Array.from({ length: MAX_PUBLISHES_PER_CLIENT }, () =>
    connection.pending.enter(() => connection.released()),
  );
  await arrive(PING);
  expect(taken).toEqual([]);
  for (const settle of settles.slice(0, MAX_PUBLISHES_PER_CLIENT / 2 - 1)) settle("durable");
  expect(taken).toEqual([]);
  settles[MAX_PUBLISHES_PER_CLIENT / 2 - 1]?.("durable");
  expect(taken).toEqual([PING]);
});

test("a full gateway still lets a client say who it is", async () => {
  const { arrive, budget, taken } = setUp();
  budget.take(1000);
  await arrive(PING);
  expect(taken).toEqual([PING]);
});

test("before it is known who it is, a packet is a CONNECT's size at most", async () => {
  const { arrive, connection, stream, taken } = setUp();
  const length = MAX_CONNECT_PACKET_BYTES + 1;
  await arrive(Buffer.from([0x10, (length % 128) | 0x80, Math.floor(length / 128)]));
  expect([stream.destroyed, connection.closeReason, taken]).toEqual([true, "packet_too_large", []]);
});

test("a goodbye throws away what still comes, and sees the client's end", async () => {
  const { admit, arrive, connection, stream, taken } = setUp();
  admit();
  connection.stopReading();
  await arrive(PING);
  connection.goodbye("stopped");
  stream.push(null);
  await new Promise((resolve) => stream.once("close", resolve));
  expect(taken).toEqual([]);
});
