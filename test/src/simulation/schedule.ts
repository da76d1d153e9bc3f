import { days } from "@roadstream/shared";
import { AGENT_MOMENTS } from "./simulated-car.ts";
import { GATEWAY_MOMENTS } from "./simulated-gateway.ts";
import { isLogMismatch, PARTITIONS, TABLES, type WholePath } from "./whole-path.ts";

const LOG_FAULTS = ["lost_answer", "late_answer", "slow", "unavailable", "full"] as const;
const ACTIONS = 16;
/** Virtual time for everything to come home after the faults have ended; reconnecting takes up to 30 s. */
const HOME_MS = 600_000;
/** The same where a lost receipt is asked for again only after a while, and then perhaps a second time. */
const SETTLED_HOME_MS = 3_600_000;

type Act = (path: WholePath) => Promise<void> | void;

const anyOf = <T>(path: WholePath, all: readonly T[]): T | undefined => all[path.cloud.below(all.length)];

const drive = (path: WholePath): void => {
  for (const car of path.cars) car.agent?.drive(path.cloud.below(5));
};

/** What cars, networks, brokers, operators and the kernel do; the first of them more often than the others. */
const ACTS: readonly Act[] = [
  drive,
  drive,
  drive,
  async (path) => {
    if (path.cloud.living.length < 3) await path.cloud.start();
  },
  (path) => {
    // Between any two of its next operations: each object of a commit has its turn in some seed.
    anyOf(path, path.cloud.living)?.process.dieAfter(1 + path.cloud.below(60));
  },
  async (path) => {
    // A zombie: stopped in the middle of anything, taken for dead, its partitions another's, and woken later.
    const one = anyOf(path, path.cloud.living);
    drive(path);
    if (path.cloud.living.length < 2) await path.cloud.start();
    one?.process.freezeAfter(1 + path.cloud.below(40), () => {
      path.count("worker stopped");
      path.cloud.expel(one);
    });
  },
  (path) => {
    for (const { process } of path.cloud.living) process.thaw();
  },
  (path) => {
    const to = anyOf(path, path.cloud.living);
    const table = anyOf(path, TABLES);
    if (to !== undefined && table !== undefined)
      path.cloud.move(path.cloud.topicOf(table), path.cloud.below(PARTITIONS), to);
  },
  (path) => {
    const moment = anyOf(path, AGENT_MOMENTS);
    if (moment !== undefined) anyOf(path, path.cars)?.agent?.life.dieAt(moment, 1 + path.cloud.below(4));
    drive(path);
  },
  (path) => {
    const moment = anyOf(path, GATEWAY_MOMENTS);
    if (moment !== undefined) path.gateway?.life.dieAt(moment, 1 + path.cloud.below(3));
    drive(path);
  },
  (path) => {
    const line = anyOf(path, [...path.lines.values()]);
    if (path.cloud.below(3) === 0) line?.mute();
    else line?.break();
  },
  (path) => {
    const fault = anyOf(path, LOG_FAULTS);
    if (fault !== undefined) path.disturbLog(fault, 1 + path.cloud.below(4));
  },
  (path) => {
    void anyOf(path, path.cars)?.agent?.say("periodic");
  },
  (path) => {
    const car = anyOf(path, path.cars);
    if (car === undefined) return;
    path.count("clock of a car set");
    const what = path.cloud.below(3);
    if (what === 0) car.machine.setByTimeServers();
    else car.machine.setByBattery((path.cloud.below(2) === 0 ? 1 : -1) * path.cloud.below(days(400)));
    if (what === 2) car.restartMachine();
    drive(path);
    void car.agent?.say("periodic");
  },
  async (path) => {
    if (path.cloud.below(6) === 0) await path.replaceLog();
  },
];

/** A worker stops by itself only where a log that was replaced needs somebody's word. */
const attend = async (path: WholePath): Promise<void> => {
  path.killDeadWorkers();
  for (const { error, process } of path.cloud.workers) {
    if (error === null || process.isDead) continue;
    if (path.logs === 1 || !isLogMismatch(error)) throw error;
    process.die();
    await path.acceptLog();
  }
};

/** One random thing after another, and what dies is started again after a while. */
export const runSchedule = async (path: WholePath): Promise<void> => {
  path.isBrokerAway = path.cloud.below(10) === 0;
  if (path.isBrokerAway) path.count("broker away for the trip");
  await path.cloud.start();
  await path.startGateway();
  for (const car of path.cars) car.start();
  for (let i = 0; i < ACTIONS; i += 1) {
    await anyOf(path, ACTS)?.(path);
    await path.cloud.advance(20 + path.cloud.below(300));
    await attend(path);
    if (path.cloud.below(2) === 0) await path.startGateway();
    for (const car of path.cars) if (path.cloud.below(2) === 0) car.start();
  }
};

/** Everything heals; the cars empty their outboxes, then one worker lands the rest. */
export const bringHome = async (path: WholePath): Promise<void> => {
  const { cloud } = path;
  cloud.world.heal();
  cloud.log.appendFault = null;
  for (const one of cloud.living) {
    one.process.thaw();
    one.stop();
  }
  await cloud.advance(1000);
  await attend(path);
  for (const one of cloud.workers) cloud.kill(one);
  path.isBrokerAway = false;
  await empty(path);
  for (const one of cloud.living) one.stop();
  await cloud.advance(1000);
  for (const one of cloud.workers) cloud.kill(one);
  for (;;) {
    const last = await cloud.start({ untilDrained: true });
    for (let i = 0; i < 1000 && !last.isDone && last.error === null; i += 1) {
      await cloud.advance(500);
      // A poll that was under way when its process died may have brought it back into the group.
      path.killDeadWorkers();
    }
    if (last.isDone) return;
    if (last.error === null) throw new Error("the last worker does not come to its end");
    await attend(path);
    for (const one of cloud.living) one.stop();
  }
};

const empty = async (path: WholePath): Promise<void> => {
  const said = new Set<unknown>();
  const until = path.cloud.clock.uptime() + (path.forget === "settled" ? SETTLED_HOME_MS : HOME_MS);
  for (;;) {
    await path.startGateway();
    // Receipts come of commits.
    if (path.forget === "settled" && path.cloud.living.length === 0) await path.cloud.start();
    for (const car of path.cars) {
      car.start();
      const { agent } = car;
      if (agent === null || said.has(agent)) continue;
      said.add(agent);
      void agent.say("last");
    }
    await path.cloud.advance(1000);
    await attend(path);
    if (path.cars.every(({ agent }) => agent !== null && said.has(agent) && agent.held === 0)) return;
    if (path.cloud.clock.uptime() > until) throw new Error("an outbox is not emptied");
  }
};
