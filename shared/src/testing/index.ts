export { VirtualClock } from "./virtual-clock.ts";
export { MemoryEventLog } from "./memory-event-log.ts";
export { MemoryLogStore } from "./memory-log-store.ts";
export type { AppendFault } from "./memory-log-writer.ts";
export * from "./uplink-payloads.ts";
