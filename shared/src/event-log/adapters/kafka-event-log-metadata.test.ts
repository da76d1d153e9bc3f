import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { toleratePartitionsWithoutLeader } from "./kafka-event-log-metadata.ts";

const require = createRequire(import.meta.url);
interface Parsed {
  readonly topicMetadata: readonly { readonly partitionMetadata: readonly { readonly leader: number }[] }[];
}
const { protocol } = require("kafkajs/src/protocol/requests/metadata") as {
  protocol: (of: { version: number }) => (of: { topics: readonly string[] }) => {
    readonly response: { readonly parse: (answer: unknown) => Promise<Parsed> };
  };
};
const parse = (version: number, answer: unknown): Promise<Parsed> =>
  protocol({ version })({ topics: [] }).response.parse(answer);

const answer = (partitionErrorCode: number, topicErrorCode = 0) => ({
  brokers: [],
  topicMetadata: [
    {
      topic: "t",
      topicErrorCode,
      partitionMetadata: [
        { partitionId: 0, partitionErrorCode: 0, leader: 1 },
        { partitionId: 1, partitionErrorCode, leader: 2 },
      ],
    },
  ],
});

test.each([1, 5, 6])(
  "in version %i a partition without a leader is led by nobody, and the others are known",
  async (version) => {
    toleratePartitionsWithoutLeader();
    toleratePartitionsWithoutLeader();
    const { topicMetadata } = await parse(version, answer(5));
    expect(topicMetadata[0]?.partitionMetadata.map(({ leader }) => leader)).toEqual([1, -1]);
    await expect(parse(version, answer(29))).rejects.toMatchObject({ type: "TOPIC_AUTHORIZATION_FAILED" });
    await expect(parse(version, answer(0, 3))).rejects.toMatchObject({ type: "UNKNOWN_TOPIC_OR_PARTITION" });
  },
);
