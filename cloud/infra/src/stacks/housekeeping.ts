import { SubnetType, type ISecurityGroup } from "aws-cdk-lib/aws-ec2";
import { FargatePlatformVersion, type ICluster, type ContainerImage } from "aws-cdk-lib/aws-ecs";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { EcsTask } from "aws-cdk-lib/aws-events-targets";
import type { IRole } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { NAME } from "../names.ts";
import { task, type TaskOptions } from "./task.ts";

/** Where a task runs, and as whom in the network. */
export interface TaskPlace {
  readonly cluster: ICluster;
  readonly group: ISecurityGroup;
}

export interface HousekeepingProps extends TaskPlace {
  readonly image: ContainerImage;
  readonly roles: Readonly<Record<"keeper" | "watcher", IRole>>;
  readonly kafka: NonNullable<TaskOptions["kafka"]>;
  /** `kafka://…` */
  readonly log: string;
  /** `--lake … --catalog …` */
  readonly lakeAt: readonly string[];
}

/** The family of the task whose exit code 3 says that `cloud status` found an alarm. */
export const STATUS_TASK = "status";

/** The other tasks that the clock starts and that end by themselves: with 0, or somebody is told. */
export const CLOCK_TASKS = ["retain", "compact", "expire", "orphans", "load"] as const;
type ClockTask = (typeof CLOCK_TASKS)[number];

/** In the early hours of the fleet's UTC day, one after the other: each leaves less to the next. */
const at = (hour: string, minute: string, weekDay?: string): Schedule =>
  Schedule.cron({ hour, minute, ...(weekDay === undefined ? {} : { weekDay }) });

const SMALL = { cpu: 512, memoryMiB: 2048 } as const;
const LARGE = { cpu: 2048, memoryMiB: 8192 } as const;

/** `cloud status` four times an hour; retention, compaction and expiry nightly; orphans on Sundays. */
export const scheduledTasks = (scope: Construct, props: HousekeepingProps): void => {
  const { lakeAt, log, image, roles, kafka } = props;
  const status = ["cloud", "status", "--log", log, ...lakeAt, "--fail-on-alarm"];
  scheduledTask(scope, STATUS_TASK, props, {
    schedule: Schedule.cron({ minute: "3/15" }),
    options: { image, role: roles.watcher, kafka, command: status, ...SMALL },
  });
  const nightly = (
    name: ClockTask,
    schedule: Schedule,
    size: typeof SMALL | typeof LARGE,
    ...more: string[]
  ) =>
    scheduledTask(scope, name, props, {
      schedule,
      options: { image, role: roles.keeper, command: ["cloud", name, ...lakeAt, ...more], ...size },
    });
  nightly("retain", at("0", "40"), SMALL, "--apply");
  nightly("compact", at("1", "10"), LARGE);
  nightly("expire", at("4", "10"), SMALL);
  nightly("orphans", at("5", "10", "SUN"), SMALL, "--remove");
};

/** A task that is started by the clock and ends by itself. */
export const scheduledTask = (
  scope: Construct,
  name: ClockTask | typeof STATUS_TASK,
  { cluster, group }: TaskPlace,
  { schedule, options }: { readonly schedule: Schedule; readonly options: TaskOptions },
): void => {
  const rule = new Rule(scope, `${name[0]?.toUpperCase()}${name.slice(1)}Hour`, {
    ruleName: `${NAME}-${name}`,
    schedule,
  });
  rule.addTarget(
    new EcsTask({
      cluster,
      taskDefinition: task(scope, name, options),
      platformVersion: FargatePlatformVersion.LATEST,
      subnetSelection: { subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      securityGroups: [group],
    }),
  );
};
