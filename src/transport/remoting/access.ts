import { randomUUID } from 'node:crypto';
import type { RequestKind } from '../../remoting/call.ts';
import type { Fields } from '../../remoting/protocol/command.ts';
import { getAllSubscriptionGroups } from '../../remoting/requests/get-all-subscription-group-config.ts';
import { getBrokerConfig } from '../../remoting/requests/get-broker-config.ts';
import { getMaxOffset } from '../../remoting/requests/get-max-offset.ts';
import { getSubscriptionGroup } from '../../remoting/requests/get-subscription-group-config.ts';
import { getTopicConfig } from '../../remoting/requests/get-topic-config.ts';
import { lockBatchMq } from '../../remoting/requests/lock-batch-mq.ts';
import { pullMessage } from '../../remoting/requests/pull-message.ts';
import { queryConsumerOffset } from '../../remoting/requests/query-consumer-offset.ts';
import { queueFields } from '../../remoting/requests/queue-place.ts';
import { sendBatchMessage } from '../../remoting/requests/send-batch-message.ts';
import { unlockBatchMq } from '../../remoting/requests/unlock-batch-mq.ts';
import { SUCCESS } from '../../remoting/response-codes.ts';
import { TransportError } from '../errors.ts';
import type { AccessAnswer, AccessQuestion } from '../types.ts';
import type { BrokerConnections } from './broker-connections.ts';
import { PULL_GROUP } from './source.ts';

const NO_PERMISSION = 16;
/** No topic has such a queue, so nothing is written to it, read from it, or locked that anybody uses. */
const NO_QUEUE = 2_147_483_647;

const ADMIN = 'admin: true (4.x knows no smaller grant), or create it by hand';

interface Probe {
  readonly request: string;
  /** What the product needs it for. */
  readonly purpose: string;
  /** What to grant. */
  readonly grant: string;
  readonly send: () => Promise<unknown>;
}

/**
 * Sends the requests that copying takes, each so that it changes nothing: it names a queue that does not exist, or lacks what it needs.
 * A broker looks at permissions first, so any answer but a refusal of access is a yes. Both kinds of access control refuse by the
 * request's own names: 5.x (AuthorizationPipeline) with code 16, 4.x with code 1 and an exception of org.apache.rocketmq.acl (of any kind: 4.4
 * throws a NullPointerException at an account without grants).
 * @throws TransportError where a request is not answered
 */
export async function askAccess(
  connections: BrokerConnections,
  broker: string,
  isV5: boolean,
  question: AccessQuestion,
): Promise<AccessAnswer[]> {
  const answers: AccessAnswer[] = [];
  const group = await askGroup(connections, broker, isV5, question.group);
  for (const { request, purpose, grant, send } of [...probes(connections, broker, isV5, question), ...group]) {
    const refusal = await send().then(() => undefined, refusalOf);
    answers.push({ request, purpose, grant, ...(refusal === undefined ? {} : { refusal }) });
  }
  return answers;
}

/** An answer that is none of the broker's refusals, and means as much. */
class AccessRefused extends Error {}

/** The broker's words where it refuses access; `undefined` for any other answer. @throws what is no answer */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof AccessRefused) return error.message;
  if (!(error instanceof TransportError) || !error.answered) throw error;
  return error.code === NO_PERMISSION || error.message.includes('org.apache.rocketmq.acl.') ? error.message : undefined;
}

function probes(
  connections: BrokerConnections,
  broker: string,
  isV5: boolean,
  { topic, group, writes, createsTopic }: AccessQuestion,
): Probe[] {
  const place = { topic, broker, queue: NO_QUEUE };
  const lock = { group, clientId: `doctor/${randomUUID()}`, queues: [place] };
  const ask = <A, R>(kind: RequestKind<A, R>, args: A) => connections.call(broker, kind, args);
  const onTopic = (action: string) => (isV5 ? `${action} on Topic:${topic}` : `${action} on topic ${topic}`);
  const onGroup = (name: string) => (isV5 ? `SUB on Group:${name}` : `SUB on group ${name}`);

  const reading: Probe[] = [
    {
      request: pullMessage.name,
      purpose: 'read messages',
      grant: `${onTopic('SUB')} and ${onGroup(PULL_GROUP)}`,
      send: () => ask(pullMessage, { group: PULL_GROUP, ...place, offset: 0, maxMessages: 1, waitMs: 0 }),
    },
    {
      request: getMaxOffset.name,
      purpose: 'read offsets',
      grant: onTopic(isV5 ? 'GET' : 'SUB'),
      send: () => ask(getMaxOffset, place),
    },
    {
      request: queryConsumerOffset.name,
      purpose: 'read checkpoints',
      grant: `${onTopic('SUB')} and ${onGroup(group)}`,
      send: () => ask(queryConsumerOffset, { ...place, group }),
    },
    commits(),
  ];
  if (isV5)
    reading.push({
      request: getTopicConfig.name,
      purpose: "read the topic's settings",
      grant: onTopic('GET'),
      send: () => ask(getTopicConfig, topic),
    });
  return [...reading, ...(writes ? writing() : []), ...(createsTopic ? [creation()] : [])];

  /** 5.x refuses what is no number. 4.x would take it for 0, so the group's permission is asked by another request that needs the same. */
  function commits(): Probe {
    const common = { purpose: 'commit checkpoints', grant: `${onTopic('SUB')} and ${onGroup(group)}` };
    if (!isV5) {
      const request = 'GET_CONSUMER_LIST_BY_GROUP';
      return { ...common, request, send: () => ask(incomplete(38, request), { consumerGroup: group }) };
    }
    const request = 'UPDATE_CONSUMER_OFFSET';
    const fields = { consumerGroup: group, ...queueFields(place), commitOffset: 'none' };
    return { ...common, request, send: () => ask(incomplete(15, request), fields) };
  }

  function writing(): Probe[] {
    const batch = { ...place, producerGroup: PULL_GROUP, sysFlag: 0, bornTimestamp: Date.now(), parts: [] };
    return [
      {
        request: sendBatchMessage.name,
        purpose: 'write copies',
        grant: onTopic('PUB'),
        send: () => ask(sendBatchMessage, batch),
      },
      {
        request: lockBatchMq.name,
        purpose: 'lock queues',
        grant: `${onTopic('SUB')} and ${onGroup(group)}`,
        send: async () => {
          const held = await ask(lockBatchMq, lock);
          await ask(unlockBatchMq, lock);
          if (held.length === 0)
            throw new AccessRefused(`broker ${broker} does not give the lock of a queue that nobody uses`);
        },
      },
    ];
  }

  /** 5.x reads the whole header before it looks at permissions, then refuses an attribute without a value; 4.x looks first. */
  function creation(): Probe {
    const request = 'UPDATE_AND_CREATE_TOPIC';
    const wrong = { defaultTopic: topic, readQueueNums: 0, writeQueueNums: 0, perm: 0, topicFilterType: 'SINGLE_TAG' };
    const fields = isV5 ? { topic, ...wrong, order: false, attributes: 'none' } : { topic };
    return {
      request,
      purpose: 'create or widen the topic',
      grant: isV5 ? onTopic('CREATE') : ADMIN,
      send: () => ask(incomplete(17, request), fields),
    };
  }
}

/** What it takes to find the flow's group, or to create it. */
async function askGroup(
  connections: BrokerConnections,
  broker: string,
  isV5: boolean,
  group: string,
): Promise<Probe[]> {
  const request = 'UPDATE_AND_CREATE_SUBSCRIPTIONGROUP';
  const creation: Probe = {
    request,
    purpose: 'create the consumer group for checkpoints',
    grant: isV5 ? `CREATE on Group:${group}` : ADMIN,
    // without a body, which would say which group
    send: () => connections.call(broker, incomplete(200, request), {}),
  };
  if (!isV5) {
    const groups = await connections.call(broker, getAllSubscriptionGroups, undefined);
    return groups.has(group) ? [] : [creation];
  }
  // such a broker would create the group because it is asked for it
  const config = await connections.call(broker, getBrokerConfig, undefined);
  if (config.get('autoCreateSubscriptionGroup') !== 'false') return [creation];
  const look: Probe = {
    request: getSubscriptionGroup.name,
    purpose: 'look for the consumer group for checkpoints',
    grant: `GET on Group:${group}`,
    send: () => connections.call(broker, getSubscriptionGroup, group),
  };
  return [look, creation];
}

/** A request that no broker carries out. */
function incomplete(code: number, name: string): RequestKind<Fields, undefined> {
  return { code, name, accepts: [SUCCESS], build: (fields) => ({ fields }), read: () => undefined };
}
