import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsSolutionsChecks } from "cdk-nag";
import { afterAll, expect, test } from "vitest";
import { roadstreamApp } from "./app.ts";
import { NAG_EXCEPTIONS } from "./nag-exceptions.ts";
import { templatesOf } from "./templates.ts";

const FOLDER = new URL("../templates/", import.meta.url);
/** CloudFormation's limit for a template that is sent as it is. */
const MAX_TEMPLATE_BYTES = 51_200;

const scratch = mkdtempSync(join(tmpdir(), "roadstream-infra-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const app = roadstreamApp({ outdir: scratch, isChecked: false });
const templates = templatesOf(app);

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}
const resources = templates.flatMap(({ name, text }) =>
  Object.entries((JSON.parse(text) as { Resources: Record<string, Resource> }).Resources).map(
    ([id, resource]) => ({ ...resource, id: `${name}/${id}` }),
  ),
);
const ofType = (type: string) => resources.filter((resource) => resource.Type === type);

test.each(templates)(
  "templates/$name is current (write it again with: npx -y pnpm@12 infra)",
  ({ name, text }) => {
    expect(readFileSync(new URL(name, FOLDER), "utf8")).toBe(text);
  },
);

test("no template is left of a stack that is gone", () => {
  expect(readdirSync(FOLDER).toSorted()).toEqual(templates.map(({ name }) => name));
});

test("each is small enough to be sent without a bucket, and needs nothing prepared", () => {
  for (const { name, text } of templates) {
    expect(Buffer.byteLength(text), name).toBeLessThan(MAX_TEMPLATE_BYTES);
    expect(text, name).not.toMatch(/cdk-hnb659fds|AWS::Lambda|Custom::/);
    expect(text, name).not.toMatch(/\b\d{12}\b/);
  }
});

interface Finding {
  readonly rule: string;
  readonly path: string;
}

/** What differs from run to run or says nothing is cut: `IAM5[Resource::<Lake5F1B.Arn>/lake/*]` is `IAM5[Resource::…/lake/*]`. */
const shortRule = (rule: string): string =>
  rule
    .replace("AwsSolutions-", "")
    .replace(/Resource::(?:arn:)?(?:<[^>]+>|[\w-]+:ExportsOutput\w+)(?=\/)/, "Resource::…")
    .replace(/Resource::arn:.*(?=:table\/)/, "Resource::…")
    .replace(/Resource::arn:.*:task\/[^/]+/, "Resource::…:task/…");

const findings = (): readonly Finding[] =>
  new AwsSolutionsChecks().validateScope(app).violations.flatMap(({ ruleName, violatingResources }) =>
    violatingResources.map(({ constructPath, resourceLogicalId }) => ({
      rule: shortRule(ruleName),
      path: constructPath ?? resourceLogicalId ?? "",
    })),
  );

test("cdk-nag (AwsSolutions) finds nothing but the exceptions, and each exception", () => {
  const found = findings();
  const fits = (finding: Finding) => (exception: (typeof NAG_EXCEPTIONS)[number]) =>
    exception.rule === finding.rule && exception.at.test(finding.path);
  expect(found.filter((finding) => !NAG_EXCEPTIONS.some(fits(finding)))).toEqual([]);
  expect(NAG_EXCEPTIONS.filter((exception) => !found.some((one) => fits(one)(exception)))).toEqual([]);
});

test("every bucket is encrypted and shut to the public, and refuses what does not come by TLS", () => {
  const buckets = ofType("AWS::S3::Bucket");
  expect(buckets.length).toBe(3);
  for (const { id, Properties: properties = {} } of buckets) {
    expect(properties["PublicAccessBlockConfiguration"], id).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    expect(properties["BucketEncryption"], id).toBeDefined();
  }
  const policies = ofType("AWS::S3::BucketPolicy").map(({ Properties }) => JSON.stringify(Properties));
  expect(policies.length).toBe(buckets.length);
  for (const policy of policies)
    expect(policy).toContain(`"Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny"`);
});

test("the workgroup limits what a query may scan, whatever the query's author says", () => {
  const [workgroup] = ofType("AWS::Athena::WorkGroup");
  expect(workgroup?.Properties?.["WorkGroupConfiguration"]).toMatchObject({
    BytesScannedCutoffPerQuery: { Ref: "ScanLimitBytes" },
    EnforceWorkGroupConfiguration: true,
  });
});

test("whatever the clock starts is watched: somebody is told when it fails, or never begins", () => {
  const rules = ofType("AWS::Events::Rule").map(({ Properties: properties }) => properties ?? {});
  const started = rules.flatMap(({ ScheduleExpression: schedule, Name: name }) =>
    schedule === undefined ? [] : [`family:${String(name)}`],
  );
  const watched = rules.flatMap(({ EventPattern: pattern }) => {
    const { detail } = (pattern ?? {}) as { detail?: { group?: readonly string[]; $or?: unknown } };
    if (detail?.group === undefined) return [];
    expect(detail.$or).toEqual([
      { containers: { exitCode: [{ "anything-but": 0 }] } },
      { stopCode: ["TaskFailedToStart"] },
    ]);
    return detail.group;
  });
  expect(started.length).toBeGreaterThan(4);
  expect(watched.toSorted()).toEqual(started.toSorted());
});

test("everything that can be tagged is tagged", () => {
  const tags = resources.flatMap(({ Properties: properties }) => properties?.["Tags"] ?? []);
  expect(tags.length).toBeGreaterThan(20);
  for (const type of ["AWS::S3::Bucket", "AWS::MSK::Cluster", "AWS::ECS::Service", "AWS::IAM::Role"])
    for (const { id, Properties: properties } of ofType(type))
      expect(JSON.stringify(properties?.["Tags"]), id).toContain("roadstream");
});
