import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type { SASLOptions } from "kafkajs";
import { redactUrl } from "../../config/redact-url.ts";
import { errorText, RoadstreamError } from "../../errors.ts";
import type { KafkaVariable } from "../kafka-variables.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly sasl: SASLOptions | null;
  readonly ssl: ConnectionOptions | null;
}

const BROKER = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):\d{1,5}$/;

const set = (env: Env, name: KafkaVariable): string | null => {
  const value = env[name];
  return value === undefined || value === "" ? null : value;
};

/** A PEM text itself, or the file that holds it. */
const pem = (env: Env, name: KafkaVariable): string | null => {
  const value = set(env, name);
  if (value === null || value.includes("-----BEGIN ")) return value;
  try {
    return readFileSync(value, "utf8");
  } catch (error) {
    throw new RoadstreamError("usage", `${name}: ${errorText(error)}`, { cause: error });
  }
};

const saslOf = (env: Env): SASLOptions | null => {
  const username = set(env, "KAFKA_USERNAME");
  const password = set(env, "KAFKA_PASSWORD");
  if (username === null && password === null) return null;
  if (username === null || password === null) {
    throw new RoadstreamError("usage", "KAFKA_USERNAME and KAFKA_PASSWORD belong together");
  }
  const mechanism = (set(env, "KAFKA_SASL_MECHANISM") ?? "scram-sha-512").toLowerCase();
  if (mechanism !== "plain" && mechanism !== "scram-sha-256" && mechanism !== "scram-sha-512") {
    throw new RoadstreamError(
      "usage",
      `KAFKA_SASL_MECHANISM ${mechanism} is not plain, scram-sha-256 or scram-sha-512`,
    );
  }
  return mechanism === "plain" ? { mechanism, username, password } : { mechanism, username, password };
};

/** TLS when any KAFKA_SSL_* is set; `KAFKA_SSL_CA=system` trusts what the system trusts. */
const sslOf = (env: Env): ConnectionOptions | null => {
  const names = ["KAFKA_SSL_CA", "KAFKA_SSL_CERT", "KAFKA_SSL_KEY"] as const;
  if (names.every((name) => set(env, name) === null)) return null;
  const ca = set(env, "KAFKA_SSL_CA") === "system" ? null : pem(env, "KAFKA_SSL_CA");
  const cert = pem(env, "KAFKA_SSL_CERT");
  const key = pem(env, "KAFKA_SSL_KEY");
  if ((cert === null) !== (key === null))
    throw new RoadstreamError("usage", "KAFKA_SSL_CERT and KAFKA_SSL_KEY belong together");
  return { ...(ca === null ? {} : { ca: [ca] }), ...(cert === null || key === null ? {} : { cert, key }) };
};

/** Reads `kafka://HOST:PORT[,HOST:PORT]` and the KAFKA_* environment. Throws `usage`; never names a secret's value. */
export const kafkaSettings = (spec: string, env: Env): KafkaSettings => {
  const brokers = spec.slice("kafka://".length).replace(/\/$/, "").split(",");
  if (spec.includes("@")) {
    throw new RoadstreamError("usage", `${redactUrl(spec)} must hold no user or password`, {
      hint: "give KAFKA_USERNAME and KAFKA_PASSWORD",
    });
  }
  const wrong = brokers.find((broker) => !BROKER.test(broker));
  if (wrong !== undefined) throw new RoadstreamError("usage", `not HOST:PORT in ${spec}: "${wrong}"`);
  return { brokers, sasl: saslOf(env), ssl: sslOf(env) };
};
