import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ByteChannel } from "@roadstream/shared";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deviceChannel } from "./device-byte-channel.ts";

const never = new AbortController().signal;

const readAll = async (channel: ByteChannel, signal = never): Promise<string> => {
  let text = "";
  for await (const chunk of channel.read(signal)) text += Buffer.from(chunk).toString("latin1");
  return text;
};

describe("file channel", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "roadstream-file-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("gives every byte of a capture of several chunks and ends", async () => {
    const text = "0123456789abcdef".repeat(10_000);
    const path = join(folder, "drive.nmea");
    await writeFile(path, text);
    await using channel = await deviceChannel({ kind: "file", path })(never);
    expect(await readAll(channel)).toBe(text);
    await expect(channel.write(Buffer.from("x"))).rejects.toMatchObject({ code: "refused" });
  });

  it("says that a capture cannot be read", async () => {
    await expect(deviceChannel({ kind: "file", path: join(folder, "none") })(never)).rejects.toMatchObject({
      code: "usage",
    });
  });
});

describe("serial channel", () => {
  const opening = (path: string) => deviceChannel({ kind: "serial", path, baud: 9600 })(never);

  it.each([
    ["/dev/ttyROADSTREAM", /no such device/, /plugged in/],
    [fileURLToPath(import.meta.url), /no serial device/, /by-id/],
    ["/dev/null", /cannot be opened \(.+\)/, /other program/],
  ])("says what is wrong with %s, and what to do", async (path, message, hint) => {
    await expect(opening(path)).rejects.toMatchObject({
      code: "channel_lost",
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  it.skipIf(process.getuid?.() === 0)("says that a user has no permission, and how to get it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "roadstream-serial-"));
    await chmod(folder, 0o000);
    await expect(opening(join(folder, "ttyUSB0"))).rejects.toMatchObject({
      hint: expect.stringMatching(/dialout/),
    });
    await rm(folder, { recursive: true });
  });
});

describe("socket channels", () => {
  let server: Server;
  let port = 0;
  let peer: Promise<Socket>;
  beforeEach(async () => {
    server = createServer();
    peer = once(server, "connection").then(([socket]) => socket as Socket);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it("carries bytes both ways, and is lost when the peer closes: a device never ends for good", async () => {
    await using channel = await deviceChannel({ kind: "tcp", host: "127.0.0.1", port })(never);
    const socket = await peer;
    await channel.write(Buffer.from("hello"));
    expect(String((await once(socket, "data"))[0])).toBe("hello");
    socket.end("$GPRMC");
    const said: string[] = [];
    const reading = async (): Promise<void> => {
      for await (const chunk of channel.read(never)) said.push(Buffer.from(chunk).toString("latin1"));
    };
    await expect(reading()).rejects.toMatchObject({ code: "channel_lost", retryable: true });
    expect(said.join("")).toBe("$GPRMC");
  });

  it("calls a reset connection lost", async () => {
    await using channel = await deviceChannel({ kind: "tcp", host: "127.0.0.1", port })(never);
    (await peer).resetAndDestroy();
    await expect(readAll(channel)).rejects.toMatchObject({ code: "channel_lost", retryable: true });
  });

  it("ends quietly when told to", async () => {
    await using channel = await deviceChannel({ kind: "tcp", host: "127.0.0.1", port })(never);
    await peer;
    const stop = new AbortController();
    const reading = readAll(channel, stop.signal);
    stop.abort();
    await expect(reading).resolves.toBe("");
  });

  it("asks gpsd for raw NMEA", async () => {
    await using channel = await deviceChannel({ kind: "gpsd", host: "127.0.0.1", port })(never);
    const socket = await peer;
    expect(String((await once(socket, "data"))[0])).toBe('?WATCH={"enable":true,"nmea":true};\n');
    expect(channel.name).toContain(String(port));
  });

  it("calls a port without a listener lost", async () => {
    const unused = createServer().listen(0, "127.0.0.1");
    await once(unused, "listening");
    const { port: closed } = unused.address() as AddressInfo;
    await new Promise((resolve) => unused.close(resolve));
    await expect(
      deviceChannel({ kind: "tcp", host: "127.0.0.1", port: closed })(never),
    ).rejects.toMatchObject({ code: "channel_lost" });
  });
});

describe("serial channel", () => {
  it("calls a device that is not there lost", async () => {
    const open = deviceChannel({ kind: "serial", path: "/dev/roadstream-no-such-device", baud: 9600 });
    await expect(open(never)).rejects.toMatchObject({ code: "channel_lost" });
  });
});
