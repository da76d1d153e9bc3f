import type { RunningMoto } from "../moto.ts";
import type { Credentials } from "./signed-request.ts";
import { ACCOUNT, REGION, type PolicyDocument } from "./templates.ts";

const listed = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]) as readonly string[];

/**
 * The policy as moto can judge it: it compares resources of S3's objects only, asks for a whole bucket where objects are
 * deleted by name, and takes every condition for fulfilled, so that a conditional denial would deny all.
 */
const asMotoJudges = (policy: PolicyDocument): PolicyDocument => ({
  ...policy,
  Statement: policy.Statement.filter(
    (statement) => statement["Effect"] === "Allow" || statement["Condition"] === undefined,
  ).map((statement) => {
    const actions = listed(statement["Action"]);
    if (!actions.every((action) => action.startsWith("s3:"))) return { ...statement, Resource: "*" };
    const resources = listed(statement["Resource"]);
    const buckets = resources.map((resource) => resource.split("/")[0] ?? "");
    return actions.includes("s3:DeleteObject")
      ? { ...statement, Resource: [...resources, ...buckets] }
      : statement;
  }),
});

/** An account of moto's: roles with our policies, and their credentials. */
export class MotoAccount {
  readonly #moto: RunningMoto;

  constructor(moto: RunningMoto) {
    this.#moto = moto;
  }

  async bucket(name: string): Promise<void> {
    const answer = await fetch(`${this.#moto.url}/${name}`, {
      method: "PUT",
      headers: { authorization: this.#anyone("s3") },
    });
    if (!answer.ok) throw new Error(`moto: bucket ${name}: ${answer.status}`);
  }

  /** A role with this policy, and credentials of whoever has taken it. */
  async take(roleName: string, policy: PolicyDocument): Promise<Credentials> {
    const trust = { Version: "2012-10-17", Statement: [] };
    await this.#query("iam", {
      Action: "CreateRole",
      RoleName: roleName,
      AssumeRolePolicyDocument: JSON.stringify(trust),
    });
    if (policy.Statement.length > 0) {
      await this.#query("iam", {
        Action: "PutRolePolicy",
        RoleName: roleName,
        PolicyName: "generated",
        PolicyDocument: JSON.stringify(asMotoJudges(policy)),
      });
    }
    const answer = await this.#query("sts", {
      Action: "AssumeRole",
      RoleArn: `arn:aws:iam::${ACCOUNT}:role/${roleName}`,
      RoleSessionName: "test",
    });
    const field = (name: string): string => new RegExp(`<${name}>([^<]+)</${name}>`).exec(answer)?.[1] ?? "";
    return {
      accessKeyId: field("AccessKeyId"),
      secretAccessKey: field("SecretAccessKey"),
      sessionToken: field("SessionToken"),
    };
  }

  /** From the next request on signatures and policies are checked. */
  async enforce(): Promise<void> {
    await fetch(`${this.#moto.url}/moto-api/reset-auth`, { method: "POST", body: "0" });
  }

  async #query(service: string, fields: Readonly<Record<string, string>>): Promise<string> {
    const answer = await fetch(this.#moto.url, {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        authorization: this.#anyone(service),
      },
      body: new URLSearchParams({
        Version: service === "iam" ? "2010-05-08" : "2011-06-15",
        ...fields,
      }).toString(),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`moto ${fields["Action"]}: ${answer.status} ${text}`);
    return text;
  }

  #anyone(service: string): string {
    return `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/${service}/aws4_request, SignedHeaders=host, Signature=none`;
  }
}
