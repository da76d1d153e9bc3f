import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { startWarden } from "./shell-warden.ts";

const LOOP = "while :; do sleep 0.1; done";
const start = async (script: string): Promise<{ child: ChildProcess; pid: number }> => {
  const child = spawn("/bin/sh", ["-c", `echo up; ${script}`], { stdio: ["ignore", "pipe", "ignore"] });
  await once(child.stdout ?? child, "data");
  return { child, pid: child.pid ?? 0 };
};

test("when the demo is gone, what it started and did not forget is ended, the stubborn too", async () => {
  const warden = startWarden();
  const gentle = await start(LOOP);
  const stubborn = await start(`trap '' TERM; ${LOOP}`);
  const forgotten = await start(LOOP);
  const last = await start(LOOP);
  for (const { pid } of [gentle, stubborn, forgotten, last]) warden.watch(pid);
  warden.forget(forgotten.pid);
  const ended = Promise.all([gentle, stubborn, last].map(({ child }) => once(child, "exit")));
  // Its pipe closes, as it does when this process dies.
  await warden[Symbol.asyncDispose]();
  await ended;
  expect(gentle.child.signalCode).toBe("SIGTERM");
  expect(stubborn.child.signalCode).toBe("SIGKILL");
  expect(last.child.signalCode).toBe("SIGTERM");
  expect(forgotten.child.exitCode ?? forgotten.child.signalCode).toBeNull();
  forgotten.child.kill("SIGKILL");
});
