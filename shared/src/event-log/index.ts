export * from "./event-log.ts";
export * from "./partitioner.ts";
