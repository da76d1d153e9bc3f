import { seconds } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import type { StageSpec } from "../plan/stage-spec.ts";
import { runList } from "./run-list.ts";
import { MAX_FALSE_STARTS, RESTART_AFTER, StageSupervisor } from "./stage-supervisor.ts";
import { ScriptedLauncher } from "./testing/scripted-launcher.ts";

const rig = (options: { life?: StageSpec["life"]; restart?: boolean } = {}) => {
  const clock = new VirtualClock();
  const launcher = new ScriptedLauncher();
  const told: string[] = [];
  let starts = 0;
  const supervisor = new StageSupervisor({
    spec: {
      stage: "agent",
      name: "car-1",
      life: options.life ?? "ends",
      argv: () => ["roadstream", "agent", "--start", String((starts += 1))],
    },
    launcher,
    clock,
    restart: options.restart ?? true,
    events: {
      changed: () => told.push(supervisor.state),
      died: (exit, next) => told.push(`${exit.signal ?? exit.code} ${next}`),
    },
  });
  return { clock, launcher, supervisor, told };
};

test("an agent is ready, does its work, and has ended", async () => {
  const { clock, launcher, supervisor, told } = rig();
  const ready = supervisor.start();
  launcher.last.becomeReady({ metrics: "http://m", bootId: "b1" });
  await ready;
  expect(supervisor.metrics).toBe("http://m");
  launcher.last.exit({ code: 0 });
  await supervisor.ended;
  expect(told).toEqual(["starting", "ready", "ended"]);
  expect(supervisor.metrics).toBeNull();
  expect(runList([supervisor])).toEqual([]);
  await clock.advance(10_000);
  expect(launcher.processes).toHaveLength(1);
});

test("a stage that dies is started again after a second, with the command line of that moment", async () => {
  const { clock, launcher, supervisor, told } = rig();
  void supervisor.start();
  launcher.last.becomeReady({ bootId: "b1" });
  await clock.settle();
  launcher.last.exit({ signal: "SIGKILL" });
  await clock.advance(RESTART_AFTER - 1);
  expect(launcher.processes).toHaveLength(1);
  await clock.advance(1);
  launcher.last.becomeReady({ bootId: "b2" });
  await clock.settle();
  expect(told).toEqual(["starting", "ready", "SIGKILL again", "waiting", "starting", "ready"]);
  expect(supervisor.boots).toEqual(["b1", "b2"]);
  expect(runList([supervisor])).toEqual([
    {
      stage: "agent",
      pid: 1001,
      argv: ["roadstream", "agent", "--start", "2"],
      cwd: "/stands/here",
      restarts: 1,
    },
  ]);
});

test("a server that ends by itself has died, whatever its exit code; an agent with exit code 1 too", async () => {
  for (const [life, code] of [
    ["serves", 0],
    ["ends", 1],
  ] as const) {
    const { clock, launcher, supervisor } = rig({ life });
    void supervisor.start();
    launcher.last.becomeReady();
    await clock.settle();
    launcher.last.exit({ code });
    await clock.advance(RESTART_AFTER);
    expect(launcher.processes).toHaveLength(2);
  }
});

test("without restarts, a stage that died stays in the list as it was", async () => {
  const { clock, launcher, supervisor } = rig({ restart: false });
  void supervisor.start();
  launcher.last.becomeReady();
  await clock.settle();
  launcher.last.exit({ signal: "SIGKILL" });
  await supervisor.ended;
  await clock.advance(60_000);
  expect(supervisor.state).toBe("dead");
  expect(launcher.processes).toHaveLength(1);
  expect(runList([supervisor])).toMatchObject([{ pid: 1000, restarts: 0 }]);
  await supervisor.stop(seconds(1));
  expect(runList([supervisor])).toEqual([]);
});

test("a stage that cannot use its settings is not started twice", async () => {
  const { launcher, supervisor } = rig();
  const ready = supervisor.start();
  launcher.last.exit({ code: 2 });
  await expect(ready).rejects.toMatchObject({ code: "unavailable", hint: "its last words" });
  await expect(supervisor.ended).rejects.toThrow("car-1 does not start");
  expect(launcher.processes).toHaveLength(1);
});

test("a stage that never comes to be ready is given up", async () => {
  const { clock, launcher, supervisor } = rig();
  const ready = supervisor.start();
  const outcome = ready.catch((error: unknown) => error);
  for (let start = 0; start < MAX_FALSE_STARTS; start += 1) {
    launcher.last.exit({ code: 1 });
    await clock.advance(RESTART_AFTER);
  }
  expect(await outcome).toMatchObject({ code: "unavailable" });
  expect(launcher.processes).toHaveLength(MAX_FALSE_STARTS);
});

test("it is asked to end, and made to when it does not", async () => {
  const { clock, launcher, supervisor } = rig({ life: "serves" });
  void supervisor.start();
  launcher.last.becomeReady();
  launcher.isDeaf = true;
  await clock.settle();
  const stopped = supervisor.stop(seconds(3));
  await clock.advance(2999);
  expect(launcher.last.signals).toEqual(["SIGTERM"]);
  await clock.advance(1);
  await stopped;
  expect(launcher.last.signals).toEqual(["SIGTERM", "SIGKILL"]);
  expect(supervisor.state).toBe("ended");
  await clock.advance(10_000);
  expect(launcher.processes).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

test("stopped while it waits for its next start, it does not start", async () => {
  const { clock, launcher, supervisor } = rig();
  void supervisor.start().catch(() => undefined);
  launcher.last.exit({ signal: "SIGKILL" });
  await clock.advance(500);
  await supervisor.stop(seconds(1));
  await clock.advance(10_000);
  expect(supervisor.state).toBe("ended");
  expect(launcher.processes).toHaveLength(1);
});
