import { MemoryMetrics, silentLogger } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";

/** What a command's process stands on, as it is on a real machine, but silent and without variables. */
export const realContext = () => ({
  clock: systemClock(),
  random: systemRandom(),
  logger: silentLogger,
  metrics: new MemoryMetrics(),
  env: {},
  path: (text: string) => text,
});
