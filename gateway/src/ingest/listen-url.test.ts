import { expect, test } from "vitest";
import { isLoopback, listenUrlText, parseListenUrl } from "./listen-url.ts";

test.each([
  ["mqtt://127.0.0.1:1883", { scheme: "mqtt", host: "127.0.0.1", port: 1883 }],
  ["mqtts://0.0.0.0", { scheme: "mqtts", host: "0.0.0.0", port: 8883 }],
  ["ws://[::1]:0/", { scheme: "ws", host: "::1", port: 0 }],
])("%s is understood", (text, address) => {
  expect(parseListenUrl(text)).toEqual(address);
  expect(parseListenUrl(listenUrlText(parseListenUrl(text)))).toEqual(address);
});

test.each([
  "127.0.0.1:1883",
  "http://a",
  "mqtt://",
  "mqtt://a:65536",
  "mqtt://user:pw@a:1",
  "mqtt://a/path",
  "mqtt://a b",
])("%s is refused", (text) => {
  expect(() => parseListenUrl(text)).toThrow(/--listen/);
});

test("loopback is this machine only", () => {
  expect(["127.0.0.1", "127.9.9.9", "::1", "localhost"].every(isLoopback)).toBe(true);
  expect(["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example.org", "1127.0.0.1"].some(isLoopback)).toBe(false);
});
