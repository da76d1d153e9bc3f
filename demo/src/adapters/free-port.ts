import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A port that nobody listens on now. The gateway gets it as a fixed number, so that the cars find it again after a
 * restart.
 */
export const freePort = async (): Promise<number> => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
};
