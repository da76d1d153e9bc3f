import { mosquittoStep, socatStep } from "./debian-step.ts";
import { icebergAwsStep } from "./iceberg-aws-step.ts";
import { icebergSparkStep } from "./iceberg-spark-step.ts";
import { kafkaStep } from "./kafka-step.ts";
import { lakePeersStep } from "./lake-peers-step.ts";
import { minioStep } from "./minio-step.ts";
import { motoStep } from "./moto-step.ts";
import { postgresStep } from "./postgres-step.ts";
import { pythonStep } from "./python-step.ts";
import type { InstallStep } from "./step.ts";
import { templateLintersStep } from "./template-linters-step.ts";
import { trinoStep } from "./trino-step.ts";
import { versitygwStep } from "./versitygw-step.ts";

/** In the order of installation. */
export const STEPS = {
  kafka: kafkaStep,
  socat: socatStep,
  mosquitto: mosquittoStep,
  postgres: postgresStep,
  python: pythonStep,
  "iceberg-spark": icebergSparkStep,
  "iceberg-aws": icebergAwsStep,
  versitygw: versitygwStep,
  minio: minioStep,
  moto: motoStep,
  "template-linters": templateLintersStep,
  trino: trinoStep,
  "lake-peers": lakePeersStep,
} as const satisfies Readonly<Record<string, InstallStep>>;

export type ServiceName = keyof typeof STEPS;

/** What `install` brings when nothing is named; the others take longer and are asked for by name. */
export const USUAL: readonly ServiceName[] = [
  "kafka",
  "socat",
  "mosquitto",
  "postgres",
  "python",
  "iceberg-spark",
  "iceberg-aws",
  "versitygw",
  "moto",
  "template-linters",
  "minio",
];
