import { createRequire } from "node:module";

/**
 * kafkajs 2.2.4 fails a metadata answer as a whole when one partition in it has no leader. Whoever asks then learns
 * nothing of the others: not who leads them now, nor that they are. As metadata ages in half a minute, one partition
 * without a leader would soon stop every producer and reader of every topic. Here it is a partition led by nobody (-1),
 * which whoever wants it is told when he looks for that broker.
 */
interface PartitionMetadata {
  readonly partitionErrorCode: number;
  readonly leader: number;
}

interface TopicMetadata {
  readonly partitionMetadata: readonly PartitionMetadata[];
}

interface Metadata {
  readonly topicMetadata: readonly TopicMetadata[];
}

interface MetadataResponse {
  parse: (answer: Metadata) => Promise<Metadata>;
}

const require = createRequire(import.meta.url);
const { versions, protocol } = require("kafkajs/src/protocol/requests/metadata") as {
  readonly versions: readonly string[];
  readonly protocol: (of: {
    version: string;
  }) => (of: { topics: readonly string[] }) => { readonly response: MetadataResponse };
};

export const LEADER_NOT_AVAILABLE = 5;
const LISTENER_NOT_FOUND = 72;
const NOBODY = -1;
/** https://kafka.apache.org/protocol#protocol_error_codes */
const LEADERLESS: ReadonlySet<number> = new Set([LEADER_NOT_AVAILABLE, LISTENER_NOT_FOUND]);

const ledByNobody = (partition: PartitionMetadata): PartitionMetadata =>
  LEADERLESS.has(partition.partitionErrorCode)
    ? { ...partition, partitionErrorCode: 0, leader: NOBODY }
    : partition;

let done = false;

/** Once per process: kafkajs has one object per version of the answer, and all its clients share them. */
export const toleratePartitionsWithoutLeader = (): void => {
  if (done) return;
  done = true;
  for (const version of versions) {
    const { response } = protocol({ version })({ topics: [] });
    const { parse } = response;
    response.parse = (answer) =>
      parse({
        ...answer,
        topicMetadata: answer.topicMetadata.map((topic) => ({
          ...topic,
          partitionMetadata: topic.partitionMetadata.map(ledByNobody),
        })),
      });
  }
};
