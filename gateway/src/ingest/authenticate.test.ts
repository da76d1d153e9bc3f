import { nodeSha256 } from "@roadstream/shared/adapters";
import { expect, test } from "vitest";
import { judgeConnect, type ConnectClaim, type Credentials } from "./authenticate.ts";

const digest = nodeSha256("right");
const claim: ConnectClaim = {
  clientId: "car-1",
  username: null,
  password: Buffer.from("right"),
  certificateName: null,
};
const judge = (
  credentials: Credentials,
  more: Partial<ConnectClaim> = {},
  needsCertificate = false,
): string | null =>
  judgeConnect({ ...claim, ...more }, { credentials, needsCertificate, sha256: nodeSha256 });

const fleet: Credentials = { kind: "fleet_password", digest };
const perVehicle: Credentials = { kind: "passwords", digests: new Map([["car-1", digest]]) };

test.each(["", "a/b", "car 1", "+", "#", "../x", "x".repeat(65), "é"])(
  "the client id %j is no vehicle id",
  (clientId) => {
    expect(judge({ kind: "anonymous" }, { clientId })).toBe("identifier_rejected");
  },
);

test("a password is needed where one is set, and is the vehicle's own", () => {
  for (const credentials of [fleet, perVehicle]) {
    expect(judge(credentials)).toBeNull();
    expect(judge(credentials, { password: Buffer.from("wrong") })).toBe("bad_credentials");
    expect(judge(credentials, { password: null })).toBe("bad_credentials");
  }
  expect(judge(perVehicle, { clientId: "car-2" })).toBe("bad_credentials");
  expect(judge(perVehicle, { clientId: "constructor" })).toBe("bad_credentials");
  expect(judge(perVehicle, { username: "car-1" })).toBeNull();
  expect(judge(perVehicle, { username: "car-2" })).toBe("bad_credentials");
});

test("where certificates are asked for, the name in it is the client id", () => {
  expect(judge({ kind: "anonymous" }, { certificateName: "car-1" }, true)).toBeNull();
  expect(judge({ kind: "anonymous" }, { certificateName: "car-2" }, true)).toBe("not_authorized");
  expect(judge(fleet, {}, true)).toBe("not_authorized");
});
