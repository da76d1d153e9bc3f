/**
 * Loaded before an unchanged stage (`node --import`), this ends or stops it at one exact moment, told by the environment
 * variable DOOM. What it wraps are the calls by which the stage touches the world: SQLite's COMMIT of records, the
 * socket's writes of MQTT packets and Kafka's produce requests, the file system's link that gives an object its name, and
 * the HTTP request that puts an object.
 */
import { writeSync } from "node:fs";
import fs, { type FileHandle } from "node:fs/promises";
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { Socket } from "node:net";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { readDoom, type Doom, type DoomMoment } from "./doom-plan.ts";

type Done = (error?: Error | null) => void;
type Write = (this: Socket, chunk: Uint8Array, encoding: BufferEncoding, done: Done) => void;

const doom: Doom | null = readDoom(process.env);
let passed = 0;

/** True the n-th time that the moment is passed. */
const isNow = (moment: DoomMoment): boolean => {
  if (doom?.moment !== moment) return false;
  passed += 1;
  return passed === doom.nth;
};

const fall = (): void => {
  writeSync(2, `${JSON.stringify({ event: "doomed", ...doom })}\n`);
  process.kill(process.pid, doom?.signal);
};

/** Around one call: `before` it, `after` it, or `within`, by a half-way of its own. */
const around = <T>(moment: DoomMoment, call: () => T, half: () => T = call): T => {
  if (!isNow(moment)) return call();
  if (doom?.when === "before") fall();
  const result = doom?.when === "within" ? half() : call();
  if (doom?.when !== "before") fall();
  return result;
};

const wrapCommits = (): void => {
  const { exec } = DatabaseSync.prototype;
  const { run } = StatementSync.prototype;
  let hasRecords = false;
  StatementSync.prototype.run = function (this: StatementSync, ...values: Parameters<typeof run>) {
    if (/INSERT INTO segments?\b/.test(this.sourceSQL)) hasRecords = true;
    return run.apply(this, values);
  } as typeof run;
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string): void {
    const isAppend = sql === "COMMIT" && hasRecords;
    if (sql === "COMMIT" || sql === "ROLLBACK") hasRecords = false;
    if (isAppend) around("append", () => exec.call(this, sql));
    else exec.call(this, sql);
  };
};

/** MQTT 3.1.1 §2.2.1: the packet's type is in the upper half of its first byte. */
const PACKETS = { publish: 0x3, puback: 0x4 } as const;

/** mqtt-packet writes a packet's first byte alone, or the packet in one piece; the gateway some PUBACKs as one. */
const packetsOf = (chunks: readonly Uint8Array[], type: number): number => {
  const begins = (chunk: Uint8Array, at: number): boolean => (chunk[at] ?? 0) >> 4 === type;
  const isPubacks = (chunk: Uint8Array): boolean =>
    chunk.length % 4 === 0 && chunk.every((byte, at) => at % 4 !== 1 || byte === 2);
  const packetsIn = (chunk: Uint8Array): number => {
    if (!begins(chunk, 0)) return 0;
    if (chunk.length <= 4) return 1;
    return type === PACKETS.puback && isPubacks(chunk) ? chunk.length / 4 : 0;
  };
  return chunks.reduce((sum, chunk) => sum + packetsIn(chunk), 0);
};

/** Kafka's frame: a 32-bit length, then the request's key, which is 0 for produce. kafkajs writes one in one piece. */
const produceRequests = (chunks: readonly Uint8Array[]): number =>
  chunks.filter((chunk) => {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    return chunk.length > 8 && view.getInt32(0) === chunk.length - 4 && view.getInt16(4) === 0;
  }).length;

const wrapPackets = (): void => {
  const write = Socket.prototype._write as Write;
  const moment = doom?.moment;
  if (moment !== "publish" && moment !== "puback" && moment !== "produce") return;
  const passing = (chunks: readonly Uint8Array[]): number =>
    moment === "produce" ? produceRequests(chunks) : packetsOf(chunks, PACKETS[moment]);
  const intercept = (socket: Socket, chunks: readonly Uint8Array[], done: Done): void => {
    const bytes = Buffer.concat(chunks);
    const isHere = Array.from({ length: passing(chunks) }).some(() => isNow(moment));
    if (!isHere) return write.call(socket, bytes, "buffer" as BufferEncoding, done);
    if (doom?.when === "before") fall();
    const sent = doom?.when === "within" ? bytes.subarray(0, Math.ceil(bytes.length / 2)) : bytes;
    // Once the kernel has it, it reaches the other end, whatever becomes of this process.
    write.call(socket, sent, "buffer" as BufferEncoding, () => {
      fall();
      done();
    });
  };
  const bytesOf = (chunk: unknown, encoding: string): Uint8Array =>
    typeof chunk === "string" ? Buffer.from(chunk, encoding as BufferEncoding) : (chunk as Uint8Array);
  Socket.prototype._write = function (chunk: unknown, encoding: string, done: Done): void {
    intercept(this, [bytesOf(chunk, encoding)], done);
  };
  Socket.prototype._writev = function (
    all: readonly { chunk: unknown; encoding: string }[],
    done: Done,
  ): void {
    intercept(
      this,
      all.map(({ chunk, encoding }) => bytesOf(chunk, encoding)),
      done,
    );
  };
};

/** An object is written into a temporary file, or moved there; then link gives it its name. */
const wrapObjects = async (): Promise<void> => {
  if (doom?.moment !== "object") return;
  if (doom.when === "within") return wrapWrites();
  const { link } = fs;
  fs.link = async (from, to) => {
    const isHere = isNow("object");
    if (isHere && doom.when === "before") fall();
    await link(from, to);
    if (isHere && doom.when === "after") fall();
  };
  syncBuiltinESMExports();
};

const wrapWrites = async (): Promise<void> => {
  const file = await fs.open("/dev/null");
  const handles = Object.getPrototypeOf(file) as FileHandle;
  await file.close();
  const { writeFile } = handles;
  handles.writeFile = async function (this: FileHandle, data: Uint8Array): Promise<void> {
    if (!isNow("object")) return writeFile.call(this, data);
    await writeFile.call(this, data.subarray(0, Math.floor(data.length / 2)));
    fall();
    await writeFile.call(this, data.subarray(Math.floor(data.length / 2)));
  };
};

/** Before a put leaves · when its head has and its body has not · when it is answered, before anybody here knows. */
const wrapPuts = (): void => {
  if (doom?.moment !== "put") return;
  const { request } = http;
  http.request = ((...args: Parameters<typeof request>) => {
    const put = request(...args);
    if (put.method !== "PUT" || !isNow("put")) return put;
    if (doom.when === "before") fall();
    if (doom.when === "after") put.prependOnceListener("response", fall);
    if (doom.when === "within") {
      put.flushHeaders();
      put.once("socket", (socket) => socket.once("connect", () => setImmediate(fall)));
      put.once("finish", fall);
    }
    return put;
  }) as typeof request;
  syncBuiltinESMExports();
};

if (doom !== null) {
  if (doom.moment === "append") wrapCommits();
  wrapPackets();
  wrapPuts();
  await wrapObjects();
}
