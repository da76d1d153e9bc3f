import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cfnLint, pythonWithParliament } from "../install/template-linters-step.ts";
import { LineDialogue } from "../readers/line-dialogue.ts";
import { services } from "../services.ts";
import { DeployedTemplates, type PolicyDocument } from "./templates.ts";

const FOLDER = fileURLToPath(new URL("../../../../cloud/infra/templates/", import.meta.url));
const LINTER = fileURLToPath(new URL("../readers/policy_lint.py", import.meta.url));

/** What parliament points out and what is meant: ECS asks ECR for a password to fetch images; a clock gives tasks their roles. */
const NOTED: readonly (readonly [RegExp, string])[] = [
  [/ExecutionRole/, "CREDENTIALS_EXPOSURE: "],
  [/EventsRole/, "PERMISSIONS_MANAGEMENT_ACTIONS: "],
];

describe.skipIf(services("template-linters").skip)("linters of other makes", () => {
  let linter: LineDialogue;
  beforeAll(() => {
    linter = new LineDialogue(pythonWithParliament, [LINTER]);
  });
  afterAll(() => linter?.[Symbol.asyncDispose]());
  const findings = (policy: unknown) => linter.ask<readonly string[]>(policy);

  const linted = (...templates: readonly string[]): string => {
    const run = spawnSync(cfnLint, ["--regions", "us-east-1", "eu-west-1", "--", ...templates], {
      encoding: "utf8",
      timeout: 120_000,
    });
    return `${run.status}\n${run.stdout}${run.stderr}`;
  };

  test("cfn-lint has nothing to say of the templates", () => {
    const names = ["base", "fleet", "lake", "loading", "log", "services", "warehouse", "watch"];
    expect(linted(...names.map((name) => join(FOLDER, `roadstream-${name}.json`)))).toBe("0\n");
  });

  test("and says what is wrong with one that is", () => {
    const folder = mkdtempSync(join(tmpdir(), "roadstream-lint-"));
    const text = readFileSync(join(FOLDER, "roadstream-fleet.json"), "utf8");
    writeFileSync(join(folder, "wrong.json"), text.replace("ThingTypeName", "ThingTypeNane"));
    expect(linted(join(folder, "wrong.json"))).toContain("ThingTypeNane");
    rmSync(folder, { recursive: true });
  });

  const templates = new DeployedTemplates();
  test("parliament knows every action, what it can be granted on, and every condition", async () => {
    const policies = templates.all("AWS::IAM::Policy");
    expect(policies.length).toBeGreaterThan(15);
    for (const { PolicyName: name, PolicyDocument: document } of policies) {
      const expected = NOTED.filter(([role]) => role.test(String(name))).map(([, finding]) => finding);
      expect(await findings(document), String(name)).toEqual(expected);
    }
    const { PolicyDocument: car } = templates.named("AWS::IoT::Policy", "PolicyName", "roadstream-car");
    const ofOne = JSON.stringify(car).replaceAll("${iot:Connection.Thing.ThingName}", "car-1");
    // Of IoT Core's own conditions it knows nothing.
    const unknown = "Unknown condition iot:Connection.Thing.IsAttached for action iot:Connect";
    expect(await findings(JSON.parse(ofOne))).toEqual([`UNKNOWN_CONDITION_FOR_ACTION: ${unknown}`]);
  });

  test.each([
    ["an action that is none", "s3:GetObjekt", "arn:aws:s3:::x/*", /^UNKNOWN_ACTION/],
    ["a bucket where objects are meant", "s3:GetObject", "arn:aws:s3:::x", /^RESOURCE_MISMATCH/],
    [
      "a resource that the action does not know",
      "redshift-data:DescribeStatement",
      "arn:aws:s3:::x",
      /^RESOURCE_MISMATCH/,
    ],
  ])("and finds %s", async (_, action, resource, expected) => {
    const policy: PolicyDocument = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: [action], Resource: [resource] }],
    };
    expect((await findings(policy))[0]).toMatch(expected);
  });
});
