import { describe, expect, test } from 'vitest';
import {
  choosesRetryTopic,
  groupBehind,
  isRetryTopic,
  retryTopicsOf,
  whyNoCopies,
} from '../../../src/replication/retry-topics.ts';

const CHOICE = { groups: ['billing', 'ship_*'], topics: ['orders', 'pay-*'], exclude: ['pay-test'] };

describe('R10: retry topics of synced groups', () => {
  test.each([
    ['%RETRY%billing', true],
    ['%RETRY%ship_eu', true],
    ['%RETRY%billing_orders', true],
    ['%RETRY%billing+orders', true],
    ['%RETRY%billing_pay-eu', true],
    ['%RETRY%ship_eu_south_pay-eu', true],
    ['%RETRY%billing_other', false],
    ['%RETRY%billing_pay-test', false],
    ['%RETRY%other', false],
    ['%RETRY%other_orders', false],
    ['%RETRY%billing_', false],
    ['%RETRY%_orders', false],
    ['%DLQ%billing', false],
    ['billing', false],
    ['orders', false],
    ['%RETRY%REPLICATOR_x', false],
  ])('%s: %s', (name, chosen) => {
    expect(choosesRetryTopic(CHOICE, name)).toBe(chosen);
  });

  test('none without groups', () => {
    expect(choosesRetryTopic({ ...CHOICE, groups: [] }, '%RETRY%billing')).toBe(false);
  });

  test('are where the messages of a group wait', () => {
    const topics = retryTopicsOf('billing', ['orders', '%RETRY%billing']);
    expect(topics).toEqual(['%RETRY%billing', '%RETRY%billing_orders', '%RETRY%billing+orders']);
    expect(topics.every((topic) => isRetryTopic(topic) && choosesRetryTopic(CHOICE, topic))).toBe(true);
  });

  test('cannot be sent to where a broker finds the name illegal, or that of the group which it takes from it', () => {
    expect(groupBehind('%RETRY%billing_orders')).toBe('billing_orders');
    expect(whyNoCopies(`%RETRY%${'g'.repeat(120)}`)).toBeUndefined();
    expect(whyNoCopies(`%RETRY%${'g'.repeat(100)}_${'t'.repeat(20)}`)).toContain('121 characters');
    expect(whyNoCopies('%RETRY%billing+orders')).toContain('because of the +');
  });
});
