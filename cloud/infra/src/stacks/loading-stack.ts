import { CfnParameter, Duration } from "aws-cdk-lib";
import { ContainerImage } from "aws-cdk-lib/aws-ecs";
import { Schedule } from "aws-cdk-lib/aws-events";
import type { Construct } from "constructs";
import { NAME } from "../names.ts";
import type { BaseStack } from "./base-stack.ts";
import { scheduledTask } from "./housekeeping.ts";
import type { LakeStack } from "./lake-stack.ts";
import { RoadstreamStack } from "./roadstream-stack.ts";
import type { ServicesStack } from "./services-stack.ts";
import type { WarehouseStack } from "./warehouse-stack.ts";

export interface LoadingProps {
  readonly base: BaseStack;
  readonly lake: LakeStack;
  readonly services: ServicesStack;
  readonly warehouse: WarehouseStack;
}

/** `cloud load` by the clock: between two loads Redshift sleeps, and costs nothing. */
export class LoadingStack extends RoadstreamStack {
  constructor(scope: Construct, { base, lake, services, warehouse }: LoadingProps) {
    super(scope, "loading", "what is new in the lake goes to Redshift every hour");
    const tag = new CfnParameter(this, "ImageTag", {
      description: "The image in the base stack's repository.",
    });
    scheduledTask(
      this,
      "load",
      { cluster: services.cluster, group: base.groups.cloud },
      {
        schedule: Schedule.rate(Duration.hours(1)),
        options: {
          image: ContainerImage.fromEcrRepository(base.repository, tag.valueAsString),
          role: warehouse.loader,
          command: [
            "cloud",
            "load",
            "--warehouse",
            `${warehouse.url}?external_schema=${NAME}_lake`,
            ...lake.options,
          ],
          cpu: 1024,
          memoryMiB: 4096,
        },
      },
    );
  }
}
