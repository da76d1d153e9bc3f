/** What the environment says of a connection to Kafka. Secrets: never flags, never printed. */
export const KAFKA_VARIABLES = {
  KAFKA_USERNAME: "The user for SASL; goes with KAFKA_PASSWORD.",
  KAFKA_PASSWORD: "Its password.",
  KAFKA_SASL_MECHANISM: "`plain`, `scram-sha-256` or `scram-sha-512` (the default).",
  KAFKA_SSL_CA:
    "Certificate authorities, as PEM text or a file of it; `system` trusts what the system trusts. Any KAFKA_SSL_* turns TLS on.",
  KAFKA_SSL_CERT: "The client's certificate, as PEM text or a file of it; goes with KAFKA_SSL_KEY.",
  KAFKA_SSL_KEY: "Its private key, as PEM text or a file of it.",
} as const;

export type KafkaVariable = keyof typeof KAFKA_VARIABLES;
