import { join } from "node:path";

/** Where the demo keeps what it makes. Nothing else in the folder is ever touched. */
export interface DemoPaths {
  readonly folder: string;
  readonly log: string;
  readonly lake: string;
  readonly agents: string;
  /** What the stages say on stderr, one file each. */
  readonly output: string;
  /** The stages that run now. */
  readonly run: string;
  /** Says that this is a demo's folder, so that `--reset` may empty it. */
  readonly mark: string;
  /** Held by the demo that runs here. */
  readonly lock: string;
}

export const demoPaths = (folder: string): DemoPaths => ({
  folder,
  log: join(folder, "log.sqlite"),
  lake: join(folder, "lake"),
  agents: join(folder, "agents"),
  output: join(folder, "output"),
  run: join(folder, "run.json"),
  mark: join(folder, "demo.json"),
  lock: join(folder, "demo.lock"),
});

/** What `--reset` deletes. SQLite keeps two files beside its own. */
export const demoBelongings = (paths: DemoPaths): readonly string[] => [
  paths.log,
  `${paths.log}-wal`,
  `${paths.log}-shm`,
  paths.lake,
  paths.agents,
  paths.output,
  paths.run,
  paths.mark,
];
