import { CfnOutput, CfnParameter, Duration, RemovalPolicy, Token } from "aws-cdk-lib";
import { CfnWorkGroup } from "aws-cdk-lib/aws-athena";
import { CfnDatabase } from "aws-cdk-lib/aws-glue";
import {
  AccountPrincipal,
  CompositePrincipal,
  PrincipalWithConditions,
  Role,
  ServicePrincipal,
  type IPrincipal,
  type PolicyStatement,
} from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { BlockPublicAccess, Bucket, BucketEncryption, type BucketProps } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { LAKE_PREFIX, NAME, RESULTS_PREFIX, roleName } from "../names.ts";
import {
  analystPolicy,
  keeperPolicy,
  watcherPolicy,
  workerPolicy,
  type LakePlace,
} from "../policies/lake-policies.ts";
import { RoadstreamStack } from "./roadstream-stack.ts";

const GIB = 1024 ** 3;
const RESULTS_DAYS = 7;
const ACCESS_LOG_DAYS = 90;

/** The lake: its bucket and key, its catalog, a way to ask it, and who may do what with it. */
export class LakeStack extends RoadstreamStack {
  readonly bucket: Bucket;
  readonly key: Key;
  readonly place: LakePlace;
  readonly roles: Readonly<Record<"worker" | "keeper" | "watcher" | "analyst", Role>>;

  constructor(scope: Construct) {
    super(scope, "lake", "the lake's bucket and key, Glue, Athena, and the roles of who uses them");
    this.key = new Key(this, "Key", {
      alias: `${NAME}-lake`,
      description: "The lake and results of queries",
      enableKeyRotation: true,
    });
    const logs = this.#bucket("AccessLogs", {
      bucketName: `${NAME}-access-logs-${this.account}-${this.region}`,
      // Log delivery knows no keys of ours.
      encryption: BucketEncryption.S3_MANAGED,
      lifecycleRules: [{ expiration: Duration.days(ACCESS_LOG_DAYS) }],
    });
    const sealed = { encryption: BucketEncryption.KMS, encryptionKey: this.key, bucketKeyEnabled: true };
    this.bucket = this.#bucket("Lake", {
      ...sealed,
      bucketName: `${NAME}-lake-${this.account}-${this.region}`,
      serverAccessLogsBucket: logs,
      serverAccessLogsPrefix: "lake/",
      // Not versioned: the tables are, and an erased vehicle's rows must be gone. Of what a killed worker sent, nobody sees the parts.
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    });
    const results = this.#bucket("Results", {
      ...sealed,
      bucketName: `${NAME}-results-${this.account}-${this.region}`,
      serverAccessLogsBucket: logs,
      serverAccessLogsPrefix: "results/",
      removalPolicy: RemovalPolicy.DESTROY,
      lifecycleRules: [
        { expiration: Duration.days(RESULTS_DAYS), abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    new CfnDatabase(this, "Database", {
      catalogId: this.account,
      databaseInput: { name: NAME, description: "Roadstream's tables; cloud run makes them." },
    });
    this.#workgroup(results);
    this.place = {
      bucketArn: this.bucket.bucketArn,
      resultsArn: results.bucketArn,
      keyArn: this.key.keyArn,
      glueArns: ["catalog", `database/${NAME}`, `table/${NAME}/*`].map((resource) =>
        this.formatArn({ service: "glue", resource }),
      ),
      dataCatalogArn: this.formatArn({
        service: "athena",
        resource: "datacatalog",
        resourceName: "AwsDataCatalog",
      }),
      workgroupArn: this.formatArn({ service: "athena", resource: "workgroup", resourceName: NAME }),
      s3Service: `s3.${this.region}.${this.urlSuffix}`,
    };
    this.roles = this.#roles();
    new CfnOutput(this, "LakeUrl", { value: `s3://${this.bucket.bucketName}/${LAKE_PREFIX}` });
  }

  /** What every command that uses the lake is told. */
  get options(): readonly string[] {
    return ["--lake", `s3://${this.bucket.bucketName}/${LAKE_PREFIX}`, "--catalog", `glue:${NAME}`];
  }

  #bucket(id: string, props: BucketProps): Bucket {
    return new Bucket(this, id, {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: RemovalPolicy.RETAIN,
      ...props,
    });
  }

  #workgroup(results: Bucket): void {
    const scanLimit = new CfnParameter(this, "ScanLimitBytes", {
      type: "Number",
      description: "Athena ends a query that would scan more than this.",
      default: 10 * GIB,
      minValue: 10_000_000,
    });
    new CfnWorkGroup(this, "Workgroup", {
      name: NAME,
      description: "Questions to the lake",
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        bytesScannedCutoffPerQuery: Token.asNumber(scanLimit.valueAsNumber),
        enforceWorkGroupConfiguration: true,
        engineVersion: { selectedEngineVersion: "Athena engine version 3" },
        publishCloudWatchMetricsEnabled: true,
        resultConfiguration: {
          outputLocation: `s3://${results.bucketName}/${RESULTS_PREFIX}/`,
          encryptionConfiguration: { encryptionOption: "SSE_KMS", kmsKey: this.key.keyArn },
        },
      },
    });
  }

  #roles(): LakeStack["roles"] {
    const task = new PrincipalWithConditions(new ServicePrincipal("ecs-tasks.amazonaws.com"), {
      StringEquals: { "aws:SourceAccount": this.account },
    });
    // Whoever of this account is allowed to: by hand, or from an analyst's tools.
    const person = new AccountPrincipal(this.account);
    const { place } = this;
    return {
      worker: this.#role("worker", task, workerPolicy(place)),
      keeper: this.#role("keeper", new CompositePrincipal(task, person), keeperPolicy(place)),
      watcher: this.#role("watcher", new CompositePrincipal(task, person), watcherPolicy(place)),
      analyst: this.#role("analyst", person, analystPolicy(place)),
    };
  }

  #role(process: string, assumedBy: IPrincipal, statements: readonly PolicyStatement[]): Role {
    const role = new Role(this, `${process[0]?.toUpperCase()}${process.slice(1)}Role`, {
      roleName: roleName(process),
      assumedBy,
    });
    for (const statement of statements) role.addToPrincipalPolicy(statement);
    return role;
  }
}
