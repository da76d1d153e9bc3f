import { cpus } from "node:os";
import { COMMON_OPTIONS, defineCommand, RoadstreamError } from "@roadstream/shared";
import { EXIT_CODES, runProcess } from "@roadstream/shared/adapters";
import { BENCHMARKS, isBenchmark, lacks, type BenchmarkName } from "./benchmarks.ts";

const names = Object.keys(BENCHMARKS).filter(isBenchmark);

const wanted = (words: readonly string[]): readonly BenchmarkName[] => {
  const unknown = words.filter((word) => !isBenchmark(word));
  if (unknown.length > 0) {
    throw new RoadstreamError("usage", `no such benchmark: ${unknown.join(", ")}`, {
      hint: `there are ${names.join(", ")}`,
    });
  }
  return words.length === 0 ? names : words.filter(isBenchmark);
};

await runProcess({
  stage: "bench",
  command: defineCommand({
    name: "roadstream bench",
    summary: `Measures against the project's targets and prints JSON: ${names.join(", ")}; where none is named, all that this machine has the services for.`,
    options: COMMON_OPTIONS,
    rest: "NAME",
    examples: ["roadstream bench nmea outbox"],
  }),
  argv: process.argv.slice(2),
  main: async (values, context) => {
    const results = [];
    for (const name of wanted(context.positionals)) {
      const missing = lacks(name);
      if (missing !== null && context.positionals.length === 0) {
        context.logger.warn("left_out", { benchmark: name, missing });
        continue;
      }
      context.logger.info("measuring", { benchmark: name });
      const result = await BENCHMARKS[name]();
      context.logger.info("measured", { benchmark: name, ok: result.ok });
      results.push(result);
    }
    const ok = results.every((result) => result.ok);
    const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model ?? "unknown" };
    context.print(`${JSON.stringify({ ok, machine, benchmarks: results }, null, values.json ? 0 : 2)}\n`);
    return ok ? EXIT_CODES.done : EXIT_CODES.failed;
  },
});
