import { expect, test } from "vitest";
import { redshiftSettings } from "./redshift-url.ts";

test("a workgroup, with nothing else said", () => {
  expect(redshiftSettings("redshift://roadstream/cars")).toEqual({
    database: "cars",
    target: { kind: "workgroup", name: "roadstream" },
    region: null,
    schema: "public",
    secret: null,
    iamRole: null,
    externalSchema: null,
  });
});

test("a cluster, with everything said", () => {
  const role = "arn:aws:iam::123456789012:role/roadstream-redshift";
  const secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:etl-AbCdEf";
  const url = `redshift://cars-1/cars?cluster=true&user=etl&region=eu-west-1&schema=fleet&iam_role=${role}&secret=${secret}&external_schema=lake`;
  expect(redshiftSettings(url)).toEqual({
    database: "cars",
    target: { kind: "cluster", name: "cars-1", user: "etl" },
    region: "eu-west-1",
    schema: "fleet",
    secret,
    iamRole: role,
    externalSchema: "lake",
  });
});

test.each([
  "redshift://roadstream",
  "redshift:///cars",
  "redshift://roadstream/cars?shema=x",
  "redshift://roadstream/cars?schema=x;drop",
  "redshift://roadstream/cars?iam_role='",
  "redshift://roadstream/cars?user=etl",
  "redshift://etl:secret@roadstream/cars",
  "redshift://roadstream:5439/cars",
])("%s is none, and no password is repeated", (url) => {
  expect(() => redshiftSettings(url)).toThrow(expect.objectContaining({ code: "usage" }));
  expect(() => redshiftSettings(url)).not.toThrow(/secret@|:secret/);
});
