import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryMetrics, silentLogger } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { openEventLog } from "@roadstream/shared/event-log";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { capture } from "../kills/capture.ts";
import { runStage, startStage } from "../processes/start-stage.ts";

const EPOCHS = 20;
const VEHICLE = "car-1";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "roadstream-transports-"));
  writeFileSync(join(folder, "trip.nmea"), capture(0, EPOCHS));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const openssl = (...args: readonly string[]): void =>
  void execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });

/** An authority, the gateway's certificate, and one of a vehicle's name; in PEM files. */
const makeCertificates = (): void => {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"] as const;
  openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=fleet", "-days", "2");
  for (const [name, subject] of [
    ["server", "gateway"],
    ["car", VEHICLE],
  ] as const) {
    openssl("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${subject}`);
    writeFileSync(join(folder, `${name}.ext`), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
    const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", `${name}.ext`];
    openssl("x509", "-req", "-in", `${name}.csr`, "-out", `${name}.pem`, ...signed, "-days", "2");
  }
};

const at = (file: string): string => join(folder, file);
const TO_SERVE = ["--tls-cert", "server.pem", "--tls-key", "server.key", "--tls-client-ca", "ca.pem"];
const TO_CONNECT = ["--mqtt-ca", "ca.pem", "--mqtt-cert", "car.pem", "--mqtt-key", "car.key"];
const filesOf = (flags: readonly string[]): readonly string[] =>
  flags.map((one) => (one.startsWith("--") ? one : at(one)));

/** How many readings of the vehicle's position are in the log. */
const readings = async (file: string): Promise<number> => {
  await using log = await openEventLog(`sqlite:${file}`, {
    clock: systemClock(),
    random: systemRandom(),
    logger: silentLogger,
    metrics: new MemoryMetrics(),
    env: {},
  });
  const { end } = await log.range({ topic: "gps_data", partition: 0 });
  return end;
};

/** A gateway and an agent, each a process; what the log holds when the agent has brought all home. */
const trip = async (
  name: string,
  listen: string,
  options: { readonly gateway?: readonly string[]; readonly agent?: readonly string[] } = {},
): Promise<number> => {
  const own = at(name);
  mkdirSync(own);
  const log = join(own, "log.sqlite");
  const places = ["--listen", listen, "--log", `sqlite:${log}`, "--partitions", "1"];
  await using gateway = await startStage("gateway", [...places, ...(options.gateway ?? [])]);
  const car = ["--vehicle", VEHICLE, "--mqtt", String(gateway.ready.listen), "--data", join(own, "car")];
  const source = ["--gps", `file:${at("trip.nmea")}`];
  const end = await runStage("agent", [...car, ...source, ...(options.agent ?? []), "--exit-when-drained"]);
  expect([end.code, end.stderr]).toEqual([0, expect.any(String)]);
  expect((await gateway.stop()).code).toBe(0);
  return readings(log);
};

describe("MQTT", () => {
  beforeAll(() => makeCertificates());

  test.concurrent.for([
    ["mqtts", true],
    ["wss", true],
    ["ws", false],
  ] as const)("over %s, with the vehicle's certificate where there is TLS", async ([scheme, isTls]) => {
    const landed = await trip(scheme, `${scheme}://127.0.0.1:0`, {
      gateway: isTls ? filesOf(TO_SERVE) : [],
      agent: isTls ? filesOf(TO_CONNECT) : [],
    });
    expect(landed).toBe(EPOCHS);
  });

  test("a certificate of another name is told so, and brings nothing in", async () => {
    const log = at("wrong.sqlite");
    const places = ["--listen", "mqtts://127.0.0.1:0", "--log", `sqlite:${log}`, "--partitions", "1"];
    await using gateway = await startStage("gateway", [...places, ...filesOf(TO_SERVE)]);
    const mqtt = ["--mqtt", String(gateway.ready.listen), ...filesOf(TO_CONNECT)];
    const own = ["--vehicle", "car-2", "--data", at("car-2"), "--gps", `file:${at("trip.nmea")}`];
    await using agent = await startStage("agent", [...own, ...mqtt, "--exit-when-drained"]);
    await agent.logged("uplink_unreachable");
    await agent.kill9();
    await gateway.stop();
    expect(await readings(log)).toBe(0);
  });
});

describe("a receiver", () => {
  /** Says the capture to whoever connects, a piece at a time, once it was asked as the receiver's protocol demands. */
  const receiver = async (
    protocol: "tcp" | "gpsd",
  ): Promise<{ readonly server: Server; readonly port: number }> => {
    const speak = (socket: Socket): void => void socket.write(readFileSync(at("trip.nmea")));
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      if (protocol === "tcp") return speak(socket);
      socket.write('{"class":"VERSION","release":"3.25","rev":"3.25","proto_major":3,"proto_minor":15}\r\n');
      socket.once("data", (request) => {
        if (!String(request).startsWith("?WATCH=") || !String(request).includes('"nmea":true')) return;
        socket.write('{"class":"DEVICES","devices":[{"class":"DEVICE","path":"/dev/ttyACM0"}]}\r\n');
        socket.write('{"class":"WATCH","enable":true,"json":false,"nmea":true,"raw":0}\r\n');
        speak(socket);
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return { server, port: (server.address() as AddressInfo).port };
  };

  test.concurrent.for(["tcp", "gpsd"] as const)("at the other end of %s://", async (protocol) => {
    const { server, port } = await receiver(protocol);
    const own = at(`gps-${protocol}`);
    mkdirSync(own);
    const log = join(own, "log.sqlite");
    const places = ["--listen", "mqtt://127.0.0.1:0", "--log", `sqlite:${log}`, "--partitions", "1"];
    await using gateway = await startStage("gateway", places);
    const car = ["--vehicle", VEHICLE, "--mqtt", String(gateway.ready.listen), "--data", join(own, "car")];
    const source = ["--gps", `${protocol}://127.0.0.1:${port}`, "--duration", "3s"];
    const end = await runStage("agent", [...car, ...source, "--exit-when-drained"]);
    server.close();
    expect([end.code, end.stderr]).toEqual([0, expect.any(String)]);
    await gateway.stop();
    expect(await readings(log)).toBeGreaterThan(EPOCHS / 2);
  });
});
