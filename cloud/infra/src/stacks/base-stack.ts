import { CfnOutput, Fn, RemovalPolicy } from "aws-cdk-lib";
import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { Repository, TagMutability } from "aws-cdk-lib/aws-ecr";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { NAME, PORTS } from "../names.ts";
import { RoadstreamStack } from "./roadstream-stack.ts";

/** Brokers and Redshift Serverless want three zones. */
const ZONES = 3;
const CIDR = "10.64.0.0/16";
const IMAGES_KEPT = 10;

export interface SecurityGroups {
  /** The load balancer that cars connect to. */
  readonly door: SecurityGroup;
  readonly gateway: SecurityGroup;
  readonly cloud: SecurityGroup;
  readonly brokers: SecurityGroup;
  readonly warehouse: SecurityGroup;
}

/** Where everything runs: the network, who may speak to whom, and the place of the image. */
export class BaseStack extends RoadstreamStack {
  readonly vpc: Vpc;
  readonly groups: SecurityGroups;
  readonly repository: Repository;

  constructor(scope: Construct) {
    super(scope, "base", "the network, its security groups, and the image's repository");
    this.vpc = this.#network();
    this.groups = this.#securityGroups();
    this.repository = new Repository(this, "Images", {
      repositoryName: NAME,
      imageScanOnPush: true,
      imageTagMutability: TagMutability.IMMUTABLE,
      lifecycleRules: [{ maxImageCount: IMAGES_KEPT }],
      removalPolicy: RemovalPolicy.DESTROY,
      emptyOnDelete: true,
    });
    new CfnOutput(this, "Repository", { value: this.repository.repositoryUri });
  }

  #network(): Vpc {
    const vpc = new Vpc(this, "Network", {
      vpcName: NAME,
      ipAddresses: IpAddresses.cidr(CIDR),
      availabilityZones: Array.from({ length: ZONES }, (_, zone) => Fn.select(zone, Fn.getAzs())),
      // One is 33 USD a month, and its zone's outage keeps no reading from the log: only images, secrets and Glue are behind it.
      natGateways: 1,
      // It would be a custom resource, that is a function; nothing here uses the default group.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: "public", subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        { name: "private", subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
      ],
      // Free, and what goes to and from the lake is most of all traffic.
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
    });
    const logGroup = new LogGroup(this, "FlowLog", {
      logGroupName: `/${NAME}/flow`,
      retention: RetentionDays.ONE_WEEK,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    vpc.addFlowLog("Flow", { destination: FlowLogDestination.toCloudWatchLogs(logGroup) });
    return vpc;
  }

  #securityGroups(): SecurityGroups {
    const group = (id: string, description: string): SecurityGroup =>
      new SecurityGroup(this, id, { vpc: this.vpc, description, allowAllOutbound: false });
    const door = group("Door", "The load balancer: cars from anywhere, to gateways only");
    const gateway = group("Gateway", "Gateways: from the load balancer, to brokers and AWS");
    const cloud = group("Cloud", "Cloud workers: to brokers and AWS");
    const brokers = group("Brokers", "Kafka: from gateways and cloud workers");
    const warehouse = group("Warehouse", "Redshift: from within the network, to S3 and Glue");
    door.addIngressRule(Peer.anyIpv4(), Port.tcp(PORTS.mqtts), "Cars");
    for (const port of [PORTS.mqtts, PORTS.metrics]) {
      gateway.addIngressRule(door, Port.tcp(port), "Load balancer");
      door.addEgressRule(gateway, Port.tcp(port), "Gateways");
    }
    for (const client of [gateway, cloud]) {
      brokers.addIngressRule(client, Port.tcp(PORTS.kafkaScram), "Clients");
      client.addEgressRule(brokers, Port.tcp(PORTS.kafkaScram), "Brokers");
    }
    for (const client of [gateway, cloud, warehouse])
      client.addEgressRule(Peer.anyIpv4(), Port.tcp(PORTS.https), "AWS");
    warehouse.addIngressRule(Peer.ipv4(CIDR), Port.tcp(PORTS.redshift), "SQL clients");
    return { door, gateway, cloud, brokers, warehouse };
  }
}
