import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorText, TOPIC_VARIABLES } from "@roadstream/shared";
import { faultyS3Line, type FaultyS3Line } from "../services/faulty-s3-line.ts";
import { startKafka, type RunningKafka } from "../services/kafka.ts";
import { startVersitygw, type RunningVersitygw } from "../services/versitygw.ts";

/** A Kafka and an S3 server of their own, for one run at a time; each run has its own topics, prefix and folder. */
export class StormBed implements AsyncDisposable {
  readonly kafka: RunningKafka;
  readonly s3: RunningVersitygw;
  readonly line: FaultyS3Line;
  readonly #scratch = mkdtempSync(join(tmpdir(), "roadstream-storm-"));
  #places = 0;

  private constructor(kafka: RunningKafka, s3: RunningVersitygw, line: FaultyS3Line) {
    this.kafka = kafka;
    this.s3 = s3;
    this.line = line;
  }

  static async start(): Promise<StormBed> {
    const [kafka, s3] = await Promise.all([startKafka(), startVersitygw()]);
    return new StormBed(kafka, s3, await faultyS3Line(s3.port, s3.bucket));
  }

  /** A place that no run has used before. */
  fresh(): StormPlace {
    this.#places += 1;
    const name = `run-${this.#places}`;
    const topics = Object.entries(TOPIC_VARIABLES).map(([topic, variable]) => [variable, `${name}.${topic}`]);
    this.line.fault = () => null;
    this.line.requests.length = 0;
    return {
      name,
      folder: join(this.#scratch, name),
      log: `kafka://${this.kafka.brokers}`,
      lake: `s3://${this.s3.bucket}/${name}`,
      env: {
        ...(Object.fromEntries(topics) as Record<string, string>),
        ...this.s3.env(this.line.port),
        ROADSTREAM_LAKE_CACHE: join(this.#scratch, "cache"),
      },
      topics: topics.map(([, topic = ""]) => topic),
    };
  }

  /** Thousands of topics would slow the broker down; one that a busy broker does not delete in time would not. */
  async forget(place: StormPlace): Promise<void> {
    rmSync(place.folder, { recursive: true, force: true });
    try {
      await using admin = await this.kafka.admin();
      const there = new Set(await admin.listTopics());
      await admin.deleteTopics({ topics: place.topics.filter((topic) => there.has(topic)) });
    } catch (error) {
      process.stderr.write(`topics of ${place.name} stay: ${errorText(error)}\n`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.line[Symbol.asyncDispose]();
    await Promise.all([this.kafka.stop(), this.s3.stop()]);
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}

export interface StormPlace {
  readonly name: string;
  readonly folder: string;
  readonly log: string;
  readonly lake: string;
  /** For every stage. */
  readonly env: Readonly<Record<string, string>>;
  readonly topics: readonly string[];
}
