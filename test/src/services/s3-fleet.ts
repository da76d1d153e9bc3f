import { join } from "node:path";
import { expect } from "vitest";
import { runStage, startStage, type Stage, type StageExit } from "../processes/start-stage.ts";
import type { S3Bed } from "./s3-bed.ts";

/** A lake on S3 and a log, with cars, gateway and workers as processes. */
export interface S3Fleet {
  /** `s3://…` */
  readonly spec: string;
  readonly log: string;
  /** A car drives for some seconds, and all that it measured is in the log; by default with all its sources. */
  drive(vehicle: string, sources?: readonly string[]): Promise<void>;
  /** A command over this lake, to its end. */
  cloud(command: string, ...args: readonly string[]): Promise<StageExit>;
  /** A worker that ends when it has landed what is in the log. */
  worker(group: string): Promise<Stage>;
}

const ALL_SOURCES = ["--gps", "simulated?pace=60", "--obd", "simulated", "--camera", "simulated"];
const CAMERA = ["--camera-interval", "500ms"];

export interface FleetCatalog {
  /** As `--catalog` takes it. */
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
}

const FILE_CATALOG: FleetCatalog = { name: "file", env: {} };

export const s3Fleet = (bed: S3Bed, catalog: FleetCatalog = FILE_CATALOG): S3Fleet => {
  const spec = bed.fresh();
  const log = `sqlite:${join(bed.scratch, "log.sqlite")}`;
  const places = ["--lake", spec, "--catalog", catalog.name];
  const env = {
    ...bed.server.env(bed.line.port),
    ...catalog.env,
    ROADSTREAM_LAKE_CACHE: join(bed.scratch, "cache"),
  };
  return {
    spec,
    log,
    drive: async (vehicle, sources = [...ALL_SOURCES, ...CAMERA]) => {
      await using gateway = await startStage("gateway", ["--listen", "mqtt://127.0.0.1:0", "--log", log]);
      const mqtt = ["--mqtt", String(gateway.ready.listen), "--data", join(bed.scratch, vehicle)];
      const ends = ["--duration", "3s", "--exit-when-drained"];
      const agent = await runStage("agent", ["--vehicle", vehicle, ...mqtt, ...sources, ...ends]);
      expect([agent.code, agent.stderr]).toEqual([0, expect.any(String)]);
      expect((await gateway.stop()).code).toBe(0);
    },
    cloud: (command, ...args) =>
      runStage("cloud", [command, ...args, ...places, "--json"], { env, deadlineMs: 120_000 }),
    worker: (group) =>
      startStage("cloud", ["run", "--log", log, ...places, "--group", group, "--until-drained"], { env }),
  };
};
