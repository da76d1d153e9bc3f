import { existsSync } from "node:fs";
import { join } from "node:path";
import { installDebian } from "./debian-step.ts";
import type { InstallStep } from "./step.ts";

/** Where Debian 12 puts version 15: it keeps several versions apart, and none of them in the path. */
const PROGRAMS = "/usr/lib/postgresql/15/bin";

export const postgresProgram = (name: "initdb" | "postgres"): string => join(PROGRAMS, name);

/** A server for sessions that wait for one another: Redshift's ancestor, with MERGE. */
export const postgresStep: InstallStep = {
  name: "postgres",
  cost: "a minute; needs root",
  needs: ["apt-get"],
  missing: () => (existsSync(postgresProgram("postgres")) ? null : "PostgreSQL 15"),
  install: async () => {
    await installDebian(["postgresql-15"]);
    if (!existsSync(postgresProgram("postgres"))) throw new Error("PostgreSQL 15 is still missing");
  },
};
