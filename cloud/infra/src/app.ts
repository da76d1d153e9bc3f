import { App } from "aws-cdk-lib";
import { BaseStack } from "./stacks/base-stack.ts";
import { FleetStack } from "./stacks/fleet-stack.ts";
import { LakeStack } from "./stacks/lake-stack.ts";
import { LoadingStack } from "./stacks/loading-stack.ts";
import { LogStack } from "./stacks/log-stack.ts";
import { ServicesStack } from "./stacks/services-stack.ts";
import { WarehouseStack } from "./stacks/warehouse-stack.ts";
import { WatchStack } from "./stacks/watch-stack.ts";

/**
 * All of Roadstream in AWS. Each stack stands on those above it; the lake and the fleet stand alone. `outdir` is where the
 * CDK leaves its files; its own check of each property against CloudFormation's schemas takes seconds.
 */
export const roadstreamApp = (options: { readonly outdir: string; readonly isChecked: boolean }): App => {
  const app = new App({
    outdir: options.outdir,
    treeMetadata: false,
    analyticsReporting: false,
    builtinCloudFormationValidation: options.isChecked,
    context: {
      // Log delivery is let in by the bucket's policy, not by an old access list.
      "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": true,
      "@aws-cdk/aws-ecs:reduceRunTaskPermissions": true,
    },
  });
  const lake = new LakeStack(app);
  const base = new BaseStack(app);
  const warehouse = new WarehouseStack(app, { base, lake });
  const log = new LogStack(app, base);
  const services = new ServicesStack(app, { base, lake, log });
  new LoadingStack(app, { base, lake, services, warehouse });
  new WatchStack(app, services);
  new FleetStack(app);
  return app;
};
