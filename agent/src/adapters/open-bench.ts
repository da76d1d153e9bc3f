import { Bench, OMAHA_TO_DES_MOINES, parseBenchQuery, Route } from "@roadstream/hardware";
import { loadRoute } from "@roadstream/hardware/adapters";
import type { Clock } from "@roadstream/shared";

/** The one simulated car that all simulated sources of an agent share. */
export const openBench = async (options: {
  readonly query: string;
  readonly clock: Clock;
  /** A path as the user meant it. */
  readonly path: (text: string) => string;
}): Promise<Bench> => {
  const { query, clock, path } = options;
  const parsed = parseBenchQuery(query);
  const route =
    parsed.routeFile === null ? new Route(OMAHA_TO_DES_MOINES) : await loadRoute(path(parsed.routeFile));
  return new Bench({ ...parsed, clock, route });
};
