import { readFileSync } from "node:fs";
import { errorText, RoadstreamError, statusTopic } from "@roadstream/shared";
import {
  EXIT_CODES,
  nodeZstd,
  runProcess,
  type ExitCode,
  type ProcessContext,
} from "@roadstream/shared/adapters";
import { machineTime } from "./adapters/machine-time.ts";
import { mqttUplink } from "./adapters/mqtt-uplink.ts";
import { openBench } from "./adapters/open-bench.ts";
import { openSources } from "./adapters/open-sources.ts";
import { SqliteSegmentStore } from "./adapters/sqlite-segment-store.ts";
import { AgentRun, StorageAlarm } from "./agent-run.ts";
import { AGENT_VERSION } from "./agent-version.ts";
import { BestClock } from "./clock/best-clock.ts";
import { agentCommand, checkTogether, outboxBudget, shownSettings, type AgentValues } from "./config.ts";
import { AgentVoice } from "./events/agent-voice.ts";
import { outboxEvents } from "./events/outbox-events.ts";
import { DurableOutbox } from "./outbox/durable-outbox.ts";
import { OutboxMetrics } from "./outbox/outbox-metrics.ts";
import { IncidentWatch } from "./sources/incident-watch.ts";
import { LastFix } from "./sources/last-fix.ts";
import { ReadingIntake } from "./sources/reading-intake.ts";
import { benchQuery, parseSourceSpec, type SourceFlag, type SourceSpec } from "./sources/source-spec.ts";
import { presence } from "./uplink/presence.ts";
import { Uplink } from "./uplink/uplink.ts";
import { UplinkMetrics } from "./uplink/uplink-metrics.ts";

const pem = (context: ProcessContext, flag: string, file: string | null): string | null => {
  try {
    return file === null ? null : readFileSync(context.path(file), "utf8");
  } catch (cause) {
    throw new RoadstreamError("usage", `--${flag}: ${errorText(cause)}`, { cause });
  }
};

const sourceSpecs = (values: AgentValues): Readonly<Record<SourceFlag, SourceSpec>> => ({
  gps: parseSourceSpec("gps", values.gps),
  obd: parseSourceSpec("obd", values.obd),
  camera: parseSourceSpec("camera", values.camera),
  weather: parseSourceSpec("weather", values.weather),
  emergency: parseSourceSpec("emergency", values.emergency),
});

const tlsFiles = (values: AgentValues, context: ProcessContext) => ({
  ca: pem(context, "mqtt-ca", values.mqttCa),
  cert: pem(context, "mqtt-cert", values.mqttCert),
  key: pem(context, "mqtt-key", values.mqttKey),
});

const connector = (values: AgentValues, tls: ReturnType<typeof tlsFiles>, bootId: string) =>
  mqttUplink({
    ...tls,
    url: values.mqtt,
    clientId: values.vehicle,
    username: values.mqttUsername ?? (values.mqttPassword === null ? null : values.vehicle),
    password: values.mqttPassword,
    will: {
      topic: statusTopic(values.vehicle),
      payload: presence({ state: "lost", vehicleId: values.vehicle, bootId, agentVersion: AGENT_VERSION }),
      keep: "retained",
    },
  });

/** The outbox's file beside the text that its budget counts: indexes, quarantine, pages that are partly empty. */
const FILE_PER_TEXT = 1.5;

const openOutbox = (
  values: AgentValues,
  context: ProcessContext,
  about: { readonly bestClock: BestClock; readonly alarm: StorageAlarm },
): { readonly outbox: DurableOutbox; readonly replaced: string | null } => {
  const { clock, random, logger, metrics } = context;
  const { bestClock, alarm } = about;
  const budget = outboxBudget(values);
  const maxBytes = budget.totalBytes * FILE_PER_TEXT;
  const directory = context.path(values.data);
  const store = SqliteSegmentStore.open({ directory, maxBytes, clock, random, logger });
  const outbox = DurableOutbox.open({
    store,
    clock,
    random,
    budget,
    events: outboxEvents({ clock, bestClock }),
    metrics: new OutboxMetrics(metrics),
    wallTime: () => bestClock.confirmedTime(),
    defer: (work) => void setImmediate(work),
    onFailure: (error) => alarm.raise(error),
  });
  return { outbox, replaced: store.replaced };
};

const report = (outbox: DurableOutbox, uplink: Uplink, { publishedBytes }: UplinkMetrics): string => {
  const { records, bytes } = outbox.usage();
  const said = {
    ok: true,
    boot_id: outbox.bootId,
    held: records,
    held_bytes: bytes,
    awaiting_receipt: uplink.awaited,
  };
  return `${JSON.stringify({ ...said, published_bytes: publishedBytes })}\n`;
};

const main = async (values: AgentValues, context: ProcessContext): Promise<ExitCode> => {
  const { clock, random, logger, metrics } = context;
  checkTogether(values);
  const path = (text: string): string => context.path(text);
  const specs = sourceSpecs(values);
  const query = benchQuery(Object.values(specs));
  await using bench = query === null ? null : await openBench({ query, clock, path });
  const vouched = machineTime(values.systemClock, clock);
  const bestClock = new BestClock({
    clock,
    machineTime: vouched,
    tripTime: bench === null ? null : () => bench.tripTime(),
  });
  const lastFix = new LastFix();
  const sources = openSources({ ...context, path, values, specs, bench, machineTime: vouched, lastFix });
  const tls = tlsFiles(values, context);
  // Everything that can be wrong with the settings has been found: from here on something is started.
  const alarm = new StorageAlarm();
  const { outbox, replaced } = openOutbox(values, context, { bestClock, alarm });
  await using _ = outbox;
  const voice = new AgentVoice({ outbox, clock, bestClock });
  const watchesIncidents = specs.emergency.kind === "signal";
  const incidents = watchesIncidents ? new IncidentWatch({ clock, random }) : null;
  const intake = new ReadingIntake({ outbox, bestClock, lastFix, incidents, voice, metrics, logger });
  const uplinkMetrics = new UplinkMetrics(metrics);
  const uplink = new Uplink({
    outbox,
    connect: connector(values, tls, outbox.bootId),
    clock,
    random,
    logger,
    metrics: uplinkMetrics,
    context: { vehicleId: values.vehicle, agentVersion: AGENT_VERSION, clock, bestClock, zstd: nodeZstd },
    linger: values.linger,
    forget: values.forget,
    answerDeadline: values.ackTimeout,
  });
  const started = {
    outbox_id: outbox.id,
    agent: AGENT_VERSION,
    replaced_corrupt_outbox: replaced !== null,
  };
  const run = new AgentRun(
    { outbox, uplink, intake, voice, sources, clock, random, logger, metrics },
    {
      duration: values.duration,
      exitWhenDrained: values.exitWhenDrained,
      about: { started: JSON.stringify(started), config: JSON.stringify(shownSettings(values)) },
    },
  );
  await run.run(AbortSignal.any([context.signal, alarm.signal]), () =>
    context.ready({ vehicle: values.vehicle, boot_id: outbox.bootId, outbox_id: outbox.id }),
  );
  alarm.check();
  if (values.json) context.print(report(outbox, uplink, uplinkMetrics));
  return EXIT_CODES.done;
};

await runProcess({ stage: "agent", command: agentCommand, argv: process.argv.slice(2), main });
