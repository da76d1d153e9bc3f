import { readdirSync, readFileSync } from "node:fs";

/** The account that the templates are thought to be deployed in: moto's. */
export const ACCOUNT = "123456789012";
export const REGION = "us-east-1";

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

interface Template {
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: string } }>
  >;
}

export interface PolicyDocument {
  readonly Version: string;
  readonly Statement: readonly Readonly<Record<string, unknown>>[];
}

const FOLDER = new URL("../../../../cloud/infra/templates/", import.meta.url);
const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;

const PSEUDO: Readonly<Record<string, string>> = {
  "AWS::AccountId": ACCOUNT,
  "AWS::Region": REGION,
  "AWS::Partition": "aws",
  "AWS::URLSuffix": "amazonaws.com",
};

/** What `Ref` gives, and whether that is the ARN; else the resource's name. */
const NAMED_BY: Readonly<Record<string, string>> = {
  "AWS::S3::Bucket": "BucketName",
  "AWS::IAM::Role": "RoleName",
  "AWS::Logs::LogGroup": "LogGroupName",
  "AWS::ECR::Repository": "RepositoryName",
};
const ARN_IS_REFERENCE = new Set(["AWS::ECS::TaskDefinition", "AWS::SecretsManager::Secret"]);

const ARNS: Readonly<Record<string, (name: string) => string>> = {
  "AWS::S3::Bucket": (name) => `arn:aws:s3:::${name}`,
  "AWS::IAM::Role": (name) => `arn:aws:iam::${ACCOUNT}:role/${name}`,
  "AWS::KMS::Key": (name) => arn("kms", `key/${name}`),
  "AWS::RedshiftServerless::Workgroup": () => arn("redshift-serverless", "workgroup/one"),
  "AWS::Logs::LogGroup": (name) => arn("logs", `log-group:${name}:*`),
  "AWS::ECR::Repository": (name) => arn("ecr", `repository/${name}`),
  "AWS::ECS::Cluster": (name) => arn("ecs", `cluster/${name}`),
  "AWS::ECS::TaskDefinition": (name) => arn("ecs", `task-definition/${name}:1`),
  "AWS::SecretsManager::Secret": (name) => arn("secretsmanager", `secret:${name}`),
};

/** The templates as CloudFormation would read them in one account: references become names and ARNs. */
export class DeployedTemplates {
  readonly #templates: readonly Template[];

  constructor() {
    this.#templates = readdirSync(FOLDER).map(
      (name) => JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as Template,
    );
  }

  /** The one resource of this type whose property has this value. */
  named(type: string, property: string, value: string): Readonly<Record<string, unknown>> {
    const found = this.all(type).filter((properties) => properties[property] === value);
    if (found.length !== 1 || found[0] === undefined)
      throw new Error(`${found.length} ${type} with ${property} ${value}`);
    return found[0];
  }

  /** The properties of all resources of a type. */
  all(type: string): readonly Readonly<Record<string, unknown>>[] {
    return this.#templates.flatMap((template) =>
      Object.values(template.Resources)
        .filter((resource) => resource.Type === type)
        .map((resource) => this.#value(template, resource.Properties) as Record<string, unknown>),
    );
  }

  /** Everything that a role may do; without statements for a role that may do nothing. */
  policyOf(roleName: string): PolicyDocument {
    const role = this.named("AWS::IAM::Role", "RoleName", roleName);
    if (role["ManagedPolicyArns"] !== undefined || role["Policies"] !== undefined)
      throw new Error(`${roleName} has policies elsewhere, too`);
    const statements = this.all("AWS::IAM::Policy")
      .filter(({ Roles: roles }) => (roles as readonly string[]).includes(roleName))
      .flatMap(({ PolicyDocument: document }) => (document as PolicyDocument).Statement);
    return { Version: "2012-10-17", Statement: statements };
  }

  /** What ECS runs in a task of this family, and under which role. */
  task(family: string): { readonly role: string; readonly command: readonly string[] } {
    const task = this.named("AWS::ECS::TaskDefinition", "Family", family);
    const [container] = task["ContainerDefinitions"] as readonly { readonly Command: readonly string[] }[];
    const role = String(task["TaskRoleArn"]).split("/").at(-1) ?? "";
    return { role, command: container?.Command ?? [] };
  }

  #value(template: Template, value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => this.#value(template, one));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value);
    const [name = "", of] = entries[0] ?? [];
    if (entries.length === 1 && (name === "Ref" || name.startsWith("Fn::")))
      return this.#intrinsic(template, name, of);
    return Object.fromEntries(entries.map(([key, one]) => [key, this.#value(template, one)]));
  }

  #intrinsic(template: Template, name: string, of: unknown): unknown {
    if (name === "Ref") return this.#reference(template, of as string);
    if (name === "Fn::ImportValue") return this.#imported(of as string);
    if (name === "Fn::GetAtt") return this.#attribute(template, of as readonly [string, string]);
    if (name === "Fn::Join") {
      const [by, parts] = of as readonly [string, readonly unknown[]];
      return parts.map((part) => this.#value(template, part)).join(by);
    }
    return `<${name}>`;
  }

  #reference(template: Template, id: string): unknown {
    const pseudo = PSEUDO[id];
    if (pseudo !== undefined) return pseudo;
    const parameter = template.Parameters?.[id];
    if (parameter !== undefined) return parameter.Default ?? `<${id}>`;
    const { Type: type = "" } = template.Resources[id] ?? {};
    if (ARN_IS_REFERENCE.has(type)) return this.#attribute(template, [id, "Arn"]);
    return this.#nameOf(template, id);
  }

  #nameOf(template: Template, id: string): string {
    const { Type: type = "", Properties: own = {} } = template.Resources[id] ?? {};
    return String(this.#value(template, own[NAMED_BY[type] ?? ""] ?? id));
  }

  #attribute(template: Template, [id, attribute]: readonly [string, string]): string {
    const { Type: type = "" } = template.Resources[id] ?? {};
    const arnOf = attribute.endsWith("Arn") ? ARNS[type] : undefined;
    return arnOf?.(this.#nameOf(template, id)) ?? `<${id}.${attribute}>`;
  }

  #imported(name: string): unknown {
    for (const template of this.#templates)
      for (const output of Object.values(template.Outputs ?? {}))
        if (output.Export?.Name === name) return this.#value(template, output.Value);
    throw new Error(`no stack exports ${name}`);
  }
}
