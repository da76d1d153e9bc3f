import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { watcherPolicy, type LakePlace } from "./lake-policies.ts";

/** `cloud load`: it reads the lake to see what is new, and tells Redshift; the rows go from S3 to Redshift without it. */
export const loaderPolicy = (place: LakePlace, workgroupArn: string): readonly PolicyStatement[] => [
  ...watcherPolicy(place),
  new PolicyStatement({
    sid: "TellRedshift",
    actions: ["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"],
    resources: [workgroupArn],
  }),
  new PolicyStatement({
    sid: "HearOfItsOwnStatements",
    actions: [
      "redshift-data:DescribeStatement",
      "redshift-data:GetStatementResult",
      "redshift-data:CancelStatement",
    ],
    // These actions know no resource but the statement, whose name is made at its start.
    resources: ["*"],
    conditions: { StringEquals: { "redshift-data:statement-owner-iam-userid": "${aws:userid}" } },
  }),
  new PolicyStatement({
    sid: "AsUserOfTheWorkgroup",
    actions: ["redshift-serverless:GetCredentials"],
    resources: [workgroupArn],
  }),
];
