import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runStage, startStage, startUnready, type Stage } from "../processes/start-stage.ts";
import { freePort } from "./free-port.ts";
import { startKafka, type RunningKafka } from "./kafka.ts";
import { services } from "./services.ts";

/** Long enough that a batch is in hand when the broker goes. */
const COMMIT_INTERVAL_MS = 4_000;
/** A worker that could not say good-bye holds its partitions until its session ends. */
const DRAIN_DEADLINE_MS = 90_000;

/** `frozen`: connections stay and nothing answers · `dead`: connections are refused. */
type Absence = "frozen" | "dead";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "roadstream-stop-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** SIGTERM; fails after the command contract's ten seconds. */
const stopsCleanly = async (stage: Pick<Stage, "name" | "stop">): Promise<void> => {
  const began = performance.now();
  const end = await stage.stop();
  process.stderr.write(`${stage.name} stopped in ${Math.round(performance.now() - began)} ms\n`);
  expect([end.code, end.stderr]).toEqual([0, expect.not.stringContaining("stop_too_slow")]);
};

/** Kafka, a gateway, a worker and a car that measures. */
class Bed implements AsyncDisposable {
  readonly kafka: RunningKafka;
  readonly #data: string;

  constructor(kafka: RunningKafka, data: string) {
    this.kafka = kafka;
    this.#data = data;
  }

  leave(absence: Absence): Promise<void> | void {
    return absence === "frozen" ? this.kafka.freeze() : this.kafka.kill9();
  }

  comeBack(absence: Absence): Promise<void> | void {
    return absence === "frozen" ? this.kafka.thaw() : this.kafka.restart();
  }

  get places(): readonly string[] {
    return ["--log", `kafka://${this.kafka.brokers}`, "--lake", `file:${join(this.#data, "lake")}`];
  }

  gateway(): Promise<Stage> {
    const [, log = ""] = this.places;
    return startStage("gateway", ["--log", log, "--partitions", "2", "--listen", "mqtt://127.0.0.1:0"]);
  }

  cloud(): Promise<Stage> {
    return startStage("cloud", ["run", ...this.places, "--commit-interval", `${COMMIT_INTERVAL_MS}ms`]);
  }

  agent(gateway: Stage, ...more: readonly string[]): readonly string[] {
    const own = ["--vehicle", "car-1", "--mqtt", String(gateway.ready.listen), "--linger", "50ms"];
    return [...own, "--data", join(this.#data, "car-1"), ...more];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kafka.stop();
  }
}

describe.skipIf(services("kafka").skip)("while Kafka is away", () => {
  test.concurrent.for(["frozen", "dead"] as const)(
    "every program stops cleanly within ten seconds, commits what it had read, and nothing is lost: broker %s",
    async (absence) => {
      await using bed = new Bed(await startKafka(), join(folder, absence));
      await using gateway = await bed.gateway();
      await using cloud = await bed.cloud();
      await using car = await startStage("agent", bed.agent(gateway, "--gps", "simulated?pace=60"));
      const isCommit = { fields: { table: "gps_data" } };
      await cloud.logged("committed", { ...isCommit, deadlineMs: 60_000 });
      await sleep(COMMIT_INTERVAL_MS / 2);
      const from = cloud.stderr.count;
      await bed.leave(absence);
      // Neither the poll nor the lag that is measured beside it holds up the batch in hand.
      const more = { ...isCommit, from, deadlineMs: 3 * COMMIT_INTERVAL_MS };
      expect((await cloud.logged("committed", more))["landed"]).toBeGreaterThan(0);
      // By now the gateway holds publishes that it can neither append nor refuse.
      await Promise.all([cloud, gateway, car].map(stopsCleanly));

      await bed.comeBack(absence);
      await using again = await bed.gateway();
      const home = await runStage("agent", bed.agent(again, "--exit-when-drained"));
      expect([home.code, home.stderr]).toEqual([0, expect.any(String)]);
      const drained = await runStage("cloud", ["run", ...bed.places, "--until-drained"], {
        deadlineMs: DRAIN_DEADLINE_MS,
      });
      expect([drained.code, drained.stderr]).toEqual([0, expect.any(String)]);
      const verdict = await runStage("cloud", ["verify", ...bed.places, "--json"]);
      expect([verdict.code, verdict.stdout]).toEqual([0, expect.any(String)]);
      expect(JSON.parse(verdict.stdout)).toMatchObject({
        clean: true,
        totals: { lost: 0, doubled: 0, in_log: 0, in_car: 0 },
      });
    },
  );
});

describe("that is started while Kafka is away", () => {
  const commands = [
    ["gateway", ["--listen", "mqtt://127.0.0.1:0"]],
    ["cloud", ["run", "--lake", "file:lake"]],
  ] as const;

  /** Takes connections and says nothing, or nobody listens there. */
  const absent = async (absence: Absence): Promise<{ readonly port: number } & AsyncDisposable> => {
    if (absence === "dead") return { port: await freePort(), [Symbol.asyncDispose]: () => Promise.resolve() };
    const server = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    return {
      port: typeof address === "object" && address !== null ? address.port : 0,
      [Symbol.asyncDispose]: async () => void server.close(),
    };
  };

  test.concurrent.for(
    commands.flatMap(([name, args]) =>
      (["frozen", "dead"] as const).map((absence) => ({ name, args, absence })),
    ),
  )("$name stops at once and cleanly: broker $absence", async ({ name, args, absence }) => {
    await using broker = await absent(absence);
    const log = ["--log", `kafka://127.0.0.1:${broker.port}`];
    await using child = await startUnready(name, [...args, ...log], await freePort());
    child.signal("SIGTERM");
    expect([await child.exit, child.stderr.text()]).toEqual([{ code: 0, signal: null }, expect.any(String)]);
  });
});
