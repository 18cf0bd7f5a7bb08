import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { backlog, ORIGINAL } from './backlog.ts';
import { createTopic, type Brokers, type Side } from './brokers.ts';
import { send } from './measure.ts';
import type { PumpMeasured } from './pump-messages.ts';
import { PumpProcess } from './pump.ts';

const ROUND_TRIP_MS = 200;
const MESSAGES = 150_000;
const SIZE = 1024;
export const FAR_BYTES = MESSAGES * (SIZE + 200);
/** Messages a second. */
export const GOAL_FAR_RATE = 10_000;

export interface FarJob {
  readonly nameServers: readonly string[];
  /** `host:port` */
  readonly brokerAddress: string;
  readonly roundTripMs: number;
}

export type FarAnswer = { readonly nameServers: readonly string[] } | { readonly error: string };

export interface FarResult extends PumpMeasured {
  readonly messages: number;
  readonly roundTripMs: number;
}

/** One queue, whose backlog is copied while one of the brokers is far away. */
export async function measureFar(brokers: Brokers, farSide: 'east' | 'west'): Promise<FarResult> {
  const topic = `far-${farSide}`;
  await send(brokers.east, topic, backlog(MESSAGES, SIZE, ORIGINAL), 1);
  await createTopic(brokers.west, topic, 1);
  const proxies = fork(fileURLToPath(new URL('far-process.js', import.meta.url)));
  const pump = new PumpProcess();
  try {
    const near = brokers[farSide];
    const far: Side = { ...near, nameServers: await proxied(proxies, near) };
    const queues = [{ topic, broker: brokers.east.broker, id: 0 }];
    const measured = await pump.copy({ ...brokers, [farSide]: far }, queues, MESSAGES);
    return { ...measured, messages: MESSAGES, roundTripMs: ROUND_TRIP_MS };
  } finally {
    pump.end();
    proxies.kill('SIGKILL');
  }
}

async function proxied(proxies: ChildProcess, { nameServers, brokerAddress }: Side): Promise<readonly string[]> {
  const answered = once(proxies, 'message') as Promise<[FarAnswer]>;
  proxies.send({ nameServers, brokerAddress, roundTripMs: ROUND_TRIP_MS } satisfies FarJob);
  const [answer] = await answered;
  if ('error' in answer) throw new Error(answer.error);
  return answer.nameServers;
}
