import { Duration } from "aws-cdk-lib";
import { Dashboard, GraphWidget, Metric, SingleValueWidget, type IMetric } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { NAME } from "../names.ts";
import { recordsBehind, secondsBehind } from "./lag.ts";
import type { ServicesStack } from "./services-stack.ts";

const WIDTH = 12;
const FIVE_MINUTES = Duration.minutes(5);

export interface Watched {
  readonly services: ServicesStack;
  readonly healthy: IMetric;
  readonly disks: IMetric;
  readonly workers: IMetric;
}

const athena = (metricName: string): Metric =>
  new Metric({
    namespace: "AWS/Athena",
    metricName,
    statistic: "Sum",
    period: FIVE_MINUTES,
    dimensionsMap: { WorkGroup: NAME },
  });

const redshift = (metricName: string, statistic: string): Metric =>
  new Metric({
    namespace: "AWS/Redshift-Serverless",
    metricName,
    statistic,
    period: FIVE_MINUTES,
    dimensionsMap: { Workgroup: NAME },
  });

/** From the cars to the questions, top to bottom. */
export const dashboard = (scope: Construct, { services, healthy, disks, workers }: Watched): void => {
  const connections = services.door.metrics.activeFlowCount({ period: FIVE_MINUTES });
  const bytes = services.door.metrics.processedBytes({ period: FIVE_MINUTES });
  const graph = (title: string, left: readonly IMetric[], right: readonly IMetric[] = []): GraphWidget =>
    new GraphWidget({ title, left: [...left], right: [...right], width: WIDTH });
  new Dashboard(scope, "Dashboard", {
    dashboardName: NAME,
    widgets: [
      [
        new SingleValueWidget({
          title: "Now",
          metrics: [healthy, workers, recordsBehind(), secondsBehind()],
          width: 2 * WIDTH,
        }),
      ],
      [graph("Cars connected, bytes taken", [connections], [bytes]), graph("Kafka's disks", [disks])],
      [graph("Behind: records, seconds", [recordsBehind()], [secondsBehind()]), graph("Workers", [workers])],
      [
        graph(
          "Athena: bytes scanned, milliseconds",
          [athena("ProcessedBytes")],
          [athena("TotalExecutionTime")],
        ),
        graph(
          "Redshift: compute seconds, queries running",
          [redshift("ComputeSeconds", "Sum")],
          [redshift("QueriesRunning", "Average")],
        ),
      ],
    ],
  });
};
