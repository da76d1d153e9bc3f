import { expect, test } from "vitest";
import { decodeTopicIdResponse, encodeTopicIdRequest } from "./kafka-topic-id.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

// One broker 127.0.0.1:19092 without a rack, cluster "abc", controller 1, topic "t" with id 00..0f, one tagged field.
const BROKER = "00000001 0a 3132372e302e302e31 00004a94 00 00";
const ANSWER = `01 00 02 ffff 00000000 02 ${BROKER} 04 616263 00000001 02`;

test("the request is Metadata version 10 for one topic by name", () => {
  expect(Buffer.from(encodeTopicIdRequest("gps")).toString("hex")).toBe(
    `00 02 ${"00".repeat(16)} 04 677073 00 00 00 00 00`.replaceAll(" ", ""),
  );
});

test("the answer gives the cluster's and the topic's id", () => {
  const answer = hex(`${ANSWER} 0000 02 74 000102030405060708090a0b0c0d0e0f 00 01 00`);
  expect(decodeTopicIdResponse(answer)).toEqual({
    kind: "topic_id",
    clusterId: "abc",
    topicId: "00010203-0405-0607-0809-0a0b0c0d0e0f",
  });
});

test("a topic's error is an answer; anything cut short throws RangeError", () => {
  const whole = `${ANSWER} 0003 02 74`;
  expect(decodeTopicIdResponse(hex(whole))).toEqual({ kind: "error", errorCode: 3 });
  const bytes = hex(`${ANSWER} 0000 02 74 000102030405060708090a0b0c0d0e0f`);
  for (let length = 0; length < bytes.length; length += 1) {
    expect(() => decodeTopicIdResponse(bytes.subarray(0, length))).toThrow(RangeError);
  }
});
