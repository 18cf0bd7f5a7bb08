import { FENCE_MS, type AcceptsFrom } from '../replication/failover/settings.ts';
import type { ClusterAdmin } from '../transport/types.ts';

/** A broker refuses every send, with code 1, while its clock is before this time (SendMessageProcessor). Since 4.4 at least. */
const SETTING = 'startAcceptSendRequestTimeStamp';

export async function readAcceptsFrom(admin: ClusterAdmin, broker: string): Promise<AcceptsFrom> {
  const value = (await admin.brokerConfig(broker)).get(SETTING);
  const from = Number(value);
  if (value === undefined || !Number.isSafeInteger(from))
    throw new Error(`broker ${broker}: its setting ${SETTING} is ${value ?? 'missing'}; expected a time in ms`);
  return { broker, from };
}

/** Whether the broker takes sends now. */
export async function takesSends(admin: ClusterAdmin, { broker, from }: AcceptsFrom): Promise<boolean> {
  return from <= (await clockOf(admin, broker));
}

/** Has each broker refuse every send for the next two minutes, or renews that. Our own copies into these brokers are refused as well. */
export async function fenceBrokers(admin: ClusterAdmin, brokers: readonly string[]): Promise<AcceptsFrom[]> {
  return await Promise.all(
    brokers.map(async (broker) => {
      const fence = { broker, from: (await clockOf(admin, broker)) + FENCE_MS };
      await setAcceptsFrom(admin, fence);
      return fence;
    }),
  );
}

/** Gives the setting its value and reads it back. */
export async function setAcceptsFrom(admin: ClusterAdmin, { broker, from }: AcceptsFrom): Promise<void> {
  await admin.setBrokerConfig(broker, { [SETTING]: from });
  const { from: found } = await readAcceptsFrom(admin, broker);
  if (found !== from)
    throw new Error(
      `broker ${broker}: its setting ${SETTING} was set to ${from}, but reads ${found}; somebody else sets it`,
    );
}

/** Cut to whole seconds, so a fence may be up to a second shorter. */
async function clockOf(admin: ClusterAdmin, broker: string): Promise<number> {
  return (await admin.brokerTime(broker)) ?? Date.now();
}
