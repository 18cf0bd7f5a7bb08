import type { ClusterAdmin, GroupConfig } from './types.ts';

/** Brokers that have a master: consumers connect to these, and settings are kept there. @throws TransportError */
export async function mastersOf(admin: ClusterAdmin): Promise<string[]> {
  return (await admin.brokers()).flatMap(({ name, master }) => (master === undefined ? [] : [name]));
}

export type GroupsByBroker = ReadonlyMap<string, ReadonlyMap<string, GroupConfig>>;

/** The consumer groups of each broker, by name. @throws TransportError */
export async function groupsByBroker(admin: ClusterAdmin, brokers?: readonly string[]): Promise<GroupsByBroker> {
  const names = brokers ?? (await mastersOf(admin));
  return new Map(await Promise.all(names.map(async (name) => [name, await admin.groupConfigs(name)] as const)));
}
