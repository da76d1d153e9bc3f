import { setTimeout as sleep } from "node:timers/promises";
import { leash } from "../processes/leashed-process.ts";
import { freePort } from "./free-port.ts";
import { motoServer } from "./install/moto-step.ts";

const READY_DEADLINE_MS = 30_000;

export interface RunningMoto extends AsyncDisposable {
  readonly url: string;
  /** One request of a service that speaks awsJson1.1; the answer's text. */
  ask(service: string, target: string, body: unknown): Promise<string>;
}

/** AWS's control planes on a free port of this machine; it ends with the test process at the latest. */
export const startMoto = async (): Promise<RunningMoto> => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await leash(motoServer, ["-H", "127.0.0.1", "-p", String(port)]);
  const close = () => server.kill9();
  const answers = () =>
    fetch(`${url}/moto-api/`).then(
      (answer) => answer.ok,
      () => false,
    );
  const deadline = performance.now() + READY_DEADLINE_MS;
  while (!(await answers())) {
    if (performance.now() > deadline) {
      await close();
      throw new Error(`moto does not answer:\n${server.output()}`);
    }
    await sleep(100);
  }
  const ask = async (service: string, target: string, body: unknown): Promise<string> => {
    const scope = `test/20260101/us-east-1/${service}/aws4_request`;
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": target,
        // It looks for the service here, and checks no signature.
        authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`,
      },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`moto ${target}: ${answer.status} ${text}`);
    return text;
  };
  return { url, ask, [Symbol.asyncDispose]: close };
};
