import { CfnParameter } from "aws-cdk-lib";
import { CfnPolicy, CfnThing, CfnThingGroup, CfnThingType } from "aws-cdk-lib/aws-iot";
import type { Construct } from "constructs";
import { NAME } from "../names.ts";
import { carPolicy } from "../policies/car-policy.ts";
import { RoadstreamStack } from "./roadstream-stack.ts";

/**
 * The register of cars in IoT Core, and the policy of each. Readings do not go this way (docs/aws.md says why): the same
 * certificate lets a car in at the gateway, and at IoT Core for jobs and shadows, as itself only.
 */
export class FleetStack extends RoadstreamStack {
  constructor(scope: Construct) {
    super(scope, "fleet", "cars as things of IoT Core, with a policy by which each speaks for itself only");
    new CfnThingType(this, "Car", {
      thingTypeName: `${NAME}-car`,
      thingTypeProperties: {
        thingTypeDescription: "A car with a Roadstream agent",
        searchableAttributes: ["make"],
      },
    });
    new CfnThingGroup(this, "Cars", { thingGroupName: `${NAME}-cars` });
    new CfnPolicy(this, "CarPolicy", {
      policyName: `${NAME}-car`,
      policyDocument: {
        Version: "2012-10-17",
        Statement: carPolicy((resource) => this.formatArn({ service: "iot", resource })),
      },
    });
    const first = new CfnParameter(this, "FirstCar", {
      default: "car-1",
      allowedPattern: "[A-Za-z0-9_-]{1,64}",
      description: "The vehicle id of the first car; the others are made by a command (docs/aws.md).",
    });
    new CfnThing(this, "First", { thingName: first.valueAsString });
  }
}
