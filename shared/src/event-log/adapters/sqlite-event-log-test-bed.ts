import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeZstd } from "../../adapters/node-zstd.ts";
import { systemClock } from "../../adapters/system-clock.ts";
import { silentLogger } from "../../ports/logger.ts";
import { MemoryMetrics } from "../../ports/metrics.ts";
import { seededRandom } from "../../random/random.ts";
import type { Clock } from "../../time/clock.ts";
import { millis } from "../../time/time.ts";
import type { SqliteLogSettings } from "../sqlite-log-settings.ts";
import { SqliteEventLog } from "./sqlite-event-log.ts";

/** A log file in a folder of its own, and handles on it as several processes would have. */
export const sqliteTestBed = () => {
  const folder = mkdtempSync(join(tmpdir(), "roadstream-log-"));
  const path = join(folder, "events.db");
  const metrics = new MemoryMetrics();
  let seed = 0;
  return {
    path,
    metrics,
    open: (options: { clock?: Clock; settings?: Partial<SqliteLogSettings> } = {}): SqliteEventLog =>
      new SqliteEventLog({
        path,
        clock: options.clock ?? systemClock(),
        random: seededRandom((seed += 1)),
        logger: silentLogger,
        metrics,
        zstd: nodeZstd,
        settings: {
          pace: millis(0),
          heartbeat: millis(20),
          lease: millis(2000),
          look: millis(5),
          ...options.settings,
        },
      }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
};
