import { CfnOutput, CfnParameter, Duration, RemovalPolicy } from "aws-cdk-lib";
import { CfnBudget } from "aws-cdk-lib/aws-budgets";
import {
  Alarm,
  ComparisonOperator,
  MathExpression,
  Metric,
  TreatMissingData,
  type IMetric,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Rule } from "aws-cdk-lib/aws-events";
import { SnsTopic } from "aws-cdk-lib/aws-events-targets";
import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { Subscription, SubscriptionProtocol, Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { NAME } from "../names.ts";
import { dashboard } from "./dashboard.ts";
import { CLOCK_TASKS, STATUS_TASK } from "./housekeeping.ts";
import { recordsBehind, secondsBehind } from "./lag.ts";
import { RoadstreamStack } from "./roadstream-stack.ts";
import type { ServicesStack } from "./services-stack.ts";

const MINUTE = Duration.minutes(1);
const BROKERS = [1, 2, 3];

interface AlarmWords {
  readonly metric: IMetric;
  readonly above?: number;
  readonly below?: number;
  readonly minutes: number;
  readonly text: string;
  readonly missing?: TreatMissingData;
}

const kafka = (metricName: string, more: Readonly<Record<string, string>> = {}): Metric =>
  new Metric({
    namespace: "AWS/Kafka",
    metricName,
    statistic: "Maximum",
    period: MINUTE,
    dimensionsMap: { "Cluster Name": NAME, ...more },
  });

const running = (service: string): Metric =>
  new Metric({
    namespace: "ECS/ContainerInsights",
    metricName: "RunningTaskCount",
    statistic: "Minimum",
    period: MINUTE,
    dimensionsMap: { ClusterName: NAME, ServiceName: service },
  });

/** Who is told when something is wrong, a page to look at, and a limit of money. */
export class WatchStack extends RoadstreamStack {
  readonly #topic: Topic;

  constructor(scope: Construct, services: ServicesStack) {
    super(scope, "watch", "alarms, a dashboard, a budget");
    this.#topic = this.#alarmTopic();
    const healthy = services.targets.metrics.healthyHostCount({ statistic: "Minimum", period: MINUTE });
    const disks = new MathExpression({
      expression: "MAX(METRICS())",
      usingMetrics: Object.fromEntries(
        BROKERS.map((id) => [`disk${id}`, kafka("KafkaDataLogsDiskUsed", { "Broker ID": String(id) })]),
      ),
      label: "fullest disk, %",
      period: MINUTE,
    });
    this.#alarms({ healthy, disks });
    // `cloud status --fail-on-alarm` knows more than any metric here, and ends with 3 when it finds an alarm.
    this.#taskAlarm("status", [STATUS_TASK], "cloud status found an alarm: its log says which");
    this.#taskAlarm("tasks", CLOCK_TASKS, "A task of the clock failed: its log says why");
    dashboard(this, { services, healthy, disks, workers: running("worker") });
    this.#budget();
    new CfnOutput(this, "AlarmTopic", { value: this.#topic.topicArn });
  }

  #alarmTopic(): Topic {
    const key = new Key(this, "Key", {
      alias: `${NAME}-alarms`,
      description: "Alarms on their way",
      enableKeyRotation: true,
      // Nothing under it is left when the stack goes.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    for (const service of ["cloudwatch.amazonaws.com", "events.amazonaws.com"])
      key.grantEncryptDecrypt(new ServicePrincipal(service));
    const topic = new Topic(this, "Alarms", {
      topicName: `${NAME}-alarms`,
      masterKey: key,
      enforceSSL: true,
    });
    topic.grantPublish(new ServicePrincipal("cloudwatch.amazonaws.com"));
    const email = new CfnParameter(this, "Email", { description: "Who is told; AWS asks them first." });
    new Subscription(this, "ByEmail", {
      topic,
      protocol: SubscriptionProtocol.EMAIL,
      endpoint: email.valueAsString,
    });
    return topic;
  }

  #alarms({ healthy, disks }: { readonly healthy: IMetric; readonly disks: IMetric }): void {
    const missing = TreatMissingData.BREACHING;
    this.#alarm("lag_high", {
      metric: recordsBehind(),
      above: 100_000,
      minutes: 15,
      text: "Records wait in Kafka and workers do not catch up.",
    });
    this.#alarm("stale", {
      metric: secondsBehind(),
      above: 300,
      minutes: 5,
      text: "A record has waited for more than five minutes: is a worker running, does its log say retrying or refused?",
    });
    this.#alarm("gateways_down", {
      metric: healthy,
      below: 1,
      minutes: 3,
      missing,
      text: "No gateway answers; cars keep their readings.",
    });
    this.#alarm("workers_down", {
      metric: running("worker"),
      below: 1,
      minutes: 5,
      missing,
      text: "No cloud worker runs; Kafka keeps the records for a week.",
    });
    this.#alarm("log_disk_full", {
      metric: disks,
      above: 85,
      minutes: 15,
      text: "A broker's disk fills faster than it grows (once in six hours): raise it by hand, or shorten the retention.",
    });
    this.#alarm("log_offline", {
      metric: kafka("OfflinePartitionsCount"),
      above: 0,
      minutes: 5,
      text: "Partitions without a leader: gateways cannot acknowledge.",
    });
  }

  #alarm(name: string, { metric, above, below, minutes, text, missing }: AlarmWords): void {
    const alarm = new Alarm(this, name, {
      alarmName: `${NAME}-${name}`,
      alarmDescription: `${text} docs/operations.md`,
      metric,
      threshold: above ?? below ?? 0,
      comparisonOperator:
        above === undefined
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: minutes,
      datapointsToAlarm: minutes,
      treatMissingData: missing ?? TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.#topic));
    alarm.addOkAction(new SnsAction(this.#topic));
  }

  /** A task that ended with anything but 0, or never began. */
  #taskAlarm(name: string, tasks: readonly string[], description: string): void {
    new Rule(this, `${name[0]?.toUpperCase()}${name.slice(1)}Alarm`, {
      ruleName: `${NAME}-${name}-alarm`,
      description,
      eventPattern: {
        source: ["aws.ecs"],
        detailType: ["ECS Task State Change"],
        detail: {
          lastStatus: ["STOPPED"],
          group: tasks.map((task) => `family:${NAME}-${task}`),
          $or: [{ containers: { exitCode: [{ "anything-but": 0 }] } }, { stopCode: ["TaskFailedToStart"] }],
        },
      },
      targets: [new SnsTopic(this.#topic)],
    });
  }

  #budget(): void {
    const amount = new CfnParameter(this, "MonthlyBudgetUsd", {
      type: "Number",
      default: 500,
      description: "Told by e-mail at 80 % of it, and when the month's forecast passes it.",
    });
    const email = this.node.findChild("Email") as CfnParameter;
    const notice = (notificationType: string, threshold: number) => ({
      notification: {
        notificationType,
        threshold,
        thresholdType: "PERCENTAGE",
        comparisonOperator: "GREATER_THAN",
      },
      subscribers: [{ subscriptionType: "EMAIL", address: email.valueAsString }],
    });
    new CfnBudget(this, "Budget", {
      budget: {
        budgetName: NAME,
        budgetType: "COST",
        timeUnit: "MONTHLY",
        budgetLimit: { amount: amount.valueAsNumber, unit: "USD" },
        costFilters: { TagKeyValue: [`user:project$${NAME}`] },
      },
      notificationsWithSubscribers: [notice("ACTUAL", 80), notice("FORECASTED", 100)],
    });
  }
}
