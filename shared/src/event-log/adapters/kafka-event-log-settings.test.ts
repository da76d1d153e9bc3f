import { expect, test } from "vitest";
import { kafkaSettings } from "./kafka-event-log-settings.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";

test("brokers alone mean a plain connection", () => {
  expect(kafkaSettings("kafka://a:9092,b.c:9093", {})).toEqual({
    brokers: ["a:9092", "b.c:9093"],
    sasl: null,
    ssl: null,
  });
});

test("a user means SASL, by SCRAM unless said otherwise; KAFKA_SSL_* means TLS", () => {
  const user = { KAFKA_USERNAME: "gw", KAFKA_PASSWORD: "secret" };
  expect(kafkaSettings("kafka://a:1", user).sasl).toEqual({
    mechanism: "scram-sha-512",
    username: "gw",
    password: "secret",
  });
  expect(kafkaSettings("kafka://a:1", { ...user, KAFKA_SASL_MECHANISM: "PLAIN" }).sasl?.mechanism).toBe(
    "plain",
  );
  expect(kafkaSettings("kafka://a:1", { KAFKA_SSL_CA: "system" }).ssl).toEqual({});
  const mutual = { KAFKA_SSL_CA: PEM, KAFKA_SSL_CERT: PEM, KAFKA_SSL_KEY: PEM };
  expect(kafkaSettings("kafka://a:1", mutual).ssl).toEqual({ ca: [PEM], cert: PEM, key: PEM });
});

test.each([
  ["kafka://", {}],
  ["kafka://host", {}],
  ["kafka://a:1,,b:2", {}],
  ["kafka://a:1", { KAFKA_USERNAME: "gw" }],
  ["kafka://a:1", { KAFKA_USERNAME: "gw", KAFKA_PASSWORD: "x", KAFKA_SASL_MECHANISM: "gssapi" }],
  ["kafka://a:1", { KAFKA_SSL_CERT: PEM }],
  ["kafka://a:1", { KAFKA_SSL_CA: "/no/such/file" }],
])("%s with %j is refused", (spec, env) => {
  expect(() => kafkaSettings(spec, env)).toThrow(expect.objectContaining({ code: "usage" }));
});

test("a password in the address is refused, and not repeated", () => {
  const refusal = ["kafka://gw:s3cret@a:1", "kafka://a:1,gw:s3cret@b:2"].map((spec) => {
    try {
      return JSON.stringify(kafkaSettings(spec, {}));
    } catch (error) {
      return String(error);
    }
  });
  for (const text of refusal) {
    expect(text).toContain("must hold no user or password");
    expect(text).not.toContain("s3cret");
  }
});
