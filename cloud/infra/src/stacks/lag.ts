import { Duration } from "aws-cdk-lib";
import { MathExpression, Metric, type IMetric } from "aws-cdk-lib/aws-cloudwatch";
import { allTopics, logTopics } from "@roadstream/shared";
import { NAME, WORKER_GROUP } from "../names.ts";

const PERIOD = Duration.minutes(1);

const { receipts, ...landed } = logTopics({});
const TOPICS = allTopics({ receipts, ...landed }).filter((topic) => topic !== receipts);

/**
 * What MSK says of our group, in each topic that it lands: `markDurable` commits the group's offsets to Kafka after each
 * table commit, and MSK publishes the distance to the topic's end.
 */
const ofTopics = (metricName: string, statistic: string): Readonly<Record<string, IMetric>> =>
  Object.fromEntries(
    TOPICS.map((topic, index) => [
      `${metricName.toLowerCase()}${index}`,
      new Metric({
        namespace: "AWS/Kafka",
        metricName,
        statistic,
        period: PERIOD,
        label: topic,
        dimensionsMap: { "Cluster Name": NAME, "Consumer Group": WORKER_GROUP, Topic: topic },
      }),
    ]),
  );

/** Records in the log that are not in the lake, over all topics. */
export const recordsBehind = (): MathExpression =>
  new MathExpression({
    expression: "SUM(METRICS())",
    usingMetrics: ofTopics("SumOffsetLag", "Maximum"),
    label: "records behind",
    period: PERIOD,
  });

/** How long the record that has waited longest has waited, as MSK estimates it, in seconds. */
export const secondsBehind = (): MathExpression =>
  new MathExpression({
    expression: "MAX(METRICS())",
    usingMetrics: ofTopics("EstimatedMaxTimeLag", "Maximum"),
    label: "seconds behind",
    period: PERIOD,
  });
