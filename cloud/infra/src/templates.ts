import type { App } from "aws-cdk-lib";

export interface TemplateFile {
  /** `roadstream-lake.json` */
  readonly name: string;
  readonly text: string;
}

type Section = Readonly<Record<string, unknown>>;

/** One resource a line: changes can be read, and CloudFormation takes no more than 51,200 bytes without a bucket. */
const sectionText = (section: Section): string =>
  `{\n${Object.entries(section)
    .map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
    .join(",\n")}\n }`;

const isSection = (value: unknown): value is Section => typeof value === "object" && value !== null;

const templateText = (template: Section): string =>
  `{\n${Object.entries(template)
    .map(
      ([name, value]) =>
        ` ${JSON.stringify(name)}: ${isSection(value) ? sectionText(value) : JSON.stringify(value)}`,
    )
    .join(",\n")}\n}\n`;

/** The templates of all stacks, as files. They hold nothing of an account: whoever has AWS's own command can use them. */
export const templatesOf = (app: App): readonly TemplateFile[] =>
  app
    .synth()
    .stacks.map(({ stackName, template }) => ({
      name: `${stackName}.json`,
      text: templateText(template as Section),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
