import { homedir } from "node:os";
import { join } from "node:path";

/** Where installed services are kept between runs, outside the checkout. */
export const serviceFolder = (env: NodeJS.ProcessEnv = process.env): string => {
  const named = env["ROADSTREAM_SERVICES"];
  if (named !== undefined && named !== "") return named;
  return join(env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "roadstream-services");
};
