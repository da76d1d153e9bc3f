import { RoadstreamError } from "@roadstream/shared";
import {
  COMMON_OPTIONS,
  defineCommand,
  maybe,
  METRICS_OPTION,
  secret,
  setting,
  toggle,
  wholeText,
  type Values,
} from "@roadstream/shared";
import { z } from "zod";
import { isLoopback, isTls, parseListenUrl, type ListenAddress } from "./ingest/listen-url.ts";

const GATEWAY_OPTIONS = {
  listen: setting(z.string(), {
    help: "Where vehicles connect: mqtt://, mqtts://, ws:// or wss://; port 0 takes a free one.",
    placeholder: "URL",
    default: "mqtt://127.0.0.1:1883",
  }),
  log: setting(z.string(), {
    help: "The event log: sqlite:FILE or kafka://host:port[,host:port].",
    placeholder: "SPEC",
  }),
  partitions: setting(wholeText(1, 1000), {
    help: "Partitions of topics that are created.",
    placeholder: "N",
    default: "6",
  }),
  createTopics: toggle({ help: "Create missing topics at start.", on: true }),
  insecure: toggle({ help: "Allow anyone to connect from other machines." }),
  tlsCert: maybe(z.string(), {
    help: "Certificate for mqtts:// and wss://, PEM; as this and the next two, a file or, from the environment, the text itself.",
    placeholder: "FILE",
  }),
  tlsKey: maybe(z.string(), { help: "Its private key, PEM.", placeholder: "FILE" }),
  tlsClientCa: maybe(z.string(), {
    help: "Vehicles must show a certificate of this authority, its common name the vehicle id.",
    placeholder: "FILE",
  }),
  passwords: maybe(z.string(), {
    help: "Lines VEHICLE_ID:SHA256 of each vehicle's password.",
    placeholder: "FILE",
  }),
  mqttPassword: secret({ help: "One password for all vehicles." }),
  ...COMMON_OPTIONS,
  ...METRICS_OPTION,
} as const;

export const gatewayCommand = defineCommand({
  name: "roadstream gateway",
  summary:
    "For the fleet: takes vehicles' readings by MQTT and acknowledges them when the event log has them.",
  options: GATEWAY_OPTIONS,
  examples: [
    "roadstream gateway --log sqlite:data/log.sqlite",
    "roadstream gateway --log kafka://kafka:9092 --listen mqtts://0.0.0.0:8883 --tls-cert cert.pem --tls-key key.pem --tls-client-ca fleet.pem",
  ],
});

export type GatewayValues = Values<typeof GATEWAY_OPTIONS>;

const wrong = (message: string, hint: string): RoadstreamError =>
  new RoadstreamError("usage", message, { hint });

/** The address to listen on, when the settings go together. Throws `usage`. */
export const listenAddress = (
  values: Pick<
    GatewayValues,
    "listen" | "insecure" | "tlsCert" | "tlsKey" | "tlsClientCa" | "passwords" | "mqttPassword"
  >,
): ListenAddress => {
  const address = parseListenUrl(values.listen);
  const hasTlsFiles = values.tlsCert !== null && values.tlsKey !== null;
  if (isTls(address) && !hasTlsFiles) {
    throw wrong(`--listen ${address.scheme}:// needs a certificate`, "give --tls-cert and --tls-key");
  }
  if (!isTls(address) && (values.tlsCert ?? values.tlsKey ?? values.tlsClientCa) !== null) {
    throw wrong("TLS files are given, but --listen is not encrypted", "listen on mqtts:// or wss://");
  }
  if (values.passwords !== null && values.mqttPassword !== null) {
    throw wrong("two kinds of passwords are given", "either --passwords or ROADSTREAM_MQTT_PASSWORD");
  }
  const isAnonymous =
    values.passwords === null && values.mqttPassword === null && values.tlsClientCa === null;
  if (isAnonymous && !isLoopback(address.host) && !values.insecure) {
    throw wrong(
      `anyone could connect to ${address.host}`,
      "give --passwords, ROADSTREAM_MQTT_PASSWORD or --tls-client-ca; or --insecure",
    );
  }
  return address;
};
