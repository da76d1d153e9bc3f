import { commandTopic, receiptTopic, statusTopic } from "@roadstream/shared";

/** The topics that one client may use beside its uplink. */
export interface VehicleTopics {
  /** Published, retained, and the only topic of a last will. Nobody subscribes: every client here is a vehicle. */
  readonly status: string;
  /** Subscribed: its receipts. */
  readonly receipts: string;
  /** May be subscribed, though no agent does: everything below, by name or wildcard. */
  readonly commandsPrefix: string;
}

export const vehicleTopics = (vehicleId: string): VehicleTopics => ({
  status: statusTopic(vehicleId),
  receipts: receiptTopic(vehicleId),
  commandsPrefix: commandTopic(vehicleId, ""),
});

export const maySubscribe = (topics: VehicleTopics, filter: string): boolean =>
  filter === topics.receipts || filter.startsWith(topics.commandsPrefix);
