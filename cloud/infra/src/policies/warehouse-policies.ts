import type { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { MANIFESTS_PREFIX } from "../names.ts";
import { allow, lakeKey, watcherPolicy, type LakePlace } from "./lake-policies.ts";

/** A statement of the Data API has no ARN: who may see one is a matter of who began it. */
const ownStatements = (...actions: readonly string[]): PolicyStatement =>
  allow(
    "HearOfItsOwnStatements",
    actions.map((action) => `redshift-data:${action}`),
    ["*"],
    { StringEquals: { "redshift-data:statement-owner-iam-userid": "${aws:userid}" } },
  );

/**
 * `cloud load`: it reads the lake to see what is new, writes the list of files for COPY, and tells Redshift; the rows go
 * from S3 to Redshift without it.
 */
export const loaderPolicy = (place: LakePlace, workgroupArn: string): readonly PolicyStatement[] => [
  ...watcherPolicy(place),
  allow("ListsForCopy", ["s3:PutObject", "s3:DeleteObject"], [`${place.bucketArn}/${MANIFESTS_PREFIX}/*`]),
  lakeKey(place, "LakeKeyToWrite", ["kms:GenerateDataKey"]),
  allow("TellRedshift", ["redshift-data:BatchExecuteStatement"], [workgroupArn]),
  ownStatements("DescribeStatement", "GetStatementResult", "CancelStatement"),
  allow("AsUserOfTheWorkgroup", ["redshift-serverless:GetCredentials"], [workgroupArn]),
];

/** An analyst in Redshift: by the Data API, the query editor, or a driver that asks IAM for a password. */
export const redshiftAnalystPolicy = (workgroupArn: string): readonly PolicyStatement[] => [
  allow(
    "AsUserOfTheWorkgroup",
    ["redshift-serverless:GetCredentials", "redshift-serverless:GetWorkgroup"],
    [workgroupArn],
  ),
  allow("AskRedshift", ["redshift-data:ExecuteStatement"], [workgroupArn]),
  ownStatements("DescribeStatement", "GetStatementResult", "CancelStatement"),
];
