import { DefaultStackSynthesizer, Stack, Tags } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { NAME } from "../names.ts";

/**
 * One CloudFormation template that needs nothing prepared: no assets, no functions, no bootstrap stack of the CDK. What
 * differs from account to account is a parameter of the template.
 */
export class RoadstreamStack extends Stack {
  constructor(scope: Construct, part: string, description: string) {
    super(scope, `${NAME}-${part}`, {
      description: `Roadstream: ${description}`,
      synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
    });
    Tags.of(this).add("project", NAME);
    Tags.of(this).add("part", part);
  }
}
