import { isVehicleId, type Sha256 } from "@roadstream/shared";

/** How a client proves that it is the vehicle that it names. Digests are SHA-256 in lower-case hexadecimal. */
export type Credentials =
  | { readonly kind: "anonymous" }
  /** One password of the whole fleet. */
  | { readonly kind: "fleet_password"; readonly digest: string }
  /** A password per vehicle; the user name, where given, is the vehicle id. */
  | { readonly kind: "passwords"; readonly digests: ReadonlyMap<string, string> };

export interface ConnectClaim {
  readonly clientId: string;
  readonly username: string | null;
  readonly password: Uint8Array | null;
  /** The common name of a verified client certificate; null where none is asked for. */
  readonly certificateName: string | null;
}

/** MQTT 3.1.1 §3.2.2.3; null is accepted. */
export type ConnectRefusal = "identifier_rejected" | "bad_credentials" | "not_authorized" | null;

const passwordMatches = (credentials: Credentials, claim: ConnectClaim, sha256: Sha256): boolean => {
  if (credentials.kind === "anonymous") return true;
  const expected =
    credentials.kind === "fleet_password"
      ? credentials.digest
      : (credentials.digests.get(claim.clientId) ?? null);
  if (credentials.kind === "passwords" && claim.username !== null && claim.username !== claim.clientId)
    return false;
  // Digests are compared, not secrets: what the time of this tells is nothing of the password.
  return claim.password !== null && expected !== null && sha256(claim.password) === expected;
};

export const judgeConnect = (
  claim: ConnectClaim,
  rules: { readonly credentials: Credentials; readonly needsCertificate: boolean; readonly sha256: Sha256 },
): ConnectRefusal => {
  if (!isVehicleId(claim.clientId)) return "identifier_rejected";
  if (rules.needsCertificate && claim.certificateName !== claim.clientId) return "not_authorized";
  return passwordMatches(rules.credentials, claim, rules.sha256) ? null : "bad_credentials";
};
