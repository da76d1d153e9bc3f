export { systemClock } from "./system-clock.ts";
export { systemRandom } from "./system-random.ts";
export { nodeSha256 } from "./node-sha256.ts";
export { nodeZstd } from "./node-zstd.ts";
export { wasmZstd } from "./wasm-zstd.ts";
export { healthServer, type HealthServer } from "./health-server.ts";
export { pinoLogger, type LogFormat } from "./pino-logger.ts";
export { promMetrics, type PromMetrics } from "./prom-metrics.ts";
export { EXIT_CODES, runProcess, type ExitCode, type ProcessContext } from "./run-process.ts";
