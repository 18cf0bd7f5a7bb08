import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { type RequestKind, sign } from '../../../src/remoting/call.ts';
import {
  BATCH_OVERHEAD_BYTES,
  writeBatchHead,
  writeBatchPropertiesLength,
} from '../../../src/remoting/protocol/batch-message.ts';
import type { Command } from '../../../src/remoting/protocol/command.ts';
import { encodeProperties } from '../../../src/remoting/protocol/properties.ts';
import { readFrame } from '../../../src/remoting/protocol/read-frame.ts';
import { MessageCursor } from '../../../src/remoting/protocol/stored-message.ts';
import { writeFrameHead } from '../../../src/remoting/protocol/write-frame.ts';
import { deleteSubscriptionGroup } from '../../../src/remoting/requests/delete-subscription-group.ts';
import { getConsumerRunningInfo } from '../../../src/remoting/requests/get-consumer-running-info.ts';
import { getAllConsumerOffsets } from '../../../src/remoting/requests/get-all-consumer-offset.ts';
import { getConsumerConnections } from '../../../src/remoting/requests/get-consumer-connection-list.ts';
import { getConsumerList } from '../../../src/remoting/requests/get-consumer-list-by-group.ts';
import { resetConsumerOffset } from '../../../src/remoting/requests/invoke-broker-to-reset-offset.ts';
import { lockBatchMq } from '../../../src/remoting/requests/lock-batch-mq.ts';
import { pullMessage } from '../../../src/remoting/requests/pull-message.ts';
import { queryConsumerOffset } from '../../../src/remoting/requests/query-consumer-offset.ts';
import { sendBatchMessage } from '../../../src/remoting/requests/send-batch-message.ts';
import { sendMessage } from '../../../src/remoting/requests/send-message.ts';
import {
  defaultGroupSettings,
  updateAndCreateSubscriptionGroup,
} from '../../../src/remoting/requests/update-and-create-subscription-group.ts';
import { updateBrokerConfig } from '../../../src/remoting/requests/update-broker-config.ts';
import { updateConsumerOffset } from '../../../src/remoting/requests/update-consumer-offset.ts';
import { viewMessage } from '../../../src/remoting/requests/view-message-by-id.ts';

/** What the official Java classes wrote (test/support/java/GoldenBytes.java). */
function golden(name: string): Buffer {
  return readFileSync(new URL(`../../fixtures/golden/${name}.bin`, import.meta.url));
}

function goldenFrame(name: string): Command {
  const bytes = golden(name);
  expect(bytes.readInt32BE(0)).toBe(bytes.length - 4);
  return readFrame(bytes.subarray(4));
}

const BORN = 1_700_000_000_123;
const place = { topic: 'orders', broker: 'broker-a', queue: 3 };
const groupQueue = { ...place, group: 'group' };
const pull = { ...groupQueue, offset: 2 ** 40, maxMessages: 32, waitMs: 10_000 };

/** What this client puts on the wire, read as a peer would. */
function written<Arguments>(kind: RequestKind<Arguments, unknown>, args: Arguments): Command {
  const { fields, body = [] } = kind.build(args);
  const content = Buffer.concat(body);
  return readFrame(Buffer.concat([writeFrameHead(kind.code, 4711, 0, fields, content.length).subarray(4), content]));
}

describe('requests have the official fields and bodies', () => {
  test.each(['json', 'binary'])('PULL_MESSAGE, against the %s form', (form) => {
    expect(written(pullMessage, pull)).toEqual(goldenFrame(`pull-request-${form}`));
  });

  test('SEND_BATCH_MESSAGE', () => {
    const parts = [golden('batch').subarray(0, 10), golden('batch').subarray(10)];
    const batch = { ...place, producerGroup: 'producers', sysFlag: 1, bornTimestamp: BORN, parts };
    expect(written(sendBatchMessage, batch)).toEqual(goldenFrame('send-batch-request'));
  });

  test('SEND_MESSAGE_V2', () => {
    const message = { ...place, topic: '%RETRY%group', producerGroup: 'group', sysFlag: 1, bornTimestamp: BORN };
    const sent = {
      ...{ ...message, flag: -7, reconsumeTimes: 2, maxReconsumeTimes: 2_147_483_647, body: Buffer.from('body') },
      properties: 'KEYS\u0001grün\u0002RETRY_TOPIC\u0001orders\u0002',
    };
    expect(written(sendMessage, sent)).toEqual(goldenFrame('send-request'));
  });

  test('VIEW_MESSAGE_BY_ID', () => {
    const viewed = { topic: '%RETRY%group', physicalOffset: 2 ** 40 };
    expect(written(viewMessage, viewed)).toEqual(goldenFrame('view-request'));
  });

  test('QUERY_CONSUMER_OFFSET', () => {
    expect(written(queryConsumerOffset, groupQueue)).toEqual(goldenFrame('query-offset-request'));
  });

  test('UPDATE_CONSUMER_OFFSET', () => {
    expect(written(updateConsumerOffset, { ...groupQueue, offset: 2 ** 40 })).toEqual(
      goldenFrame('update-offset-request'),
    );
  });

  test('DELETE_SUBSCRIPTIONGROUP', () => {
    expect(written(deleteSubscriptionGroup, 'group')).toEqual(goldenFrame('delete-group-request'));
  });

  test('GET_CONSUMER_RUNNING_INFO', () => {
    expect(written(getConsumerRunningInfo, { group: 'group', clientId: 'client' })).toEqual(
      goldenFrame('running-info-request'),
    );
  });

  test('UPDATE_AND_CREATE_SUBSCRIPTIONGROUP', () => {
    const ours = written(updateAndCreateSubscriptionGroup, { ...defaultGroupSettings('group'), consumeEnable: false });
    const theirs = goldenFrame('put-group-request');
    expect(ours.code).toBe(theirs.code);
    expect(JSON.parse(theirs.body.toString())).toMatchObject(JSON.parse(ours.body.toString()) as object);
  });

  test('UPDATE_BROKER_CONFIG', () => {
    const ours = written(updateBrokerConfig, { startAcceptSendRequestTimeStamp: BORN });
    expect(ours).toEqual(goldenFrame('put-broker-config-request'));
  });

  test('GET_CONSUMER_LIST_BY_GROUP', () => {
    expect(written(getConsumerList, 'group')).toEqual(goldenFrame('consumer-list-request'));
  });

  test('GET_CONSUMER_CONNECTION_LIST', () => {
    expect(written(getConsumerConnections, 'group')).toEqual(goldenFrame('consumer-connections-request'));
  });

  test('INVOKE_BROKER_TO_RESET_OFFSET', () => {
    const reset = { ...groupQueue, offset: 2 ** 40 };
    expect(written(resetConsumerOffset, reset)).toEqual(goldenFrame('reset-offset-request'));
  });

  test('LOCK_BATCH_MQ', () => {
    const ours = written(lockBatchMq, { group: 'group', clientId: 'owner', queues: [place] });
    const theirs = goldenFrame('lock-request');
    expect(ours.code).toBe(theirs.code);
    const { onlyThisBroker, ...body } = JSON.parse(theirs.body.toString()) as Record<string, unknown>;
    expect(onlyThisBroker).toBe(false);
    expect(JSON.parse(ours.body.toString())).toEqual(body);
  });

  test('a signature', () => {
    const { fields } = updateConsumerOffset.build({ ...groupQueue, offset: 2 ** 40 });
    const body = Buffer.from('body – 正文');
    const signed = sign(
      { code: 15, fields, body: [body.subarray(0, 6), body.subarray(6)] },
      { accessKey: 'access', secretKey: 'secret – 密', securityToken: 'token' },
    );
    const theirs = goldenFrame('signed-request').fields;
    expect(theirs.Signature).toHaveLength(28);
    expect(signed.fields).toMatchObject({
      AccessKey: 'access',
      SecurityToken: 'token',
      Signature: theirs.Signature,
    });
  });
});

test.each(['json', 'binary'])('an answer in the %s form is read', (form) => {
  const answer = goldenFrame(`pull-answer-${form}`);
  expect(answer).toMatchObject({ code: 0, opaque: 4711, flag: 1, remark: 'gefunden – 找到' });
  expect(pullMessage.read(answer)).toEqual({
    code: 0,
    records: Buffer.from('records'),
    nextOffset: 2 ** 40 + 1,
    minOffset: 5,
    maxOffset: 2 ** 40 + 9,
  });
});

test("what a consumer has fetched is read, whatever the queues' keys look like", () => {
  expect(getConsumerRunningInfo.read(goldenFrame('running-info-answer'))).toEqual([
    { topic: 'orders', broker: 'broker-a', queue: 0, unfinished: 0, commitOffset: 2 ** 40 },
    { topic: 'orders', broker: 'broker-a', queue: 1, unfinished: 4, commitOffset: 2 ** 40 + 1 },
    { topic: 'payments', broker: 'broker-b', queue: 2, unfinished: 5, commitOffset: -1 },
  ]);
});

describe('answers about consumers are read', () => {
  test('GET_CONSUMER_LIST_BY_GROUP', () => {
    expect(getConsumerList.read(goldenFrame('consumer-list-answer'))).toEqual(['192.0.2.1@17', '192.0.2.2@18']);
    const refusal = { ...goldenFrame('consumer-list-answer'), code: 1 };
    expect(getConsumerList.read({ ...refusal, remark: 'no consumer for this group, group' })).toEqual([]);
    expect(() => getConsumerList.read({ ...refusal, remark: 'some trouble' })).toThrow('code 1: some trouble');
  });

  test('GET_CONSUMER_CONNECTION_LIST', () => {
    expect(getConsumerConnections.read(goldenFrame('consumer-connections-answer'))).toEqual({
      clients: [{ clientId: '192.0.2.1@17', address: '192.0.2.1:4711' }],
      messageModel: 'BROADCASTING',
      topics: ['orders'],
    });
  });

  test('GET_ALL_CONSUMER_OFFSET, whose numbers are keys without quotes', () => {
    const answer = goldenFrame('all-offsets-answer');
    expect(() => JSON.parse(answer.body.toString()) as unknown).toThrow(SyntaxError);
    const all = getAllConsumerOffsets.read(answer).sort((a, b) => (a.topic < b.topic ? -1 : 1));
    expect(all).toEqual([
      { group: 'group', topic: '%RETRY%group', offsets: new Map([[0, 3]]) },
      {
        group: 'group',
        topic: 'orders',
        offsets: new Map([
          [0, 12],
          [7, 2 ** 40],
        ]),
      },
    ]);
  });
});

function properties(index: number): Buffer {
  return encodeProperties([
    ['KEYS', `key-${index}`],
    ['grüße', `值 ${index}`],
  ]);
}

test('stored messages of every layout are read', () => {
  const cursor = new MessageCursor(golden('stored-messages'));
  const offsets = [0, 1, 2, 2 ** 33 + 3];
  for (const [index, queueOffset] of offsets.entries()) {
    expect(cursor.next()).toBe(true);
    expect(cursor).toMatchObject({
      queueId: 3,
      flag: -7,
      queueOffset,
      sysFlag: [0x01, 0x11, 0x21, 0x31][index],
      bornTimestamp: BORN,
      storeTimestamp: 1_700_000_000_456,
      reconsumeTimes: 2,
    });
    expect(cursor.records.toString('utf8', cursor.bodyStart, cursor.bodyEnd)).toBe(`body ${queueOffset}`);
    expect(cursor.records.subarray(cursor.propertiesStart, cursor.propertiesEnd)).toEqual(properties(0));
  }
  expect(cursor.next()).toBe(false);
});

const MESSAGES = ['body 0', '', 'body 2'].map((body, index) => ({
  flag: [0, 1, -1][index]!,
  body: Buffer.from(body),
  properties: properties(index),
}));

test('a batch is written byte for byte like the official one', () => {
  const bytes = MESSAGES.map((message) => {
    const { length } = message.properties;
    const target = Buffer.alloc(BATCH_OVERHEAD_BYTES + message.body.length + length);
    let at = writeBatchHead(target, 0, message.flag, message.body.length, length);
    at += message.body.copy(target, at);
    at = writeBatchPropertiesLength(target, at, length);
    message.properties.copy(target, at);
    return target;
  });
  expect(Buffer.concat(bytes)).toEqual(golden('batch'));
});

test('what a broker stores of a batch has its bodies, properties and flags', () => {
  const cursor = new MessageCursor(golden('stored-batch'));
  for (const message of MESSAGES) {
    expect(cursor.next()).toBe(true);
    expect(cursor.flag).toBe(message.flag);
    expect(cursor.bornTimestamp).toBe(BORN);
    expect(cursor.records.subarray(cursor.bodyStart, cursor.bodyEnd)).toEqual(message.body);
    expect(cursor.records.subarray(cursor.propertiesStart, cursor.propertiesEnd)).toEqual(message.properties);
  }
  expect(cursor.next()).toBe(false);
});
