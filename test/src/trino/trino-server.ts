import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { leash } from "../processes/leashed-process.ts";
import { freePort } from "../services/free-port.ts";
import { trinoFolder, trinoJava } from "../services/install/trino-step.ts";

const READY_DEADLINE_MS = 240_000;
const STATEMENT_DEADLINE_MS = 120_000;
const CATALOG = "lake";

export interface TrinoRows {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly data: readonly (readonly unknown[])[];
}

interface TrinoAnswer {
  readonly nextUri?: string;
  readonly columns?: TrinoRows["columns"];
  readonly data?: TrinoRows["data"];
  readonly error?: { readonly message: string };
}

export interface TrinoOptions {
  readonly glueUrl: string;
  readonly s3Url: string;
  readonly database: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

const properties = (pairs: Readonly<Record<string, string>>): string =>
  Object.entries(pairs)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");

/** The Iceberg connector on Glue and S3, with endpoints of this machine. */
const catalogProperties = ({ glueUrl, s3Url, accessKey, secretKey }: TrinoOptions): string =>
  properties({
    "connector.name": "iceberg",
    "iceberg.catalog.type": "glue",
    "iceberg.register-table-procedure.enabled": "true",
    "hive.metastore.glue.region": "us-east-1",
    "hive.metastore.glue.endpoint-url": glueUrl,
    "hive.metastore.glue.aws-access-key": accessKey,
    "hive.metastore.glue.aws-secret-key": secretKey,
    "fs.native-s3.enabled": "true",
    "s3.endpoint": s3Url,
    "s3.region": "us-east-1",
    "s3.path-style-access": "true",
    "s3.aws-access-key": accessKey,
    "s3.aws-secret-key": secretKey,
  });

const JVM = [
  "-Xmx1500m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Djdk.attach.allowAttachSelf=true",
  "--enable-native-access=ALL-UNNAMED",
  "--sun-misc-unsafe-memory-access=allow",
  "--add-modules=jdk.incubator.vector",
];

/** One Trino, coordinator and worker in one, that ends with the test process at the latest. */
export class TrinoServer implements AsyncDisposable {
  readonly #url: string;
  readonly #database: string;
  readonly #close: () => Promise<void>;

  private constructor(url: string, database: string, close: () => Promise<void>) {
    this.#url = url;
    this.#database = database;
    this.#close = close;
  }

  static async start(options: TrinoOptions): Promise<TrinoServer> {
    const scratch = mkdtempSync(join(tmpdir(), "roadstream-trino-"));
    const port = await freePort();
    mkdirSync(join(scratch, "etc/catalog"), { recursive: true });
    writeFileSync(
      join(scratch, "etc/config.properties"),
      properties({
        coordinator: "true",
        "node-scheduler.include-coordinator": "true",
        "http-server.http.port": String(port),
        "discovery.uri": `http://127.0.0.1:${port}`,
        "plugin.dir": join(trinoFolder, "plugin"),
        "query.max-memory-per-node": "400MB",
        "memory.heap-headroom-per-node": "300MB",
      }),
    );
    writeFileSync(join(scratch, `etc/catalog/${CATALOG}.properties`), catalogProperties(options));
    const child = await leash(
      trinoJava() ?? "java",
      [
        ...JVM,
        "-Dnode.environment=test",
        "-Dnode.id=test",
        `-Dnode.data-dir=${scratch}`,
        `-Dconfig=${join(scratch, "etc/config.properties")}`,
        "-cp",
        join(trinoFolder, "lib/*"),
        "io.trino.server.TrinoServer",
      ],
      { cwd: scratch },
    );
    const close = async (): Promise<void> => {
      await child.kill9();
      rmSync(scratch, { recursive: true, force: true });
    };
    const server = new TrinoServer(`http://127.0.0.1:${port}`, options.database, close);
    const deadline = performance.now() + READY_DEADLINE_MS;
    while (!(await server.#isReady())) {
      if (performance.now() > deadline) {
        await close();
        throw new Error(`Trino does not answer:\n${child.output()}`);
      }
      await sleep(500);
    }
    return server;
  }

  /** Runs a statement to its end. For a while after its start Trino may have lost sight of itself as a node that works. */
  async sql(text: string): Promise<TrinoRows> {
    const signal = AbortSignal.timeout(STATEMENT_DEADLINE_MS);
    for (;;) {
      try {
        return await this.#run(text, signal);
      } catch (error) {
        if (signal.aborted || !String(error).includes("No nodes available")) throw error;
        await sleep(500);
      }
    }
  }

  async #run(text: string, signal: AbortSignal): Promise<TrinoRows> {
    const headers = {
      "x-trino-user": "test",
      "x-trino-catalog": CATALOG,
      "x-trino-schema": this.#database,
      "x-trino-time-zone": "UTC",
    };
    let columns: TrinoRows["columns"] = [];
    const data: (readonly unknown[])[] = [];
    let answer = await json(
      await fetch(`${this.#url}/v1/statement`, { method: "POST", headers, body: text, signal }),
    );
    for (;;) {
      if (answer.error !== undefined) throw new Error(answer.error.message);
      columns = answer.columns ?? columns;
      data.push(...(answer.data ?? []));
      if (answer.nextUri === undefined) return { columns, data };
      answer = await json(await fetch(answer.nextUri, { headers, signal }));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }

  async #isReady(): Promise<boolean> {
    try {
      const signal = AbortSignal.timeout(5000);
      const info = (await (await fetch(`${this.#url}/v1/info`, { signal })).json()) as { starting?: boolean };
      // It says that it is up before it has found itself as a node that can work.
      return (
        info.starting === false && (await this.sql("SELECT * FROM system.runtime.nodes")).data.length > 0
      );
    } catch {
      return false;
    }
  }
}

const json = async (response: Response): Promise<TrinoAnswer> => {
  const body = await response.text();
  if (!response.ok) throw new Error(`${response.status}: ${body}`);
  return JSON.parse(body) as TrinoAnswer;
};
