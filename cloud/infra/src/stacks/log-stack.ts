import { CfnOutput, CfnParameter, RemovalPolicy, SecretValue, Token } from "aws-cdk-lib";
import { CfnScalableTarget, CfnScalingPolicy } from "aws-cdk-lib/aws-applicationautoscaling";
import { SubnetType } from "aws-cdk-lib/aws-ec2";
import { Key } from "aws-cdk-lib/aws-kms";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { CfnBatchScramSecret, CfnCluster, CfnConfiguration } from "aws-cdk-lib/aws-msk";
import { Secret, type ISecret, type SecretProps } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { NAME } from "../names.ts";
import type { BaseStack } from "./base-stack.ts";
import { RoadstreamStack } from "./roadstream-stack.ts";

const KAFKA_VERSION = "3.9.x";
const BROKERS = 3;
const MAX_STORAGE_GIB = 16_384;
const STORAGE_TARGET_PCT = 60;

/** Nothing is acknowledged that is not on two brokers; a week is more than the longest outage of the cloud stage that is planned for. */
const SERVER_PROPERTIES = `
auto.create.topics.enable=false
default.replication.factor=3
min.insync.replicas=2
unclean.leader.election.enable=false
log.retention.hours=168
message.max.bytes=1048588
`.trimStart();

/**
 * The event log: Kafka, with one user each for gateways and cloud workers. SCRAM and no IAM, because that is what the
 * programs' Kafka client speaks; MSK Serverless speaks IAM only, so this is a provisioned cluster.
 */
export class LogStack extends RoadstreamStack {
  /** One for each kind of client: `username`, `password`. */
  readonly users: Readonly<Record<"gateway" | "cloud", ISecret>>;
  /** What the gateway shows to cars and asks of them: `cert`, `key`, `clientCa`, each a PEM. */
  readonly gatewayTls: ISecret;
  /** The key of all of them. */
  readonly key: Key;

  constructor(scope: Construct, base: BaseStack) {
    super(scope, "log", "Kafka (MSK), its users, and the gateway's certificates");
    this.key = new Key(this, "Key", {
      alias: `${NAME}-log`,
      description: "Kafka's disks and passwords",
      enableKeyRotation: true,
      // Nothing under it is left when the stack goes.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const cluster = this.#cluster(base);
    this.users = { gateway: this.#user("gateway"), cloud: this.#user("cloud") };
    new CfnBatchScramSecret(this, "Users", {
      clusterArn: cluster.ref,
      secretArnList: Object.values(this.users).map(({ secretArn }) => secretArn),
    });
    this.gatewayTls = this.#secret("GatewayTls", {
      secretName: `${NAME}/gateway-tls`,
      description:
        "PEM texts cert, key and clientCa of the gateway; put them there before its service starts.",
      secretObjectValue: {
        cert: SecretValue.unsafePlainText(""),
        key: SecretValue.unsafePlainText(""),
        clientCa: SecretValue.unsafePlainText(""),
      },
    });
    new CfnOutput(this, "ClusterArn", { value: cluster.ref });
  }

  #cluster(base: BaseStack): CfnCluster {
    const instanceType = new CfnParameter(this, "BrokerType", {
      default: "kafka.t3.small",
      allowedPattern: String.raw`kafka\.[a-z0-9]+\.[a-z0-9]+`,
      description: "kafka.t3.small for some hundred cars, kafka.m7g.large for thousands (docs/cost.md).",
    });
    const storage = new CfnParameter(this, "BrokerStorageGiB", {
      type: "Number",
      default: 100,
      minValue: 1,
      maxValue: MAX_STORAGE_GIB,
      description: "Disk of each broker at the start; it grows by itself.",
    });
    const configuration = new CfnConfiguration(this, "Settings", {
      name: NAME,
      kafkaVersionsList: [KAFKA_VERSION],
      serverProperties: SERVER_PROPERTIES,
    });
    const logs = new LogGroup(this, "BrokerLog", {
      logGroupName: `/${NAME}/brokers`,
      retention: RetentionDays.ONE_WEEK,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const cluster = new CfnCluster(this, "Cluster", {
      clusterName: NAME,
      kafkaVersion: KAFKA_VERSION,
      numberOfBrokerNodes: BROKERS,
      brokerNodeGroupInfo: {
        instanceType: instanceType.valueAsString,
        clientSubnets: base.vpc.selectSubnets({ subnetType: SubnetType.PRIVATE_WITH_EGRESS }).subnetIds,
        securityGroups: [base.groups.brokers.securityGroupId],
        storageInfo: { ebsStorageInfo: { volumeSize: Token.asNumber(storage.valueAsNumber) } },
      },
      configurationInfo: { arn: configuration.attrArn, revision: configuration.attrLatestRevisionRevision },
      clientAuthentication: { sasl: { scram: { enabled: true } }, unauthenticated: { enabled: false } },
      encryptionInfo: {
        encryptionAtRest: { dataVolumeKmsKeyId: this.key.keyArn },
        encryptionInTransit: { clientBroker: "TLS", inCluster: true },
      },
      // Of this level are lags by group and topic, which scaling and alarms go by.
      enhancedMonitoring: "DEFAULT",
      loggingInfo: { brokerLogs: { cloudWatchLogs: { enabled: true, logGroup: logs.logGroupName } } },
    });
    this.#growingDisks(cluster, storage);
    return cluster;
  }

  #growingDisks(cluster: CfnCluster, storage: CfnParameter): void {
    const target = new CfnScalableTarget(this, "Disks", {
      serviceNamespace: "kafka",
      scalableDimension: "kafka:broker-storage:VolumeSize",
      resourceId: cluster.ref,
      minCapacity: Token.asNumber(storage.valueAsNumber),
      maxCapacity: MAX_STORAGE_GIB,
    });
    new CfnScalingPolicy(this, "DiskGrowth", {
      policyName: `${NAME}-disks`,
      policyType: "TargetTrackingScaling",
      scalingTargetId: target.ref,
      targetTrackingScalingPolicyConfiguration: {
        // Disks of brokers cannot shrink.
        disableScaleIn: true,
        predefinedMetricSpecification: { predefinedMetricType: "KafkaBrokerStorageUtilization" },
        targetValue: STORAGE_TARGET_PCT,
      },
    });
  }

  /** MSK finds a user by a secret whose name begins so, under a key of one's own. */
  #user(name: string): ISecret {
    return this.#secret(`User${name[0]?.toUpperCase()}${name.slice(1)}`, {
      secretName: `AmazonMSK_${NAME}_${name}`,
      description: `Kafka's user ${name}`,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username: name }),
        generateStringKey: "password",
        passwordLength: 40,
        excludePunctuation: true,
      },
    });
  }

  /** Without its key: who reads it would otherwise be named in the key's policy, and stands in a later stack. */
  #secret(id: string, props: SecretProps): ISecret {
    const secret = new Secret(this, id, { ...props, encryptionKey: this.key });
    return Secret.fromSecretCompleteArn(this, `${id}ByName`, secret.secretArn);
  }
}
