export * from "./event-log.ts";
export * from "./log-block.ts";
export * from "./log-limits.ts";
export * from "./partitioner.ts";
// oxlint-disable-next-line no-restricted-imports -- the package's door to its adapters; it loads none by itself
export { openEventLog, type OpenEventLogOptions } from "./adapters/open-event-log.ts";
