import { commandTopic, receiptTopic, statusTopic, STREAM_NAMES, uplinkTopic } from "@roadstream/shared";

/** IoT Core puts the name of the thing that the certificate belongs to here; a policy is the same for all cars. */
const THING = "${iot:Connection.Thing.ThingName}";

export interface IotStatement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * What a car may do at IoT Core: connect as itself, publish its own readings, and hear what is for it alone. `arn` makes
 * an ARN of IoT's from its resource.
 */
export const carPolicy = (arn: (resource: string) => string): readonly IotStatement[] => {
  const readings = STREAM_NAMES.map((stream) => arn(`topic/${uplinkTopic(THING, stream)}`));
  const status = arn(`topic/${statusTopic(THING)}`);
  const heard = [receiptTopic(THING), commandTopic(THING, "*")];
  return [
    {
      Sid: "ConnectAsItself",
      Effect: "Allow",
      Action: ["iot:Connect"],
      Resource: [arn(`client/${THING}`)],
      Condition: { Bool: { "iot:Connection.Thing.IsAttached": "true" } },
    },
    { Sid: "PublishItsOwn", Effect: "Allow", Action: ["iot:Publish"], Resource: [...readings, status] },
    { Sid: "KeepItsStatus", Effect: "Allow", Action: ["iot:RetainPublish"], Resource: [status] },
    {
      Sid: "Ask",
      Effect: "Allow",
      Action: ["iot:Subscribe"],
      Resource: heard.map((topic) => arn(`topicfilter/${topic}`)),
    },
    {
      Sid: "Hear",
      Effect: "Allow",
      Action: ["iot:Receive"],
      Resource: heard.map((topic) => arn(`topic/${topic}`)),
    },
  ];
};
