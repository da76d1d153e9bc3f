import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { openLake, type OpenedLake } from "@roadstream/cloud/testing";
import { vi } from "vitest";
import { runStage, type StageExit } from "../../processes/start-stage.ts";
import { startMoto, type RunningMoto } from "../moto.ts";
import { Gatekeeper } from "./gatekeeper.ts";
import { MotoAccount } from "./moto-account.ts";
import { sendSigned, type Credentials, type PlainRequest } from "./signed-request.ts";
import { ACCOUNT, DeployedTemplates, REGION } from "./templates.ts";

const ROLES = ["gateway", "worker", "keeper", "watcher", "analyst", "redshift", "loader"] as const;
export type RoleName = (typeof ROLES)[number];

export const BUCKETS = {
  lake: `roadstream-lake-${ACCOUNT}-${REGION}`,
  results: `roadstream-results-${ACCOUNT}-${REGION}`,
} as const;
const LAKE = `s3://${BUCKETS.lake}/lake`;
const DEADLINE_MS = 240_000;

/** The key under which a bucket keeps its objects. */
const keyOfBucket = (templates: DeployedTemplates, bucket: string): string => {
  const { BucketEncryption: encryption } = templates.named("AWS::S3::Bucket", "BucketName", bucket);
  const key = /"KMSMasterKeyID":"([^"]+)"/.exec(JSON.stringify(encryption))?.[1];
  if (key === undefined) throw new Error(`${bucket} is not encrypted under a key of ours`);
  return key;
};

export type AskedFor = Omit<PlainRequest, "url"> & { readonly path: string };

const WAREHOUSE_ARN = `arn:aws:redshift-serverless:${REGION}:${ACCOUNT}:workgroup/one`;

/** What the templates make in an account, as far as the lake goes, with IAM in front; and our programs under their roles. */
export class AwsBed implements AsyncDisposable {
  readonly templates: DeployedTemplates;
  readonly gatekeeper: Gatekeeper;
  readonly folder: string;
  /** Servers of services that moto does not play. */
  readonly elsewhere = new Map<string, string>();
  readonly #moto: RunningMoto;
  readonly #credentials = new Map<RoleName, Credentials>();

  private constructor(parts: {
    templates: DeployedTemplates;
    moto: RunningMoto;
    gatekeeper: Gatekeeper;
    folder: string;
  }) {
    this.templates = parts.templates;
    this.#moto = parts.moto;
    this.gatekeeper = parts.gatekeeper;
    this.folder = parts.folder;
  }

  static async open(): Promise<AwsBed> {
    const templates = new DeployedTemplates();
    const moto = await startMoto();
    const gatekeeper = await Gatekeeper.open({
      keyOf: (bucket) => keyOfBucket(templates, bucket),
      workgroup: "roadstream",
      warehouseArn: WAREHOUSE_ARN,
      upstream: (service) => bed.elsewhere.get(service) ?? moto.url,
    });
    const folder = await mkdtemp(join(tmpdir(), "roadstream-iam-"));
    const bed = new AwsBed({ templates, moto, gatekeeper, folder });
    await bed.#deploy();
    return bed;
  }

  /** An environment in which a program acts as this role. */
  env(role: RoleName): Readonly<Record<string, string>> {
    const { accessKeyId, secretAccessKey, sessionToken } = this.credentials(role);
    return {
      AWS_REGION: REGION,
      AWS_ENDPOINT_URL: this.gatekeeper.url,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
      AWS_EC2_METADATA_DISABLED: "true",
      ROADSTREAM_LAKE_CACHE: join(this.folder, "cache", role),
    };
  }

  /** `roadstream cloud …` as this role; `--lake` and `--catalog` are added. */
  cloud(role: RoleName, ...args: readonly string[]): Promise<StageExit> {
    const all = [...args, "--lake", LAKE, "--catalog", "glue:roadstream"];
    return runStage("cloud", all, { env: this.env(role), deadlineMs: DEADLINE_MS });
  }

  /** A task as ECS runs it: its command and its role are the template's; only the log is another one, and logs are text. */
  task(name: string, ...more: readonly string[]): Promise<StageExit> {
    const { role, command } = this.templates.task(`roadstream-${name}`);
    const [program = "", ...args] = command.map((word) => (word.startsWith("kafka://") ? this.log() : word));
    if (program !== "cloud") throw new Error(`${name} runs ${program}`);
    const holder = role.replace("roadstream-", "") as RoleName;
    return runStage("cloud", [...args, ...more], { env: this.env(holder), deadlineMs: DEADLINE_MS });
  }

  /** Another car's journey, from its sensors to `log()`. */
  async drive(): Promise<void> {
    const args = ["--data", this.folder, "--duration", "1m", "--pace", "max", "--no-open", "--json"];
    const ended = await runStage("demo", args, { deadlineMs: DEADLINE_MS });
    if (ended.code !== 0) throw new Error(ended.stderr);
  }

  log(): string {
    return `sqlite:${join(this.folder, "log.sqlite")}`;
  }

  /** A request that none of our programs makes; the text of its answer, with the status before it. */
  async ask(
    role: RoleName,
    { path, ...rest }: AskedFor,
    judge: "gatekeeper" | "moto" = "gatekeeper",
  ): Promise<string> {
    const at = judge === "moto" ? this.#moto.url : this.gatekeeper.url;
    const answer = await sendSigned({ ...rest, url: at + path }, this.credentials(role));
    return `${answer.status} ${await answer.text()}`;
  }

  /** The lake as the role's own process would open it. */
  async lake(role: RoleName): Promise<OpenedLake> {
    const env = this.env(role);
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const lake = openLake(
      { lake: LAKE, catalog: "glue:roadstream" },
      { clock: systemClock(), random: systemRandom(), logger: silentLogger, env, path: (text) => text },
    );
    // The SDK looks for credentials in this process's environment, at the first request.
    await lake.store.get("none");
    return lake;
  }

  credentials(role: RoleName): Credentials {
    const found = this.#credentials.get(role);
    if (found === undefined) throw new Error(`nobody has taken ${role}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    vi.unstubAllEnvs();
    await this.gatekeeper[Symbol.asyncDispose]();
    await this.#moto[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #deploy(): Promise<void> {
    const account = new MotoAccount(this.#moto);
    for (const name of Object.values(BUCKETS)) await account.bucket(name);
    await this.#moto.ask("glue", "AWSGlue.CreateDatabase", { DatabaseInput: { Name: "roadstream" } });
    const workgroup = this.templates.named("AWS::Athena::WorkGroup", "Name", "roadstream");
    const { BytesScannedCutoffPerQuery: limit } = workgroup["WorkGroupConfiguration"] as Record<
      string,
      unknown
    >;
    await this.#moto.ask("athena", "AmazonAthena.CreateWorkGroup", {
      Name: "roadstream",
      Configuration: {
        BytesScannedCutoffPerQuery: limit,
        ResultConfiguration: { OutputLocation: `s3://${BUCKETS.results}/athena-results/` },
      },
    });
    for (const name of ROLES) {
      const role = `roadstream-${name}`;
      const policy = this.templates.policyOf(role);
      const credentials = await account.take(role, policy);
      this.#credentials.set(name, credentials);
      this.gatekeeper.holders.set(credentials.accessKeyId, { role: name, policy, userId: `id:${name}` });
    }
    await account.enforce();
  }
}
