import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { hostname, uptime } from "node:os";
import { guessedMachineBoot } from "../time/machine-boot.ts";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;
const ANSWER_MS = 2000;

/** What systems call their boots; throws, or is something else, where a system does not. */
const SYSTEMS: readonly (() => string)[] = [
  // Linux
  () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"),
  // macOS
  () =>
    execFileSync("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"], {
      encoding: "utf8",
      timeout: ANSWER_MS,
      stdio: ["ignore", "pipe", "ignore"],
    }),
];

/** Names this boot of the machine, in the same way to every process of it (isSameMachineBoot compares guesses). */
export const machineBoot = (systems = SYSTEMS): string => {
  for (const name of systems) {
    try {
      const boot = name().trim();
      if (UUID.test(boot)) return boot;
    } catch {
      // Another system.
    }
  }
  return guessedMachineBoot(hostname(), Date.now() - uptime() * 1000);
};
