import { expect, test } from "vitest";
import { judgeCall, type Call } from "./judge-call.ts";
import type { PolicyDocument } from "./templates.ts";

const policy = (...statements: readonly Record<string, unknown>[]): PolicyDocument => ({
  Version: "2012-10-17",
  Statement: statements,
});
const get: Call = {
  action: "s3:GetObject",
  resource: "arn:aws:s3:::b/lake/a",
  context: { "aws:userid": "me" },
};
const allow = { Effect: "Allow", Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::b/lake/*"] };

test("silence is no, an allowance is yes, a denial wins", () => {
  expect(judgeCall(policy(), get)).toBe("not allowed");
  expect(judgeCall(policy(allow), get)).toBe("allowed");
  expect(judgeCall(policy(allow, { ...allow, Effect: "Deny" }), get)).toBe("denied");
});

test("patterns fit whole names, and a point is a point", () => {
  const on = (resource: string) => judgeCall(policy({ ...allow, Resource: resource }), get);
  expect(on("arn:aws:s3:::b/lake/?")).toBe("allowed");
  expect(on("arn:aws:s3:::b/lake/??")).toBe("not allowed");
  expect(on("arn:aws:s3:::b/lake")).toBe("not allowed");
  expect(judgeCall(policy({ ...allow, Action: "s3:Get*" }), get)).toBe("allowed");
  expect(judgeCall(policy({ ...allow, Resource: "arn.aws:s3:::b/*" }), get)).toBe("not allowed");
});

test("NotResource reaches everything else", () => {
  const deny = { Effect: "Deny", Action: "s3:GetObject", NotResource: "arn:aws:s3:::b/lake/a" };
  expect(judgeCall(policy(allow, deny), get)).toBe("allowed");
  expect(judgeCall(policy(allow, deny), { ...get, resource: "arn:aws:s3:::b/lake/c" })).toBe("denied");
});

test.each([
  ["StringEquals", { "aws:userid": "me" }, "allowed"],
  ["StringEquals", { "aws:userid": "${aws:userid}" }, "allowed"],
  ["StringEquals", { "aws:userid": "you" }, "not allowed"],
  ["StringEquals", { "aws:other": "me" }, "not allowed"],
  ["StringEquals", { "aws:userid": "me", "aws:other": "x" }, "not allowed"],
  ["StringLike", { "aws:userid": ["x*", "m*"] }, "allowed"],
  ["Null", { "aws:other": "true" }, "allowed"],
  ["Null", { "aws:userid": "true" }, "not allowed"],
  ["Bool", { "aws:userid": "true" }, "not allowed"],
])("the condition %s %j: %s", (operator, keys, verdict) => {
  expect(judgeCall(policy({ ...allow, Condition: { [operator]: keys } }), get)).toBe(verdict);
});

test("an operator that is not known here is an error, and no yes or no", () => {
  expect(() => judgeCall(policy({ ...allow, Condition: { IpAddress: { x: "y" } } }), get)).toThrow(
    "IpAddress",
  );
});
