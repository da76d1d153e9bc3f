import { seconds, silentLogger, type Logger, MemoryMetrics } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { IngestWorker, openIngest } from "@roadstream/cloud/testing";

/** In a process of its own, for its memory: lands a log in a lake and prints what that took. */
const [log = "", lake = ""] = process.argv.slice(2);

const commits: { readonly seconds: number; readonly files: number }[] = [];
const logger: Logger = {
  ...silentLogger,
  child: () => logger,
  info: (event, fields) => {
    if (event === "committed")
      commits.push({ seconds: Number(fields?.["ms"]) / 1000, files: Number(fields?.["files"]) });
  },
};

const environment = {
  clock: systemClock(),
  random: systemRandom(),
  logger,
  metrics: new MemoryMetrics(),
  env: process.env,
};

await using ingest = await openIngest({
  ...environment,
  path: (text: string) => text,
  commitInterval: seconds(30),
  log,
  lake,
  catalog: "file",
  moveCatalog: false,
  untilDrained: true,
});
const worker = new IngestWorker(ingest, {
  group: "scale",
  name: "scale",
  tables: ["gps_data"],
  untilDrained: true,
  signal: new AbortController().signal,
  onReady: () => undefined,
});
await worker.run();
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
process.stdout.write(
  JSON.stringify({
    commits,
    rows: ingest.metrics.of("gps_data").landed,
    peakBytes: maxRSS * 1024,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
  }),
);
