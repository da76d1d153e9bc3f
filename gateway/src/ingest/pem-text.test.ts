import { expect, test } from "vitest";
import { pemText } from "./pem-text.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const files = (file: string): string => {
  if (file === "/etc/cert.pem") return PEM;
  throw new Error(`no such file: ${file}`);
};

test("a certificate may be given as its text or as a file", () => {
  expect(pemText(PEM, files)).toBe(PEM);
  expect(pemText("/etc/cert.pem", files)).toBe(PEM);
  expect(() => pemText("cert.pem", files)).toThrow("no such file");
});
