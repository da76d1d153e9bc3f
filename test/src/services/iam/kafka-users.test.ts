import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel, type Admin } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runStage, startStage } from "../../processes/start-stage.ts";
import { startKafka, type RunningKafka } from "../kafka.ts";
import { services } from "../services.ts";
import { documentedGrants } from "./kafka-grants.ts";

const USERS = { gateway: "gateway-secret", cloud: "cloud-secret" } as const;
type User = keyof typeof USERS;

describe.skipIf(services("kafka").skip)("Kafka's users with the access lists of docs/aws.md", () => {
  let kafka: RunningKafka;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "roadstream-users-"));
    kafka = await startKafka({ users: USERS });
    await using admin = await kafka.admin();
    await admin.createAcls({ acl: [...documentedGrants()] });
  });
  afterAll(async () => {
    await kafka?.[Symbol.asyncDispose]();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const log = (): string => `kafka://${kafka.brokersForUsers}`;
  const env = (user: User) => ({ KAFKA_USERNAME: user, KAFKA_PASSWORD: USERS[user] });
  const client = (user: User): Kafka =>
    new Kafka({
      brokers: [kafka.brokersForUsers],
      logLevel: logLevel.NOTHING,
      sasl: { mechanism: "scram-sha-512", username: user, password: USERS[user] },
      retry: { retries: 3, initialRetryTime: 50, maxRetryTime: 200 },
    });

  const outcome = async (work: () => Promise<unknown>): Promise<string> => {
    try {
      await work();
      return "done";
    } catch (error) {
      const { errors = [error] } = error as { readonly errors?: readonly unknown[] };
      return errors.map((one) => `${(one as { type?: string }).type ?? ""} ${String(one)}`).join();
    }
  };

  const asAdmin = async (user: User, work: (admin: Admin) => Promise<unknown>): Promise<string> => {
    const admin = client(user).admin();
    await admin.connect();
    const said = await outcome(() => work(admin));
    await admin.disconnect();
    return said;
  };

  test("a worker does not make the topics", async () => {
    const made = await asAdmin("cloud", (admin) => admin.createTopics({ topics: [{ topic: "gps_data" }] }));
    expect(made).toMatch(/AUTHORIZATION_FAILED|not authorized/i);
  });

  test("gateway and cloud do their work: topics made, readings landed, receipts on their way to the car", async () => {
    const lake = ["--lake", `file:${join(folder, "lake")}`];
    const listen = ["--listen", "mqtt://127.0.0.1:0"];
    await using gateway = await startStage("gateway", ["--log", log(), ...listen], { env: env("gateway") });
    const run = ["run", "--log", log(), ...lake, "--commit-interval", "1s"];
    await using worker = await startStage("cloud", run, { env: env("cloud") });
    const car = ["--vehicle", "car-1", "--mqtt", gateway.ready.listen ?? "", "--data", join(folder, "car-1")];
    const trip = [
      "--gps",
      "simulated?pace=60",
      "--duration",
      "2s",
      "--exit-when-drained",
      "--forget",
      "settled",
    ];
    const agent = await runStage("agent", [...car, ...trip], { deadlineMs: 120_000 });
    expect(agent.code, agent.stderr).toBe(0);
    const status = await runStage("cloud", ["status", "--log", log(), ...lake], { env: env("cloud") });
    expect(status.code, status.stderr).toBe(0);
    const verify = await runStage("cloud", ["verify", "--log", log(), ...lake, "--json"], {
      env: env("cloud"),
    });
    expect(JSON.parse(verify.stdout), verify.stderr).toMatchObject({ clean: true });
    expect((await worker.stop()).code).toBe(0);
    expect((await gateway.stop()).code).toBe(0);
  });

  test.each(["gateway", "cloud"] as const)(
    "%s may not write to the other's topics, nor remove one",
    async (user) => {
      const topic = user === "gateway" ? "receipts" : "gps_data";
      const producer = client(user).producer({ retry: { retries: 0 } });
      await producer.connect();
      const written = await outcome(() => producer.send({ topic, messages: [{ value: "x" }] }));
      await producer.disconnect();
      expect(written).toMatch(/TOPIC_AUTHORIZATION_FAILED|not authorized/i);
      const removed = await asAdmin(user, (admin) => admin.deleteTopics({ topics: [topic] }));
      expect(removed).toMatch(/TOPIC_AUTHORIZATION_FAILED|not authorized/i);
    },
  );

  test("the workers' group is the workers' alone", async () => {
    const look = (admin: Admin) => admin.fetchOffsets({ groupId: "roadstream-cloud", topics: ["gps_data"] });
    expect(await asAdmin("cloud", look)).toBe("done");
    // What Kafka refuses here, kafkajs calls not found.
    expect(await asAdmin("gateway", look)).toMatch(/GroupCoordinatorNotFound/);
  });
});
