import { readFileSync } from "node:fs";
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  ResourcePatternTypes,
  type AclEntry,
} from "kafkajs";

const GUIDE = new URL("../../../../docs/aws.md", import.meta.url);

const OPERATIONS: Readonly<Record<string, AclOperationTypes>> = {
  Create: AclOperationTypes.CREATE,
  Describe: AclOperationTypes.DESCRIBE,
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
};

const resourceOf = (line: string): { readonly type: AclResourceTypes; readonly name: string } => {
  const [, kind = "", name = ""] = /--(topic|group|cluster)(?: "?([\w$-]+)"?)?\s*$/.exec(line) ?? [];
  if (kind === "topic") return { type: AclResourceTypes.TOPIC, name };
  if (kind === "group") return { type: AclResourceTypes.GROUP, name };
  if (kind === "cluster") return { type: AclResourceTypes.CLUSTER, name: "kafka-cluster" };
  throw new Error(`no resource in: ${line}`);
};

/** The access lists that docs/aws.md sets by Kafka's own command, as entries. */
export const documentedGrants = (): readonly AclEntry[] => {
  const guide = readFileSync(GUIDE, "utf8");
  const topics = (/^TOPICS="([^"]+)"$/m.exec(guide)?.[1] ?? "").split(" ");
  return [...guide.matchAll(/^ *grant (--allow-principal.*)$/gm)].flatMap(([, line = ""]) => {
    const principal = /--allow-principal (\S+)/.exec(line)?.[1] ?? "";
    const { type, name } = resourceOf(line);
    const operations = [...line.matchAll(/--operation (\w+)/g)].map(([, operation = ""]) => operation);
    return (name === "$topic" ? topics : [name]).flatMap((resourceName) =>
      operations.map((operation) => ({
        principal,
        host: "*",
        permissionType: AclPermissionTypes.ALLOW,
        operation: OPERATIONS[operation] ?? AclOperationTypes.UNKNOWN,
        resourceType: type,
        resourceName,
        resourcePatternType: ResourcePatternTypes.LITERAL,
      })),
    );
  });
};
