import { RemovalPolicy, Stack } from "aws-cdk-lib";
import {
  CpuArchitecture,
  FargateTaskDefinition,
  LogDrivers,
  OperatingSystemFamily,
  Secret as SecretVariable,
  type ContainerImage,
} from "aws-cdk-lib/aws-ecs";
import { PolicyStatement, type IRole } from "aws-cdk-lib/aws-iam";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { NAME } from "../names.ts";

export interface TaskOptions {
  readonly image: ContainerImage;
  /** What the program itself may do. */
  readonly role: IRole;
  /** Arguments of `roadstream`. */
  readonly command: readonly string[];
  readonly cpu: number;
  readonly memoryMiB: number;
  /** Kafka's user and password, where the program speaks to Kafka; and the key that secrets are under. */
  readonly kafka?: { readonly user: ISecret; readonly key: IKey };
  readonly secrets?: Readonly<Record<string, SecretVariable>>;
  readonly portMappings?: readonly number[];
}

const kafkaSecrets = (user: ISecret): Readonly<Record<string, SecretVariable>> => ({
  KAFKA_USERNAME: SecretVariable.fromSecretsManager(user, "username"),
  KAFKA_PASSWORD: SecretVariable.fromSecretsManager(user, "password"),
});

/** One of Roadstream's programs on Fargate. Secrets go in as variables that ECS reads, so that the program may read none. */
export const task = (scope: Construct, name: string, options: TaskOptions): FargateTaskDefinition => {
  const definition = new FargateTaskDefinition(scope, `${name[0]?.toUpperCase()}${name.slice(1)}Task`, {
    family: `${NAME}-${name}`,
    cpu: options.cpu,
    memoryLimitMiB: options.memoryMiB,
    taskRole: options.role,
    runtimePlatform: {
      cpuArchitecture: CpuArchitecture.X86_64,
      operatingSystemFamily: OperatingSystemFamily.LINUX,
    },
  });
  const logGroup = new LogGroup(scope, `${name[0]?.toUpperCase()}${name.slice(1)}Log`, {
    logGroupName: `/${NAME}/${name}`,
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const { kafka, secrets = {}, portMappings = [] } = options;
  definition.addContainer(NAME, {
    image: options.image,
    command: [...options.command, "--log-format", "json"],
    logging: LogDrivers.awsLogs({ logGroup, streamPrefix: name }),
    environment: kafka === undefined ? {} : { KAFKA_SSL_CA: "system" },
    secrets: { ...(kafka === undefined ? {} : kafkaSecrets(kafka.user)), ...secrets },
    portMappings: portMappings.map((containerPort) => ({ containerPort })),
  });
  if (kafka !== undefined) definition.addToExecutionRolePolicy(unsealing(kafka.key));
  return definition;
};

/** ECS, before the program starts, reads secrets; the program itself may not. */
const unsealing = (key: IKey): PolicyStatement => {
  const { region, urlSuffix } = Stack.of(key);
  const throughSecrets = { "kms:ViaService": `secretsmanager.${region}.${urlSuffix}` };
  return new PolicyStatement({
    actions: ["kms:Decrypt"],
    resources: [key.keyArn],
    conditions: { StringEquals: throughSecrets },
  });
};
