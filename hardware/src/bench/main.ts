import { isoTime } from "@roadstream/shared";
import { EXIT_CODES, runProcess } from "@roadstream/shared/adapters";
import { loadRoute } from "../adapters/file-route.ts";
import { stdinLines } from "../adapters/stdin-lines.ts";
import { ttyChannel } from "../adapters/tty-byte-channel.ts";
import { OMAHA_TO_DES_MOINES } from "../route/omaha-des-moines.ts";
import { Route } from "../route/route.ts";
import { Bench } from "./bench.ts";
import { parseBenchQuery, queryText } from "./bench-options.ts";
import { BENCH_COMMAND } from "./config.ts";
import { serveBench } from "./serve-bench.ts";

await runProcess({
  stage: "bench",
  command: BENCH_COMMAND,
  argv: process.argv.slice(2),
  main: async (values, context) => {
    const { clock, logger, signal } = context;
    const query = parseBenchQuery(queryText(values.simulated, values));
    const route =
      query.routeFile === null
        ? new Route(OMAHA_TO_DES_MOINES)
        : await loadRoute(context.path(query.routeFile));
    await using bench = new Bench({ ...query, clock, route });
    const line = (path: string | null) => (path === null ? null : ttyChannel(context.path(path)));
    context.ready({
      seed: query.seed,
      vin: bench.trip.vehicle.vin,
      trip_s: bench.time.durationS,
      started_at: isoTime(bench.time.startAt),
      started_uptime_ms: bench.time.startUptime,
    });
    const report = await serveBench(
      {
        bench,
        gpsLine: line(values.gpsPty),
        obdLine: line(values.obdPty),
        commands: stdinLines(signal),
        reply: (text) => context.print(text),
        clock,
        logger,
      },
      signal,
    );
    if (values.json) context.print(`${JSON.stringify(report)}\n`);
    return EXIT_CODES.done;
  },
});
