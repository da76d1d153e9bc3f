import { acceptor, logTopics, unixMillis } from "@roadstream/shared";
import { nodeSha256, nodeZstd } from "@roadstream/shared/adapters";
import type { LogEntry } from "@roadstream/shared/event-log";
import { gpsLoad, LOAD_START } from "./gateway/readings-load.ts";

const CLIENTS = 100;
const PER_PUBLISH = 20;
/** Every fiftieth publish comes a second time, as after a lost acknowledgement. */
const DOUBLE_EVERY = 50;
const DELAY_MS = 900;

export const BENCH_TOPICS = logTopics({});

/** gps_data of many cars at the same time, in publishes as agents send them, each judged as the gateway judges it. */
export const gatewayEntries = function* (readings: number): Generator<readonly LogEntry[]> {
  const accept = acceptor({ topics: BENCH_TOPICS, sha256: nodeSha256, zstd: nodeZstd });
  const cars = gpsLoad({
    fleet: "car",
    clients: CLIENTS,
    readings,
    perPublish: PER_PUBLISH,
    zstd: nodeZstd,
    seed: 5,
  });
  const publishes = cars[0]?.payloads.length ?? 0;
  let count = 0;
  for (let n = 0; n < publishes; n += 1) {
    const receivedAt = unixMillis(LOAD_START + (n + 1) * PER_PUBLISH * 1000 + DELAY_MS);
    for (const { clientId, topic, payloads } of cars) {
      const { entries, rejections } = accept({
        clientId,
        topic,
        payload: payloads[n] ?? new Uint8Array(),
        receivedAt,
      });
      if (rejections.length > 0) throw new Error(`refused: ${rejections.join()}`);
      yield entries;
      if ((count += 1) % DOUBLE_EVERY === 0) yield entries;
    }
  }
};
