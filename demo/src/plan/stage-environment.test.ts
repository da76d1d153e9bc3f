import { expect, test } from "vitest";
import { stageEnvironment } from "./stage-environment.ts";

test("settings of the demo do not reach its stages; credentials and topics do", () => {
  const env = { ROADSTREAM_DURATION: "10m", ROADSTREAM_CONFIG: "x", KAFKA_PASSWORD: "p", GPS_TOPIC: "g" };
  expect(stageEnvironment(env, "/here")).toEqual({ KAFKA_PASSWORD: "p", GPS_TOPIC: "g", INIT_CWD: "/here" });
});
