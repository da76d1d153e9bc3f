import { existsSync } from "node:fs";
import { onPath, run, type InstallStep } from "./step.ts";

/** Debian keeps daemons out of an ordinary user's path. */
const present = (program: string): boolean => onPath(program) || existsSync(`/usr/sbin/${program}`);

/** Programs by the Debian package that brings them; a package's daemon is kept from starting on its own. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  socat: ["socat"],
  mosquitto: ["mosquitto", "mosquitto-clients"],
};

const lacking = (): readonly string[] => Object.keys(PACKAGES).filter((program) => !present(program));

export const debianStep: InstallStep = {
  name: "debian",
  cost: "seconds; needs root",
  needs: ["apt-get"],
  missing: () => (lacking().length === 0 ? null : lacking().join(", ")),
  install: async () => {
    const packages = lacking().flatMap((program) => PACKAGES[program] ?? []);
    const env = { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
    await run("apt-get", ["update", "-qq"], { env });
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], { env });
    if (lacking().length > 0) throw new Error(`still missing: ${lacking().join(", ")}`);
  },
};
