import { CfnOutput, CfnParameter, Token } from "aws-cdk-lib";
import { SubnetType } from "aws-cdk-lib/aws-ec2";
import { AccountPrincipal, CompositePrincipal, Policy, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { CfnNamespace, CfnWorkgroup } from "aws-cdk-lib/aws-redshiftserverless";
import type { Construct } from "constructs";
import { NAME, roleName } from "../names.ts";
import { redshiftPolicy } from "../policies/lake-policies.ts";
import { loaderPolicy, redshiftAnalystPolicy } from "../policies/warehouse-policies.ts";
import type { BaseStack } from "./base-stack.ts";
import type { LakeStack } from "./lake-stack.ts";
import { RoadstreamStack } from "./roadstream-stack.ts";

const ADMIN = "roadstream_admin";

/** Redshift Serverless, what it may read, and who may load it. */
export class WarehouseStack extends RoadstreamStack {
  readonly loader: Role;
  readonly url = `redshift://${NAME}/${NAME}`;

  constructor(scope: Construct, { base, lake }: { readonly base: BaseStack; readonly lake: LakeStack }) {
    super(scope, "warehouse", "Redshift Serverless, the role of its COPY, the role of cloud load");
    const copy = new Role(this, "RedshiftRole", {
      roleName: roleName("redshift"),
      assumedBy: new CompositePrincipal(
        ...["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"].map(
          (service) =>
            new ServicePrincipal(service, {
              conditions: { StringEquals: { "aws:SourceAccount": this.account } },
            }),
        ),
      ),
    });
    for (const statement of redshiftPolicy(lake.place)) copy.addToPrincipalPolicy(statement);
    const workgroup = this.#workgroup(base, lake, copy);
    this.loader = new Role(this, "LoaderRole", {
      roleName: roleName("loader"),
      assumedBy: new CompositePrincipal(
        new ServicePrincipal("ecs-tasks.amazonaws.com", {
          conditions: { StringEquals: { "aws:SourceAccount": this.account } },
        }),
        new AccountPrincipal(this.account),
      ),
    });
    for (const statement of loaderPolicy(lake.place, workgroup.attrWorkgroupWorkgroupArn))
      this.loader.addToPrincipalPolicy(statement);
    new Policy(this, "AnalystPolicy", {
      policyName: `${roleName("analyst")}-in-redshift`,
      roles: [lake.roles.analyst],
      statements: [...redshiftAnalystPolicy(workgroup.attrWorkgroupWorkgroupArn)],
    });
    new CfnOutput(this, "Warehouse", { value: this.url });
    new CfnOutput(this, "CopyRoleArn", { value: copy.roleArn });
  }

  #workgroup(base: BaseStack, lake: LakeStack, copy: Role): CfnWorkgroup {
    const least = new CfnParameter(this, "LeastCapacity", {
      type: "Number",
      default: 4,
      minValue: 4,
      maxValue: 512,
      description: "In RPU; paid for by the second while queries run, a minute at least.",
    });
    const most = new CfnParameter(this, "MostCapacity", {
      type: "Number",
      default: 16,
      minValue: 4,
      maxValue: 512,
      description: "What a busy hour may cost at most.",
    });
    const namespace = new CfnNamespace(this, "Namespace", {
      namespaceName: NAME,
      dbName: NAME,
      adminUsername: ADMIN,
      manageAdminPassword: true,
      adminPasswordSecretKmsKeyId: lake.key.keyId,
      kmsKeyId: lake.key.keyArn,
      iamRoles: [copy.roleArn],
      defaultIamRoleArn: copy.roleArn,
      logExports: ["useractivitylog", "connectionlog"],
    });
    return new CfnWorkgroup(this, "Workgroup", {
      workgroupName: NAME,
      namespaceName: namespace.ref,
      baseCapacity: Token.asNumber(least.valueAsNumber),
      maxCapacity: Token.asNumber(most.valueAsNumber),
      enhancedVpcRouting: true,
      publiclyAccessible: false,
      port: 5439,
      securityGroupIds: [base.groups.warehouse.securityGroupId],
      subnetIds: base.vpc.selectSubnets({ subnetType: SubnetType.PRIVATE_WITH_EGRESS }).subnetIds,
      configParameters: [{ parameterKey: "require_ssl", parameterValue: "true" }],
    });
  }
}
