import { Duration } from "aws-cdk-lib";
import { AdjustmentType } from "aws-cdk-lib/aws-applicationautoscaling";
import type { FargateService } from "aws-cdk-lib/aws-ecs";
import { recordsBehind } from "./lag.ts";

interface Range {
  readonly from: number;
  readonly to: number;
}

const CPU_TARGET_PCT = 50;
/** A worker lands some ten thousand records a second: below it is a turn's work, above it will take more than one. */
const CALM = 20_000;
const BUSY = 200_000;
const FLOOD = 2_000_000;

/** A gateway's work is TLS and JSON. */
export const scaleOnCpu = (service: FargateService, { from, to }: Range): void => {
  const scaling = service.autoScaleTaskCount({ minCapacity: from, maxCapacity: to });
  scaling.scaleOnCpuUtilization("Cpu", {
    targetUtilizationPercent: CPU_TARGET_PCT,
    scaleOutCooldown: Duration.minutes(1),
    // Cars stay with the gateway that they are connected to; one that goes sends them all to others.
    scaleInCooldown: Duration.minutes(30),
  });
};

/** Workers share the log's partitions: more of them than partitions have nothing to do. */
export const scaleOnLag = (service: FargateService, { from, to }: Range): void => {
  const scaling = service.autoScaleTaskCount({ minCapacity: from, maxCapacity: to });
  scaling.scaleOnMetric("Lag", {
    metric: recordsBehind(),
    adjustmentType: AdjustmentType.CHANGE_IN_CAPACITY,
    evaluationPeriods: 3,
    cooldown: Duration.minutes(5),
    scalingSteps: [
      { upper: CALM, change: -1 },
      { lower: BUSY, upper: FLOOD, change: 1 },
      { lower: FLOOD, change: 3 },
    ],
  });
};
