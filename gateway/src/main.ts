import {
  allTopics,
  errorText,
  logTopics,
  RoadstreamError,
  acceptor,
  unlessAborted,
} from "@roadstream/shared";
import {
  EXIT_CODES,
  runProcess,
  type ExitCode,
  type ProcessContext,
  nodeSha256,
  wasmZstd,
} from "@roadstream/shared/adapters";
import { openEventLog, type EventLog } from "@roadstream/shared/event-log";
import { readFileSync } from "node:fs";
import { AedesIngest } from "./adapters/aedes-ingest.ts";
import { afterTurn } from "./adapters/event-loop-turn.ts";
import type { TlsFiles } from "./adapters/mqtt-listener.ts";
import { gatewayCommand, listenAddress, type GatewayValues } from "./config.ts";
import type { Credentials } from "./ingest/authenticate.ts";
import { pemText } from "./ingest/pem-text.ts";
import { parsePasswordFile } from "./ingest/password-file.ts";
import { ReceiptRelay } from "./receipts/receipt-relay.ts";
import { PublishRouter } from "./route/publish-router.ts";

const readText = (context: ProcessContext, flag: string, file: string): string => {
  try {
    return readFileSync(context.path(file), "utf8");
  } catch (cause) {
    throw new RoadstreamError("usage", `--${flag}: ${errorText(cause)}`, { cause });
  }
};

const tlsFiles = (values: GatewayValues, context: ProcessContext): TlsFiles | null => {
  if (values.tlsCert === null || values.tlsKey === null) return null;
  const pem = (flag: string, given: string): string =>
    pemText(given, (file) => readText(context, flag, file));
  return {
    cert: pem("tls-cert", values.tlsCert),
    key: pem("tls-key", values.tlsKey),
    clientCa: values.tlsClientCa === null ? null : pem("tls-client-ca", values.tlsClientCa),
  };
};

const credentials = (values: GatewayValues, context: ProcessContext): Credentials => {
  if (values.passwords !== null) {
    return {
      kind: "passwords",
      digests: parsePasswordFile(readText(context, "passwords", values.passwords)),
    };
  }
  if (values.mqttPassword !== null)
    return { kind: "fleet_password", digest: nodeSha256(values.mqttPassword) };
  return { kind: "anonymous" };
};

/** `sqlite:` is followed by a path as the user meant it. */
const logSpec = (spec: string, context: ProcessContext): string =>
  spec.startsWith("sqlite:") ? `sqlite:${context.path(spec.slice("sqlite:".length))}` : spec;

const createTopics = async (
  log: EventLog,
  values: GatewayValues,
  env: ProcessContext["env"],
): Promise<void> => {
  const topics = logTopics(env);
  const kept = allTopics(topics).filter((topic) => topic !== topics.receipts);
  await log.createTopics(kept, values.partitions);
  await log.createTopics([topics.receipts], values.partitions, { retention: "by_age" });
};

const main = async (values: GatewayValues, context: ProcessContext): Promise<ExitCode> => {
  const { clock, random, logger, metrics, env, signal } = context;
  const address = listenAddress(values);
  const tls = tlsFiles(values, context);
  const proofs = credentials(values, context);
  const topics = logTopics(env);
  await using log = await openEventLog(logSpec(values.log, context), { clock, random, logger, metrics, env });
  // Nothing has begun yet that a stop should wait for, and a log that is away may take long to say so.
  if (values.createTopics) await unlessAborted(signal, createTopics(log, values, env));
  await using writer = await unlessAborted(signal, log.writer());
  const accept = acceptor({ topics, sha256: nodeSha256, zstd: await wasmZstd() });
  await using router = new PublishRouter({ accept, writer, clock, random, logger, metrics, afterTurn });
  await using ingest = await AedesIngest.open({
    address,
    tls,
    credentials: proofs,
    sha256: nodeSha256,
    router,
    clock,
    logger,
    metrics,
  });
  context.ready({ listen: ingest.url });
  await new ReceiptRelay({ log, topic: topics.receipts, ingest, clock, logger, metrics }).run(signal);
  return EXIT_CODES.done;
};

await runProcess({ stage: "gateway", command: gatewayCommand, argv: process.argv.slice(2), main });
