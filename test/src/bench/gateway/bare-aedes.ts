/** The reference: aedes with its defaults and nothing behind it, as a process of its own. */
import { Aedes } from "aedes";
import { createServer } from "node:net";

const broker = await Aedes.createBroker();
const server = createServer((socket) => void broker.handle(socket));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  process.stderr.write(`${JSON.stringify({ event: "ready", listen: `mqtt://127.0.0.1:${port}` })}\n`);
});
