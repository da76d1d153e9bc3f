import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, logLevel, type Admin } from "kafkajs";
import { freePort } from "./free-port.ts";
import { kafkaClassPath } from "./install/kafka-step.ts";
import { leash, type LeashedProcess } from "../processes/leashed-process.ts";

const JAVA = [
  "-Xmx512m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
  "-cp",
  kafkaClassPath,
];
const READY_DEADLINE_MS = 180_000;
const PROBE_TOPIC = "roadstream_probe";
/** Node ids; the first is the controller too. */
export const FIRST = 1;
export const FOLLOWER = 2;

/** One broker that is its own controller; the short time-outs make a restart after kill -9 take 3 s instead of 12 s. */
const properties = (port: number, controller: number, folder: string): string => `
process.roles=broker,controller
node.id=${FIRST}
controller.quorum.voters=${FIRST}@127.0.0.1:${controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${folder}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
broker.session.timeout.ms=1000
broker.heartbeat.interval.ms=200
controller.quorum.election.timeout.ms=200
controller.quorum.election.backoff.max.ms=200
controller.quorum.fetch.timeout.ms=500
controlled.shutdown.enable=false
`;

/** One that only keeps records; it registers with the first one's controller. */
const followerProperties = (port: number, controller: number, folder: string): string => `
${properties(port, controller, folder)}
process.roles=broker
node.id=${FOLLOWER}
listeners=PLAINTEXT://127.0.0.1:${port}
`;

/**
 * A second way in, where users show a password (SCRAM) and access lists hold for them, as MSK has it: what no list names
 * is open to all. Whoever comes by the first way may do everything.
 */
const userProperties = (port: number, inside: number, controller: number): string => `
listeners=PLAINTEXT://127.0.0.1:${inside},CONTROLLER://127.0.0.1:${controller},SASL_PLAINTEXT://127.0.0.1:${port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT
inter.broker.listener.name=PLAINTEXT
listener.name.sasl_plaintext.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=true
`;

export interface KafkaOptions {
  /** Passwords by user. */
  readonly users?: Readonly<Record<string, string>>;
}

export interface RunningKafka extends AsyncDisposable {
  /** `host:port`, for `kafka://`. */
  readonly brokers: string;
  /** The same for its users, where it has any. */
  readonly brokersForUsers: string;
  readonly port: number;
  readonly clusterId: string;
  /** A connected administrator, for what a test does from outside. */
  admin(): Promise<Admin & AsyncDisposable>;
  kill9(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Starts it again after {@link kill9}, and waits until it serves. */
  restart(): Promise<void>;
  /** Starts a second broker of the same cluster, {@link FOLLOWER}, and waits until it has joined. */
  addFollower(): Promise<RunningFollower>;
  stop(): Promise<void>;
}

interface RunningFollower extends AsyncDisposable {
  kill9(): Promise<void>;
  /** Starts it again with what it had, and waits until it has joined. */
  restart(): Promise<void>;
}

const adminOf = async (brokers: string): Promise<Admin & AsyncDisposable> => {
  const admin = new Kafka({
    brokers: [brokers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 20, maxRetryTime: 300 },
  }).admin();
  await admin.connect();
  return Object.assign(admin, { [Symbol.asyncDispose]: () => admin.disconnect() });
};

/** Serves means: a topic has a leader. An open port says nothing. */
const serves = async (brokers: string): Promise<boolean> => {
  const admin = new Kafka({
    brokers: [brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 500,
    retry: { retries: 0 },
  }).admin();
  try {
    await admin.connect();
    const known = await admin.listTopics();
    if (!known.includes(PROBE_TOPIC))
      await admin.createTopics({ topics: [{ topic: PROBE_TOPIC }], waitForLeaders: false });
    const offsets = await admin.fetchTopicOffsets(PROBE_TOPIC);
    return offsets.length === 1;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
};

const untilItServes = async (broker: LeashedProcess, brokers: string): Promise<void> => {
  const deadline = performance.now() + READY_DEADLINE_MS;
  while (!(await serves(brokers))) {
    if (performance.now() > deadline) {
      await broker.kill9();
      throw new Error(`Kafka does not serve after ${READY_DEADLINE_MS / 1000} s:\n${broker.output()}`);
    }
    await sleep(100);
  }
};

const storageTool = (...args: readonly string[]): string =>
  execFileSync("java", [...JAVA, "kafka.tools.StorageTool", ...args], { encoding: "utf8" });

const addFollower = async (
  brokers: string,
  cluster: { readonly id: string; readonly controller: number },
): Promise<RunningFollower> => {
  const folder = mkdtempSync(join(tmpdir(), "roadstream-kafka-"));
  const config = join(folder, "server.properties");
  writeFileSync(config, followerProperties(await freePort(), cluster.controller, folder));
  storageTool("format", "-t", cluster.id, "-c", config);
  const start = async (): Promise<LeashedProcess> => {
    const broker = await leash("java", [...JAVA, "kafka.Kafka", config]);
    await using admin = await adminOf(brokers);
    const deadline = performance.now() + READY_DEADLINE_MS;
    while (!(await admin.describeCluster()).brokers.some(({ nodeId }) => nodeId === FOLLOWER)) {
      if (performance.now() > deadline) {
        await broker.kill9();
        throw new Error(`no second broker after ${READY_DEADLINE_MS / 1000} s:\n${broker.output()}`);
      }
      await sleep(100);
    }
    return broker;
  };
  let broker = await start();
  return {
    kill9: () => broker.kill9(),
    restart: async () => {
      broker = await start();
    },
    [Symbol.asyncDispose]: async () => {
      await broker.kill9();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** A fresh Apache Kafka on free ports of this machine; it ends with the test process at the latest. */
export const startKafka = async ({ users = {} }: KafkaOptions = {}): Promise<RunningKafka> => {
  const folder = mkdtempSync(join(tmpdir(), "roadstream-kafka-"));
  const port = await freePort();
  const config = join(folder, "server.properties");
  const [controller, usersPort] = [await freePort(), await freePort()];
  const hasUsers = Object.keys(users).length > 0;
  // The later of two lines of one name holds.
  writeFileSync(
    config,
    properties(port, controller, folder) + (hasUsers ? userProperties(usersPort, port, controller) : ""),
  );
  const clusterId = storageTool("random-uuid").trim();
  const passwords = Object.entries(users).flatMap(([name, password]) => [
    "--add-scram",
    `SCRAM-SHA-512=[name=${name},password=${password}]`,
  ]);
  storageTool("format", "-t", clusterId, "-c", config, ...passwords);
  const brokers = `127.0.0.1:${port}`;
  const start = async (): Promise<LeashedProcess> => {
    const broker = await leash("java", [...JAVA, "kafka.Kafka", config]);
    await untilItServes(broker, brokers);
    return broker;
  };
  let broker = await start();
  const stop = async (): Promise<void> => {
    await broker.kill9();
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    brokers,
    brokersForUsers: `127.0.0.1:${usersPort}`,
    port,
    clusterId,
    admin: () => adminOf(brokers),
    kill9: () => broker.kill9(),
    freeze: () => broker.signal("SIGSTOP"),
    thaw: () => broker.signal("SIGCONT"),
    restart: async () => {
      broker = await start();
    },
    addFollower: () => addFollower(brokers, { id: clusterId, controller }),
    stop,
    [Symbol.asyncDispose]: stop,
  };
};
