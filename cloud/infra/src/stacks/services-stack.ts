import { CfnOutput, CfnParameter, Duration, Token } from "aws-cdk-lib";
import { SubnetType } from "aws-cdk-lib/aws-ec2";
import {
  Cluster,
  ContainerImage,
  ContainerInsights,
  FargateService,
  Secret as SecretVariable,
  type FargateTaskDefinition,
} from "aws-cdk-lib/aws-ecs";
import {
  NetworkLoadBalancer,
  NetworkTargetGroup,
  Protocol,
  TargetType,
} from "aws-cdk-lib/aws-elasticloadbalancingv2";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { NAME, PORTS, roleName } from "../names.ts";
import type { BaseStack, SecurityGroups } from "./base-stack.ts";
import { scheduledTasks } from "./housekeeping.ts";
import type { LakeStack } from "./lake-stack.ts";
import type { LogStack } from "./log-stack.ts";
import { RoadstreamStack } from "./roadstream-stack.ts";
import { task } from "./task.ts";
import { scaleOnCpu, scaleOnLag } from "./scaling.ts";

export interface ServicesProps {
  readonly base: BaseStack;
  readonly lake: LakeStack;
  readonly log: LogStack;
}

/** The gateways behind their load balancer, the cloud workers, and what is done at its hour. */
export class ServicesStack extends RoadstreamStack {
  readonly cluster: Cluster;
  readonly door: NetworkLoadBalancer;
  readonly targets: NetworkTargetGroup;
  readonly #image: ContainerImage;
  readonly #log: string;
  readonly #partitions: CfnParameter;

  constructor(scope: Construct, { base, lake, log }: ServicesProps) {
    super(scope, "services", "gateways, cloud workers, housekeeping");
    this.cluster = new Cluster(this, "Cluster", {
      clusterName: NAME,
      vpc: base.vpc,
      containerInsightsV2: ContainerInsights.ENABLED,
    });
    const tag = new CfnParameter(this, "ImageTag", {
      description: "The image in the base stack's repository.",
    });
    this.#image = ContainerImage.fromEcrRepository(base.repository, tag.valueAsString);
    const brokers = new CfnParameter(this, "Brokers", {
      description: "aws kafka get-bootstrap-brokers: BootstrapBrokerStringSaslScram",
    });
    this.#log = `kafka://${brokers.valueAsString}`;
    this.#partitions = new CfnParameter(this, "Partitions", {
      type: "Number",
      default: 6,
      minValue: 1,
      maxValue: 200,
      description: "Of topics that are created: the most cloud workers that can share the work.",
    });
    this.door = this.#door(base);
    this.targets = this.#targets(base);
    this.#gateway(base.groups, log);
    this.#workers(base.groups, lake, log);
    scheduledTasks(this, {
      cluster: this.cluster,
      image: this.#image,
      roles: lake.roles,
      group: base.groups.cloud,
      kafka: { user: log.users.cloud, key: log.key },
      log: this.#log,
      lakeAt: lake.options,
    });
    new CfnOutput(this, "DoorName", { value: this.door.loadBalancerDnsName });
  }

  /** It passes TLS on as it is: the gateway itself asks a car for its certificate. */
  #door(base: BaseStack): NetworkLoadBalancer {
    return new NetworkLoadBalancer(this, "Door", {
      loadBalancerName: NAME,
      vpc: base.vpc,
      internetFacing: true,
      crossZoneEnabled: true,
      securityGroups: [base.groups.door],
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
    });
  }

  #targets(base: BaseStack): NetworkTargetGroup {
    const targets = new NetworkTargetGroup(this, "Gateways", {
      vpc: base.vpc,
      port: PORTS.mqtts,
      protocol: Protocol.TCP,
      targetType: TargetType.IP,
      // A gateway that stops finishes what it holds within ten seconds; cars connect again elsewhere.
      deregistrationDelay: Duration.seconds(20),
      healthCheck: {
        protocol: Protocol.HTTP,
        port: String(PORTS.metrics),
        path: "/readyz",
        interval: Duration.seconds(10),
      },
    });
    this.door.addListener("Mqtts", { port: PORTS.mqtts, defaultTargetGroups: [targets] });
    return targets;
  }

  #gateway(groups: SecurityGroups, log: LogStack): void {
    const part = (name: string): SecretVariable => SecretVariable.fromSecretsManager(log.gatewayTls, name);
    // It asks nothing of AWS: Kafka knows it by its password, cars by their certificates.
    const role = new Role(this, "GatewayRole", {
      roleName: roleName("gateway"),
      assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com"),
    });
    const definition = task(this, "gateway", {
      image: this.#image,
      role,
      cpu: 512,
      memoryMiB: 1024,
      command: [
        "gateway",
        `--log=${this.#log}`,
        `--listen=mqtts://0.0.0.0:${PORTS.mqtts}`,
        `--partitions=${this.#partitions.valueAsString}`,
        `--metrics-listen=0.0.0.0:${PORTS.metrics}`,
      ],
      kafka: { user: log.users.gateway, key: log.key },
      secrets: {
        ROADSTREAM_TLS_CERT: part("cert"),
        ROADSTREAM_TLS_KEY: part("key"),
        ROADSTREAM_TLS_CLIENT_CA: part("clientCa"),
      },
      portMappings: [PORTS.mqtts, PORTS.metrics],
    });
    const service = this.#service("gateway", definition, groups.gateway);
    service.attachToNetworkTargetGroup(this.targets);
    const most = new CfnParameter(this, "MostGateways", { type: "Number", default: 4, minValue: 2 });
    scaleOnCpu(service, { from: 2, to: Token.asNumber(most.valueAsNumber) });
  }

  #workers(groups: SecurityGroups, lake: LakeStack, log: LogStack): void {
    const definition = task(this, "worker", {
      image: this.#image,
      role: lake.roles.worker,
      cpu: 1024,
      memoryMiB: 4096,
      command: ["cloud", "run", "--log", this.#log, ...lake.options, "--no-retain"],
      kafka: { user: log.users.cloud, key: log.key },
    });
    const service = this.#service("worker", definition, groups.cloud);
    scaleOnLag(service, { from: 1, to: Token.asNumber(this.#partitions.valueAsNumber) });
  }

  #service(
    serviceName: string,
    taskDefinition: FargateTaskDefinition,
    group: SecurityGroups[keyof SecurityGroups],
  ): FargateService {
    return new FargateService(this, `${serviceName[0]?.toUpperCase()}${serviceName.slice(1)}`, {
      cluster: this.cluster,
      serviceName,
      taskDefinition,
      securityGroups: [group],
      vpcSubnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { rollback: true },
      enableECSManagedTags: true,
    });
  }
}
