import { existsSync } from "node:fs";
import { onPath, run, type InstallStep } from "./step.ts";

/** Debian keeps daemons out of an ordinary user's path. */
const isPresent = (program: string): boolean => onPath(program) || existsSync(`/usr/sbin/${program}`);

/** Packages of Debian; a daemon among them is kept from starting on its own. */
export const installDebian = async (packages: readonly string[]): Promise<void> => {
  const env = { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  await run("apt-get", ["update", "-qq"], { env });
  await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], { env });
};

/** A program by the Debian packages that bring it. */
const debianStep = (program: string, packages: readonly string[]): InstallStep => ({
  name: program,
  cost: "seconds; needs root",
  needs: ["apt-get"],
  missing: () => (isPresent(program) ? null : program),
  install: async () => {
    await installDebian(packages);
    if (!isPresent(program)) throw new Error(`${program} is still missing`);
  },
});

/** Pairs of pseudo-terminals: the cables of the hardware-in-the-loop suite. */
export const socatStep = debianStep("socat", ["socat"]);
/** A broker of another make, and its clients. */
export const mosquittoStep = debianStep("mosquitto", ["mosquitto", "mosquitto-clients"]);
