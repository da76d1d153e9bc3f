import { STREAM_NAMES } from "@roadstream/shared";
import { expect, test } from "vitest";
import { judgeCall, type Call } from "./judge-call.ts";
import { ACCOUNT, DeployedTemplates, REGION, type PolicyDocument } from "./templates.ts";

/** What no stand-in enforces is judged here: IoT Core's policy, as it stands in the template, for requests of one car. */
const policy = new DeployedTemplates().named("AWS::IoT::Policy", "PolicyName", "roadstream-car")[
  "PolicyDocument"
] as PolicyDocument;

const may = (action: string, resource: string, attached = "true"): string => {
  const call: Call = {
    action: `iot:${action}`,
    resource: `arn:aws:iot:${REGION}:${ACCOUNT}:${resource}`,
    context: { "iot:Connection.Thing.ThingName": "car-1", "iot:Connection.Thing.IsAttached": attached },
  };
  return judgeCall(policy, call);
};

test("a car connects, publishes, asks and hears as itself", () => {
  expect(may("Connect", "client/car-1")).toBe("allowed");
  for (const stream of STREAM_NAMES)
    expect(may("Publish", `topic/dt/roadstream/v1/car-1/${stream}`), stream).toBe("allowed");
  expect(may("RetainPublish", "topic/dt/roadstream/v1/car-1/status")).toBe("allowed");
  expect(may("Subscribe", "topicfilter/ack/roadstream/v1/car-1")).toBe("allowed");
  expect(may("Receive", "topic/cmd/roadstream/v1/car-1/reboot")).toBe("allowed");
});

test.each([
  ["connect as another car", "Connect", "client/car-2"],
  ["publish for another car", "Publish", "topic/dt/roadstream/v1/car-2/gps_data"],
  ["publish for a car whose name begins like its own", "Publish", "topic/dt/roadstream/v1/car-10/gps_data"],
  ["publish a stream that is none", "Publish", "topic/dt/roadstream/v1/car-1/other"],
  ["publish receipts or commands", "Publish", "topic/ack/roadstream/v1/car-1"],
  ["leave readings for those to come", "RetainPublish", "topic/dt/roadstream/v1/car-1/gps_data"],
  ["listen to all cars", "Subscribe", "topicfilter/dt/roadstream/v1/+/+"],
  ["listen to another's receipts", "Subscribe", "topicfilter/ack/roadstream/v1/car-2"],
  ["hear another's commands", "Receive", "topic/cmd/roadstream/v1/car-2/reboot"],
])("a car may not %s", (_, action, resource) => {
  expect(may(action, resource)).toBe("not allowed");
});

test("a certificate that belongs to no thing does not connect", () => {
  expect(may("Connect", "client/car-1", "false")).toBe("not allowed");
});
